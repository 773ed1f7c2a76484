/* Finds the command, parses by its table, opens what it needs, runs it; alone prints and exits. */
#include <errno.h>
#include <signal.h>

#include "base/log.h"
#include "cli/usage.h"
#include "cmd.h"
#include "mlops/config.h"
#include "mlops/project.h"

static void print_log(enum log_level level, const char *msg)
{
	static const char *const prefixes[] = { "error: ", "warning: ", "", "debug: " };

	fprintf(stderr, "mlops: %s%s\n", prefixes[level], msg);
}

static int report(const struct mlops_error *err, bool json)
{
	int code = mlops_error_exit_code(err->kind);

	if (json) {
		autojson *top = js_obj();
		struct json *body = js_obj();
		autobuf text = { 0 };

		js_set(body, "kind", js_str(mlops_error_name(err->kind)));
		js_set(body, "message", js_str(err->msg));
		if (err->hint)
			js_set(body, "hint", js_str(err->hint));
		js_set(top, "error", body);
		js_dump(top, JS_PRETTY, &text);
		fputs(text.buf, stderr);
		return code;
	}
	fprintf(stderr, "mlops: %s\n", err->msg);
	if (err->hint)
		fprintf(stderr, "hint: %s\n", err->hint);
	return code;
}

int cmd_print_json(struct json *value)
{
	autobuf text = { 0 };

	js_dump(value, JS_PRETTY, &text);
	fputs(text.buf, stdout);
	js_free(value);
	return 0;
}

/* `mlops foo` runs mlops-foo from PATH when there is such a program; else a near miss is named. */
static int unknown_command(char **argv, struct mlops_error *err)
{
	autofree char *program = xasprintf("mlops-%s", argv[0]);
	const char *names[128];
	size_t n = 0;

	if (!strchr(argv[0], '/'))
		execvp(program, argv);
	for (const struct cmd_spec *const *c = cmd_registry; *c && n < ARRAY_LEN(names) - 1; c++)
		if ((*c)->group)
			names[n++] = (*c)->name;
	names[n] = NULL;
	const char *near = str_suggest(argv[0], names);
	err_set(err, MLOPS_EUSAGE, "'%s' is not a command of mlops", argv[0]);
	return near ? err_hint(err, "did you mean '%s'?", near) : err_hint(err, "see: mlops help");
}

static const char *config_default(void *arg, const char *key)
{
	struct cmd_ctx *ctx = arg;

	return mlops_config_lookup(ctx->project, key);
}

static int open_project(struct cmd_ctx *ctx, struct mlops_error *err)
{
	unsigned flags = ctx->spec->flags;

	if (!(flags & (CMD_PROJECT | CMD_LOCK_READ | CMD_LOCK_WRITE)))
		return 0;
	if (flags & CMD_DVC ? mlops_project_open_dvc(".", &ctx->project, err) :
			      mlops_project_open(".", &ctx->project, err))
		return -1;
	if (flags & (CMD_LOCK_READ | CMD_LOCK_WRITE))
		return mlops_project_lock(ctx->project, flags & CMD_LOCK_WRITE, err);
	return 0;
}

static int run_parsed(struct cmd_ctx *ctx, int argc, char **argv, struct mlops_error *err)
{
	const struct opt_defaults defaults = { config_default, ctx };
	autofree void *opts = xcalloc(1, ctx->spec->opts_size);
	int rc;

	if (open_project(ctx, err))
		return -1;
	rc = opt_parse(ctx->spec, ctx->path, &defaults, argc, argv, opts, err);
	if (!rc)
		rc = ctx->spec->run(ctx, opts, err);
	opt_clear(ctx->spec, opts);
	return rc;
}

static int run_command(struct cmd_ctx *ctx, int argc, char **argv, struct mlops_error *err)
{
	autobuf help = { 0 };

	argc = opt_take_common(ctx->spec, argc, argv, &ctx->common);
	log_set_sink(ctx->common.quiet   ? LOG_ERROR :
		     ctx->common.verbose ? LOG_DEBUG :
					   LOG_INFO,
		     print_log);
	if (ctx->common.help) {
		usage_help(ctx->spec, ctx->path, &help);
		fputs(help.buf, stdout);
		return 0;
	}
	if (!ctx->spec->run) {
		if (argc)
			err_set(err, MLOPS_EUSAGE, "'%s' is not a command of 'mlops %s'", argv[0],
				ctx->path);
		else
			err_set(err, MLOPS_EUSAGE, "'mlops %s' needs a command", ctx->path);
		return err_hint(err, "see: mlops %s -h", ctx->path);
	}
	return run_parsed(ctx, argc, argv, err);
}

static char *join_words(char **words, size_t n)
{
	autobuf path = { 0 };

	for (size_t i = 0; i < n; i++)
		strbuf_addf(&path, "%s%s", i ? " " : "", words[i]);
	return strbuf_steal(&path);
}

/* Options in front of the command: -C DIR, --version, -h. Returns how many words they took, or -1. */
static int take_globals(int argc, char **argv, struct mlops_error *err)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "-C")) {
			if (++i == argc)
				return err_set(err, MLOPS_EUSAGE, "-C needs a folder");
			if (chdir(argv[i]))
				return err_sys(err, "cannot change to '%s'", argv[i]);
		} else if (!strcmp(argv[i], "--version")) {
			argv[i] = (char *)"version";
			break;
		} else if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) {
			argv[i] = (char *)"help";
			break;
		} else {
			err_set(err, MLOPS_EUSAGE, "unknown option '%s'", argv[i]);
			return err_hint(err, "see: mlops help");
		}
	}
	return i;
}

static int dispatch(struct cmd_ctx *ctx, int argc, char **argv, struct mlops_error *err)
{
	static char *overview[] = { (char *)"help", NULL };
	size_t used;
	int at = take_globals(argc, argv, err);

	if (at < 0)
		return -1;
	char **words = at < argc ? argv + at : overview;
	int n = at < argc ? argc - at : 1;
	ctx->spec = usage_find(cmd_registry, words, (size_t)n, &used);
	if (!ctx->spec)
		return unknown_command(words, err);
	autofree char *path = join_words(words, used);
	ctx->path = path;
	int rc = run_command(ctx, n - (int)used, words + used, err);
	ctx->path = NULL;
	return rc;
}

int main(int argc, char **argv)
{
	struct cmd_ctx ctx = { 0 };
	autoerr err = ERR_INIT;

	signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of the write that met it */
	int rc = dispatch(&ctx, argc, argv, &err);
	mlops_project_free(ctx.project);
	if (!rc && (fflush(stdout) || ferror(stdout)))
		rc = err_sys(&err, "cannot write the result to standard output");
	return rc < 0 ? report(&err, ctx.common.json) : rc;
}
