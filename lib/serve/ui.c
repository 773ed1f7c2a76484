/* The web page on what a project has recorded, without a server's folder around it. */
#include "base/path.h"
#include "mlops/serve.h"
#include "mlops/store.h"
#include "project/project.h"
#include "serve/access.h"
#include "serve/objects.h"
#include "serve/page.h"
#include "serve/tracker.h"

#define DRAIN_MS 2000 /* a page keeps asking */
#define THREADS	 4

struct ui {
	struct server server; /* the first: site_admit() gets its address */
	struct object_server project;
};

static int place(const char *name, void *arg, void **out, struct mlops_error *err)
{
	struct ui *ui = arg;

	if (name)
		return err_set(err, MLOPS_ENOTFOUND, "there is one project here, and no '%s'", name);
	*out = &ui->project;
	return 0;
}

static int serve(struct ui *ui, const struct ui_how *how, struct mlops_error *err)
{
	static const struct http_route *const tables[] = { mlflow_routes, page_routes };
	autofree struct http_route *routes = http_routes_join(tables, ARRAY_LEN(tables));
	const struct http_server_how http = {
		.listen = how->listen,
		.routes = routes,
		.arg = ui,
		.admit = site_admit,
		.mount = "/p/",
		.place = place,
		.threads = THREADS,
	};
	struct http_server *server;

	http_catch_signals();
	if (http_server_start(&http, &server, err))
		return -1;
	if (how->ready)
		how->ready(http_server_url(server), how->arg);
	http_wait_for_signal();
	http_server_stop(server, DRAIN_MS);
	return 0;
}

int mlops_ui_run(struct project *project, const struct ui_how *how, struct mlops_error *err)
{
	autofree char *database = project_shared_file(project, "mlops.db");
	autofree char *folder = path_dir(database);
	struct ui ui = { .server = { .site = { .listen = how->listen }, .page_dir = how->page_dir } };

	ui.project.server = &ui.server;
	if (!http_listen_is_loopback(how->listen)) {
		err_set(err, MLOPS_EUSAGE, "it listens on this machine only, not on '%s'", how->listen);
		return err_hint(err, "for others there is: mlops server --ui-dir");
	}
	if (page_check(how->page_dir, err) || mlops_store_of(project, &ui.project.store, err) ||
	    tracker_open(folder, ui.project.store, &ui.project.tracker, err))
		return -1;
	int rc = serve(&ui, how, err);
	tracker_free(ui.project.tracker);
	return rc;
}
