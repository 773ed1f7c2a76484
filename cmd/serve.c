/* mlops serve */
#include "cmd.h"

#include "base/fs.h"
#include "base/path.h"
#include "mlops/project.h"
#include "mlops/serve.h"

struct serve_opts {
	const char *model, *dir, *upstream, *name, *listen, *control, *keys, *record;
	int64_t workers, timeout_ms, start_timeout_ms, threads, queue, batch, batch_ms, percent;
	bool insecure;
};

static const struct opt_spec serve_optv[] = {
	OPT(serve_opts, dir, .name = "dir", .letter = 'd', .type = OPT_STR, .meta = "PATH",
	    .complete = "path",
	    .help = "serve this folder or model file instead of a registered model"),
	OPT(serve_opts, upstream, .name = "upstream", .letter = 'u', .type = OPT_STR, .meta = "URL",
	    .help = "pass requests on to this HTTP server instead: http://HOST:PORT or unix:/PATH"),
	OPT(serve_opts, name, .name = "name", .letter = 'n', .type = OPT_STR, .meta = "NAME",
	    .help = "with --dir: the name that requests use (default: the folder's or file's)"),
	OPT(serve_opts, listen, .name = "listen", .letter = 'l', .type = OPT_STR, .meta = "ADDRESS",
	    .def = "127.0.0.1:8080", .help = "address and port; port 0 takes a free one"),
	OPT(serve_opts, workers, .name = "workers", .letter = 'w', .type = OPT_INT, .meta = "N",
	    .def = "1", .help = "worker processes"),
	OPT(serve_opts, timeout_ms, .name = "timeout", .letter = 't', .type = OPT_DURATION,
	    .meta = "TIME", .def = "30s", .help = "how long a prediction may take"),
	OPT(serve_opts, start_timeout_ms, .name = "start-timeout", .type = OPT_DURATION,
	    .meta = "TIME", .def = "30s", .help = "how long a worker may take to load the model"),
	OPT(serve_opts, queue, .name = "queue", .type = OPT_INT, .meta = "N", .def = "256",
	    .help = "predictions that wait for a worker; more are refused with 503"),
	OPT(serve_opts, batch, .name = "batch", .type = OPT_INT, .meta = "ROWS", .def = "64",
	    .help = "rows of several requests that predict() gets at once; 0: each by itself"),
	OPT(serve_opts, batch_ms, .name = "batch-time", .type = OPT_DURATION, .meta = "TIME",
	    .def = "50ms", .help = "how long those may take together, as the ones before tell"),
	OPT(serve_opts, keys, .name = "keys", .letter = 'k', .type = OPT_STR, .meta = "FILE",
	    .complete = "path", .help = "take requests with one of these keys only, within its limits"),
	OPT(serve_opts, record, .name = "record", .letter = 'r', .type = OPT_STR, .meta = "FILE",
	    .complete = "path", .help = "append rows and their predictions as JSON lines, to be monitored"),
	OPT(serve_opts, percent, .name = "record-percent", .type = OPT_INT, .meta = "N", .def = "100",
	    .help = "of every 100 requests"),
	OPT(serve_opts, threads, .name = "threads", .type = OPT_INT, .meta = "N", .def = "0",
	    .help = "threads that answer requests; 0: one a processor, 8 at most"),
	OPT(serve_opts, insecure, .name = "insecure", .type = OPT_BOOL, .no_config = true,
	    .help = "allow an address that others can reach: nobody is asked who they are"),
	OPT(serve_opts, control, .name = "control", .type = OPT_STR, .meta = "SOCKET",
	    .no_config = true,
	    .help = "take revisions on this Unix socket, as 'mlops deploy' does"),
	OPT_END,
};

static const struct arg_spec serve_argv[] = {
	ARG(serve_opts, model, .name = "MODEL", .max = 1, .complete = "model",
	    .help = "a model: NAME, NAME@ALIAS or NAME:VERSION"),
	ARG_END,
};

struct announcement {
	const char *what;
	bool json;
};

static void announce(const char *url, void *arg)
{
	const struct announcement *a = arg;

	if (a->json) {
		struct json *v = js_obj();

		js_set(v, "url", js_str(url));
		cmd_print_json(v);
	} else {
		printf("serving%s%s on %s\n", a->what ? " " : "", a->what ? a->what : "", url);
	}
	fflush(stdout);
}

static int serve_model(const struct serve_opts *o, const struct gateway_how *how,
		       struct mlops_error *err)
{
	struct project *project;

	if (mlops_project_open(".", &project, err))
		return -1;
	int rc = mlops_model_serve(project, o->model, how, err);
	mlops_project_free(project);
	return rc;
}

static int serve_dir(const struct serve_opts *o, struct gateway_how *how, struct mlops_error *err)
{
	autofree char *dir = NULL;

	if (o->dir && fs_realpath(o->dir, &dir, err))
		return -1;
	how->model_dir = dir ? dir : o->upstream;
	how->model = o->name ? o->name : dir ? path_base(dir) : "upstream";
	how->version = 1;
	return mlops_gateway_run(how, err);
}

static int serve_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct serve_opts *o = opts;
	struct announcement a = { o->model ? o->model : o->dir ? o->dir : o->upstream, ctx->common.json };
	struct gateway_how how = {
		.listen = o->listen,
		.control = o->control,
		.workers = o->workers,
		.insecure = o->insecure,
		.request_timeout_ms = o->timeout_ms,
		.start_timeout_ms = o->start_timeout_ms,
		.threads = o->threads,
		.queue = o->queue,
		.batch = o->batch,
		.batch_ms = o->batch_ms,
		.keys = o->keys,
		.record = o->record,
		.record_percent = o->percent,
		.ready = announce,
		.arg = &a,
	};

	if (!!o->model + !!o->dir + !!o->upstream + !!o->control != 1)
		return err_set(err, MLOPS_EUSAGE, "give one of a model, --dir, --upstream and --control");
	if (o->timeout_ms < 1 || o->start_timeout_ms < 1)
		return err_set(err, MLOPS_EUSAGE, "a time-out is at least 1 ms");
	if (o->model)
		return serve_model(o, &how, err);
	return o->control ? mlops_gateway_run(&how, err) : serve_dir(o, &how, err);
}

const struct cmd_spec cmd_serve = {
	.group = "deployments",
	.name = "serve",
	.summary = "serve a model over HTTP in the foreground",
	.flags = CMD_JSON,
	.opts = serve_optv,
	.args = serve_argv,
	.opts_size = sizeof(struct serve_opts),
	.run = serve_run,
};
