/*
 * inotify(7) on the folders of what a pipeline reads: editors replace files, which a watch on the
 * file itself would lose.
 */
#include "mlops/pipeline.h"

#include <errno.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/map.h"
#include "base/path.h"
#include "pipeline/pattern.h"
#include "pipeline/spec.h"
#include "project/project.h"

#define PAUSE_MS 100
#define EVENTS   (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_ATTRIB)

struct folder {
	char *path; /* relative to the root */
	bool whole; /* everything in it counts, not only the names that are read */
};

struct pipeline_watch {
	struct project *project;
	int fd;
	VEC(struct folder) folders; /* by the number of their watch */
	struct map reads;           /* paths that are read */
	struct map writes;          /* paths that stages write */
};

static int watch_folder(struct pipeline_watch *w, const char *path, bool whole, struct mlops_error *err)
{
	autofree char *absolute = project_abspath(w->project, path);
	int id = inotify_add_watch(w->fd, absolute, EVENTS | IN_ONLYDIR);

	if (id < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (id < 0) {
		err_sys(err, "cannot watch folder '%s'", path);
		return errno == ENOSPC ? err_hint(err, "raise fs.inotify.max_user_watches") : -1;
	}
	while (w->folders.n <= (size_t)id)
		vec_push(&w->folders, { 0 });
	struct folder *f = &w->folders.v[id];
	if (!f->path)
		f->path = xstrdup(path);
	f->whole |= whole;
	return 0;
}

struct below {
	struct pipeline_watch *w;
	const char *path;
};

static int watch_tree(struct pipeline_watch *w, const char *path, struct mlops_error *err);

static int watch_child(const char *name, void *arg, struct mlops_error *err)
{
	const struct below *b = arg;
	autofree char *path = path_join(b->path, name);
	autofree char *absolute = project_abspath(b->w->project, path);
	struct stat st;

	if (lstat(absolute, &st) || !S_ISDIR(st.st_mode) || project_is_private(path))
		return 0;
	return watch_tree(b->w, path, err);
}

static int watch_tree(struct pipeline_watch *w, const char *path, struct mlops_error *err)
{
	autofree char *absolute = project_abspath(w->project, path);
	struct below below = { w, path };

	if (!fs_is_dir(absolute))
		return 0;
	return watch_folder(w, path, true, err) || fs_each_name(absolute, watch_child, &below, err) ?
		       -1 :
		       0;
}

/* A file by the folder that it is in, a folder with all below it. */
static int watch_path(struct pipeline_watch *w, const char *path, struct mlops_error *err)
{
	autofree char *dir = strchr(path, '/') ? path_dir(path) : xstrdup("");

	map_put(&w->reads, path, w);
	return watch_folder(w, dir, false, err) || watch_tree(w, path, err) ? -1 : 0;
}

static int watch_stage(struct pipeline_watch *w, const struct spec_stage *stage, struct mlops_error *err)
{
	for (size_t i = 0; i < stage->outs.n; i++)
		map_put(&w->writes, stage->outs.v[i].path, w);
	for (size_t i = 0; i < stage->params.n; i++)
		if (watch_path(w, stage->params.v[i].file, err))
			return -1;
	for (size_t i = 0; i < stage->deps.n; i++) {
		const struct spec_dep *dep = &stage->deps.v[i];
		autofree char *root = dep->is_pattern ? pattern_root(dep->path) : NULL;

		if (dep->made)
			continue;
		if (root ? watch_tree(w, root, err) : watch_path(w, dep->path, err))
			return -1;
	}
	return 0;
}

static int watch_files(struct pipeline_watch *w, const struct strlist *files, struct mlops_error *err)
{
	for (size_t i = 0; i < files->n; i++)
		if (watch_path(w, files->v[i], err))
			return -1;
	return 0;
}

static int watch_all(struct pipeline_watch *w, const struct pipeline *p, struct mlops_error *err)
{
	if (watch_path(w, SPEC_FILE, err) || watch_files(w, &p->included, err) ||
	    watch_files(w, &p->var_files, err))
		return -1;
	for (size_t i = 0; i < p->stages.n; i++)
		if (watch_stage(w, &p->stages.v[i], err))
			return -1;
	return 0;
}

static bool counts(const struct pipeline_watch *w, const struct inotify_event *e)
{
	const struct folder *f = (size_t)e->wd < w->folders.n ? &w->folders.v[e->wd] : NULL;

	if (!f || !f->path || !e->len)
		return e->mask & IN_Q_OVERFLOW;
	autofree char *path = path_join(f->path, e->name);
	return !map_get(&w->writes, path) && (f->whole || map_get(&w->reads, path));
}

/* Whether what can be read now tells of a change that counts. */
static bool take_events(const struct pipeline_watch *w)
{
	char buf[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool changed = false;
	ssize_t n = read(w->fd, buf, sizeof(buf));

	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *e = (const struct inotify_event *)(buf + at);

		changed |= counts(w, e);
		at += (ssize_t)(sizeof(*e) + e->len);
	}
	return changed;
}

int mlops_pipeline_watch_wait(struct pipeline_watch *w, struct mlops_error *err)
{
	struct pollfd fd = { .fd = w->fd, .events = POLLIN };
	bool changed = false;

	for (;;) {
		int n = poll(&fd, 1, changed ? PAUSE_MS : -1);

		if (n < 0 && errno != EINTR)
			return err_sys(err, "cannot wait for a change");
		if (!n)
			return 0;
		changed |= n > 0 && take_events(w);
	}
}

int mlops_pipeline_watch_new(struct project *project, struct pipeline *pipeline,
			     struct pipeline_watch **out, struct mlops_error *err)
{
	struct pipeline_watch *w = xcalloc(1, sizeof(*w));

	w->project = project;
	w->fd = inotify_init1(IN_CLOEXEC);
	if (w->fd < 0 ? err_sys(err, "cannot watch files") : watch_all(w, pipeline, err)) {
		mlops_pipeline_watch_free(w);
		return -1;
	}
	*out = w;
	return 0;
}

void mlops_pipeline_watch_free(struct pipeline_watch *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	for (size_t i = 0; i < w->folders.n; i++)
		free(w->folders.v[i].path);
	vec_free(&w->folders);
	map_clear(&w->reads);
	map_clear(&w->writes);
	free(w);
}
