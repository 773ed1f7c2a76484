/* mlops_model_compare(): each version becomes lists of keys and texts, which are compared. */
#include "registry/private.h"

#include <fcntl.h>

#include "base/fs.h"
#include "base/map.h"
#include "base/num.h"
#include "base/path.h"
#include "mlops/inspect.h"
#include "mlops/model_diff.h"
#include "mlops/workspace.h"

#define CHUNK     ((size_t)1 << 20)
#define SHAPE_MAX 4096

const char *mlops_model_difference_name(enum model_difference_kind kind)
{
	static const char *const names[] = { "format", "size",   "param", "metric",
					     "schema", "tensor", "file" };

	return names[kind];
}

/* What one version is said to be, and its content outside of the store. */
struct side {
	struct model_version *v;
	struct run *run;         /* or NULL */
	char *dir;               /* scratch, or NULL */
	char *path;              /* of the content in it */
	struct model_info *info; /* NULL: not known */
	struct map tensors;      /* name -> struct model_tensor */
	struct map files;        /* path -> struct oid; for a folder */
};

struct comparison {
	struct project *project;
	struct side a, b;
	VEC(struct model_difference) list;
};

static void add(struct comparison *c, enum model_difference_kind kind, const char *key,
		const char *before, const char *after)
{
	vec_push(&c->list, { kind, xstrdup(key), before ? xstrdup(before) : NULL,
			     after ? xstrdup(after) : NULL });
}

static void add_changed(struct comparison *c, enum model_difference_kind kind, const char *key,
			const char *before, const char *after)
{
	if ((before || after) && (!before || !after || strcmp(before, after) != 0))
		add(c, kind, key, before, after);
}

/* The content in a folder of its own; a version of which the store lacks a part has none. */
static int extract(struct comparison *c, struct side *s, struct mlops_error *err)
{
	const char *tmp;

	if (project_tmp(c->project, &tmp, err))
		return -1;
	char *dir = path_join(tmp, "model.XXXXXX");
	if (!mkdtemp(dir)) {
		err_sys(err, "cannot make a folder in '%s'", tmp);
		free(dir);
		return -1;
	}
	s->dir = dir;
	s->path = path_join(dir, path_base(s->v->path));
	return mlops_workspace_export(c->project, &s->v->ref, s->path, err);
}

static int add_file(const struct object_visit *v, void *arg, struct mlops_error *err)
{
	struct side *s = arg;

	(void)err;
	if (!v->is_tree)
		map_put(&s->files, v->path, xmemdup(&v->oid, sizeof(v->oid)));
	return 0;
}

static int list_files(struct comparison *c, struct side *s, struct mlops_error *err)
{
	struct store *store;

	if (s->v->ref.kind != OBJECT_TREE)
		return 0;
	return mlops_store_of(c->project, &store, err) ||
			       mlops_object_visit(store, &s->v->ref, add_file, s, err) ?
		       -1 :
		       0;
}

static int load_side(struct comparison *c, struct side *s, bool content, struct mlops_error *err)
{
	autoerr ignored = ERR_INIT;

	if (s->v->run_id && mlops_run_get(c->project, s->v->run_id, &s->run, err))
		return -1;
	if (!content)
		return 0;
	if (list_files(c, s, err))
		return -1;
	if (extract(c, s, &ignored))
		return ignored.kind == MLOPS_ENOTFOUND ? 0 : err_move(err, &ignored);
	if (mlops_inspect(s->path, &s->info, &ignored))
		return 0;
	for (size_t i = 0; i < s->info->n_tensors; i++)
		map_put(&s->tensors, s->info->tensors[i].name, &s->info->tensors[i]);
	return 0;
}

static void clear_side(struct side *s)
{
	autoerr ignored = ERR_INIT;

	if (s->dir)
		fs_remove_tree(s->dir, &ignored);
	mlops_run_free(s->run);
	mlops_model_info_free(s->info);
	map_clear(&s->tensors);
	map_clear_values(&s->files, free);
	free(s->dir);
	free(s->path);
}

/* Both lists are sorted by key. */
static void compare_params(struct comparison *c)
{
	const struct run *a = c->a.run, *b = c->b.run;
	size_t n_a = a ? a->n_params : 0, n_b = b ? b->n_params : 0, i = 0, k = 0;

	while (i < n_a || k < n_b) {
		int order = i == n_a ? 1 :
			    k == n_b ? -1 :
				       strcmp(a->params[i].key, b->params[k].key);
		const struct run_pair *before = order <= 0 ? &a->params[i++] : NULL;
		const struct run_pair *after = order >= 0 ? &b->params[k++] : NULL;

		add_changed(c, MODEL_DIFF_PARAM, before ? before->key : after->key,
			    before ? before->value : NULL, after ? after->value : NULL);
	}
}

static const struct run_metric *find_metric(const struct model_version *v, const char *key)
{
	for (size_t i = 0; i < v->n_metrics; i++)
		if (!strcmp(v->metrics[i].key, key))
			return &v->metrics[i];
	return NULL;
}

static void compare_metric(struct comparison *c, const char *key)
{
	const struct run_metric *before = find_metric(c->a.v, key),
				*after = find_metric(c->b.v, key);
	char x[NUM_SIZE], y[NUM_SIZE];

	add_changed(c, MODEL_DIFF_METRIC, key, before ? num_format_double(before->value, x) : NULL,
		    after ? num_format_double(after->value, y) : NULL);
}

static void compare_metrics(struct comparison *c)
{
	for (size_t i = 0; i < c->a.v->n_metrics; i++)
		compare_metric(c, c->a.v->metrics[i].key);
	for (size_t i = 0; i < c->b.v->n_metrics; i++)
		if (!find_metric(c->a.v, c->b.v->metrics[i].key))
			compare_metric(c, c->b.v->metrics[i].key);
}

static void compare_number(struct comparison *c, enum model_difference_kind kind, const char *key,
			   uint64_t before, uint64_t after)
{
	autofree char *x = xasprintf("%llu", (unsigned long long)before);
	autofree char *y = xasprintf("%llu", (unsigned long long)after);

	add_changed(c, kind, key, x, y);
}

/* "float32[batch,4]" */
static char *describe_port(const struct model_port *port)
{
	autobuf out = { 0 };

	strbuf_adds(&out, port->dtype ? port->dtype : "?");
	for (size_t i = 0; i < port->n_dims && out.len < SHAPE_MAX; i++) {
		const struct model_dim *d = &port->dims[i];

		strbuf_addc(&out, i ? ',' : '[');
		if (d->symbol)
			strbuf_adds(&out, d->symbol);
		else if (d->size < 0)
			strbuf_addc(&out, '?');
		else
			strbuf_addf(&out, "%lld", (long long)d->size);
	}
	if (!port->no_shape)
		strbuf_adds(&out, port->n_dims ? "]" : "[]");
	return strbuf_steal(&out);
}

static const struct model_port *find_port(const struct model_port *ports, size_t n,
					  const struct model_port *like)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(ports[i].name, like->name) &&
		    !strcmp(ports[i].signature ? ports[i].signature : "",
			    like->signature ? like->signature : ""))
			return &ports[i];
	return NULL;
}

static void compare_port(struct comparison *c, const char *what, const struct model_port *before,
			 const struct model_port *after)
{
	const struct model_port *any = before ? before : after;
	autofree char *key = xasprintf("%s %s%s%s", what, any->signature ? any->signature : "",
				       any->signature ? " " : "", any->name);
	autofree char *x = before ? describe_port(before) : NULL;
	autofree char *y = after ? describe_port(after) : NULL;

	add_changed(c, MODEL_DIFF_SCHEMA, key, x, y);
}

static void compare_ports(struct comparison *c, const char *what, const struct model_port *a,
			  size_t n_a, const struct model_port *b, size_t n_b)
{
	for (size_t i = 0; i < n_a; i++)
		compare_port(c, what, &a[i], find_port(b, n_b, &a[i]));
	for (size_t i = 0; i < n_b; i++)
		if (!find_port(a, n_a, &b[i]))
			compare_port(c, what, NULL, &b[i]);
}

/* "F32[2,3]" */
static char *describe_tensor(const struct model_tensor *t)
{
	autobuf out = { 0 };

	strbuf_addf(&out, "%s[", t->dtype ? t->dtype : "?");
	for (size_t i = 0; i < t->rank; i++)
		strbuf_addf(&out, "%s%llu", i ? "," : "", (unsigned long long)t->shape[i]);
	strbuf_addc(&out, ']');
	return strbuf_steal(&out);
}

/* The file that a tensor is in, at its bytes. */
static int open_tensor(const struct side *s, const struct model_tensor *t, int *out,
		       struct mlops_error *err)
{
	autofree char *path = t->file ? path_join(s->path, t->file) : xstrdup(s->path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	*out = fd;
	return 0;
}

static int compare_bytes(int a, uint64_t at_a, int b, uint64_t at_b, uint64_t left, bool *same,
			 struct mlops_error *err)
{
	autofree char *x = xmalloc(CHUNK), *y = xmalloc(CHUNK);

	*same = true;
	while (left && *same) {
		size_t n = left < CHUNK ? (size_t)left : CHUNK;

		if (pread(a, x, n, (off_t)at_a) != (ssize_t)n ||
		    pread(b, y, n, (off_t)at_b) != (ssize_t)n)
			return err_sys(err, "cannot read a tensor");
		*same = !memcmp(x, y, n);
		at_a += n;
		at_b += n;
		left -= n;
	}
	return 0;
}

static int have_same_bytes(const struct comparison *c, const struct model_tensor *a,
			   const struct model_tensor *b, bool *same, struct mlops_error *err)
{
	autoclose int x = -1, y = -1;

	*same = true;
	if (!a->at || !b->at || a->bytes != b->bytes)
		return 0;
	return open_tensor(&c->a, a, &x, err) || open_tensor(&c->b, b, &y, err) ||
			       compare_bytes(x, a->at, y, b->at, a->bytes, same, err) ?
		       -1 :
		       0;
}

static int compare_tensor(struct comparison *c, const struct model_tensor *before,
			  const struct model_tensor *after, struct mlops_error *err)
{
	const char *name = before ? before->name : after->name;
	autofree char *x = before ? describe_tensor(before) : NULL;
	autofree char *y = after ? describe_tensor(after) : NULL;
	bool same;

	if (!x || !y || strcmp(x, y) != 0) {
		add(c, MODEL_DIFF_TENSOR, name, x, y);
		return 0;
	}
	if (have_same_bytes(c, before, after, &same, err))
		return -1;
	if (!same)
		add(c, MODEL_DIFF_TENSOR, name, x, y);
	return 0;
}

static int compare_tensors(struct comparison *c, struct mlops_error *err)
{
	const struct model_info *a = c->a.info, *b = c->b.info;

	for (size_t i = 0; i < a->n_tensors; i++)
		if (compare_tensor(c, &a->tensors[i], map_get(&c->b.tensors, a->tensors[i].name),
				   err))
			return -1;
	for (size_t i = 0; i < b->n_tensors; i++)
		if (!map_get(&c->a.tensors, b->tensors[i].name) &&
		    compare_tensor(c, NULL, &b->tensors[i], err))
			return -1;
	return 0;
}

static int compare_content(struct comparison *c, struct mlops_error *err)
{
	const struct model_info *a = c->a.info, *b = c->b.info;

	if (!a || !b)
		return 0;
	add_changed(c, MODEL_DIFF_FORMAT, "format", a->format, b->format);
	add_changed(c, MODEL_DIFF_FORMAT, "version", a->version, b->version);
	compare_number(c, MODEL_DIFF_SIZE, "parameters", a->parameters, b->parameters);
	compare_ports(c, "input", a->inputs, a->n_inputs, b->inputs, b->n_inputs);
	compare_ports(c, "output", a->outputs, a->n_outputs, b->outputs, b->n_outputs);
	return compare_tensors(c, err);
}

static void compare_files(struct comparison *c)
{
	char x[MLOPS_OID_HEX + 1], y[MLOPS_OID_HEX + 1];

	for (size_t i = 0; i < c->a.files.n; i++) {
		const struct map_entry *e = &c->a.files.v[i];
		const struct oid *after = map_get(&c->b.files, e->key);

		add_changed(c, MODEL_DIFF_FILE, e->key, mlops_oid_hex(e->value, x),
			    after ? mlops_oid_hex(after, y) : NULL);
	}
	for (size_t i = 0; i < c->b.files.n; i++) {
		const struct map_entry *e = &c->b.files.v[i];

		if (!map_get(&c->a.files, e->key))
			add(c, MODEL_DIFF_FILE, e->key, NULL, mlops_oid_hex(e->value, x));
	}
}

static int by_kind(const void *x, const void *y)
{
	const struct model_difference *a = x, *b = y;

	return a->kind != b->kind ? (a->kind > b->kind) - (a->kind < b->kind) :
				    strcmp(a->key, b->key);
}

static int compare(struct comparison *c, struct mlops_error *err)
{
	bool content = memcmp(&c->a.v->ref.oid, &c->b.v->ref.oid, sizeof(struct oid)) != 0;

	if (load_side(c, &c->a, content, err) || load_side(c, &c->b, content, err))
		return -1;
	compare_params(c);
	compare_metrics(c);
	compare_number(c, MODEL_DIFF_SIZE, "bytes", c->a.v->ref.size, c->b.v->ref.size);
	compare_files(c);
	if (compare_content(c, err))
		return -1;
	vec_sort(&c->list, by_kind);
	return 0;
}

static struct model_diff *diff_of(struct comparison *c)
{
	struct model_diff *out = xcalloc(1, sizeof(*out));

	out->same = !memcmp(&c->a.v->ref.oid, &c->b.v->ref.oid, sizeof(struct oid));
	out->unread = !out->same && (!c->a.info || !c->b.info);
	out->tensors_before = c->a.info ? c->a.info->n_tensors : 0;
	out->tensors_after = c->b.info ? c->b.info->n_tensors : 0;
	out->a = steal_ptr(&c->a.v);
	out->b = steal_ptr(&c->b.v);
	out->v = steal_ptr(&c->list.v);
	out->n = c->list.n;
	c->list.n = 0;
	return out;
}

static void list_free(struct model_difference *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].key);
		free(list[i].before);
		free(list[i].after);
	}
	free(list);
}

int mlops_model_compare(struct project *project, const char *a, const char *b,
			struct model_diff **out, struct mlops_error *err)
{
	struct comparison c = { .project = project };
	int rc = mlops_model_resolve(project, a, &c.a.v, err) ||
		 mlops_model_resolve(project, b, &c.b.v, err) || compare(&c, err);

	if (!rc)
		*out = diff_of(&c);
	clear_side(&c.a);
	clear_side(&c.b);
	mlops_model_version_free(c.a.v);
	mlops_model_version_free(c.b.v);
	list_free(c.list.v, c.list.n);
	return rc ? -1 : 0;
}

void mlops_model_diff_free(struct model_diff *diff)
{
	if (!diff)
		return;
	list_free(diff->v, diff->n);
	mlops_model_version_free(diff->a);
	mlops_model_version_free(diff->b);
	free(diff);
}
