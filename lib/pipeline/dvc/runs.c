/*
 * DVC's run cache: the file <cache>/runs/ab/KEY/VALUE is a stage as in dvc.lock. VALUE is the SHA-256
 * of its JSON, sizes left out; KEY is that with the outs as mere paths.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/path.h"
#include "crypto/hash.h"
#include "fmt/pyjson.h"
#include "fmt/ruamel.h"
#include "mlops/dvc.h"
#include "pipeline/dvc/dvc.h"
#include "pipeline/values.h"
#include "project/project.h"

#define ENTRY_MAX ((size_t)16 << 20)

bool dvc_runs_can_have(const struct spec_stage *spec)
{
	if (spec->always || !spec->outs.n || (!spec->deps.n && !spec->params.n))
		return false;
	for (size_t i = 0; i < spec->outs.n; i++)
		if (spec->outs.v[i].persist)
			return false;
	return true;
}

/* A copy without what sizes say, at any depth. */
static struct json *without_sizes(const struct json *value)
{
	struct json *copy, *item;
	const char *key;
	void *iter = NULL;

	if (js_type(value) == JSON_ARR) {
		copy = js_arr();
		for (size_t i = 0; i < js_len(value); i++)
			js_push(copy, without_sizes(js_at(value, i)));
		return copy;
	}
	if (js_type(value) != JSON_OBJ)
		return js_ref((struct json *)value);
	copy = js_obj();
	while (js_next((struct json *)value, &iter, &key, &item))
		if (strcmp(key, "size") != 0 && strcmp(key, "nfiles") != 0)
			js_set(copy, key, without_sizes(item));
	return copy;
}

static int hash_value(const struct json *value, char *hex, struct mlops_error *err)
{
	autojson *bare = without_sizes(value);
	autobuf text = { 0 };
	struct oid oid;

	pyjson_dump(bare, PYJSON_SORTED, &text);
	if (hash_buf(text.buf, text.len, &oid, err))
		return -1;
	mlops_oid_hex(&oid, hex);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(js_text(*(struct json *const *)a), js_text(*(struct json *const *)b));
}

/* The outs of the spec, for a result may not be known yet. */
static struct json *out_paths(struct project *project, const struct spec_stage *spec)
{
	autofree char *wdir = project_abspath(project, spec->wdir);
	VEC(struct json *) paths = { 0 };
	struct json *list = js_arr();

	for (size_t i = 0; i < spec->outs.n; i++) {
		autofree char *absolute = project_abspath(project, spec->outs.v[i].path);
		autofree char *path = path_relative(wdir, absolute);

		vec_push(&paths, js_str(path));
	}
	vec_sort(&paths, by_text);
	for (size_t i = 0; i < paths.n; i++)
		js_push(list, paths.v[i]);
	vec_free(&paths);
	return list;
}

/* The folder of all results of what goes into a stage; new. */
static int key_dir(struct project *project, struct dvc *dvc, const struct spec_stage *spec,
		   const struct lock_stage *stage, char **out, struct mlops_error *err)
{
	autojson *value = dvc_lock_value(project, spec, stage);
	char hex[MLOPS_OID_HEX + 1];

	js_set(value, "outs", out_paths(project, spec));
	if (hash_value(value, hex, err))
		return -1;
	*out = xasprintf("%s/runs/%.2s/%s", mlops_dvc_cache(dvc), hex, hex);
	return 0;
}

struct newest {
	const char *dir;
	char *path;
	struct timespec at;
};

static int compare_age(const char *name, void *arg, struct mlops_error *err)
{
	struct newest *n = arg;
	char *path = path_join(n->dir, name);
	struct stat st;

	(void)err;
	if (*name != '.' && !stat(path, &st) &&
	    (!n->path || st.st_mtim.tv_sec > n->at.tv_sec ||
	     (st.st_mtim.tv_sec == n->at.tv_sec && st.st_mtim.tv_nsec > n->at.tv_nsec))) {
		free(n->path);
		n->path = path;
		n->at = st.st_mtim;
	} else {
		free(path);
	}
	return 0;
}

/* One that cannot be read is as good as none. */
static bool read_entry(const char *path, const struct spec_stage *spec, struct lockfile *out)
{
	autoerr ignored = ERR_INIT;
	autojson *value = NULL;
	autobuf text = { 0 };
	struct lock_stage stage;

	if (fs_read(path, ENTRY_MAX, &text, &ignored) ||
	    values_parse(path, text.buf, text.len, &value, &ignored) || js_type(value) != JSON_OBJ)
		return false;
	dvc_lock_stage(spec, value, &stage);
	mlops_lockfile_put(out, &stage);
	return true;
}

static int find(struct project *project, struct dvc *dvc, const struct spec_stage *spec,
		const struct lock_stage *now, struct lockfile *out, bool *found,
		struct mlops_error *err)
{
	autofree char *dir = NULL;
	struct newest newest = { 0 };

	if (key_dir(project, dvc, spec, now, &dir, err))
		return -1;
	newest.dir = dir;
	if (!fs_is_dir(dir))
		return 0;
	int rc = fs_each_name(dir, compare_age, &newest, err);
	*found = !rc && newest.path && read_entry(newest.path, spec, out);
	free(newest.path);
	return rc;
}

int dvc_runs_find(struct project *project, const struct spec_stage *spec,
		  const struct lock_stage *now, struct lockfile *out, bool *found,
		  struct mlops_error *err)
{
	struct dvc *dvc;

	*found = false;
	if (!dvc_runs_can_have(spec))
		return 0;
	if (mlops_dvc_open(project, &dvc, err))
		return -1;
	int rc = find(project, dvc, spec, now, out, found, err);
	mlops_dvc_close(dvc);
	return rc;
}

static int put(struct project *project, struct dvc *dvc, const struct spec_stage *spec,
	       const struct lock_stage *result, struct mlops_error *err)
{
	autojson *value = dvc_lock_value(project, spec, result);
	autofree char *dir = NULL, *path = NULL;
	char hex[MLOPS_OID_HEX + 1];
	autobuf text = { 0 };
	struct json *item;
	const char *key;
	void *iter = NULL;

	if (key_dir(project, dvc, spec, result, &dir, err) || hash_value(value, hex, err))
		return -1;
	path = path_join(dir, hex);
	if (fs_exists(path))
		return 0;
	while (js_next(value, &iter, &key, &item))
		ruamel_put(&text, 0, key, item);
	return fs_mkdirs(dir, err) || fs_write_atomic(path, text.buf, text.len, 0666, err) ? -1 : 0;
}

int dvc_runs_put(struct project *project, const struct spec_stage *spec,
		 const struct lock_stage *result, struct mlops_error *err)
{
	struct dvc *dvc;

	if (!dvc_runs_can_have(spec))
		return 0;
	if (mlops_dvc_open(project, &dvc, err))
		return -1;
	int rc = put(project, dvc, spec, result, err);
	mlops_dvc_close(dvc);
	return rc;
}
