/*
 * What `ollama pull` takes (ollama/ollama, server/images.go): a manifest of Docker's form, the GGUF
 * file as a layer, and what else of a Modelfile lies beside it: template, system, params.json, LICENSE.
 */
#include "base/path.h"
#include "registry/package/package.h"

#define CONFIG_TYPE "application/vnd.docker.container.image.v1+json"
#define LAYER(what) "application/vnd.ollama.image." what

static const char *type_of(const char *path)
{
	static const char *const types[][2] = {
		{ "template", LAYER("template") },
		{ "system", LAYER("system") },
		{ "params.json", LAYER("params") },
		{ "LICENSE", LAYER("license") },
	};
	const char *base = path_base(path);

	if (str_ends(base, ".gguf"))
		return LAYER("model");
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (!strcmp(base, types[i][0]))
			return types[i][1];
	return NULL;
}

static int find_model(const package_files *files, const struct package_file **out,
		      struct mlops_error *err)
{
	*out = NULL;
	for (size_t i = 0; i < files->n; i++) {
		if (!str_ends(files->v[i].path, ".gguf"))
			continue;
		if (*out)
			return err_set(err, MLOPS_EINVALID,
				       "'%s' and '%s': a model for Ollama is one GGUF file",
				       (*out)->path, files->v[i].path);
		*out = &files->v[i];
	}
	if (*out)
		return 0;
	return err_set(err, MLOPS_EINVALID, "there is no GGUF file in the version: Ollama runs no other");
}

static const char *metadata(const struct model_info *info, const char *key)
{
	for (size_t i = 0; i < info->n_metadata; i++)
		if (!strcmp(info->metadata[i].key, key))
			return info->metadata[i].value;
	return "";
}

static struct json *configuration(const struct package *p, const struct model_info *info)
{
	struct json *top = js_obj(), *families = js_arr(), *rootfs = js_obj(), *ids = js_arr();
	const char *family = metadata(info, "general.architecture");
	char digest[OCI_DIGEST_SIZE];

	for (size_t i = 0; i < p->layers.n; i++)
		js_push(ids, js_str(oci_digest(&p->layers.v[i].shown.oid, digest)));
	js_push(families, js_str(family));
	js_set(rootfs, "type", js_str("layers"));
	js_set(rootfs, "diff_ids", ids);
	js_set(top, "model_format", js_str("gguf"));
	js_set(top, "model_family", js_str(family));
	js_set(top, "model_families", families);
	js_set(top, "model_type", js_str(metadata(info, "general.size_label")));
	js_set(top, "file_type", js_str(metadata(info, "quantization")));
	js_set(top, "architecture", js_str("amd64"));
	js_set(top, "os", js_str("linux"));
	js_set(top, "rootfs", rootfs);
	return top;
}

static int make(struct package *p, struct mlops_error *err)
{
	const struct package_file *model;
	struct model_info *info;

	p->manifest_type = OCI_DOCKER_MANIFEST;
	if (find_model(&p->files, &model, err))
		return -1;
	for (size_t i = 0; i < p->files.n; i++) {
		const char *type = type_of(p->files.v[i].path);

		if (type)
			package_add_file(p, &p->files.v[i], type, NULL);
	}
	if (package_inspect(p, model, &info, err))
		return -1;
	int rc = package_set_config(p, CONFIG_TYPE, configuration(p, info), err);
	mlops_model_info_free(info);
	return rc;
}

const struct package_maker package_ollama = { "ollama", make };
