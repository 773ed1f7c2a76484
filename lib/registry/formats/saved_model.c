/* TensorFlow SavedModel: signatures and tags out of saved_model.pb, sizes of the variables. */
#include <sys/stat.h>

#include "base/fs.h"
#include "base/path.h"
#include "fmt/proto.h"
#include "registry/formats/format.h"

static const char *const dtypes[] = {
	[1] = "float32", [2] = "float64", [3] = "int32", [4] = "uint8", [5] = "int16", [6] = "int8",
	[7] = "string", [8] = "complex64", [9] = "int64", [10] = "bool", [11] = "qint8",
	[12] = "quint8", [13] = "qint32", [14] = "bfloat16", [15] = "qint16", [16] = "quint16",
	[17] = "uint16", [18] = "complex128", [19] = "float16", [20] = "resource", [21] = "variant",
	[22] = "uint32", [23] = "uint64",
};

static bool match(const struct probe *p)
{
	if (!p->is_dir)
		return !strcmp(p->base, "saved_model.pb");
	autofree char *pb = path_join(p->path, "saved_model.pb");
	return fs_exists(pb);
}

static int text(struct build *b, const struct proto_field *f, const char *what, char **out,
		struct mlops_error *err)
{
	return proto_text(f, what, FORMAT_MAX_NAME, &b->arena, out, err);
}

static int read_dim(struct build *b, struct cursor c, struct model_port *port, struct mlops_error *err)
{
	struct proto_field f;
	int64_t size = 0;
	int more;

	while ((more = proto_next(&c, "dimension", &f, err)) > 0)
		if (f.number == 1 && f.wire == PROTO_VARINT)
			size = (int64_t)f.value;
	if (!more && port->n_dims >= FORMAT_MAX_RANK)
		return cursor_fail(&c, "shape", err, "there are more than %d dimensions", FORMAT_MAX_RANK);
	if (!more)
		build_port_dim(b, port, size < 0 ? -1 : size, NULL);
	return more;
}

static int read_shape(struct build *b, struct cursor c, struct model_port *port, struct mlops_error *err)
{
	struct proto_field f;
	int more;

	while ((more = proto_next(&c, "shape", &f, err)) > 0) {
		if (f.number == 2 && f.wire == PROTO_BYTES && read_dim(b, f.body, port, err))
			return -1;
		if (f.number == 3 && f.wire == PROTO_VARINT)
			port->no_shape = f.value != 0;
	}
	return more;
}

static int read_tensor_info(struct build *b, struct cursor c, struct model_port *port, struct mlops_error *err)
{
	struct proto_field f;
	int more;

	while ((more = proto_next(&c, "tensor info", &f, err)) > 0) {
		if (f.number == 2 && f.wire == PROTO_VARINT && f.value < ARRAY_LEN(dtypes) && dtypes[f.value])
			port->dtype = dtypes[f.value];
		if (f.number == 3 && f.wire == PROTO_BYTES && read_shape(b, f.body, port, err))
			return -1;
	}
	return more;
}

/* An entry of the maps inputs and outputs: name, tensor info. */
static int read_port(struct build *b, struct cursor c, const char *signature, bool output,
		     struct mlops_error *err)
{
	struct model_port port = { .signature = signature, .name = "", .dtype = "undefined" };
	struct proto_field f;
	char *name;
	int more;

	while ((more = proto_next(&c, "input or output", &f, err)) > 0) {
		if (f.number == 1) {
			if (text(b, &f, "name", &name, err))
				return -1;
			port.name = name;
		}
		if (f.number == 2 && f.wire == PROTO_BYTES && read_tensor_info(b, f.body, &port, err))
			return -1;
	}
	if (more)
		return -1;
	return build_add_port(b, &c, &port, output, err);
}

static int read_signature(struct build *b, struct cursor c, const char *name, struct mlops_error *err)
{
	struct proto_field f;
	int more;

	while ((more = proto_next(&c, "signature", &f, err)) > 0)
		if ((f.number == 1 || f.number == 2) && f.wire == PROTO_BYTES &&
		    read_port(b, f.body, name, f.number == 2, err))
			return -1;
	return more;
}

/* An entry of the map signature_def; its key stands in front of its value. */
static int read_signature_entry(struct build *b, struct cursor c, struct mlops_error *err)
{
	struct proto_field f;
	char *name = NULL;
	int more;

	while ((more = proto_next(&c, "signatures", &f, err)) > 0) {
		if (f.number == 1 && text(b, &f, "signature name", &name, err))
			return -1;
		/* What Keras adds for its own start has neither inputs nor a meaning for users. */
		if (f.number == 2 && f.wire == PROTO_BYTES && name && strcmp(name, "__saved_model_init_op") &&
		    read_signature(b, f.body, name, err))
			return -1;
	}
	return more;
}

static int read_meta_info(struct build *b, struct cursor c, struct mlops_error *err)
{
	struct proto_field f;
	char *value;
	int more;

	while ((more = proto_next(&c, "meta info", &f, err)) > 0) {
		if (f.number != 4 && f.number != 5)
			continue;
		if (text(b, &f, "meta info", &value, err))
			return -1;
		build_meta(b, f.number == 4 ? "tag" : "tensorflow_version", value);
	}
	return more;
}

static int read_meta_graph(struct build *b, struct cursor c, struct mlops_error *err)
{
	struct proto_field f;
	int more;

	while ((more = proto_next(&c, "meta graph", &f, err)) > 0) {
		if (f.wire != PROTO_BYTES)
			continue;
		if ((f.number == 1 && read_meta_info(b, f.body, err)) ||
		    (f.number == 5 && read_signature_entry(b, f.body, err)))
			return -1;
	}
	return more;
}

static int read_pb(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err)
{
	struct cursor c = cursor_of(src);
	struct proto_field f;
	int more;

	(void)p;
	while ((more = proto_next(&c, "saved model", &f, err)) > 0) {
		if (f.number == 1 && f.wire == PROTO_VARINT)
			b->info.version = arena_printf(&b->arena, "%llu", (unsigned long long)f.value);
		if (f.number == 2 && f.wire == PROTO_BYTES && read_meta_graph(b, f.body, err))
			return -1;
	}
	return more;
}

static bool any_name(const char *name)
{
	return *name != '\0';
}

static int add_variables(const char *dir, struct build *b, struct mlops_error *err)
{
	autofree char *variables = path_join(dir, "variables");
	autostrlist names = { 0 };

	if (!fs_is_dir(variables))
		return 0;
	if (format_list_dir(variables, any_name, &names, err))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		autofree char *path = path_join(variables, names.v[i]);
		struct stat st;

		if (lstat(path, &st) || !S_ISREG(st.st_mode))
			continue;
		b->info.files++;
		b->info.file_bytes += (uint64_t)st.st_size;
	}
	return 0;
}

static int read_model(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err)
{
	if (src)
		return read_pb(p, src, b, err);
	autofree char *pb = path_join(p->path, "saved_model.pb");
	return format_read_file(&format_saved_model, pb, b, err) || add_variables(p->path, b, err) ? -1 : 0;
}

const struct format format_saved_model = {
	.name = "saved-model", .help = "TensorFlow SavedModel folders", .match = match, .read = read_model,
};
