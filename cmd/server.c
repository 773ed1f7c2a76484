/* mlops server: runs an object server, manages its tokens, and copies all that it has. */
#include "cmd.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/num.h"
#include "cli/table.h"
#include "mlops/serve.h"

#define DATA_ROW(type_) \
	OPT(type_, data, .name = "data", .type = OPT_STR, .meta = "DIR", .complete = "dir", .help = "folder with the server's objects and tokens")

static int need_data(const char *data, struct mlops_error *err)
{
	return data ? 0 : err_set(err, MLOPS_EUSAGE, "--data DIR is needed");
}

struct server_opts {
	const char *data, *listen, *ready_file, *tls_cert, *tls_key, *allowed_hosts, *allowed_origins, *ui_dir;
	const char *access_log;
	bool no_auth;
};

static const struct opt_spec server_optv[] = {
	DATA_ROW(server_opts),
	OPT(server_opts, listen, .name = "listen", .type = OPT_STR, .meta = "HOST:PORT", .def = "127.0.0.1:8400", .help = "address to answer at; port 0 takes a free one"),
	OPT(server_opts, tls_cert, .name = "tls-cert", .type = OPT_STR, .meta = "FILE", .complete = "path", .help = "speak HTTPS with this certificate (PEM, with those that lead to its authority)"),
	OPT(server_opts, tls_key, .name = "tls-key", .type = OPT_STR, .meta = "FILE", .complete = "path", .help = "the key of that certificate (PEM)"),
	OPT(server_opts, allowed_hosts, .name = "allowed-hosts", .type = OPT_STR, .meta = "HOST,...", .help = "answer to these names only; '*' stands for anything (default: this machine, private addresses)"),
	OPT(server_opts, allowed_origins, .name = "cors-allowed-origins", .type = OPT_STR, .meta = "ORIGIN,...", .help = "let web pages of these sites make changes (default: of this machine, and its own)"),
	OPT(server_opts, ui_dir, .name = "ui-dir", .type = OPT_STR, .meta = "DIR", .complete = "dir", .help = "show the web page in DIR, such as that of MLflow's wheel, at /"),
	OPT(server_opts, access_log, .name = "access-log", .type = OPT_STR, .meta = "FILE", .complete = "path", .help = "add a line of JSON for each request to FILE, '-' for standard output; SIGHUP opens it anew"),
	OPT(server_opts, no_auth, .name = "no-auth", .type = OPT_BOOL, .no_config = true, .help = "ask for no token; only on a loopback address"),
	OPT(server_opts, ready_file, .name = "ready-file", .type = OPT_STR, .meta = "FILE", .complete = "path", .no_config = true, .help = "write the URL to FILE once it answers"),
	OPT_END,
};

struct readiness {
	const char *file;
	struct mlops_error *err;
	int rc;
};

static void announce(const char *url, void *arg)
{
	struct readiness *r = arg;
	autofree char *line = xasprintf("%s\n", url);

	printf("listening on %s\n", url);
	fflush(stdout);
	if (r->file)
		r->rc = fs_write_atomic(r->file, line, strlen(line), 0644, r->err);
}

static int server_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct server_opts *o = opts;
	autoerr ready_err = ERR_INIT;
	struct readiness ready = { .file = o->ready_file, .err = &ready_err };
	const struct server_how how = { .data = o->data, .listen = o->listen, .no_auth = o->no_auth,
					.tls_certificate = o->tls_cert, .tls_key = o->tls_key,
					.allowed_hosts = o->allowed_hosts,
					.allowed_origins = o->allowed_origins,
					.page_dir = o->ui_dir,
					.access_log = o->access_log,
					.ready = announce, .arg = &ready };

	(void)ctx;
	if (need_data(o->data, err) || mlops_server_run(&how, err))
		return -1;
	return ready.rc ? err_move(err, &ready_err) : 0;
}

struct token_opts {
	const char *name, *scope, *project, *data;
};

static const struct opt_spec token_add_optv[] = {
	OPT(token_opts, scope, .name = "scope", .type = OPT_STR, .meta = "SCOPE", .choices = "read|write|admin", .def = "read", .no_config = true, .help = "what it allows: to fetch, also to push, also to manage tokens"),
	OPT(token_opts, project, .name = "project", .type = OPT_STR, .meta = "PROJECT", .no_config = true, .help = "for this project alone, which is made when it is not there (default: for all)"),
	DATA_ROW(token_opts),
	OPT_END,
};

static const struct arg_spec token_name_argv[] = {
	ARG(token_opts, name, .name = "NAME", .min = 1, .max = 1, .help = "whose token it is"),
	ARG_END,
};

static int token_add_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct token_opts *o = opts;
	autofree char *token = NULL;

	if (need_data(o->data, err) ||
	    mlops_server_token_add(o->data, o->name, o->scope, o->project, &token, err))
		return -1;
	if (!ctx->common.json) {
		puts(token);
		return 0;
	}
	struct json *v = js_obj();
	js_set(v, "name", js_str(o->name));
	js_set(v, "scope", js_str(o->scope));
	js_set(v, "project", js_str(o->project));
	js_set(v, "token", js_str(token));
	return cmd_print_json(v);
}

static const struct cmd_spec token_add = {
	.name = "add", .summary = "make a token and show it this once", .flags = CMD_JSON,
	.opts = token_add_optv, .args = token_name_argv, .opts_size = sizeof(struct token_opts),
	.run = token_add_run,
};

static const struct opt_spec token_optv[] = {
	DATA_ROW(token_opts),
	OPT_END,
};

static void print_token(const struct server_token *t, struct table *table, struct json *list)
{
	char when[CLOCK_ISO_SIZE];

	clock_format_iso(t->created_ms, when);
	if (table) {
		table_add(table, t->name, t->scope, t->project ? t->project : "(all)", when);
		return;
	}
	struct json *v = js_obj();
	js_set(v, "name", js_str(t->name));
	js_set(v, "scope", js_str(t->scope));
	js_set(v, "project", js_str(t->project));
	js_set(v, "created", js_str(when));
	js_push(list, v);
}

static int token_ls_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct token_opts *o = opts;
	struct server_token *tokens;
	size_t n;

	if (need_data(o->data, err) || mlops_server_tokens_list(o->data, &tokens, &n, err))
		return -1;
	autotable *table = ctx->common.json ? NULL : table_new("NAME", "SCOPE", "PROJECT", "CREATED", NULL);
	struct json *list = js_arr(), *top = js_obj();
	js_set(top, "tokens", list);
	for (size_t i = 0; i < n; i++)
		print_token(&tokens[i], table, list);
	mlops_server_tokens_free(tokens, n);
	if (ctx->common.json)
		return cmd_print_json(top);
	js_free(top);
	table_print(table, stdout);
	return 0;
}

static const struct cmd_spec token_ls = {
	.name = "ls", .summary = "list the tokens, without their secrets", .flags = CMD_JSON,
	.opts = token_optv, .opts_size = sizeof(struct token_opts), .run = token_ls_run,
};

static int token_rm_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct token_opts *o = opts;

	(void)ctx;
	return need_data(o->data, err) || mlops_server_token_remove(o->data, o->name, err) ? -1 : 0;
}

static const struct cmd_spec token_rm = {
	.name = "rm", .summary = "remove a token; it is refused from then on", .opts = token_optv,
	.args = token_name_argv, .opts_size = sizeof(struct token_opts), .run = token_rm_run,
};

static const struct cmd_spec *const token_subs[] = { &token_add, &token_ls, &token_rm, NULL };

static const struct cmd_spec server_token = {
	.name = "token", .summary = "manage the server's tokens", .subs = token_subs,
};

struct copy_opts {
	const char *folder, *data;
};

static const struct opt_spec copy_optv[] = {
	DATA_ROW(copy_opts),
	OPT_END,
};

static const struct arg_spec backup_argv[] = {
	ARG(copy_opts, folder, .name = "FOLDER", .min = 1, .max = 1, .complete = "dir", .help = "where the copy goes; absent or empty"),
	ARG_END,
};

static const struct arg_spec restore_argv[] = {
	ARG(copy_opts, folder, .name = "FOLDER", .min = 1, .max = 1, .complete = "dir", .help = "what 'backup' made"),
	ARG_END,
};

static int print_copy(struct cmd_ctx *ctx, const char *to, const struct server_copy *c)
{
	char size[NUM_SIZE];

	if (!ctx->common.json) {
		printf("%" PRIu64 " objects, %s, of %" PRIu64 " projects in '%s'\n", c->objects,
		       num_format_bytes(c->bytes, size), c->projects, to);
		return 0;
	}
	struct json *v = js_obj();
	js_set(v, "folder", js_str(to));
	js_set(v, "projects", js_int((int64_t)c->projects));
	js_set(v, "objects", js_int((int64_t)c->objects));
	js_set(v, "bytes", js_int((int64_t)c->bytes));
	return cmd_print_json(v);
}

static int backup_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct copy_opts *o = opts;
	struct server_copy counts;

	if (need_data(o->data, err) || mlops_server_backup(o->data, o->folder, &counts, err))
		return -1;
	return print_copy(ctx, o->folder, &counts);
}

static int restore_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct copy_opts *o = opts;
	struct server_copy counts;

	if (need_data(o->data, err) || mlops_server_restore(o->folder, o->data, &counts, err))
		return -1;
	return print_copy(ctx, o->data, &counts);
}

static const struct cmd_spec server_backup = {
	.name = "backup", .summary = "copy all that a server has, while it runs", .flags = CMD_JSON,
	.opts = copy_optv, .args = backup_argv, .opts_size = sizeof(struct copy_opts),
	.run = backup_run,
};

static const struct cmd_spec server_restore = {
	.name = "restore", .summary = "make a server's folder from a backup", .flags = CMD_JSON,
	.opts = copy_optv, .args = restore_argv, .opts_size = sizeof(struct copy_opts),
	.run = restore_run,
};

static const struct cmd_spec *const server_subs[] = { &server_token, &server_backup, &server_restore,
						      NULL };

const struct cmd_spec cmd_server = {
	.group = "share", .name = "server", .summary = "serve objects and experiment tracking over HTTP",
	.opts = server_optv, .opts_size = sizeof(struct server_opts), .run = server_run,
	.subs = server_subs,
};
