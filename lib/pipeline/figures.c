/* Collecting figures from files and runs, and merging two sorted lists of them. */
#include "mlops/figures.h"

#include "pipeline/snapshot.h"
#include "pipeline/values.h"

struct collector {
	VEC(struct figure) list;
	const char *file;
	enum figure_kind kind;
};

static int add(const char *key, const struct json *value, void *arg, struct mlops_error *err)
{
	struct collector *c = arg;
	autobuf text = { 0 };
	double number = 0;
	bool is_number = js_to_num(value, &number);

	(void)err;
	if (!*key || (c->kind == FIGURE_METRICS && !is_number))
		return 0;
	js_dump(value, JS_COMPACT, &text);
	vec_push(&c->list, { .file = xstrdup(c->file), .key = xstrdup(key),
			     .text = strbuf_steal(&text), .number = number, .is_number = is_number });
	return 0;
}

/* The values of a file; *out stays NULL when it is not there. */
static int load(struct snapshot *s, const char *file, struct json **out, struct mlops_error *err)
{
	autobuf text = { 0 };

	if (!snapshot_read(s, file, VALUES_MAX, &text, err))
		return values_parse(file, text.buf, text.len, out, err);
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

static int add_param(struct snapshot *s, const struct spec_param *param, struct collector *c,
		     struct mlops_error *err)
{
	autojson *root = NULL;
	struct json *value;

	if (load(s, param->file, &root, err))
		return -1;
	value = param->key ? values_find(root, param->key) : root;
	c->file = param->file;
	return value ? values_each(value, param->key ? param->key : "", false, add, c, err) : 0;
}

static int add_metrics(struct snapshot *s, const char *file, struct collector *c,
		       struct mlops_error *err)
{
	autojson *root = NULL;

	if (load(s, file, &root, err))
		return -1;
	c->file = file;
	return root ? values_each(root, "", true, add, c, err) : 0;
}

static int add_stage(struct snapshot *s, const struct spec_stage *stage, struct collector *c,
		     struct mlops_error *err)
{
	for (size_t i = 0; c->kind == FIGURE_PARAMS && i < stage->params.n; i++)
		if (add_param(s, &stage->params.v[i], c, err))
			return -1;
	for (size_t i = 0; c->kind == FIGURE_METRICS && i < stage->outs.n; i++)
		if (stage->outs.v[i].is_metrics && add_metrics(s, stage->outs.v[i].path, c, err))
			return -1;
	return 0;
}

static int collect_snapshot(struct snapshot *s, struct collector *c, struct mlops_error *err)
{
	for (size_t i = 0; s->pipeline && i < s->pipeline->stages.n; i++)
		if (add_stage(s, &s->pipeline->stages.v[i], c, err))
			return -1;
	return 0;
}

/* A run's are recorded as text: what reads as JSON is taken as that. */
static void add_run_param(struct collector *c, const struct run_pair *p)
{
	autojson *value = NULL;
	autoerr ignored = ERR_INIT;

	if (js_parse(p->value, strlen(p->value), p->key, &value, &ignored))
		value = js_str(p->value);
	add(p->key, value, c, &ignored);
}

static void collect_run(const struct run *run, struct collector *c)
{
	autoerr ignored = ERR_INIT;

	c->file = "";
	for (size_t i = 0; c->kind == FIGURE_PARAMS && i < run->n_params; i++)
		add_run_param(c, &run->params[i]);
	for (size_t i = 0; c->kind == FIGURE_METRICS && i < run->n_metrics; i++) {
		autojson *value = js_num(run->metrics[i].value);

		add(run->metrics[i].key, value, c, &ignored);
	}
}

static int collect(struct project *project, const char *where, struct collector *c,
		   struct mlops_error *err)
{
	autosnapshot s = { 0 };

	if (snapshot_open_at(&s, project, where, err))
		return -1;
	if (!s.run)
		return collect_snapshot(&s, c, err);
	collect_run(s.run, c);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct figure *x = a, *y = b;
	int order = strcmp(x->file, y->file);

	return order ? order : strcmp(x->key, y->key);
}

static void clear_one(struct figure *f)
{
	free(f->file);
	free(f->key);
	free(f->text);
}

/* Parameters that several stages take are there once. */
static void drop_doubles(struct collector *c)
{
	size_t kept = 0;

	vec_sort(&c->list, by_name);
	for (size_t i = 0; i < c->list.n; i++) {
		if (kept && !by_name(&c->list.v[kept - 1], &c->list.v[i]))
			clear_one(&c->list.v[i]);
		else
			c->list.v[kept++] = c->list.v[i];
	}
	c->list.n = kept;
}

int mlops_figures_at(struct project *project, enum figure_kind kind, const char *where,
		     struct figures *out, struct mlops_error *err)
{
	struct collector c = { .kind = kind };
	int rc = collect(project, where, &c, err);

	drop_doubles(&c);
	*out = (struct figures){ c.list.v, c.list.n };
	if (rc)
		mlops_figures_clear(out);
	return rc;
}

void mlops_figures_clear(struct figures *figures)
{
	for (size_t i = 0; i < figures->n; i++)
		clear_one(&figures->v[i]);
	free(figures->v);
	*figures = (struct figures){ 0 };
}

static bool is_of_run(const struct figures *f)
{
	return f->n && !*f->v[0].file;
}

/* Sorted by key alone; lent. */
static int by_key(const void *a, const void *b)
{
	return strcmp((*(const struct figure *const *)a)->key, (*(const struct figure *const *)b)->key);
}

struct view {
	VEC(const struct figure *) v;
};

static void make_view(const struct figures *f, bool keys_only, struct view *out)
{
	for (size_t i = 0; i < f->n; i++)
		vec_push(&out->v, &f->v[i]);
	if (keys_only)
		vec_sort(&out->v, by_key);
}

void mlops_figures_compare(const struct figures *a, const struct figures *b, bool all,
			   void (*fn)(const struct figure *a, const struct figure *b, void *arg),
			   void *arg)
{
	bool keys_only = is_of_run(a) || is_of_run(b);
	struct view va = { 0 }, vb = { 0 };

	make_view(a, keys_only, &va);
	make_view(b, keys_only, &vb);
	for (size_t i = 0, k = 0; i < va.v.n || k < vb.v.n;) {
		const struct figure *x = i < va.v.n ? va.v.v[i] : NULL;
		const struct figure *y = k < vb.v.n ? vb.v.v[k] : NULL;
		int order = !x ? 1 : !y ? -1 : keys_only ? strcmp(x->key, y->key) : by_name(x, y);

		if (order)
			fn(order < 0 ? x : NULL, order > 0 ? y : NULL, arg);
		else if (all || strcmp(x->text, y->text) != 0)
			fn(x, y, arg);
		i += order <= 0;
		k += order >= 0;
	}
	vec_free(&va.v);
	vec_free(&vb.v);
}
