/* mlops model package: a version made portable, written to disk or sent to a registry. */
#include "cmd.h"

#include "base/num.h"
#include "base/path.h"
#include "cli/table.h"
#include "fmt/oci.h"
#include "mlops/package.h"

struct package_opts {
	const char *name, *format, *output, *push, *tag;
};

static const struct opt_spec package_optv[] = {
	OPT(package_opts, format, .name = "format", .letter = 'f', .type = OPT_STR, .meta = "FORMAT",
	    .def = "modelpack", .choices = "modelpack|ollama|tar",
	    .help = "what to make: a CNCF ModelPack, an Ollama model, a plain archive"),
	OPT(package_opts, output, .name = "output", .letter = 'o', .type = OPT_STR, .meta = "PATH", .complete = "path", .no_config = true, .help = "write it here: an OCI layout in a folder, or in a file named *.tar"),
	OPT(package_opts, push, .name = "push", .letter = 'p', .type = OPT_STR, .meta = "URL", .no_config = true, .help = "send it to a registry: oci://HOST[:PORT]/REPOSITORY[:TAG]"),
	OPT(package_opts, tag, .name = "tag", .letter = 't', .type = OPT_STR, .meta = "TAG", .def = "latest", .help = "the name of it in what --output writes"),
	OPT_END,
};

static const struct arg_spec package_argv[] = {
	ARG(package_opts, name, .name = "NAME", .min = 1, .max = 1, .complete = "model", .help = "the model, NAME@ALIAS or NAME:N"),
	ARG_END,
};

static uint64_t total_size(const struct package *p)
{
	const struct package_layer *l;
	uint64_t size = 0;

	for (size_t i = 0; (l = mlops_package_layer(p, i)); i++)
		size += l->size;
	return size;
}

static struct json *layers_json(const struct package *p)
{
	const struct package_layer *l;
	struct json *list = js_arr();
	char digest[OCI_DIGEST_SIZE];

	for (size_t i = 0; (l = mlops_package_layer(p, i)); i++) {
		struct json *one = js_obj();

		js_set(one, "digest", js_str(oci_digest(&l->oid, digest)));
		js_set(one, "size", js_int((int64_t)l->size));
		js_set(one, "media_type", js_str(l->type));
		js_set(one, "path", js_str(l->path));
		js_push(list, one);
	}
	return list;
}

static void print_package(const struct package *p, const struct package_opts *o, bool json)
{
	const struct model_version *v = mlops_package_version(p);
	char digest[OCI_DIGEST_SIZE], bytes[NUM_SIZE];

	oci_digest(mlops_package_oid(p), digest);
	if (json) {
		struct json *top = js_obj();

		js_set(top, "model", js_str(v->model));
		js_set(top, "version", js_int(v->version));
		js_set(top, "format", js_str(o->format));
		js_set(top, "digest", js_str(digest));
		js_set(top, "layers", layers_json(p));
		js_set(top, "output", js_str(o->output));
		js_set(top, "pushed", js_str(o->push));
		cmd_print_json(top);
		return;
	}
	printf("%s:%lld: %s, %s, %s\n", v->model, (long long)v->version, o->format,
	       num_format_bytes(total_size(p), bytes), digest);
}

static int package_tar(struct cmd_ctx *ctx, const struct package_opts *o, struct mlops_error *err)
{
	if (o->push || !o->output)
		return err_set(err, MLOPS_EUSAGE, "a plain archive is written with --output");
	if (mlops_package_tar(ctx->project, o->name, o->output, err))
		return -1;
	if (ctx->common.json) {
		struct json *top = js_obj();

		js_set(top, "format", js_str(o->format));
		js_set(top, "output", js_str(o->output));
		cmd_print_json(top);
	} else {
		printf("%s: '%s'\n", o->name, o->output);
	}
	return 0;
}

static int package_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct package_opts *o = opts;
	struct package *p;

	if (!strcmp(o->format, "tar"))
		return package_tar(ctx, o, err);
	if (!oci_is_tag(o->tag))
		return err_set(err, MLOPS_EUSAGE, "'%s' is no tag", o->tag);
	if (mlops_package_new(ctx->project, o->name, o->format, &p, err))
		return -1;
	int rc = o->output ? mlops_package_write(p, o->output, o->tag, err) : 0;
	if (!rc && o->push)
		rc = mlops_package_push(p, o->push, err);
	if (!rc)
		print_package(p, o, ctx->common.json);
	mlops_package_free(p);
	return rc;
}

const struct cmd_spec cmd_model_package = {
	.name = "package", .summary = "make a version portable, on disk or in a registry",
	.flags = CMD_PROJECT | CMD_LOCK_READ | CMD_JSON, .opts = package_optv, .args = package_argv,
	.opts_size = sizeof(struct package_opts), .run = package_run,
};
