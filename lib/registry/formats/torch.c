/*
 * PyTorch's zip files: data.pkl with the tensors' shapes, and a member a storage. A tensor is a
 * call of torch._utils._rebuild_tensor_v2(persistent id, offset, size, stride, ...), where the
 * persistent id is ("storage", type, key, device, elements).
 */
#include "registry/formats/pickle.h"

#define MAX_DEPTH 16

static const struct {
	const char *storage, *dtype;
	unsigned bits;
} storages[] = {
	{ "FloatStorage", "float32", 32 }, { "DoubleStorage", "float64", 64 },
	{ "HalfStorage", "float16", 16 }, { "BFloat16Storage", "bfloat16", 16 },
	{ "LongStorage", "int64", 64 }, { "IntStorage", "int32", 32 }, { "ShortStorage", "int16", 16 },
	{ "CharStorage", "int8", 8 }, { "ByteStorage", "uint8", 8 }, { "BoolStorage", "bool", 8 },
	{ "ComplexFloatStorage", "complex64", 64 }, { "ComplexDoubleStorage", "complex128", 128 },
};

static bool is_storage_member(const char *name)
{
	const char *data = strstr(name, "/data/");

	return data && data[6];
}

static struct zip_entry *find_member(struct zip *z, const char *suffix)
{
	for (size_t i = 0; i < z->entries.n; i++)
		if (str_ends(z->entries.v[i].name, suffix))
			return &z->entries.v[i];
	return NULL;
}

static bool match(const struct probe *p)
{
	return p->zip && (find_member(p->zip, "/data.pkl") || zip_find(p->zip, "data.pkl"));
}

/* A parameter is a call with its tensor. */
static const struct pickle_value *unwrap(const struct pickle_value *v)
{
	if (v->kind == PICKLE_OBJECT && v->object->args.kind == PICKLE_TUPLE && v->object->args.list->n &&
	    pickle_is_import(&v->object->callable, "torch._utils", "_rebuild_parameter"))
		return &v->object->args.list->v[0];
	return v;
}

/* The tensor that an object is, if it is one. */
static bool as_tensor(struct build *b, const struct pickle_value *v, struct model_tensor *t)
{
	v = unwrap(v);
	if (v->kind != PICKLE_OBJECT || v->object->callable.kind != PICKLE_IMPORT ||
	    strcmp(v->object->callable.import->module, "torch._utils") ||
	    v->object->args.kind != PICKLE_TUPLE)
		return false;
	const struct pickle_list *args = v->object->args.list;
	if (!str_starts(v->object->callable.import->name, "_rebuild_tensor") || args->n < 4 ||
	    args->v[0].kind != PICKLE_PERSISTENT || args->v[2].kind != PICKLE_TUPLE)
		return false;
	const struct pickle_value *id = &args->v[0].list->v[0];
	const struct pickle_list *shape = args->v[2].list;
	if (id->kind != PICKLE_TUPLE || id->list->n < 3 || id->list->v[1].kind != PICKLE_IMPORT)
		return false;
	*t = (struct model_tensor){ .dtype = "?", .rank = shape->n };
	t->shape = arena_alloc(&b->arena, shape->n * sizeof(*t->shape));
	for (size_t i = 0; i < shape->n; i++)
		if (shape->v[i].kind != PICKLE_INT || (t->shape[i] = (uint64_t)shape->v[i].num) >> 63)
			return false;
	if (!shape_elements(t->shape, t->rank, &t->elements))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(storages); i++)
		if (!strcmp(id->list->v[1].import->name, storages[i].storage)) {
			t->dtype = storages[i].dtype;
			return shape_bytes(t->elements, storages[i].bits, &t->bytes);
		}
	return true;
}

/* Walks dicts, OrderedDicts and the state of modules; a memo can make them a graph, hence `budget`. */
static void collect(struct build *b, const struct pickle_value *v, const char *prefix, unsigned depth,
		    size_t *budget)
{
	struct model_tensor t;

	if (!*budget || depth > MAX_DEPTH)
		return;
	--*budget;
	if (as_tensor(b, v, &t)) {
		t.name = arena_strdup(&b->arena, prefix);
		build_tensor(b, &t);
		return;
	}
	if (v->kind != PICKLE_DICT && v->kind != PICKLE_OBJECT)
		return;
	for (size_t i = 0; i + 1 < v->object->pairs.n; i += 2) {
		autofree char *name = xasprintf("%.2000s%s%s", prefix, *prefix ? "." : "",
						v->object->pairs.v[i].str);

		collect(b, &v->object->pairs.v[i + 1], name, depth + 1, budget);
	}
	if (v->kind == PICKLE_OBJECT)
		collect(b, &v->object->state, prefix, depth + 1, budget);
}

void format_torch_tensors(struct build *b, const struct pickle_value *top)
{
	size_t budget = 1000000;

	collect(b, top, "", 0, &budget);
}

static int read_pickle(struct zip *z, struct zip_entry *e, struct build *b, struct mlops_error *err)
{
	autopickle pk = { .event = format_pickle_event, .arg = b };
	autosource hold = { .fd = -1 }, member = { .fd = -1 };

	if (zip_member(z, e, (uint64_t)4 << 30, &hold, &member, err))
		return -1;
	struct cursor c = cursor_of(&member);
	if (pickle_walk(&pk, &c, err))
		return -1;
	build_metaf(b, "pickle_protocol", "%d", pk.protocol);
	format_torch_tensors(b, &pk.top);
	return 0;
}

static int read_small(struct zip *z, const char *suffix, const char *key, struct build *b,
		      struct mlops_error *err)
{
	struct zip_entry *e = find_member(z, suffix);
	autobuf text = { 0 };

	if (!e)
		return 0;
	if (zip_slurp(z, e, 1024, &text, err))
		return -1;
	struct str trimmed = str_trim((struct str){ text.buf, text.len });
	autofree char *value = xstrndup(trimmed.p, trimmed.n);
	build_meta(b, key, value);
	return 0;
}

static int read_file(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err)
{
	struct zip *z = p->zip;
	struct zip_entry *e = find_member(z, "/data.pkl");
	uint64_t n = 0, bytes = 0;

	(void)src;
	for (size_t i = 0; i < z->entries.n; i++)
		if (is_storage_member(z->entries.v[i].name)) {
			n++;
			bytes += z->entries.v[i].size;
		}
	build_metaf(b, "members", "%zu", z->entries.n);
	build_metaf(b, "storages", "%llu", (unsigned long long)n);
	build_metaf(b, "storage_bytes", "%llu", (unsigned long long)bytes);
	if (find_member(z, "/constants.pkl"))
		build_meta(b, "torchscript", "true");
	if (read_small(z, "/version", "version", b, err) ||
	    read_small(z, "/byteorder", "byteorder", b, err))
		return -1;
	return read_pickle(z, e ? e : zip_find(z, "data.pkl"), b, err);
}

const struct format format_torch = {
	.name = "pytorch", .help = "PyTorch's .pt and .pth", .match = match, .read = read_file,
};
