/* Counting processors, memory and GPUs. */
#include "pipeline/capacity.h"

#include <unistd.h>

#include "base/fs.h"
#include "base/num.h"

static int setting(struct project *project, const char *key, uint64_t fallback, uint64_t *out,
		   struct mlops_error *err)
{
	return project_config_bytes(project, key, fallback, out, err);
}

/* NVIDIA's driver has a device file for each. */
static uint64_t count_gpus(void)
{
	uint64_t n = 0;

	for (; n < GPUS_MAX; n++) {
		char path[32];

		snprintf(path, sizeof(path), "/dev/nvidia%d", (int)n);
		if (!fs_exists(path))
			break;
	}
	return n;
}

/*
 * What CUDA takes of the variable: numbers or UUIDs, up to the first that is neither (CUDA C++
 * Programming Guide, "CUDA Environment Variables").
 */
static uint64_t name_visible(const char *list, struct capacity *out)
{
	struct str rest = str_of(list);
	uint64_t n = 0;

	while (rest.n && n < GPUS_MAX) {
		struct str word = str_trim(str_split(rest, ',', &rest));
		autofree char *name = xstrndup(word.p, word.n);
		int64_t number;
		bool is_number = num_parse_i64(name, &number) && number >= 0;

		if (!is_number && !str_starts(name, "GPU-") && !str_starts(name, "MIG-"))
			break;
		out->gpu_names[n++] = steal_ptr(&name);
	}
	return n;
}

static void name_all(uint64_t n, struct capacity *out)
{
	for (uint64_t i = 0; i < n && i < GPUS_MAX; i++)
		out->gpu_names[i] = xasprintf("%d", (int)i);
}

static int find_gpus(struct project *project, struct capacity *out, struct mlops_error *err)
{
	const char *visible = getenv("CUDA_VISIBLE_DEVICES");
	uint64_t there = visible ? name_visible(visible, out) : count_gpus(), wanted;

	if (setting(project, "run.gpus", there, &wanted, err))
		return -1;
	if (!visible)
		name_all(wanted, out);
	else if (wanted > there)
		wanted = there;
	out->gpus = wanted < GPUS_MAX ? (int64_t)wanted : GPUS_MAX;
	return 0;
}

void capacity_clear(struct capacity *c)
{
	for (size_t i = 0; i < GPUS_MAX; i++)
		free((char *)c->gpu_names[i]);
}

int capacity_find(struct project *project, struct capacity *out, struct mlops_error *err)
{
	uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t cpus;

	*out = (struct capacity){ 0 };
	if (setting(project, "run.cpus", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN), &cpus, err) ||
	    setting(project, "run.memory", memory, &out->memory, err) ||
	    find_gpus(project, out, err))
		return -1;
	out->cpus = cpus < INT32_MAX ? (int64_t)cpus : INT32_MAX;
	return 0;
}

bool capacity_fits(const struct capacity *c, const struct spec_resources *need)
{
	if (!c->jobs)
		return true;
	return need->cpus <= c->cpus - c->used.cpus && need->gpus <= c->gpus - c->used.gpus &&
	       (!need->memory || (c->used.memory <= c->memory &&
				  need->memory <= c->memory - c->used.memory));
}

void capacity_take(struct capacity *c, const struct spec_resources *need, struct gpu_set *gpus)
{
	int64_t left = need->gpus;

	gpus->bits = 0;
	for (int i = 0; left && i < (int)c->gpus; i++) {
		uint64_t bit = (uint64_t)1 << i;

		if (c->busy.bits & bit)
			continue;
		gpus->bits |= bit;
		left--;
	}
	c->busy.bits |= gpus->bits;
	c->used.cpus += need->cpus;
	c->used.gpus += need->gpus;
	c->used.memory += need->memory;
	c->jobs++;
}

void capacity_give(struct capacity *c, const struct spec_resources *need,
		   const struct gpu_set *gpus)
{
	c->busy.bits &= ~gpus->bits;
	c->used.cpus -= need->cpus;
	c->used.gpus -= need->gpus;
	c->used.memory -= need->memory;
	c->jobs--;
}

const char *capacity_gpu_variable(const struct capacity *c, const struct gpu_set *gpus,
				  struct arena *arena)
{
	autobuf list = { 0 };

	for (int i = 0; i < GPUS_MAX; i++)
		if (gpus->bits >> i & 1)
			strbuf_addf(&list, "%s%s", list.len ? "," : "", c->gpu_names[i]);
	return arena_printf(arena, "CUDA_VISIBLE_DEVICES=%s", list.buf ? list.buf : "");
}
