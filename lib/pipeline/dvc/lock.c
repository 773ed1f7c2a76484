/*
 * dvc.lock, one beside each dvc.yaml. Stages that did not change keep their text to the byte: others
 * are put in their place, or at the end, as DVC writes them.
 */
#include "base/fs.h"
#include "base/map.h"
#include "base/path.h"
#include "base/hex.h"
#include "fmt/conflict.h"
#include "fmt/pyjson.h"
#include "fmt/ruamel.h"
#include "pipeline/dvc/dvc.h"
#include "pipeline/params.h"
#include "pipeline/state.h"
#include "pipeline/values.h"
#include "project/project.h"

#define MD5_BYTES    16
#define MD5_DIGITS   ((size_t)32)
#define DIR_SUFFIX   ".dir"
#define NEW_LOCK     "schema: '2.0'\nstages:\n"
#define STAGE_COLUMN 2

static char *seen_from(struct project *project, const char *wdir, const char *path)
{
	autofree char *from = project_abspath(project, wdir);
	autofree char *to = project_abspath(project, path);

	return path_relative(from, to);
}

static struct json *item_value(struct project *project, const struct spec_stage *spec,
			       const struct lock_item *item)
{
	autofree char *path = seen_from(project, spec->wdir, item->path);
	char md5[2 * MD5_BYTES + sizeof(DIR_SUFFIX)];
	struct json *value = js_obj();
	bool is_dir = item->ref.kind == OBJECT_TREE;

	hex_encode(md5, item->ref.oid.sha256, MD5_BYTES);
	js_set(value, "path", js_str(path));
	if (!dvc_ref_is_legacy(&item->ref))
		js_set(value, "hash", js_str("md5"));
	if (is_dir)
		memcpy(md5 + MD5_DIGITS, DIR_SUFFIX, sizeof(DIR_SUFFIX));
	js_set(value, "md5", js_str(md5));
	js_set(value, "size", js_int((int64_t)item->ref.size));
	if (is_dir)
		js_set(value, "nfiles", js_int((int64_t)item->ref.files));
	if (item->ref.executable)
		js_set(value, "isexec", js_bool(true));
	return value;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(js_get_text(*(struct json *const *)a, "path"),
		      js_get_text(*(struct json *const *)b, "path"));
}

static void set_items(struct project *project, const struct spec_stage *spec, struct json *stage,
		      const char *key, const struct lock_item *items, size_t n)
{
	VEC(struct json *) values = { 0 };
	struct json *list = js_arr();

	for (size_t i = 0; i < n; i++)
		vec_push(&values, item_value(project, spec, &items[i]));
	vec_sort(&values, by_path);
	for (size_t i = 0; i < values.n; i++)
		js_push(list, values.v[i]);
	vec_free(&values);
	if (n)
		js_set(stage, key, list);
	else
		js_free(list);
}

static void add_param(struct project *project, const struct spec_stage *spec, struct json *files,
		      const struct lock_param *param)
{
	autofree char *file = seen_from(project, spec->wdir, param->file);
	autoerr ignored = ERR_INIT;
	struct json *value = NULL;

	if (!js_get(files, file))
		js_set(files, file, js_obj());
	if (js_parse(param->value, strlen(param->value), param->key, &value, &ignored))
		value = js_str(param->value);
	js_set(js_get(files, file), param->key, value);
}

static void add_params(struct project *project, const struct spec_stage *spec, struct json *files,
		       const struct lock_stage *s, bool of_usual_file)
{
	autofree char *usual = path_join(spec->wdir, PARAMS_FILE);

	for (size_t i = 0; i < s->n_params; i++) {
		bool is_usual = !strcmp(s->params[i].file, usual);

		if (is_usual == of_usual_file)
			add_param(project, spec, files, &s->params[i]);
	}
}

/* params.yaml comes first, then files and keys in order. */
static void set_params(struct project *project, const struct spec_stage *spec, struct json *stage,
		       const struct lock_stage *s)
{
	struct json *files = js_obj();

	add_params(project, spec, files, s, true);
	add_params(project, spec, files, s, false);
	if (s->n_params)
		js_set(stage, "params", files);
	else
		js_free(files);
}

struct json *dvc_lock_value(struct project *project, const struct spec_stage *spec,
			    const struct lock_stage *s)
{
	struct json *stage = js_obj();

	js_set(stage, "cmd", values_of_node(spec->cmd));
	set_items(project, spec, stage, "deps", s->deps, s->n_deps);
	set_params(project, spec, stage, s);
	set_items(project, spec, stage, "outs", s->outs, s->n_outs);
	return stage;
}

/* A path as the lock has it, from the root; NULL for one that is not in the project. New. */
static char *from_root(const struct spec_stage *spec, const char *path)
{
	autofree char *joined = path_join(spec->wdir, path);
	char *normal = path_normalize(joined);

	if (path_is_safe(normal))
		return normal;
	free(normal);
	return NULL;
}

/*
 * Something with another hash than an MD5 is like nothing that is here. Without "hash" it is a name
 * as DVC 2 gave it.
 */
static void read_hash(const struct json *value, struct object_ref *ref)
{
	const char *md5 = js_get_text(value, "md5");
	char digits[2 * MD5_BYTES + 1];
	int64_t size = 0, files = 1;

	js_get_int(value, "size", &size);
	js_get_int(value, "nfiles", &files);
	*ref = (struct object_ref){ .kind = OBJECT_FILE,
				    .executable = js_get_bool(value, "isexec", false),
				    .size = (uint64_t)size,
				    .files = (uint64_t)files };
	if (!md5 || strlen(md5) < MD5_DIGITS)
		return;
	memcpy(digits, md5, MD5_DIGITS);
	digits[MD5_DIGITS] = '\0';
	hex_decode(ref->oid.sha256, MD5_BYTES, digits);
	ref->oid.sha256[MD5_BYTES] = !js_get_text(value, "hash");
	if (!strcmp(md5 + MD5_DIGITS, DIR_SUFFIX))
		ref->kind = OBJECT_TREE;
}

static bool is_cached(const struct spec_stage *spec, const char *path)
{
	for (size_t i = 0; i < spec->outs.n; i++)
		if (!strcmp(spec->outs.v[i].path, path))
			return spec->outs.v[i].cache;
	return true;
}

static void read_items(const struct spec_stage *spec, const struct json *list,
		       struct lock_item **items, size_t *n)
{
	*items = xcalloc(js_len(list) + 1, sizeof(**items));
	for (size_t i = 0; i < js_len(list); i++) {
		const struct json *value = js_at(list, i);
		const char *path = js_get_text(value, "path");
		struct lock_item item = { .path = path ? from_root(spec, path) : NULL };

		if (!item.path)
			continue;
		read_hash(value, &item.ref);
		item.not_cached = !is_cached(spec, item.path);
		(*items)[(*n)++] = item;
	}
}

static void read_params(const struct spec_stage *spec, struct json *files, struct lock_stage *out)
{
	VEC(struct lock_param) params = { 0 };
	struct json *keys, *value;
	const char *name, *key;
	void *iter = NULL;

	while (js_next(files, &iter, &name, &keys)) {
		autofree char *file = from_root(spec, name);
		void *inner = NULL;

		while (file && js_next(keys, &inner, &key, &value)) {
			autobuf text = { 0 };

			pyjson_dump(value, 0, &text);
			vec_push(&params, { xstrdup(file), xstrdup(key), strbuf_steal(&text) });
		}
	}
	out->params = params.v;
	out->n_params = params.n;
}

void dvc_lock_stage(const struct spec_stage *spec, const struct json *value, struct lock_stage *out)
{
	*out = (struct lock_stage){ .name = xstrdup(spec->name),
				    .cmd = dvc_command_text(js_get(value, "cmd")) };
	read_items(spec, js_get(value, "deps"), &out->deps, &out->n_deps);
	read_items(spec, js_get(value, "outs"), &out->outs, &out->n_outs);
	if (js_type(js_get(value, "params")) == JSON_OBJ)
		read_params(spec, js_get(value, "params"), out);
}

static char *lock_path(const char *dir)
{
	return path_join(dir, DVC_LOCK_NAME);
}

/* The text and its `stages`; nothing of a file that is not there. */
static int open_lock(struct project *project, const char *dir, struct arena *arena,
		     struct strbuf *text, struct yaml_node **root, struct mlops_error *err)
{
	autofree char *relative = lock_path(dir);
	autofree char *path = project_abspath(project, relative);
	const char *schema = NULL;

	*root = NULL;
	if (!fs_exists(path))
		return 0;
	if (fs_read(path, LOCKFILE_MAX, text, err))
		return -1;
	if (conflict_is_in((struct str){ text->buf, text->len }))
		return err_set(err, MLOPS_EINVALID, "'%s' has a merge conflict", relative);
	if (yaml_parse(arena, arena_strdup(arena, relative), text->buf, text->len, root, err))
		return -1;
	if (yaml_is_null(*root)) {
		*root = NULL;
		return 0;
	}
	if (yaml_want(*root, YAML_MAP, relative, err) || yaml_get_text(*root, "schema", &schema, err))
		return -1;
	if (schema && !strcmp(schema, "2.0"))
		return 0;
	yaml_error(*root, err, "this program reads lock files of schema 2.0");
	return err_hint(err, "a newer dvc makes one out of it: dvc commit");
}

static int read_stages(const struct yaml_node *stages, const struct map *specs, const char *dir,
		       struct lockfile *out, struct mlops_error *err)
{
	if (yaml_is_null(stages))
		return 0;
	if (yaml_want(stages, YAML_MAP, "stages", err))
		return -1;
	for (size_t i = 0; i < stages->n; i++) {
		const char *name = stages->keys[i]->text;
		autofree char *full = *dir ? xasprintf("%s/" DVC_SPEC_NAME ":%s", dir, name) :
					     xstrdup(name);
		const struct spec_stage *spec = map_get(specs, full);
		autojson *value = spec ? values_of_node(stages->values[i]) : NULL;
		struct lock_stage stage;

		if (!value) /* of a stage that is no more */
			continue;
		dvc_lock_stage(spec, value, &stage);
		mlops_lockfile_put(out, &stage);
	}
	return 0;
}

static int read_one(struct project *project, const struct map *specs, const char *dir,
		    struct lockfile *out, struct mlops_error *err)
{
	autoarena arena = { 0 };
	autobuf text = { 0 };
	struct yaml_node *root;

	if (open_lock(project, dir, &arena, &text, &root, err))
		return -1;
	return read_stages(yaml_get(root, "stages"), specs, dir, out, err);
}

int dvc_lock_read(struct project *project, const struct pipeline *p, struct lockfile *out,
		  struct mlops_error *err)
{
	automap specs = { 0 }, dirs = { 0 };
	int rc = 0;

	*out = (struct lockfile){ 0 };
	for (size_t i = 0; i < p->stages.n; i++) {
		struct spec_stage *stage = &p->stages.v[i];

		map_put(&specs, stage->name, stage);
		map_put(&dirs, stage->dir, stage);
	}
	for (size_t i = 0; i < dirs.n && !rc; i++)
		rc = read_one(project, &specs, dirs.v[i].key, out, err);
	return rc;
}

/* What is to be written into one file: name -> text of the stage, until it was put there. */
struct edit {
	struct strbuf text, out;
	struct map blocks;
	size_t line, at; /* of the text: what was copied so far */
};

/* Copies, or with `drop` leaves out, all before the line. */
static void advance(struct edit *e, size_t line, bool drop)
{
	size_t start = e->at;

	for (; e->line < line && e->at < e->text.len; e->at++)
		e->line += e->text.buf[e->at] == '\n';
	if (!drop)
		strbuf_add(&e->out, e->text.buf + start, e->at - start);
}

/* The line behind the last stage: that of the next key of the file. */
static size_t end_of_stages(const struct yaml_node *root, const struct yaml_node *stages)
{
	for (size_t i = 0; i + 1 < root->n; i++)
		if (root->values[i] == stages)
			return (size_t)root->keys[i + 1]->line;
	return SIZE_MAX;
}

static int put_blocks(struct edit *e, const struct yaml_node *root, struct mlops_error *err)
{
	const struct yaml_node *stages = yaml_get(root, "stages");

	for (size_t i = 0; i < stages->n; i++) {
		const struct yaml_node *key = stages->keys[i];
		char *block = map_get(&e->blocks, key->text);

		if (key->column != STAGE_COLUMN + 1)
			return yaml_error(key, err, "the file is not as DVC writes it, so no stage "
						    "can be put in");
		if (!block)
			continue;
		advance(e, (size_t)key->line, false);
		strbuf_adds(&e->out, block);
		free(map_put(&e->blocks, key->text, NULL));
		advance(e,
			i + 1 < stages->n ? (size_t)stages->keys[i + 1]->line :
					    end_of_stages(root, stages),
			true);
	}
	advance(e, end_of_stages(root, stages), false);
	if (e->out.len && e->out.buf[e->out.len - 1] != '\n')
		strbuf_addc(&e->out, '\n');
	return 0;
}

static int make_text(struct edit *e, const struct yaml_node *root, struct mlops_error *err)
{
	const struct yaml_node *stages = yaml_get(root, "stages");
	bool any = stages && stages->kind == YAML_MAP && stages->n;

	e->line = 1;
	if (!any)
		strbuf_adds(&e->out, NEW_LOCK);
	else if (put_blocks(e, root, err))
		return -1;
	for (size_t i = 0; i < e->blocks.n; i++)
		if (e->blocks.v[i].value)
			strbuf_adds(&e->out, e->blocks.v[i].value);
	if (any)
		advance(e, SIZE_MAX, false);
	return 0;
}

static const struct spec_stage *find_spec(const struct pipeline *p, const char *name)
{
	size_t i = 0;

	while (strcmp(p->stages.v[i].name, name) != 0)
		i++;
	return &p->stages.v[i];
}

static void add_block(struct project *project, const struct spec_stage *spec,
		      const struct lock_stage *stage, struct edit *e)
{
	autojson *value = dvc_lock_value(project, spec, stage);
	autobuf block = { 0 };

	ruamel_put(&block, STAGE_COLUMN, dvc_stage_name(spec), value);
	free(map_put(&e->blocks, dvc_stage_name(spec), strbuf_steal(&block)));
}

static int write_one(struct project *project, const char *dir, struct edit *e,
		     struct mlops_error *err)
{
	autofree char *path = lock_path(dir);
	autoarena arena = { 0 };
	struct yaml_node *root;

	if (open_lock(project, dir, &arena, &e->text, &root, err) || make_text(e, root, err))
		return -1;
	if (e->out.len == e->text.len && !memcmp(e->out.buf, e->text.buf, e->out.len))
		return 0;
	return project_write(project, path, &e->out, err);
}

int dvc_lock_write(struct project *project, const struct pipeline *p, struct lockfile *lock,
		   const struct strlist *changed, struct mlops_error *err)
{
	automap dirs = { 0 };
	int rc = 0;

	for (size_t i = 0; i < changed->n; i++)
		map_put(&dirs, find_spec(p, changed->v[i])->dir, lock);
	for (size_t k = 0; k < dirs.n && !rc; k++) {
		struct edit e = { 0 };

		for (size_t i = 0; i < changed->n; i++) {
			const struct spec_stage *spec = find_spec(p, changed->v[i]);

			if (!strcmp(spec->dir, dirs.v[k].key))
				add_block(project, spec, mlops_lockfile_find(lock, spec->name), &e);
		}
		rc = write_one(project, dirs.v[k].key, &e, err);
		map_clear_values(&e.blocks, free);
		strbuf_clear(&e.text);
		strbuf_clear(&e.out);
	}
	return rc;
}
