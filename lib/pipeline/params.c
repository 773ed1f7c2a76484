/* Reading the parameters of stages. */
#include "pipeline/params.h"

#include "base/fs.h"
#include "base/path.h"
#include "fmt/pyjson.h"
#include "pipeline/outside.h"
#include "pipeline/values.h"
#include "project/project.h"

struct collector {
	VEC(struct lock_param) params;
	const char *file;
	bool whole_values;
};

static int load_file(struct params *p, const struct spec_param *param, struct json **out,
		     struct mlops_error *err)
{
	autofree char *path = project_abspath(p->project, param->file);
	const struct strbuf *edited = overrides_text(p->overrides, param->file);
	autobuf text = { 0 };

	if (edited)
		return values_parse(param->file, edited->buf, edited->len, out, err);
	if (!fs_read(path, VALUES_MAX, &text, err))
		return values_parse(param->file, text.buf, text.len, out, err);
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	return yaml_error(param->at, err, "there is no parameter file '%s'", param->file);
}

/* A file that a stage writes is read each time, all others once. *out is lent. */
static int get_file(struct params *p, const struct spec_param *param, struct json **out,
		    struct mlops_error *err)
{
	struct json *known = map_get(&p->files, param->file);

	if (!known || param->made) {
		struct json *fresh;

		if (load_file(p, param, &fresh, err))
			return -1;
		js_free(map_put(&p->files, param->file, fresh));
		known = fresh;
	}
	*out = known;
	return 0;
}

static int add_param(const char *key, const struct json *value, void *arg, struct mlops_error *err)
{
	struct collector *c = arg;
	autobuf text = { 0 };

	(void)err;
	if (!*key) /* the whole of an empty file */
		return 0;
	if (c->whole_values)
		pyjson_dump(value, 0, &text); /* 1.0 stays what it is */
	else
		js_dump(value, JS_COMPACT, &text);
	vec_push(&c->params, { xstrdup(c->file), xstrdup(key), strbuf_steal(&text) });
	return 0;
}

/* The value of the key, or with NULL those of a file's topmost keys. */
static int add_whole(struct json *value, const char *key, struct collector *c,
		     struct mlops_error *err)
{
	const char *name;
	struct json *item;
	void *iter = NULL;

	if (key)
		return add_param(key, value, c, err);
	while (js_next(value, &iter, &name, &item))
		if (add_param(name, item, c, err))
			return -1;
	return 0;
}

static int collect(struct params *p, const struct spec_param *param, struct collector *c,
		   struct mlops_error *err)
{
	struct json *root, *value;

	if (get_file(p, param, &root, err))
		return -1;
	value = param->key ? values_find(root, param->key) : root;
	if (!value) {
		values_missing(root, param->file, param->key, err);
		return err_wrap(err, "%s:%d:%d", param->at->file, param->at->line,
				param->at->column);
	}
	c->file = param->file;
	if (p->whole_values)
		return add_whole(value, param->key, c, err);
	return values_each(value, param->key ? param->key : "", false, add_param, c, err);
}

/* What is outside is a parameter too: of what it held when it was first looked at in this run. */
static int collect_url(struct params *p, const struct spec_url *url, struct collector *c,
		       struct mlops_error *err)
{
	char *version = map_get(&p->urls, url->url);

	if (!version && (url->repo ? outside_git_version(p->project, url, &version, err) :
				     outside_version(url->url, &version, err)))
		return err_wrap(err, "%s:%d:%d", url->at->file, url->at->line, url->at->column);
	map_put(&p->urls, url->url, version);
	vec_push(&c->params, { xstrdup(url->url), xstrdup(OUTSIDE_KEY), xstrdup(version) });
	return 0;
}

static int collect_all(struct params *p, const struct spec_stage *stage, struct collector *c,
		       struct mlops_error *err)
{
	for (size_t i = 0; i < stage->params.n; i++)
		if (collect(p, &stage->params.v[i], c, err))
			return -1;
	for (size_t i = 0; i < stage->urls.n; i++)
		if (collect_url(p, &stage->urls.v[i], c, err))
			return -1;
	return 0;
}

static void free_one(struct lock_param *param)
{
	free(param->file);
	free(param->key);
	free(param->value);
}

void params_free(struct lock_param *params, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free_one(&params[i]);
	free(params);
}

static int by_name(const void *a, const void *b)
{
	const struct lock_param *x = a, *y = b;
	int order = strcmp(x->file, y->file);

	return order ? order : strcmp(x->key, y->key);
}

/* Sorts, and drops what was named twice (as `train` and as `train.lr`). */
static void make_unique(struct collector *c)
{
	size_t kept = 0;

	vec_sort(&c->params, by_name);
	for (size_t i = 0; i < c->params.n; i++) {
		if (kept && !by_name(&c->params.v[kept - 1], &c->params.v[i]))
			free_one(&c->params.v[i]);
		else
			c->params.v[kept++] = c->params.v[i];
	}
	c->params.n = kept;
}

int params_read(struct params *p, const struct spec_stage *stage, struct lock_param **out,
		size_t *n, struct mlops_error *err)
{
	struct collector c = { .whole_values = p->whole_values };

	if (collect_all(p, stage, &c, err)) {
		params_free(c.params.v, c.params.n);
		return -1;
	}
	make_unique(&c);
	*out = c.params.v;
	*n = c.params.n;
	return 0;
}

int params_value(struct params *p, const struct spec_stage *stage, const char *key,
		 struct json **out, struct mlops_error *err)
{
	autofree char *file = path_join(stage->wdir, PARAMS_FILE);
	const struct spec_param param = { .file = file, .key = key, .at = stage->at };
	struct json *root, *value;

	if (get_file(p, &param, &root, err))
		return -1;
	value = values_find(root, key);
	*out = value ? js_ref(value) : NULL;
	return 0;
}

static void free_json(void *value)
{
	js_free(value);
}

void params_clear(struct params *p)
{
	map_clear_values(&p->urls, free);
	map_clear_values(&p->files, free_json);
}
