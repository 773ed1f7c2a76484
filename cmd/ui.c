/* mlops ui: the project's runs, models and traces on MLflow's web page. */
#include "cmd.h"

#include "base/fs.h"
#include "base/path.h"
#include "base/proc.h"
#include "cli/term.h"
#include "mlops/serve.h"
#include "mlops/tracking.h"

#define PAGE_IN_PACKAGE "server/js/build"
#define MAX_PATH	4096

struct ui_opts {
	const char *page, *listen, *ready_file;
	bool no_browser;
};

static const struct opt_spec ui_optv[] = {
	OPT(ui_opts, page, .name = "page", .type = OPT_STR, .meta = "DIR", .complete = "dir",
	    .help = "the page's files (default: those of the mlflow package that python3 has)"),
	OPT(ui_opts, listen, .name = "listen", .type = OPT_STR, .meta = "HOST:PORT", .def = "127.0.0.1:0",
	    .help = "address of this machine to answer at; port 0 takes a free one"),
	OPT(ui_opts, no_browser, .name = "no-browser", .type = OPT_BOOL, .help = "open no browser"),
	OPT(ui_opts, ready_file, .name = "ready-file", .type = OPT_STR, .meta = "FILE", .complete = "path",
	    .no_config = true, .help = "write the URL to FILE once it answers"),
	OPT_END,
};

/* Where the package is, without loading it, which takes seconds; new. */
static int find_page(char **out, struct mlops_error *err)
{
	static const char *const argv[] = {
		"python3", "-c",
		"import importlib.util as u; s = u.find_spec('mlflow'); "
		"print(s.submodule_search_locations[0] if s else '', end='')",
		NULL
	};
	struct proc_result result;
	autobuf text = { 0 };
	autoerr ignored = ERR_INIT;

	if (!proc_read(argv, MAX_PATH, &text, &result, &ignored) && !result.status && text.len) {
		autofree char *page = path_join(text.buf, PAGE_IN_PACKAGE);

		if (fs_is_dir(page)) {
			*out = steal_ptr(&page);
			return 0;
		}
	}
	err_set(err, MLOPS_ENOTFOUND, "python3 has no mlflow package, whose web page this shows");
	return err_hint(err, "pip install mlflow, or give the page's folder with --page");
}

struct opening {
	const struct ui_opts *opts;
	int rc;
	struct mlops_error *err;
};

/* Only for who sits before the machine. */
static void open_browser(const char *url)
{
	const char *argv[] = { "xdg-open", url, NULL };
	const struct proc_spec spec = {
		.argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1, .new_session = true
	};
	autoerr ignored = ERR_INIT; /* the URL is printed */
	pid_t pid;

	if (term_is_tty(stdout) && (getenv("DISPLAY") || getenv("WAYLAND_DISPLAY")))
		proc_spawn(&spec, &pid, &ignored);
}

static void announce(const char *url, void *arg)
{
	struct opening *o = arg;
	autofree char *line = xasprintf("%s\n", url);

	printf("listening on %s\n", url);
	fflush(stdout);
	if (o->opts->ready_file)
		o->rc = fs_write_atomic(o->opts->ready_file, line, strlen(line), 0644, o->err);
	if (!o->opts->no_browser)
		open_browser(url);
}

static int ui_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct ui_opts *o = opts;
	autofree char *found = NULL;
	autoerr ready_err = ERR_INIT;
	struct opening opening = { .opts = o, .err = &ready_err };

	if ((!o->page && find_page(&found, err)) || mlops_runs_reap(ctx->project, err))
		return -1;
	const struct ui_how how = {
		.page_dir = o->page ? o->page : found, .listen = o->listen, .ready = announce, .arg = &opening
	};
	if (mlops_ui_run(ctx->project, &how, err))
		return -1;
	return opening.rc ? err_move(err, &ready_err) : 0;
}

const struct cmd_spec cmd_ui = {
	.group = "pipelines and runs",
	.name = "ui",
	.summary = "show runs, models and traces on MLflow's web page",
	.flags = CMD_PROJECT,
	.opts = ui_optv,
	.opts_size = sizeof(struct ui_opts),
	.run = ui_run,
};
