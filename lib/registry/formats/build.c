/* Collecting what a reader finds, and handing it out as one struct model_info. */
#include "registry/formats/format.h"


void build_meta(struct build *b, const char *key, const char *value)
{
	if (value && b->metadata.n < FORMAT_MAX_PAIRS)
		vec_push(&b->metadata, { arena_strdup(&b->arena, key), arena_strdup(&b->arena, value) });
}

void build_metaf(struct build *b, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	autofree char *text = xvasprintf(fmt, ap);
	va_end(ap);
	build_meta(b, key, text);
}

void build_meta_json(struct build *b, const char *key, const struct json *value)
{
	autobuf text = { 0 };

	if (!value)
		return;
	if (js_text(value)) {
		build_meta(b, key, js_text(value));
		return;
	}
	js_dump(value, JS_COMPACT, &text);
	build_meta(b, key, text.buf);
}

void build_global(struct build *b, const char *module, const char *name)
{
	strlist_take(&b->globals, xasprintf("%s %s", module, name));
}

void build_tensor(struct build *b, const struct model_tensor *t)
{
	vec_push(&b->tensors, *t);
	b->info.parameters += t->elements;
	b->info.tensor_bytes += t->bytes;
}

static struct model_port *push_port(struct build *b, bool output, const struct model_port *port)
{
	if (output) {
		vec_push(&b->outputs, *port);
		return &b->outputs.v[b->outputs.n - 1];
	}
	vec_push(&b->inputs, *port);
	return &b->inputs.v[b->inputs.n - 1];
}

struct model_port *build_port(struct build *b, bool output, const char *name, const char *dtype)
{
	struct model_port port = { .name = arena_strdup(&b->arena, name),
				   .dtype = arena_strdup(&b->arena, dtype) };

	return push_port(b, output, &port);
}

int build_add_port(struct build *b, const struct cursor *at, const struct model_port *port, bool output,
		   struct mlops_error *err)
{
	if (b->inputs.n + b->outputs.n >= FORMAT_MAX_PORTS)
		return cursor_fail(at, "input or output", err, "there are more than %d", FORMAT_MAX_PORTS);
	push_port(b, output, port);
	return 0;
}

void build_port_dim(struct build *b, struct model_port *port, int64_t size, const char *symbol)
{
	/* Room grows at powers of two, so the arena holds at most twice what is kept. */
	if (!(port->n_dims & (port->n_dims - 1))) {
		struct model_dim *more =
			arena_alloc(&b->arena, (port->n_dims ? 2 * port->n_dims : 1) * sizeof(*more));

		if (port->n_dims)
			memcpy(more, port->dims, port->n_dims * sizeof(*more));
		port->dims = more;
	}
	port->dims[port->n_dims++] =
		(struct model_dim){ size, symbol ? arena_strdup(&b->arena, symbol) : NULL };
}

bool shape_elements(const uint64_t *shape, size_t rank, uint64_t *out)
{
	uint64_t n = 1;

	for (size_t i = 0; i < rank; i++)
		if (__builtin_mul_overflow(n, shape[i], &n))
			return false;
	*out = n;
	return true;
}

bool shape_bytes(uint64_t elements, unsigned bits, uint64_t *out)
{
	uint64_t n;

	if (__builtin_mul_overflow(elements, bits, &n))
		return false;
	*out = n / 8 + (n % 8 != 0);
	return true;
}

static int by_bytes(const void *a, const void *b)
{
	const struct model_dtype *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return strcmp(x->dtype, y->dtype);
}

static void sum_up_dtypes(struct build *b)
{
	struct model_info *info = &b->info;
	VEC(struct model_dtype) sums = { 0 };

	for (size_t i = 0; i < b->tensors.n; i++) {
		const struct model_tensor *t = &b->tensors.v[i];
		size_t k = 0;

		while (k < sums.n && strcmp(sums.v[k].dtype, t->dtype))
			k++;
		if (k == sums.n)
			vec_push(&sums, { .dtype = t->dtype });
		sums.v[k].tensors++;
		sums.v[k].elements += t->elements;
		sums.v[k].bytes += t->bytes;
	}
	vec_sort(&sums, by_bytes);
	info->n_dtypes = sums.n;
	info->dtypes = arena_alloc(&b->arena, sums.n * sizeof(*sums.v));
	if (sums.n)
		memcpy(info->dtypes, sums.v, sums.n * sizeof(*sums.v));
	vec_free(&sums);
}

static void take_globals(struct build *b)
{
	struct model_info *info = &b->info;

	strlist_sort(&b->globals);
	info->globals = arena_alloc(&b->arena, b->globals.n * sizeof(char *));
	for (size_t i = 0; i < b->globals.n; i++)
		if (!i || strcmp(b->globals.v[i], b->globals.v[i - 1]))
			info->globals[info->n_globals++] = arena_strdup(&b->arena, b->globals.v[i]);
}

/* The arrays of `list` move into the arena. */
#define TAKE(b, list)                                                                              \
	do {                                                                                       \
		(b)->info.n_##list = (b)->list.n;                                                  \
		(b)->info.list = arena_alloc(&(b)->arena, (b)->list.n * sizeof(*(b)->list.v));     \
		if ((b)->list.n)                                                                   \
			memcpy((b)->info.list, (b)->list.v, (b)->list.n * sizeof(*(b)->list.v));   \
	} while (0)

struct model_info *build_finish(struct build *b)
{
	struct model_info *info;

	TAKE(b, tensors);
	TAKE(b, inputs);
	TAKE(b, outputs);
	TAKE(b, metadata);
	sum_up_dtypes(b);
	take_globals(b);
	info = xmemdup(&b->info, sizeof(b->info));
	info->arena = xmemdup(&b->arena, sizeof(b->arena));
	b->arena = (struct arena){ 0 };
	return info;
}

void build_clear(struct build *b)
{
	vec_free(&b->tensors);
	vec_free(&b->inputs);
	vec_free(&b->outputs);
	vec_free(&b->metadata);
	strlist_clear(&b->globals);
	arena_clear(&b->arena);
}

void mlops_model_info_free(struct model_info *info)
{
	if (!info)
		return;
	arena_clear(info->arena);
	free(info->arena);
	free(info);
}
