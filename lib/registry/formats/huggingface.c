/* Hugging Face folders: config.json, the tokenizer, the licence of the card, and the weights. */
#include "base/fs.h"
#include "base/path.h"
#include "fmt/yaml.h"
#include "registry/formats/format.h"

#define MAX_README ((size_t)4 << 20)

static bool match(const struct probe *p)
{
	if (!p->is_dir)
		return false;
	autofree char *file = path_join(p->path, "config.json");
	return fs_exists(file);
}

static int read_config(const char *dir, struct build *b, struct mlops_error *err)
{
	static const char *const wanted[] = {
		"architectures", "model_type", "torch_dtype", "dtype", "hidden_size", "num_hidden_layers",
		"num_attention_heads", "num_key_value_heads", "vocab_size", "max_position_embeddings",
		"quantization_config", "auto_map", "id2label",
	};
	autofree char *path = path_join(dir, "config.json");
	autojson *config = NULL;

	if (format_json(path, FORMAT_MAX_JSON, &config, err))
		return -1;
	if (js_type(config) != JSON_OBJ)
		return err_set(err, MLOPS_EINVALID, "'%s' holds no JSON object", path);
	const char *version = js_get_text(config, "transformers_version");
	if (version)
		b->info.version = arena_strdup(&b->arena, version);
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		build_meta_json(b, wanted[i], js_get(config, wanted[i]));
	return 0;
}

static int read_tokenizer(const char *dir, struct build *b, struct mlops_error *err)
{
	autofree char *path = path_join(dir, "tokenizer_config.json");
	autofree char *fast = path_join(dir, "tokenizer.json");
	autojson *config = NULL;

	if (fs_exists(fast))
		build_meta(b, "tokenizer", "tokenizer.json");
	if (!fs_exists(path))
		return 0;
	if (format_json(path, FORMAT_MAX_JSON, &config, err))
		return -1;
	build_meta_json(b, "tokenizer_class", js_get(config, "tokenizer_class"));
	build_meta_json(b, "chat_template", js_get(config, "chat_template"));
	return 0;
}

/* The YAML between two lines of --- at the start of the card. */
static int read_card(const char *dir, struct build *b, struct mlops_error *err)
{
	static const char *const wanted[] = { "license", "license_name", "pipeline_tag", "library_name", "base_model" };
	autofree char *path = path_join(dir, "README.md");
	autobuf text = { 0 };
	autoarena arena = { 0 };
	struct yaml_node *top;

	if (!fs_exists(path))
		return 0;
	if (fs_read(path, MAX_README, &text, err))
		return -1;
	if (!text.buf || !str_starts(text.buf, "---\n"))
		return 0;
	const char *end = strstr(text.buf + 4, "\n---");
	if (!end)
		return 0;
	if (yaml_parse(&arena, path, text.buf + 4, (size_t)(end - text.buf - 3), &top, err))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		const struct yaml_node *v = yaml_get(top, wanted[i]);

		if (v && v->kind == YAML_SCALAR)
			build_meta(b, wanted[i], v->text);
	}
	return 0;
}

static bool is_gguf(const char *name)
{
	return str_ends(name, ".gguf");
}

/* The first form of the weights that is there; the others hold the same once more. */
static int read_weights(const char *dir, struct build *b, struct mlops_error *err)
{
	static const struct {
		const char *file;
		const struct format *format;
	} forms[] = {
		{ "model.safetensors.index.json", &format_safetensors_index },
		{ "model.safetensors", &format_safetensors },
		{ "adapter_model.safetensors", &format_safetensors },
		{ "pytorch_model.bin", NULL },
	};
	autostrlist names = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		autofree char *path = path_join(dir, forms[i].file);

		if (!fs_exists(path))
			continue;
		build_meta(b, "weights", forms[i].file);
		return format_read_file(forms[i].format, path, b, err);
	}
	if (format_list_dir(dir, is_gguf, &names, err))
		return -1;
	for (size_t i = 0; i < names.n; i++)
		build_meta(b, "gguf", names.v[i]);
	return 0;
}

static int read_model(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err)
{
	(void)src;
	return read_config(p->path, b, err) || read_tokenizer(p->path, b, err) ||
	       read_card(p->path, b, err) || read_weights(p->path, b, err) ? -1 : 0;
}

const struct format format_huggingface = {
	.name = "huggingface", .help = "Hugging Face folders (config.json, tokenizer, weights)",
	.match = match, .read = read_model,
};
