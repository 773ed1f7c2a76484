/* ONNX: a walk over the fields of ModelProto, GraphProto and TensorProto that say what it is. */
#include "fmt/proto.h"
#include "registry/formats/format.h"

#define MAX_NODES 10000000

static const struct {
	const char *name;
	unsigned bits;
} dtypes[] = {
	[1] = { "float32", 32 }, [2] = { "uint8", 8 }, [3] = { "int8", 8 }, [4] = { "uint16", 16 },
	[5] = { "int16", 16 }, [6] = { "int32", 32 }, [7] = { "int64", 64 }, [8] = { "string", 0 },
	[9] = { "bool", 8 }, [10] = { "float16", 16 }, [11] = { "float64", 64 }, [12] = { "uint32", 32 },
	[13] = { "uint64", 64 }, [14] = { "complex64", 64 }, [15] = { "complex128", 128 },
	[16] = { "bfloat16", 16 }, [17] = { "float8e4m3fn", 8 }, [18] = { "float8e4m3fnuz", 8 },
	[19] = { "float8e5m2", 8 }, [20] = { "float8e5m2fnuz", 8 }, [21] = { "uint4", 4 },
	[22] = { "int4", 4 }, [23] = { "float4e2m1", 4 }, [24] = { "float8e8m0", 8 },
};

static const char *dtype_name(uint64_t type)
{
	return type < ARRAY_LEN(dtypes) && dtypes[type].name ? dtypes[type].name : "undefined";
}

/* ModelProto has ir_version first, or a producer: a number and small texts, then the graph. */
static bool match(const struct probe *p)
{
	if (p->is_dir || p->zip)
		return false;
	if (str_ends(p->base, ".onnx"))
		return true;
	return p->n_head > 4 && p->head[0] == 0x08 && p->head[1] >= 1 && p->head[1] <= 20 &&
	       (p->head[2] == 0x12 || p->head[2] == 0x3a || p->head[2] == 0x42);
}

static int text(struct build *b, const struct proto_field *f, const char *what, char **out,
		struct mlops_error *err)
{
	return proto_text(f, what, FORMAT_MAX_VALUE, &b->arena, out, err);
}

static int read_dim(struct build *b, struct cursor c, struct model_port *port, struct mlops_error *err)
{
	struct proto_field f;
	int64_t size = -1;
	char *symbol = NULL;
	int more;

	while ((more = proto_next(&c, "dimension", &f, err)) > 0) {
		if (f.number == 1 && f.wire == PROTO_VARINT)
			size = (int64_t)f.value;
		if (f.number == 2 && text(b, &f, "dimension", &symbol, err))
			return -1;
	}
	if (!more && port->n_dims >= FORMAT_MAX_RANK)
		return cursor_fail(&c, "shape", err, "there are more than %d dimensions", FORMAT_MAX_RANK);
	if (!more)
		build_port_dim(b, port, size < 0 ? -1 : size, symbol);
	return more;
}

static int read_shape(struct build *b, struct cursor c, struct model_port *port, struct mlops_error *err)
{
	struct proto_field f;
	int more;

	port->no_shape = false;
	while ((more = proto_next(&c, "shape", &f, err)) > 0)
		if (f.number == 1 && f.wire == PROTO_BYTES && read_dim(b, f.body, port, err))
			return -1;
	return more;
}

static int read_tensor_type(struct build *b, struct cursor c, struct model_port *port, struct mlops_error *err)
{
	struct proto_field f;
	int more;

	while ((more = proto_next(&c, "tensor type", &f, err)) > 0) {
		if (f.number == 1 && f.wire == PROTO_VARINT)
			port->dtype = dtype_name(f.value);
		if (f.number == 2 && f.wire == PROTO_BYTES && read_shape(b, f.body, port, err))
			return -1;
	}
	return more;
}

static int read_type(struct build *b, struct cursor c, struct model_port *port, struct mlops_error *err)
{
	static const char *const kinds[] = { [4] = "sequence", [5] = "map", [8] = "sparse_tensor",
					     [9] = "optional" };
	struct proto_field f;
	int more;

	while ((more = proto_next(&c, "type", &f, err)) > 0) {
		if (f.wire != PROTO_BYTES)
			continue;
		if (f.number == 1 && read_tensor_type(b, f.body, port, err))
			return -1;
		if (f.number < ARRAY_LEN(kinds) && kinds[f.number])
			port->dtype = kinds[f.number];
	}
	return more;
}

static int read_port(struct build *b, struct cursor c, bool output, struct mlops_error *err)
{
	struct model_port port = { .name = "", .dtype = "undefined", .no_shape = true };
	struct proto_field f;
	char *name;
	int more;

	while ((more = proto_next(&c, "input or output", &f, err)) > 0) {
		if (f.number == 1) {
			if (text(b, &f, "name", &name, err))
				return -1;
			port.name = name;
		}
		if (f.number == 2 && f.wire == PROTO_BYTES && read_type(b, f.body, &port, err))
			return -1;
	}
	if (more)
		return -1;
	return build_add_port(b, &c, &port, output, err);
}

struct onnx_tensor {
	VEC(uint64_t) dims;
	uint64_t type;
	char *name;
	bool external;
};

static int take_dims(struct cursor *at, const struct proto_field *f, struct onnx_tensor *t,
		     struct mlops_error *err)
{
	struct cursor packed = f->body;
	uint64_t dim = f->value;

	for (;;) {
		if (f->wire == PROTO_BYTES && packed.at >= packed.end)
			return 0;
		if (f->wire == PROTO_BYTES && proto_varint(&packed, "dims", &dim, err))
			return -1;
		if (t->dims.n >= FORMAT_MAX_RANK || dim >> 63)
			return cursor_fail(at, "dims", err, "they are no shape");
		vec_push(&t->dims, dim);
		if (f->wire != PROTO_BYTES)
			return 0;
	}
}

static int read_tensor_fields(struct build *b, struct cursor *c, struct onnx_tensor *t, struct mlops_error *err)
{
	struct proto_field f;
	int more;

	while ((more = proto_next(c, "initializer", &f, err)) > 0) {
		if (f.number == 1 && take_dims(c, &f, t, err))
			return -1;
		if (f.number == 2 && f.wire == PROTO_VARINT)
			t->type = f.value;
		if (f.number == 8 && text(b, &f, "tensor name", &t->name, err))
			return -1;
		if (f.number == 14)
			t->external = f.value == 1;
	}
	return more;
}

static int read_tensor(struct build *b, struct cursor c, struct mlops_error *err)
{
	struct onnx_tensor o = { 0 };
	struct model_tensor t = { 0 };
	int rc = read_tensor_fields(b, &c, &o, err);

	t.name = o.name ? o.name : "";
	t.dtype = dtype_name(o.type);
	t.rank = o.dims.n;
	t.shape = arena_alloc(&b->arena, o.dims.n * sizeof(*t.shape));
	if (o.dims.n)
		memcpy(t.shape, o.dims.v, o.dims.n * sizeof(*t.shape));
	vec_free(&o.dims);
	if (rc)
		return -1;
	unsigned bits = o.type < ARRAY_LEN(dtypes) ? dtypes[o.type].bits : 0;
	if (!shape_elements(t.shape, t.rank, &t.elements) || !shape_bytes(t.elements, bits, &t.bytes))
		return cursor_fail(&c, "dims", err, "the size of '%s' overflows", t.name);
	if (b->tensors.n >= FORMAT_MAX_TENSORS)
		return cursor_fail(&c, "initializer", err, "there are more than %d", FORMAT_MAX_TENSORS);
	if (o.external)
		t.file = "external";
	build_tensor(b, &t);
	return 0;
}

/* A graph input that an initializer fills is no input of the model (before IR version 4). */
static void drop_filled_inputs(struct build *b)
{
	automap filled = { 0 };
	size_t kept = 0;

	for (size_t i = 0; i < b->tensors.n; i++)
		map_put(&filled, b->tensors.v[i].name, b);
	for (size_t i = 0; i < b->inputs.n; i++)
		if (!map_get(&filled, b->inputs.v[i].name))
			b->inputs.v[kept++] = b->inputs.v[i];
	b->inputs.n = kept;
}

static int read_graph(struct build *b, struct cursor c, struct mlops_error *err)
{
	struct proto_field f;
	uint64_t nodes = 0;
	char *name;
	int more;

	while ((more = proto_next(&c, "graph", &f, err)) > 0) {
		if (f.wire != PROTO_BYTES)
			continue;
		nodes += f.number == 1;
		if (f.number == 2) {
			if (text(b, &f, "graph name", &name, err))
				return -1;
			build_meta(b, "graph_name", name);
		}
		if (f.number == 5 && read_tensor(b, f.body, err))
			return -1;
		if ((f.number == 11 || f.number == 12) && read_port(b, f.body, f.number == 12, err))
			return -1;
		if (nodes > MAX_NODES)
			return cursor_fail(&c, "graph", err, "there are more than %d nodes", MAX_NODES);
	}
	build_metaf(b, "nodes", "%llu", (unsigned long long)nodes);
	drop_filled_inputs(b);
	return more;
}

static int read_opset(struct build *b, struct cursor c, struct mlops_error *err)
{
	struct proto_field f;
	char *domain = NULL;
	uint64_t version = 0;
	int more;

	while ((more = proto_next(&c, "opset", &f, err)) > 0) {
		if (f.number == 1 && text(b, &f, "opset", &domain, err))
			return -1;
		if (f.number == 2 && f.wire == PROTO_VARINT)
			version = f.value;
	}
	autofree char *key = xasprintf("opset.%s", domain && *domain ? domain : "ai.onnx");
	build_metaf(b, key, "%llu", (unsigned long long)version);
	return more;
}

static int read_prop(struct build *b, struct cursor c, struct mlops_error *err)
{
	struct proto_field f;
	char *key = NULL, *value = NULL;
	int more;

	while ((more = proto_next(&c, "metadata", &f, err)) > 0)
		if ((f.number == 1 && text(b, &f, "metadata key", &key, err)) ||
		    (f.number == 2 && text(b, &f, "metadata value", &value, err)))
			return -1;
	if (key)
		build_meta(b, key, value ? value : "");
	return more;
}

static int read_field(struct build *b, const struct proto_field *f, struct mlops_error *err)
{
	static const char *const texts[] = { [2] = "producer_name", [3] = "producer_version",
					     [4] = "domain", [6] = "doc_string" };
	char *value;

	if (f->number == 1 && f->wire == PROTO_VARINT) {
		b->info.version = arena_printf(&b->arena, "%llu", (unsigned long long)f->value);
		return 0;
	}
	if (f->number == 5 && f->wire == PROTO_VARINT) {
		build_metaf(b, "model_version", "%lld", (long long)f->value);
		return 0;
	}
	if (f->wire != PROTO_BYTES)
		return 0;
	if (f->number < ARRAY_LEN(texts) && texts[f->number]) {
		if (text(b, f, texts[f->number], &value, err))
			return -1;
		build_meta(b, texts[f->number], *value ? value : NULL);
		return 0;
	}
	if (f->number == 7)
		return read_graph(b, f->body, err);
	if (f->number == 8)
		return read_opset(b, f->body, err);
	return f->number == 14 ? read_prop(b, f->body, err) : 0;
}

static int read_file(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err)
{
	struct cursor c = cursor_of(src);
	struct proto_field f;
	int more;

	(void)p;
	while ((more = proto_next(&c, "model", &f, err)) > 0)
		if (read_field(b, &f, err))
			return -1;
	if (!more && !b->info.version)
		return cursor_fail(&c, "ir_version", err, "there is none");
	return more;
}

const struct format format_onnx = {
	.name = "onnx", .help = "ONNX models", .match = match, .read = read_file,
};
