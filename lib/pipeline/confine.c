/* Folders for sandboxes in .mlops/run/sandbox, records of opened files in .mlops/run/opened. */
#include "pipeline/confine.h"

#include "base/fs.h"
#include "base/glob.h"
#include "base/map.h"
#include "base/path.h"
#include "project/project.h"

#define RECORDS_MAX ((size_t)256 << 20)

static char *sandbox_dir(const struct session *run, const struct state *s)
{
	autofree char *name = xasprintf("run/sandbox/%s", s->spec->name);

	return project_file(run->project, name);
}

static char *record_file(const struct session *run, const struct state *s)
{
	autofree char *name = xasprintf("run/opened/%s", s->spec->name);

	return project_file(run->project, name);
}

struct argv {
	VEC(const char *) v;
};

static void add(struct argv *a, const char *option, const char *value)
{
	if (option)
		vec_push(&a->v, option);
	vec_push(&a->v, value);
}

/* Dependencies by content as they were judged; parameter files; what lets `mlops log` work. */
static void add_visible(struct argv *a, const struct state *s)
{
	for (size_t i = 0; i < s->now.n_deps; i++)
		add(a, "--read", s->now.deps[i].path);
	for (size_t i = 0; i < s->spec->params.n; i++)
		add(a, "--read", s->spec->params.v[i].file);
	for (size_t i = 0; i < s->spec->sandbox_shows.n; i++)
		add(a, "--read", s->spec->sandbox_shows.v[i]);
	add(a, "--write", ".mlops");
}

static void add_isolate(struct session *run, const struct state *s, struct arena *arena,
			struct argv *a)
{
	autofree char *dir = sandbox_dir(run, s);

	add(a, NULL, "isolate");
	add(a, "--wdir", s->spec->wdir);
	add_visible(a, s);
	add(a, NULL, mlops_project_root(run->project));
	add(a, NULL, arena_strdup(arena, dir));
}

static void add_trace(struct session *run, const struct state *s, struct arena *arena,
		      struct argv *a)
{
	autofree char *file = record_file(run, s);

	add(a, NULL, "trace");
	add(a, NULL, arena_strdup(arena, file));
}

int confine_prefix(struct session *run, const struct state *s, struct arena *arena,
		   const char *const **out, struct mlops_error *err)
{
	struct argv a = { 0 };

	*out = NULL;
	if (!s->spec->sandbox && !run->how->undeclared)
		return 0;
	if (!run->how->program)
		return err_set(err, MLOPS_EINVALID, "stage '%s' needs the mlops program for its sandbox",
			       s->spec->name);
	add(&a, NULL, run->how->program);
	if (s->spec->sandbox)
		add_isolate(run, s, arena, &a);
	else
		add_trace(run, s, arena, &a);
	add(&a, NULL, "--");
	vec_push(&a.v, NULL);
	const char **copy = arena_alloc(arena, a.v.n * sizeof(*copy));
	memcpy(copy, a.v.v, a.v.n * sizeof(*copy));
	vec_free(&a.v);
	*out = copy;
	return 0;
}

/* An out that persists, or the folder of one, is there before the stage begins. */
static int move_in(struct session *run, const char *dir, const struct spec_out *out,
		   struct mlops_error *err)
{
	autofree char *from = project_abspath(run->project, out->path);
	autofree char *to = path_join(dir, out->path);

	if (fs_mkdirs_for(to, err))
		return -1;
	if (out->persist && fs_exists(from) && rename(from, to))
		return err_sys(err, "cannot move '%s' into the sandbox", out->path);
	return 0;
}

int confine_begin(struct session *run, const struct state *s, struct mlops_error *err)
{
	autofree char *dir = sandbox_dir(run, s);
	autofree char *record = record_file(run, s);

	if (s->engine)
		return 0;
	if (!s->spec->sandbox) {
		if (!run->how->undeclared)
			return 0;
		return fs_mkdirs_for(record, err) || fs_remove_tree(record, err) ? -1 : 0;
	}
	if (fs_remove_tree(dir, err) || fs_mkdirs(dir, err))
		return -1;
	for (size_t i = 0; i < s->spec->outs.n; i++)
		if (move_in(run, dir, &s->spec->outs.v[i], err))
			return -1;
	return 0;
}

static int move_out(struct session *run, const char *dir, const struct spec_out *out,
		    struct mlops_error *err)
{
	autofree char *from = path_join(dir, out->path);
	autofree char *to = project_abspath(run->project, out->path);

	if (!fs_exists(from))
		return 0; /* saving it says so */
	if (fs_mkdirs_for(to, err))
		return -1;
	return rename(from, to) ? err_sys(err, "cannot move '%s' out of the sandbox", out->path) : 0;
}

static int end_sandbox(struct session *run, const struct state *s, struct mlops_error *err)
{
	autofree char *dir = sandbox_dir(run, s);

	for (size_t i = 0; i < s->spec->outs.n; i++)
		if (move_out(run, dir, &s->spec->outs.v[i], err))
			return -1;
	return fs_remove_tree(dir, err);
}

static bool covers(const char *declared, const char *path)
{
	return path_is_below(path, declared);
}

static bool is_declared(const struct state *s, const char *path)
{
	const struct spec_stage *spec = s->spec;
	bool found = project_is_private(path) || strstr(path, "__pycache__/") ||
		     !strcmp(path, SPEC_FILE);

	for (size_t i = 0; !found && i < spec->deps.n; i++)
		found = covers(spec->deps.v[i].path, path) ||
			(spec->deps.v[i].is_pattern && glob_match_path(spec->deps.v[i].path, path));
	for (size_t i = 0; !found && i < spec->params.n; i++)
		found = covers(spec->params.v[i].file, path);
	for (size_t i = 0; !found && i < spec->outs.n; i++)
		found = covers(spec->outs.v[i].path, path);
	return found;
}

/* Tells of each file once; what the stage wrote itself is its own. */
static void check_record(struct session *run, const struct state *s, const char *record,
			 struct map *seen)
{
	const char *root = mlops_project_root(run->project), *path = record + 1;
	struct stat st;

	if (!path_is_below(path, root) || !strcmp(path, root) || map_put(seen, path, seen))
		return;
	if (*record == 'w' || stat(path, &st) || !S_ISREG(st.st_mode))
		return;
	path += strlen(root) + 1;
	if (is_declared(s, path))
		return;
	run->out->undeclared++;
	run->how->undeclared(s->spec->name, path, run->how->arg);
}

static int check_opened(struct session *run, const struct state *s, struct mlops_error *err)
{
	autofree char *file = record_file(run, s);
	autobuf records = { 0 };
	automap seen = { 0 };

	if (!fs_exists(file))
		return 0;
	if (fs_read(file, RECORDS_MAX, &records, err))
		return -1;
	for (size_t at = 0; at < records.len; at += strlen(records.buf + at) + 1)
		if (records.buf[at])
			check_record(run, s, records.buf + at, &seen);
	return fs_remove_tree(file, err);
}

int confine_end(struct session *run, const struct state *s, struct mlops_error *err)
{
	if (s->engine)
		return 0;
	if (s->spec->sandbox)
		return end_sandbox(run, s, err);
	return run->how->undeclared ? check_opened(run, s, err) : 0;
}
