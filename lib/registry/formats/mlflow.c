/* MLflow model folders: the MLmodel file with flavors and signature. */
#include "base/fs.h"
#include "base/path.h"
#include "fmt/yaml.h"
#include "registry/formats/format.h"
#include "registry/formats/jsonwalk.h"

#define MAX_MLMODEL ((size_t)16 << 20)

static bool match(const struct probe *p)
{
	if (!p->is_dir)
		return !strcmp(p->base, "MLmodel");
	autofree char *file = path_join(p->path, "MLmodel");
	return fs_exists(file);
}

static void add_dims(struct build *b, struct model_port *port, const struct json *shape)
{
	port->no_shape = !shape;
	for (size_t i = 0; i < js_len(shape) && i < FORMAT_MAX_RANK; i++) {
		int64_t n = -1;

		js_to_int(js_at(shape, i), &n);
		build_port_dim(b, port, n < 0 ? -1 : n, NULL);
	}
}

/* A column {"name", "type"}, or a tensor {"type": "tensor", "tensor-spec": {"dtype", "shape"}}. */
static void add_port(struct build *b, bool output, const struct json *spec)
{
	const struct json *tensor = js_get(spec, "tensor-spec");
	const char *name = js_get_text(spec, "name");
	const char *type = tensor ? js_get_text(tensor, "dtype") : js_get_text(spec, "type");

	if (!name)
		name = output ? "output" : "input";
	struct model_port *port = build_port(b, output, name, type ? type : "any");

	if (tensor)
		add_dims(b, port, js_get(tensor, "shape"));
	else
		build_port_dim(b, port, -1, NULL);
}

/* The lists are JSON, as text in the YAML. */
static int read_ports(struct build *b, const struct yaml_node *signature, const char *key, struct mlops_error *err)
{
	const char *text = NULL;
	autojson *list = NULL;

	if (!signature || yaml_is_null(yaml_get(signature, key)))
		return 0;
	if (yaml_get_text(signature, key, &text, err) || jsonwalk_parse(text, strlen(text), key, &list, err))
		return -1;
	for (size_t i = 0; i < js_len(list); i++)
		add_port(b, !strcmp(key, "outputs"), js_at(list, i));
	return 0;
}

static int read_scalars(struct build *b, const struct yaml_node *top, struct mlops_error *err)
{
	static const char *const keys[] = { "artifact_path", "run_id", "model_uuid", "model_id",
					    "utc_time_created", "model_size_bytes" };
	const char *text = NULL;

	if (yaml_get_text(top, "mlflow_version", &text, err))
		return -1;
	if (text)
		b->info.version = arena_strdup(&b->arena, text);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		text = NULL;
		if (yaml_get_text(top, keys[i], &text, err))
			return -1;
		build_meta(b, keys[i], text);
	}
	return 0;
}

static void read_flavors(struct build *b, const struct yaml_node *flavors)
{
	for (size_t i = 0; flavors && flavors->kind == YAML_MAP && i < flavors->n; i++) {
		const struct yaml_node *flavor = flavors->values[i];

		build_meta(b, "flavor", flavors->keys[i]->text);
		for (size_t k = 0; flavor->kind == YAML_MAP && k < flavor->n; k++) {
			autofree char *key = xasprintf("%s.%s", flavors->keys[i]->text, flavor->keys[k]->text);

			if (flavor->values[k]->kind == YAML_SCALAR && !yaml_is_null(flavor->values[k]))
				build_meta(b, key, flavor->values[k]->text);
		}
	}
}

static int read_file(struct source *src, struct build *b, struct mlops_error *err)
{
	autoarena arena = { 0 };
	autobuf text = { 0 };
	struct yaml_node *top;

	if (source_slurp(src, MAX_MLMODEL, &text, err) ||
	    yaml_parse(&arena, src->name, text.buf, text.len, &top, err) || yaml_want(top, YAML_MAP, "MLmodel", err) ||
	    read_scalars(b, top, err))
		return -1;
	read_flavors(b, yaml_get(top, "flavors"));
	const struct yaml_node *signature = yaml_get(top, "signature");
	if (signature && !yaml_is_null(signature) && yaml_want(signature, YAML_MAP, "signature", err))
		return -1;
	if (yaml_is_null(signature))
		signature = NULL;
	return read_ports(b, signature, "inputs", err) || read_ports(b, signature, "outputs", err) ? -1 : 0;
}

static int read_model(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err)
{
	if (src)
		return read_file(src, b, err);
	autofree char *file = path_join(p->path, "MLmodel");
	return format_read_file(&format_mlflow, file, b, err);
}

const struct format format_mlflow = {
	.name = "mlflow", .help = "MLflow model folders (MLmodel)", .match = match, .read = read_model,
};
