/*
 * CNCF ModelPack (modelpack/model-spec): each file is a layer, as it is, by its kind. The kinds are
 * told by names, as the specification's own tool (modctl) does.
 */
#include "base/clock.h"
#include "base/path.h"
#include "registry/package/package.h"

#define TYPE(what) "application/vnd.cncf.model." what
#define WEIGHTS	   TYPE("weight.v1.raw")
#define FILEPATH   "org.cncf.model.filepath"

/* The first row whose ending fits; a word that is no ending must be the whole name. */
static const struct kind {
	const char *type;
	const char *const *endings;
} kinds[] = {
	{ TYPE("doc.v1.raw"),
	  (const char *const[]){ "README", "LICENSE", "NOTICE", ".md", ".pdf", ".html", NULL } },
	{ TYPE("weight.config.v1.raw"),
	  (const char *const[]){ ".json", ".yaml", ".yml", ".toml", ".ini", ".jinja", ".txt",
				 "MLmodel", "tokenizer.model", NULL } },
	{ TYPE("code.v1.raw"),
	  (const char *const[]){ ".py", ".sh", ".ipynb", ".c", ".cpp", ".h", ".js", ".ts", NULL } },
	{ TYPE("dataset.v1.raw"), (const char *const[]){ ".csv", ".parquet", ".jsonl", ".arrow", NULL } },
};

static bool fits(const char *base, const char *ending)
{
	return *ending == '.' ? str_ends(base, ending) : !strcmp(base, ending);
}

static const char *type_of(const char *path)
{
	const char *base = path_base(path);

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		for (const char *const *e = kinds[i].endings; *e; e++)
			if (fits(base, *e))
				return kinds[i].type;
	return WEIGHTS;
}

/* The largest file of weights, which is the one to ask; NULL when there is none. */
static const struct package_file *main_file(const package_files *files)
{
	const struct package_file *found = NULL;

	for (size_t i = 0; i < files->n; i++)
		if (!strcmp(type_of(files->v[i].path), WEIGHTS) &&
		    (!found || files->v[i].size > found->size))
			found = &files->v[i];
	return found;
}

/* "8.03b", "494m": of parameters. */
static struct json *count_json(uint64_t n)
{
	bool billions = n >= 1000000000;
	autofree char *text =
		xasprintf("%.3g%c", (double)n / (billions ? 1e9 : 1e6), billions ? 'b' : 'm');

	return js_str(text);
}

/* What the header of the weights says; a file of an unknown format says nothing. */
static struct json *properties(struct package *p)
{
	struct json *config = js_obj();
	const struct package_file *f = main_file(&p->files);
	autoerr unknown = ERR_INIT;
	struct model_info *info;

	if (!f || package_inspect(p, f, &info, &unknown))
		return config;
	js_set(config, "format", js_str(info->format));
	if (info->parameters)
		js_set(config, "paramSize", count_json(info->parameters));
	if (info->n_dtypes)
		js_set(config, "precision", js_str(info->dtypes[0].dtype));
	for (size_t i = 0; i < info->n_metadata; i++)
		if (!strcmp(info->metadata[i].key, "quantization"))
			js_set(config, "quantization", js_str(info->metadata[i].value));
	mlops_model_info_free(info);
	return config;
}

static struct json *descriptor(const struct model_version *v)
{
	struct json *d = js_obj();
	autofree char *version = xasprintf("%lld", (long long)v->version);
	char iso[CLOCK_ISO_SIZE];

	js_set(d, "createdAt", js_str(clock_format_iso(v->created_ms, iso)));
	js_set(d, "name", js_str(v->model));
	js_set(d, "version", js_str(version));
	if (v->git_commit)
		js_set(d, "revision", js_str(v->git_commit));
	return d;
}

static struct json *configuration(struct package *p)
{
	struct json *top = js_obj(), *fs = js_obj(), *ids = js_arr();
	char digest[OCI_DIGEST_SIZE];

	for (size_t i = 0; i < p->files.n; i++)
		js_push(ids, js_str(oci_digest(&p->files.v[i].oid, digest)));
	js_set(fs, "type", js_str("layers"));
	js_set(fs, "diffIds", ids);
	js_set(top, "descriptor", descriptor(p->version));
	js_set(top, "config", properties(p));
	js_set(top, "modelfs", fs);
	return top;
}

static int make(struct package *p, struct mlops_error *err)
{
	p->manifest_type = OCI_MANIFEST;
	p->artifact_type = TYPE("manifest.v1+json");
	for (size_t i = 0; i < p->files.n; i++) {
		struct json *annotations = js_obj();

		js_set(annotations, FILEPATH, js_str(p->files.v[i].path));
		package_add_file(p, &p->files.v[i], type_of(p->files.v[i].path), annotations);
	}
	return package_set_config(p, TYPE("config.v1+json"), configuration(p), err);
}

const struct package_maker package_modelpack = { "modelpack", make };
