/* GGUF, versions 1 to 3, both byte orders: counts, typed key-value pairs, the table of tensors. */
#include "base/num.h"
#include "registry/formats/format.h"
#include "registry/formats/gguf_types.h"

#define MAX_PAIRS 1000000
#define MAX_KEY 65535
#define MAX_SHOWN 16 /* elements of an array that are shown, not counted only */
#define MAX_NEST 4   /* arrays in arrays */

enum gguf_kind { U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64, N_KINDS };

static const struct {
	const char *name;
	uint8_t size;
} kinds[N_KINDS] = {
	[U8] = { "uint8", 1 },   [I8] = { "int8", 1 },     [U16] = { "uint16", 2 },
	[I16] = { "int16", 2 },  [U32] = { "uint32", 4 },  [I32] = { "int32", 4 },
	[F32] = { "float32", 4 }, [BOOL] = { "bool", 1 },  [STRING] = { "string", 0 },
	[ARRAY] = { "array", 0 }, [U64] = { "uint64", 8 }, [I64] = { "int64", 8 },
	[F64] = { "float64", 8 },
};

struct gguf {
	struct cursor c;
	struct build *b;
	size_t word; /* bytes of a length or count: 4 in version 1, 8 since */
	uint64_t n_tensors, n_pairs, alignment;
};

static bool match(const struct probe *p)
{
	return !p->is_dir && p->n_head >= 4 && !memcmp(p->head, "GGUF", 4);
}

static int read_string(struct gguf *g, const char *field, size_t max, char **out, struct mlops_error *err)
{
	uint64_t n;

	return cursor_uint(&g->c, field, g->word, &n, err) ||
	       cursor_text(&g->c, field, n, max, &g->b->arena, out, err) ? -1 : 0;
}

static void add_float(struct strbuf *text, enum gguf_kind kind, uint64_t bits)
{
	char buf[NUM_SIZE];
	double d;

	if (kind == F32) {
		uint32_t low = (uint32_t)bits;
		float f;

		memcpy(&f, &low, sizeof(f));
		strbuf_addf(text, "%.7g", (double)f);
		return;
	}
	memcpy(&d, &bits, sizeof(d));
	strbuf_adds(text, num_format_double(d, buf));
}

static void add_number(struct strbuf *text, enum gguf_kind kind, uint64_t v)
{
	switch (kind) {
	case I8:
		strbuf_addf(text, "%d", (int8_t)v);
		return;
	case I16:
		strbuf_addf(text, "%d", (int16_t)v);
		return;
	case I32:
		strbuf_addf(text, "%d", (int32_t)v);
		return;
	case I64:
		strbuf_addf(text, "%lld", (long long)v);
		return;
	case BOOL:
		strbuf_adds(text, v ? "true" : "false");
		return;
	case F32:
	case F64:
		add_float(text, kind, v);
		return;
	default:
		strbuf_addf(text, "%llu", (unsigned long long)v);
	}
}

static int read_kind(struct gguf *g, const char *field, uint64_t *kind, struct mlops_error *err)
{
	if (cursor_uint(&g->c, field, 4, kind, err))
		return -1;
	if (*kind >= N_KINDS)
		return cursor_fail(&g->c, field, err, "type %llu is not known", (unsigned long long)*kind);
	return 0;
}

static int read_value(struct gguf *g, uint64_t kind, size_t nest, struct strbuf *text,
		      struct mlops_error *err);

static int skip_strings(struct gguf *g, uint64_t n, struct mlops_error *err)
{
	uint64_t len;

	for (; n; n--)
		if (cursor_uint(&g->c, "array element", g->word, &len, err) ||
		    cursor_skip(&g->c, "array element", len, err))
			return -1;
	return 0;
}

/* Short arrays are shown, long ones (a vocabulary) only counted. */
static int read_array(struct gguf *g, size_t nest, struct strbuf *text, struct mlops_error *err)
{
	uint64_t kind, n;

	if (nest >= MAX_NEST)
		return cursor_fail(&g->c, "array", err, "nested deeper than %d levels", MAX_NEST);
	if (read_kind(g, "array type", &kind, err) || cursor_uint(&g->c, "array length", g->word, &n, err))
		return -1;
	uint64_t least = kinds[kind].size ? kinds[kind].size : kind == STRING ? g->word : 4 + g->word;
	if (n > cursor_left(&g->c) / least)
		return cursor_fail(&g->c, "array length", err, "%llu elements cannot fit into the file",
				   (unsigned long long)n);
	if (n > MAX_SHOWN && kind != ARRAY) {
		strbuf_addf(text, "[%llu x %s]", (unsigned long long)n, kinds[kind].name);
		return kind == STRING ? skip_strings(g, n, err) :
					cursor_skip(&g->c, "array", n * kinds[kind].size, err);
	}
	strbuf_addc(text, '[');
	for (uint64_t i = 0; i < n; i++) {
		strbuf_adds(text, i ? ", " : "");
		if (read_value(g, kind, nest + 1, text, err))
			return -1;
		if (text->len > FORMAT_MAX_VALUE)
			return cursor_fail(&g->c, "array", err, "it is longer than %d bytes",
					   FORMAT_MAX_VALUE);
	}
	strbuf_addc(text, ']');
	return 0;
}

static int read_value(struct gguf *g, uint64_t kind, size_t nest, struct strbuf *text,
		      struct mlops_error *err)
{
	uint64_t v;
	char *s;

	if (kind == ARRAY)
		return read_array(g, nest, text, err);
	if (kind == STRING) {
		if (read_string(g, "value", FORMAT_MAX_VALUE, &s, err))
			return -1;
		strbuf_adds(text, s);
		return 0;
	}
	if (cursor_uint(&g->c, "value", kinds[kind].size, &v, err))
		return -1;
	add_number(text, (enum gguf_kind)kind, v);
	return 0;
}

static int note_pair(struct gguf *g, const char *key, const char *value, struct mlops_error *err)
{
	uint64_t n;

	build_meta(g->b, key, value);
	if (!num_parse_u64(value, &n))
		return 0;
	if (!strcmp(key, "general.file_type"))
		build_meta(g->b, "quantization", gguf_file_type(n));
	if (strcmp(key, "general.alignment"))
		return 0;
	if (!n || n & (n - 1) || n > 1 << 20)
		return cursor_fail(&g->c, "general.alignment", err, "%llu is no power of two up to 1048576",
				   (unsigned long long)n);
	g->alignment = n;
	return 0;
}

static int read_pairs(struct gguf *g, struct mlops_error *err)
{
	automap keys = { 0 };

	for (uint64_t i = 0; i < g->n_pairs; i++) {
		autobuf text = { 0 };
		uint64_t kind;
		char *key;

		if (read_string(g, "key", MAX_KEY, &key, err) || read_kind(g, "value type", &kind, err))
			return -1;
		if (map_put(&keys, key, g))
			return cursor_fail(&g->c, "key", err, "'%s' is there twice", key);
		strbuf_adds(&text, "");
		if (read_value(g, kind, 0, &text, err) || note_pair(g, key, text.buf, err))
			return -1;
	}
	return 0;
}

/* GGUF names the fastest dimension first; the result has it last, as everyone else. */
static int read_shape(struct gguf *g, struct model_tensor *t, struct mlops_error *err)
{
	uint64_t rank;

	if (cursor_uint(&g->c, "number of dimensions", 4, &rank, err))
		return -1;
	if (rank > 8)
		return cursor_fail(&g->c, "number of dimensions", err, "%llu of '%s' are more than 8",
				   (unsigned long long)rank, t->name);
	t->rank = rank;
	t->shape = arena_alloc(&g->b->arena, rank * sizeof(*t->shape));
	for (size_t i = rank; i--;)
		if (cursor_uint(&g->c, "dimension", g->word, &t->shape[i], err))
			return -1;
	if (!shape_elements(t->shape, rank, &t->elements))
		return cursor_fail(&g->c, "dimension", err, "the size of '%s' overflows", t->name);
	return 0;
}

static int read_tensor(struct gguf *g, uint64_t *end, struct mlops_error *err)
{
	struct model_tensor t = { 0 };
	uint64_t type, offset, bytes;
	char *name;

	if (read_string(g, "tensor name", FORMAT_MAX_NAME, &name, err))
		return -1;
	t.name = name;
	if (read_shape(g, &t, err) || cursor_uint(&g->c, "tensor type", 4, &type, err) ||
	    cursor_uint(&g->c, "tensor offset", 8, &offset, err))
		return -1;
	const struct gguf_type *known = gguf_type(type);
	if (!known)
		return cursor_fail(&g->c, "tensor type", err, "%llu of '%s' is not known",
				   (unsigned long long)type, name);
	t.dtype = known->name;
	if ((t.rank ? t.shape[t.rank - 1] : 1) % known->block)
		return cursor_fail(&g->c, "dimension", err, "the rows of '%s' are no multiple of %u", name,
				   known->block);
	if (__builtin_mul_overflow(t.elements / known->block, known->bytes, &bytes) ||
	    offset % g->alignment || __builtin_add_overflow(offset, bytes, end))
		return cursor_fail(&g->c, "tensor offset", err, "that of '%s' is not possible", name);
	t.bytes = bytes;
	t.at = offset; /* behind where the data begins, which is known later */
	build_tensor(g->b, &t);
	return 0;
}

static int read_tensors(struct gguf *g, struct mlops_error *err)
{
	uint64_t end = 0, last = 0;
	size_t first = g->b->tensors.n;

	for (uint64_t i = 0; i < g->n_tensors; i++) {
		if (read_tensor(g, &end, err))
			return -1;
		last = end > last ? end : last;
	}
	uint64_t data = (g->c.at + g->alignment - 1) / g->alignment * g->alignment;
	if (g->n_tensors && (data > g->c.end || last > g->c.end - data))
		return cursor_fail(&g->c, "tensor data", err, "%llu bytes are needed, %llu are left",
				   (unsigned long long)last, (unsigned long long)cursor_left(&g->c));
	for (size_t i = first; i < g->b->tensors.n; i++)
		g->b->tensors.v[i].at += data;
	return 0;
}

static int read_counts(struct gguf *g, struct mlops_error *err)
{
	uint64_t version;

	g->c.at = 4;
	if (cursor_uint(&g->c, "version", 4, &version, err))
		return -1;
	if (version && !(version & 0xffff)) { /* the other byte order */
		g->c.big_endian = true;
		version = __builtin_bswap32((uint32_t)version);
	}
	if (version < 1 || version > 3)
		return cursor_fail(&g->c, "version", err, "%llu is none of 1 to 3",
				   (unsigned long long)version);
	g->b->info.version = arena_printf(&g->b->arena, "%llu", (unsigned long long)version);
	g->word = version == 1 ? 4 : 8;
	if (cursor_uint(&g->c, "tensor count", g->word, &g->n_tensors, err) ||
	    cursor_uint(&g->c, "metadata count", g->word, &g->n_pairs, err))
		return -1;
	if (g->n_tensors > FORMAT_MAX_TENSORS || g->n_tensors > cursor_left(&g->c) / (g->word + 16))
		return cursor_fail(&g->c, "tensor count", err, "%llu tensors cannot fit into the file",
				   (unsigned long long)g->n_tensors);
	if (g->n_pairs > MAX_PAIRS || g->n_pairs > cursor_left(&g->c) / (g->word + 5))
		return cursor_fail(&g->c, "metadata count", err, "%llu pairs cannot fit into the file",
				   (unsigned long long)g->n_pairs);
	return 0;
}

static int read_file(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err)
{
	struct gguf g = { .c = cursor_of(src), .b = b, .alignment = 32 };

	(void)p;
	return read_counts(&g, err) || read_pairs(&g, err) || read_tensors(&g, err) ? -1 : 0;
}

const struct format format_gguf = {
	.name = "gguf", .help = "models of llama.cpp and Ollama, quantised or not",
	.match = match, .read = read_file,
};
