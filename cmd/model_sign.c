/* mlops model sign and verify: who vouches for a model, and whether it is what they vouched for. */
#include "cmd.h"

#include <stdlib.h>

#include "base/fs.h"
#include "base/path.h"
#include "mlops/project.h"
#include "mlops/sign.h"

/* Both are asked about a version of a model, for which there must be a project, or about a path. */
static int open_subject(struct cmd_ctx *ctx, const char *name, const char *path,
			struct mlops_error *err)
{
	if (!name == !path)
		return err_set(err, MLOPS_EUSAGE, "give the name of a model, or a path with --path");
	if (!mlops_project_open(".", &ctx->project, err))
		return 0;
	if (name || err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

/* Where the signature of a path lies unless said otherwise: as its peers have it. */
static char *signature_file(const char *path, const char *said)
{
	if (said)
		return xstrdup(said);
	return fs_is_dir(path) ? path_join(path, "model.sig") : xasprintf("%s.sig", path);
}

/* mlops model sign */

struct sign_opts {
	const char *name, *path, *key, *output;
};

static const struct opt_spec sign_optv[] = {
	OPT(sign_opts, key, .name = "key", .letter = 'k', .type = OPT_STR, .meta = "FILE", .complete = "path", .help = "the private key, in PEM"),
	OPT(sign_opts, path, .name = "path", .letter = 'p', .type = OPT_STR, .meta = "PATH", .complete = "path", .no_config = true, .help = "sign this file or folder in place of a registered version"),
	OPT(sign_opts, output, .name = "output", .letter = 'o', .type = OPT_STR, .meta = "FILE", .complete = "path", .no_config = true, .help = "write the model's signature here too (default with --path: PATH.sig, or model.sig in a folder)"),
	OPT_END,
};

static const struct arg_spec sign_argv[] = {
	ARG(sign_opts, name, .name = "NAME", .max = 1, .complete = "model", .help = "the model, NAME@ALIAS or NAME:N"),
	ARG_END,
};

static void print_signatures(const struct signature *list, size_t n)
{
	struct json *top = js_arr();

	for (size_t i = 0; i < n; i++) {
		struct json *one = js_obj(), *bundle;
		autoerr ignored = ERR_INIT;

		js_set(one, "predicate_type", js_str(list[i].predicate_type));
		js_set(one, "key_id", js_str(list[i].key_id));
		js_set(one, "key_kind", js_str(list[i].key_kind));
		js_set(one, "created_ms", js_int(list[i].created_ms));
		if (!js_parse(list[i].bundle, strlen(list[i].bundle), "the bundle", &bundle, &ignored))
			js_set(one, "bundle", bundle);
		js_push(top, one);
	}
	cmd_print_json(top);
}

static int sign_version(struct cmd_ctx *ctx, const struct sign_opts *o, const struct sign_key *key,
			struct mlops_error *err)
{
	struct signature *list;
	size_t n;
	int rc = 0;

	if (mlops_model_sign(ctx->project, o->name, key, &list, &n, err))
		return -1;
	if (o->output)
		rc = fs_write_atomic(o->output, list[0].bundle, strlen(list[0].bundle), 0644, err);
	if (!rc && ctx->common.json)
		print_signatures(list, n);
	else if (!rc && !ctx->common.quiet)
		printf("signed %s with %s key %.16s\n", o->name, list[0].key_kind, list[0].key_id);
	mlops_signatures_free(list, n);
	return rc;
}

static int sign_path(struct cmd_ctx *ctx, const struct sign_opts *o, const struct sign_key *key,
		     struct mlops_error *err)
{
	autofree char *file = signature_file(o->path, o->output);

	if (mlops_path_sign(o->path, key, file, err))
		return -1;
	if (ctx->common.json) {
		struct json *top = js_obj();

		js_set(top, "path", js_str(o->path));
		js_set(top, "signature", js_str(file));
		cmd_print_json(top);
	} else if (!ctx->common.quiet) {
		printf("signed '%s': '%s'\n", o->path, file);
	}
	return 0;
}

static int sign_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct sign_opts *o = opts;
	const struct sign_key key = { o->key, getenv("MLOPS_KEY_PASSPHRASE") };

	if (open_subject(ctx, o->name, o->path, err))
		return -1;
	if (!o->key) {
		err_set(err, MLOPS_EUSAGE, "no key to sign with: give it with --key");
		return err_hint(err, "make one with: openssl genpkey -algorithm ed25519 -out key.pem");
	}
	return o->path ? sign_path(ctx, o, &key, err) : sign_version(ctx, o, &key, err);
}

const struct cmd_spec cmd_model_sign = {
	.name = "sign", .summary = "sign a version of a model, or a file or folder",
	.flags = CMD_JSON, .opts = sign_optv, .args = sign_argv,
	.opts_size = sizeof(struct sign_opts), .run = sign_run,
};

/* mlops model verify */

struct verify_opts {
	const char *name, *path, *signature;
	struct opt_strs keys;
};

static const struct opt_spec verify_optv[] = {
	OPT(verify_opts, keys, .name = "key", .letter = 'k', .type = OPT_STRS, .meta = "FILE", .complete = "path", .help = "a public key that is trusted, in PEM, or a folder of them (default: sign.trustedKeys)"),
	OPT(verify_opts, path, .name = "path", .letter = 'p', .type = OPT_STR, .meta = "PATH", .complete = "path", .no_config = true, .help = "verify this file or folder in place of a registered version"),
	OPT(verify_opts, signature, .name = "signature", .letter = 's', .type = OPT_STR, .meta = "FILE", .complete = "path", .no_config = true, .help = "the signature of --path (default: PATH.sig, or model.sig in a folder)"),
	OPT_END,
};

static const struct arg_spec verify_argv[] = {
	ARG(verify_opts, name, .name = "NAME", .max = 1, .complete = "model", .help = "the model, NAME@ALIAS or NAME:N"),
	ARG_END,
};

static void print_verified(const char *what, const struct verified *v, bool json)
{
	if (json) {
		struct json *top = js_obj();

		js_set(top, "subject", js_str(what));
		js_set(top, "key_id", js_str(v->key_id));
		js_set(top, "key_kind", js_str(v->key_kind));
		js_set(top, "files", js_int((int64_t)v->files));
		js_set(top, "provenance", js_bool(v->provenance));
		cmd_print_json(top);
		return;
	}
	printf("%s: signed with %s key %.16s, %llu file%s%s\n", what, v->key_kind, v->key_id,
	       (unsigned long long)v->files, v->files == 1 ? "" : "s",
	       v->provenance ? ", with provenance" : "");
}

static int verify_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct verify_opts *o = opts;
	struct verified v = { 0 };
	struct trust *trust;
	int rc;

	if (open_subject(ctx, o->name, o->path, err) ||
	    mlops_trust_open(ctx->project, o->keys.v, o->keys.n, &trust, err))
		return -1;
	if (o->name) {
		rc = mlops_model_verify(ctx->project, o->name, trust, &v, err);
	} else {
		autofree char *file = signature_file(o->path, o->signature);

		rc = mlops_path_verify(o->path, file, trust, &v, err);
	}
	mlops_trust_free(trust);
	if (!rc)
		print_verified(o->name ? o->name : o->path, &v, ctx->common.json);
	return rc;
}

const struct cmd_spec cmd_model_verify = {
	.name = "verify", .summary = "check that a model is what somebody trusted signed",
	.flags = CMD_JSON, .opts = verify_optv, .args = verify_argv,
	.opts_size = sizeof(struct verify_opts), .run = verify_run,
};
