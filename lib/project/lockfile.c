/* mlops.lock: reading, changing and writing it. */
#include "mlops/lockfile.h"

#include "base/fs.h"
#include "base/path.h"
#include "base/vec.h"
#include "fmt/conflict.h"
#include "fmt/yaml.h"
#include "project/project.h"

static int read_path(const struct yaml_node *map, const char **out, struct mlops_error *err)
{
	const char *path = NULL;

	if (yaml_get_text(map, "path", &path, err))
		return -1;
	if (!path)
		return yaml_error(map, err, "'path' is missing");
	if (!path_is_safe(path))
		return yaml_error(yaml_get(map, "path"), err,
				  "'%s' is not a path inside the project", path);
	*out = path;
	return 0;
}

static int read_item(const struct yaml_node *node, struct lock_item *out, struct mlops_error *err)
{
	static const char *const keys[] = { "path", OBJECT_REF_KEYS, OBJECT_PLACE_KEYS, "type",
					    "cache", NULL };
	const char *path = NULL, *type = NULL;
	bool cache = true;

	if (yaml_want(node, YAML_MAP, "an item", err) ||
	    yaml_check_keys(node, keys, "an item", err) || read_path(node, &path, err) ||
	    object_ref_read(node, &out->ref, err) ||
	    object_place_read(node, &out->place, err) || yaml_get_text(node, "type", &type, err) ||
	    yaml_get_bool(node, "cache", &cache, err))
		return -1;
	if (type && strcmp(type, "model"))
		return yaml_error(yaml_get(node, "type"), err, "type must be model, not '%s'",
				  type);
	out->path = xstrdup(path);
	out->is_model = type;
	out->not_cached = !cache;
	return 0;
}

static int read_items(const struct yaml_node *stage, const char *key, struct lock_item **items,
		      size_t *n, struct mlops_error *err)
{
	const struct yaml_node *list = yaml_get(stage, key);

	if (!list)
		return 0;
	if (yaml_want(list, YAML_LIST, key, err))
		return -1;
	*items = xcalloc(list->n, sizeof(**items));
	for (; *n < list->n; (*n)++)
		if (read_item(list->values[*n], &(*items)[*n], err))
			return -1;
	return 0;
}

static int read_param(const struct yaml_node *node, struct lock_param *out, struct mlops_error *err)
{
	static const char *const keys[] = { "file", "key", "value", NULL };
	const char *text[3] = { NULL };

	if (yaml_want(node, YAML_MAP, "a parameter", err) ||
	    yaml_check_keys(node, keys, "a parameter", err))
		return -1;
	for (int i = 0; i < 3; i++) {
		if (yaml_get_text(node, keys[i], &text[i], err))
			return -1;
		if (!text[i])
			return yaml_error(node, err, "'%s' is missing", keys[i]);
	}
	*out = (struct lock_param){ xstrdup(text[0]), xstrdup(text[1]), xstrdup(text[2]) };
	return 0;
}

static int read_params(const struct yaml_node *node, struct lock_stage *stage,
		       struct mlops_error *err)
{
	const struct yaml_node *list = yaml_get(node, "params");

	if (!list)
		return 0;
	if (yaml_want(list, YAML_LIST, "params", err))
		return -1;
	stage->params = xcalloc(list->n, sizeof(*stage->params));
	for (; stage->n_params < list->n; stage->n_params++)
		if (read_param(list->values[stage->n_params], &stage->params[stage->n_params], err))
			return -1;
	return 0;
}

static int read_stage(const struct yaml_node *node, struct lock_stage *stage,
		      struct mlops_error *err)
{
	static const char *const keys[] = { "cmd", "deps", "params", "outs", NULL };
	const char *cmd = NULL;

	if (yaml_want(node, YAML_MAP, "a stage", err) ||
	    yaml_check_keys(node, keys, "a stage", err) || yaml_get_text(node, "cmd", &cmd, err))
		return -1;
	stage->cmd = xstrdup(cmd ? cmd : "");
	if (read_items(node, "deps", &stage->deps, &stage->n_deps, err) ||
	    read_params(node, stage, err))
		return -1;
	return read_items(node, "outs", &stage->outs, &stage->n_outs, err);
}

static int read_stages(const struct yaml_node *root, struct lockfile *out, struct mlops_error *err)
{
	static const char *const keys[] = { "mlops", "stages", NULL };
	const struct yaml_node *stages = yaml_get(root, "stages");
	int64_t version = 0;

	if (yaml_want(root, YAML_MAP, "a lock file", err) ||
	    yaml_get_int(root, "mlops", &version, err))
		return -1;
	if (version != 1) {
		yaml_error(root, err, "this program reads lock files of 'mlops: 1'");
		return err_hint(err, "install a newer mlops");
	}
	if (yaml_check_keys(root, keys, "a lock file", err))
		return -1;
	if (yaml_is_null(stages))
		return 0;
	if (yaml_want(stages, YAML_MAP, "stages", err))
		return -1;
	for (size_t i = 0; i < stages->n; i++) {
		struct lock_stage stage = { .name = xstrdup(stages->keys[i]->text) };
		int rc = read_stage(stages->values[i], &stage, err);

		if (rc) {
			mlops_lock_stage_clear(&stage);
			return rc;
		}
		mlops_lockfile_put(out, &stage);
	}
	return 0;
}

int mlops_lockfile_read(struct project *project, struct lockfile *out, struct mlops_error *err)
{
	autofree char *path = project_abspath(project, LOCKFILE_NAME);
	autobuf text = { 0 };

	*out = (struct lockfile){ 0 };
	if (!fs_read(path, LOCKFILE_MAX, &text, err))
		return mlops_lockfile_parse(LOCKFILE_NAME, text.buf, text.len, out, err);
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

int mlops_lockfile_parse(const char *what, const char *text, size_t n, struct lockfile *out,
			 struct mlops_error *err)
{
	autoarena arena = { 0 };
	struct yaml_node *root;

	*out = (struct lockfile){ 0 };
	if (conflict_is_in((struct str){ text, n })) {
		err_set(err, MLOPS_EINVALID, "'%s' has a merge conflict", what);
		return err_hint(err, "take one side of it with: mlops checkout --ours %s, or --theirs",
				what);
	}
	if (yaml_parse(&arena, what, text, n, &root, err))
		return -1;
	return yaml_is_null(root) ? 0 : read_stages(root, out, err);
}

static void write_items(struct yaml_out *y, const char *key, const struct lock_item *items,
			size_t n)
{
	if (!n)
		return;
	yaml_text(y, key);
	yaml_list(y);
	for (size_t i = 0; i < n; i++) {
		yaml_map(y);
		yaml_put_text(y, "path", items[i].path);
		object_ref_write(y, &items[i].ref);
		object_place_write(y, &items[i].place);
		if (items[i].is_model)
			yaml_put_text(y, "type", "model");
		if (items[i].not_cached)
			yaml_put_plain(y, "cache", "false");
		yaml_end(y);
	}
	yaml_end(y);
}

static void write_params(struct yaml_out *y, const struct lock_stage *stage)
{
	if (!stage->n_params)
		return;
	yaml_text(y, "params");
	yaml_list(y);
	for (size_t i = 0; i < stage->n_params; i++) {
		yaml_map(y);
		yaml_put_text(y, "file", stage->params[i].file);
		yaml_put_text(y, "key", stage->params[i].key);
		yaml_put_text(y, "value", stage->params[i].value);
		yaml_end(y);
	}
	yaml_end(y);
}

static void write_stage(struct yaml_out *y, const struct lock_stage *stage)
{
	yaml_text(y, stage->name);
	yaml_map(y);
	yaml_put_text(y, "cmd", stage->cmd);
	write_items(y, "deps", stage->deps, stage->n_deps);
	write_params(y, stage);
	write_items(y, "outs", stage->outs, stage->n_outs);
	yaml_end(y);
}

void lockfile_format(const struct lockfile *lock, struct strbuf *out)
{
	struct yaml_out *y = yaml_out_new(out);

	yaml_map(y);
	yaml_put_int(y, "mlops", 1);
	yaml_text(y, "stages");
	yaml_map(y);
	for (size_t i = 0; i < lock->n; i++)
		write_stage(y, &lock->stages[i]);
	yaml_out_free(y);
}

int mlops_lockfile_write(struct project *project, const struct lockfile *lock,
			 struct mlops_error *err)
{
	autobuf text = { 0 };

	strbuf_adds(&text, LOCKFILE_COMMENT);
	lockfile_format(lock, &text);
	return project_write(project, LOCKFILE_NAME, &text, err);
}

/* Where the stage is, or would be. */
static size_t position(const struct lockfile *lock, const char *name, bool *found)
{
	size_t low = 0, high = lock->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(lock->stages[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low < lock->n && !strcmp(lock->stages[low].name, name);
	return low;
}

struct lock_stage *mlops_lockfile_find(struct lockfile *lock, const char *name)
{
	bool found;
	size_t at = position(lock, name, &found);

	return found ? &lock->stages[at] : NULL;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct lock_item *)a)->path, ((const struct lock_item *)b)->path);
}

static int by_file_and_key(const void *a, const void *b)
{
	const struct lock_param *x = a, *y = b;
	int order = strcmp(x->file, y->file);

	return order ? order : strcmp(x->key, y->key);
}

static void sort(void *items, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	if (n > 1)
		qsort(items, n, size, compare);
}

void mlops_lockfile_put(struct lockfile *lock, struct lock_stage *stage)
{
	bool found;
	size_t at = position(lock, stage->name, &found);

	sort(stage->deps, stage->n_deps, sizeof(*stage->deps), by_path);
	sort(stage->outs, stage->n_outs, sizeof(*stage->outs), by_path);
	sort(stage->params, stage->n_params, sizeof(*stage->params), by_file_and_key);
	if (found) {
		mlops_lock_stage_clear(&lock->stages[at]);
	} else {
		lock->stages = xrealloc(lock->stages, (lock->n + 1) * sizeof(*lock->stages));
		memmove(&lock->stages[at + 1], &lock->stages[at],
			(lock->n - at) * sizeof(*lock->stages));
		lock->n++;
	}
	lock->stages[at] = *stage;
	*stage = (struct lock_stage){ 0 };
}

void mlops_lockfile_remove(struct lockfile *lock, const char *name)
{
	bool found;
	size_t at = position(lock, name, &found);

	if (!found)
		return;
	mlops_lock_stage_clear(&lock->stages[at]);
	lock->n--;
	memmove(&lock->stages[at], &lock->stages[at + 1], (lock->n - at) * sizeof(*lock->stages));
}

static void clear_items(struct lock_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(items[i].path);
	free(items);
}

void mlops_lock_stage_clear(struct lock_stage *stage)
{
	clear_items(stage->deps, stage->n_deps);
	clear_items(stage->outs, stage->n_outs);
	for (size_t i = 0; i < stage->n_params; i++) {
		free(stage->params[i].file);
		free(stage->params[i].key);
		free(stage->params[i].value);
	}
	free(stage->params);
	free(stage->name);
	free(stage->cmd);
	*stage = (struct lock_stage){ 0 };
}

void mlops_lockfile_clear(struct lockfile *lock)
{
	for (size_t i = 0; i < lock->n; i++)
		mlops_lock_stage_clear(&lock->stages[i]);
	free(lock->stages);
	*lock = (struct lockfile){ 0 };
}
