/*
 * Pickle and joblib files, also compressed ones: protocol, globals, and the arrays that joblib
 * keeps in the stream. And what PyTorch makes of a pickle: names, types and shapes of tensors.
 */
#include "registry/formats/pickle.h"

#include "base/num.h"
#include "fmt/unpack.h"

#define MAX_UNPACKED ((uint64_t)64 << 30)

static bool has_pickle_name(const char *base)
{
	static const char *const ends[] = { ".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".bin",
					    ".ckpt", ".p" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(base, ends[i]))
			return true;
	return false;
}

static bool match(const struct probe *p)
{
	if (p->is_dir)
		return false;
	return pickle_sniff(p->head, p->n_head) || (has_pickle_name(p->base) && !p->zip);
}

/* "f8" as everyone spells it. */
static const char *dtype_name(struct build *b, const char *dtype)
{
	const char *kind = *dtype == 'f' ? "float" : *dtype == 'i' ? "int" : *dtype == 'u' ? "uint" :
			   *dtype == 'b' ? "bool" : *dtype == 'c' ? "complex" : NULL;
	uint64_t n;

	if (!kind || !num_parse_u64(dtype + 1, &n) || n > 64)
		return arena_strdup(&b->arena, dtype);
	return *dtype == 'b' ? "bool" :
	       arena_printf(&b->arena, "%s%u", kind, (unsigned)n * 8);
}

/* Of a shape that the machine has followed; false when it is none. */
static bool copy_shape(struct build *b, const struct pickle_list *shape, struct model_tensor *t)
{
	t->rank = shape->n;
	t->shape = arena_alloc(&b->arena, shape->n * sizeof(*t->shape));
	for (size_t i = 0; i < shape->n; i++) {
		if (shape->v[i].kind != PICKLE_INT || shape->v[i].num < 0)
			return false;
		t->shape[i] = (uint64_t)shape->v[i].num;
	}
	return shape_elements(t->shape, t->rank, &t->elements);
}

void format_pickle_event(void *arg, const struct pickle_event *e)
{
	struct build *b = arg;

	if (e->kind == PICKLE_E_IMPORT && b->globals.n < FORMAT_MAX_TENSORS)
		build_global(b, e->import->module, e->import->name);
	if (e->kind == PICKLE_E_ARRAY && b->tensors.n < FORMAT_MAX_TENSORS) {
		struct model_tensor t = { .dtype = dtype_name(b, e->array->dtype), .bytes = e->array->bytes };

		t.name = arena_printf(&b->arena, "array at %llu", (unsigned long long)e->offset);
		if (copy_shape(b, e->array->shape, &t))
			build_tensor(b, &t);
	}
}

static int walk_all(struct build *b, struct cursor *c, struct mlops_error *err)
{
	autopickle pk = { .event = format_pickle_event, .arg = b, .joblib = true };
	int next, streams = 0;

	do {
		if (pickle_walk(&pk, c, err))
			return -1;
		if (!streams++)
			b->info.version = arena_printf(&b->arena, "%d", pk.protocol);
		if (pk.saw_array)
			b->info.format = "joblib";
		format_torch_tensors(b, &pk.top);
		if (cursor_look(c, &next, err))
			return -1;
	} while (next == 0x80 && streams < FORMAT_MAX_TENSORS);
	if (streams > 1)
		build_metaf(b, "streams", "%d", streams);
	return 0;
}

static int read_file(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err)
{
	enum unpack_kind kind = unpack_sniff(p->head, p->n_head);
	autosource unpacked = { .fd = -1 };
	struct unpack *stream;

	if (kind != UNPACK_NONE && !pickle_sniff(p->head, p->n_head)) {
		if (unpack_new(kind, src, MAX_UNPACKED, &stream, err))
			return -1;
		source_stream(&unpacked, src->name, stream);
		src = &unpacked;
		build_meta(b, "compression", kind == UNPACK_ZLIB ? "zlib" : kind == UNPACK_GZIP ? "gzip" : "other");
	}
	struct cursor c = cursor_of(src);
	return walk_all(b, &c, err);
}

const struct format format_pickle = {
	.name = "pickle", .help = "Python pickles and joblib files, walked and never run",
	.match = match, .read = read_file,
};
