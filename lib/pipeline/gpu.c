/*
 * A process on a device is of the stage whose command it descends from. In a container the driver
 * knows processes by other numbers than we do: then a stage that was given devices for itself has
 * what these do as a whole.
 */
#include "pipeline/gpu.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/num.h"

#define EVERY_MS  500
#define DEPTH_MAX 64 /* processes between one and the stage's command */
#define STAT_MAX  1024

/* A look at one stage. */
struct sight {
	double percent; /* sum of its devices */
	uint64_t bytes;
	size_t devices;
};

static bool is_here(const struct job *job)
{
	return !job->s->engine && job->child.pid;
}

static bool any_here(const struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->v.n; i++)
		if (is_here(jobs->v.v[i]))
			return true;
	return false;
}

int gpu_watch_due(struct gpu_watch *w, const struct jobs *jobs)
{
	int64_t now = clock_mono_ms();

	if ((w->tried && !w->n) || !any_here(jobs))
		return -1;
	if (!w->next_ms)
		w->next_ms = now + EVERY_MS;
	return w->next_ms > now ? (int)(w->next_ms - now) : 0;
}

/* Field 4 of /proc/PID/stat; 0 when there is no such process. */
static pid_t parent_of(pid_t pid)
{
	char path[32];
	autobuf text = { 0 };
	autoerr ignored = ERR_INIT;
	int parent;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (fs_read(path, STAT_MAX, &text, &ignored))
		return 0;
	const char *behind = strrchr(text.buf, ')'); /* the name before it may hold anything */
	return behind && sscanf(behind, ") %*c %d", &parent) == 1 ? parent : 0;
}

static bool is_of(const struct job *job, pid_t pid)
{
	for (int i = 0; i < DEPTH_MAX && pid > 1; i++) {
		if (pid == job->child.pid)
			return true;
		pid = parent_of(pid);
	}
	return false;
}

/* Whether the device is one that the stage was given for itself. */
static bool is_given(const struct gpu_watch *w, const struct job *job, size_t device)
{
	for (int i = 0; i < GPUS_MAX; i++) {
		const char *name = w->capacity->gpu_names[i];
		int64_t number;

		if (!(job->gpus.bits >> i & 1) || !name)
			continue;
		if (num_parse_i64(name, &number) ? number == (int64_t)device :
						   str_starts(w->devices[device].uuid, name))
			return true;
	}
	return false;
}

static void look_at_device(const struct gpu_watch *w, size_t device, const struct job *job,
			   const struct nvml_process *processes, size_t n, struct sight *out)
{
	const struct nvml_device *d = &w->devices[device];
	uint64_t bytes = 0;
	double percent = 0;
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		if (is_of(job, processes[i].pid)) {
			bytes += processes[i].bytes;
			found = true;
		}
	}
	if (!found && (!is_given(w, job, device) || !nvml_memory(d, &bytes)))
		return;
	nvml_busy(d, &percent);
	out->percent += percent;
	out->bytes += bytes;
	out->devices++;
}

/* Adds a value to the mean of the n that were before. */
static double mean_with(double mean, int64_t n, double value)
{
	return mean + (value - mean) / (double)(n + 1);
}

static void add(struct run_gpu_usage *u, const struct sight *sight)
{
	double percent = sight->percent / (double)sight->devices;
	int64_t bytes = (int64_t)(sight->bytes < INT64_MAX ? sight->bytes : INT64_MAX);

	u->mean_percent = mean_with(u->mean_percent, u->samples, percent);
	u->mean_bytes = (int64_t)mean_with((double)u->mean_bytes, u->samples, (double)bytes);
	u->peak_percent = percent > u->peak_percent ? percent : u->peak_percent;
	u->peak_bytes = bytes > u->peak_bytes ? bytes : u->peak_bytes;
	u->samples++;
}

static void look(const struct gpu_watch *w, const struct jobs *jobs)
{
	autofree struct sight *sights = xcalloc(jobs->v.n, sizeof(*sights));

	for (size_t d = 0; d < w->n; d++) {
		autofree struct nvml_process *processes = NULL;
		size_t n;

		nvml_processes(&w->devices[d], &processes, &n);
		for (size_t i = 0; i < jobs->v.n; i++)
			if (is_here(jobs->v.v[i]))
				look_at_device(w, d, jobs->v.v[i], processes, n, &sights[i]);
	}
	for (size_t i = 0; i < jobs->v.n; i++)
		if (sights[i].devices)
			add(&jobs->v.v[i]->s->usage.gpu, &sights[i]);
}

void gpu_watch_look(struct gpu_watch *w, const struct jobs *jobs)
{
	if (gpu_watch_due(w, jobs))
		return;
	w->next_ms = clock_mono_ms() + EVERY_MS;
	if (!w->tried) {
		w->tried = true;
		if (!nvml_open(&w->devices, &w->n))
			w->n = 0;
	}
	if (w->n)
		look(w, jobs);
}

void gpu_watch_clear(struct gpu_watch *w)
{
	free(steal_ptr(&w->devices));
	w->n = 0;
}
