/* The hosts of an ssh engine, and their slots: locked files in .mlops/run/engines. */
#include <ctype.h>
#include <poll.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/num.h"
#include "pipeline/engines/ssh.h"
#include "pipeline/stop.h"

#define SLOTS_MAX 1024
#define RETRY_MS  200 /* between looks for a free slot, of which nothing tells */

/* One that ssh cannot take for an option, nor a file system for a path. */
static bool is_host(const char *name)
{
	if (!isalnum((unsigned char)*name) && *name != '[')
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-@:%[]", *name))
			return false;
	return true;
}

static int read_host(struct str word, struct ssh_hosts *out, struct mlops_error *err)
{
	struct str slots;
	struct str name = str_split(word, '=', &slots);
	struct ssh_host host = { .name = xstrndup(name.p, name.n), .slots = 1 };
	autofree char *number = xstrndup(slots.p ? slots.p : "", slots.n);

	vec_push(&out->v, host);
	if (!is_host(host.name))
		return err_set(err, MLOPS_EINVALID, "'%s' is no host", host.name);
	if (slots.n &&
	    (!num_parse_i64(number, &host.slots) || host.slots < 1 || host.slots > SLOTS_MAX))
		return err_set(err, MLOPS_EINVALID, "'%s' is no number of slots for host '%s'",
			       number, host.name);
	out->v.v[out->v.n - 1].slots = host.slots;
	return 0;
}

int ssh_hosts_read(const struct engine_call *call, struct ssh_hosts *out, struct mlops_error *err)
{
	const char *engine = call->stage->engine;
	const char *text = engine_setting(call->project, engine, "hosts");
	struct str rest = str_of(text ? text : "");

	while (rest.n) {
		struct str word = str_trim(str_split(rest, ' ', &rest));

		if (word.n && read_host(word, out, err))
			return err_wrap(err, "engine.%s.hosts", engine);
	}
	if (out->v.n)
		return 0;
	err_set(err, MLOPS_EINVALID, "engine '%s' has no hosts", engine);
	return err_hint(err,
			"name them with: mlops config engine.%s.hosts \"HOST USER@HOST=SLOTS\"",
			engine);
}

void ssh_hosts_clear(struct ssh_hosts *hosts)
{
	for (size_t i = 0; i < hosts->v.n; i++)
		free((char *)hosts->v.v[i].name);
	vec_free(&hosts->v);
}

static int try_slot(const struct ssh *s, const struct ssh_host *host, int64_t number, int *slot,
		    struct mlops_error *err)
{
	autofree char *name = xasprintf("run/engines/%s.%lld", host->name, (long long)number);
	autofree char *file = project_file(s->call->project, name);

	if (fs_mkdirs_for(file, err) ||
	    (fs_lock(file, FS_LOCK_EXCLUSIVE, 0, slot, err) && err->kind != MLOPS_ELOCKED))
		return -1;
	mlops_error_clear(err);
	return 0;
}

/* The first slot of each host before the second of any. */
static int try_hosts(const struct ssh *s, struct ssh_hosts *hosts, struct ssh_host **out, int *slot,
		     bool *alive, struct mlops_error *err)
{
	*alive = false;
	for (int64_t number = 0; number < SLOTS_MAX; number++) {
		bool any = false;

		for (size_t i = 0; i < hosts->v.n; i++) {
			struct ssh_host *host = &hosts->v.v[i];

			if (host->dead || number >= host->slots)
				continue;
			any = *alive = true;
			*out = host;
			if (try_slot(s, host, number, slot, err) || *slot >= 0)
				return *slot >= 0 ? 0 : -1;
		}
		if (!any)
			break;
	}
	return 0;
}

int ssh_take_slot(const struct ssh *s, struct ssh_hosts *hosts, struct ssh_host **out, int *slot,
		  struct mlops_error *err)
{
	struct pollfd stop = { .fd = stop_fd(), .events = POLLIN };
	bool alive;

	for (;;) {
		if (try_hosts(s, hosts, out, slot, &alive, err))
			return -1;
		if (*slot >= 0)
			return 0;
		*out = NULL;
		if (!alive || stop_signal())
			return 0;
		poll(&stop, 1, RETRY_MS);
	}
}
