/* Keras 3: a zip file of metadata.json, config.json and model.weights.h5. */
#include "registry/formats/format.h"
#include "registry/formats/jsonwalk.h"

static bool match(const struct probe *p)
{
	return p->zip && zip_find(p->zip, "config.json") &&
	       (zip_find(p->zip, "metadata.json") || zip_find(p->zip, "model.weights.h5"));
}

static int read_json(struct zip *z, const char *name, struct json **out, struct mlops_error *err)
{
	struct zip_entry *e = zip_find(z, name);
	autobuf text = { 0 };

	if (!e)
		return 0;
	return zip_slurp(z, e, FORMAT_MAX_JSON, &text, err) || jsonwalk_parse(text.buf, text.len, name, out, err) ?
		       -1 : 0;
}

/* batch_shape of an InputLayer: [null, 28, 28, 1]. */
static void add_input(struct build *b, const struct json *config)
{
	const struct json *shape = js_get(config, "batch_shape");
	const char *name = js_get_text(config, "name"), *dtype = js_get_text(config, "dtype");

	if (!shape)
		shape = js_get(config, "batch_input_shape");
	struct model_port *port = build_port(b, false, name ? name : "input", dtype ? dtype : "float32");
	port->no_shape = !shape;
	for (size_t i = 0; i < js_len(shape) && i < FORMAT_MAX_RANK; i++) {
		int64_t n = -1;

		js_to_int(js_at(shape, i), &n);
		build_port_dim(b, port, n < 0 ? -1 : n, NULL);
	}
}

static void read_layers(struct build *b, const struct json *layers)
{
	for (size_t i = 0; i < js_len(layers); i++) {
		const struct json *layer = js_at(layers, i);
		const char *class = js_get_text(layer, "class_name");

		if (class && !strcmp(class, "InputLayer"))
			add_input(b, js_get(layer, "config"));
	}
	build_metaf(b, "layers", "%zu", js_len(layers));
}

static int read_file(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err)
{
	autojson *meta = NULL, *config = NULL;

	(void)src;
	if (read_json(p->zip, "metadata.json", &meta, err) || read_json(p->zip, "config.json", &config, err))
		return -1;
	const char *version = js_get_text(meta, "keras_version");
	if (version)
		b->info.version = arena_strdup(&b->arena, version);
	build_meta_json(b, "date_saved", js_get(meta, "date_saved"));
	build_meta_json(b, "class_name", js_get(config, "class_name"));
	build_meta_json(b, "name", js_get(js_get(config, "config"), "name"));
	read_layers(b, js_get(js_get(config, "config"), "layers"));
	struct zip_entry *weights = zip_find(p->zip, "model.weights.h5");
	if (weights)
		build_metaf(b, "weights_bytes", "%llu", (unsigned long long)weights->size);
	return 0;
}

const struct format format_keras = {
	.name = "keras", .help = "Keras 3's .keras", .match = match, .read = read_file,
};
