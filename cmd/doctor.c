/* mlops doctor: what mlops needs, here and now, point by point. It changes nothing. */
#include "cmd.h"

#include <sys/statvfs.h>

#include "base/num.h"
#include "base/proc.h"
#include "cli/table.h"
#include "fmt/yaml.h"
#include "mlops/config.h"
#include "mlops/project.h"
#include "mlops/remote.h"
#include "mlops/tracking.h"
#include "mlops/version.h"

enum check_status { CHECK_OK, CHECK_WARN, CHECK_FAIL };

static const char *const status_names[] = { "ok", "warn", "fail" };

struct check {
	enum check_status status;
	char *name, *found, *advice; /* advice may be NULL */
};

struct doctor {
	struct project *project; /* NULL outside of one */
	VEC(struct check) checks;
};

static void add(struct doctor *d, enum check_status status, const char *name, const char *found,
		const char *advice)
{
	vec_push(&d->checks,
		 { status, xstrdup(name), xstrdup(found), advice ? xstrdup(advice) : NULL });
}

/* Adds the error as a row, and clears it. */
static void add_error(struct doctor *d, enum check_status status, const char *name,
		      struct mlops_error *err)
{
	add(d, status, name, err->msg, err->hint);
	mlops_error_clear(err);
}

static void check_libraries(struct doctor *d)
{
	const char *const linked[][2] = { { "jansson", js_version() },
					  { "libyaml", yaml_version() },
					  { "libsmartcols", table_version() } };
	autoerr err = ERR_INIT;

	add(d, CHECK_OK, "mlops", mlops_version(), NULL);
	for (size_t i = 0; i < MLOPS_LIBRARIES; i++) {
		struct library_version library;

		if (mlops_library_version(i, &library, &err))
			add_error(d, CHECK_FAIL, library.name, &err);
		else
			add(d, CHECK_OK, library.name, library.version, NULL);
	}
	for (size_t i = 0; i < ARRAY_LEN(linked); i++)
		add(d, CHECK_OK, linked[i][0], linked[i][1], NULL);
}

/* The line that a program prints, or "" when it fails. */
static char *line_of(const char *const *argv)
{
	struct proc_result result;
	autobuf text = { 0 };
	autoerr err = ERR_INIT;

	if (proc_read(argv, 128, &text, &result, &err) || result.status)
		return xstrdup("");
	struct str trimmed = str_trim((struct str){ text.buf ? text.buf : "", text.len });
	return xstrndup(trimmed.p, trimmed.n);
}

static void check_python(struct doctor *d)
{
	static const char *const argv[] = {
		"python3", "-c",
		"import platform, sys; print(platform.python_version()); sys.exit(sys.version_info < (3, 8))",
		NULL
	};
	autofree char *version = line_of(argv);

	if (*version)
		add(d, CHECK_OK, "python3", version, NULL);
	else
		add(d, CHECK_WARN, "python3", "no Python of 3.8 or later",
		    "models are served by Python: install python3");
}

static int count_setting(enum config_scope scope, const char *key, const char *value, void *arg,
			 struct mlops_error *err)
{
	(void)scope, (void)key, (void)value, (void)err;
	++*(size_t *)arg;
	return 0;
}

static void check_config(struct doctor *d)
{
	autoerr err = ERR_INIT;
	char found[64];
	size_t n = 0;

	if (mlops_config_list(d->project, count_setting, &n, &err)) {
		add_error(d, CHECK_FAIL, "config", &err);
		return;
	}
	snprintf(found, sizeof(found), "%zu setting%s", n, n == 1 ? "" : "s");
	add(d, CHECK_OK, "config", found, NULL);
}

static void check_store(struct doctor *d)
{
	enum { LOW_MIB = 1024 };
	autofree char *found = NULL;
	autoerr err = ERR_INIT;
	struct store *store;
	struct statvfs fs;
	char room[NUM_SIZE];

	if (mlops_store_of(d->project, &store, &err)) {
		add_error(d, CHECK_FAIL, "store", &err);
		return;
	}
	autofree char *dir = mlops_store_dir(d->project);
	if (access(dir, W_OK) || statvfs(dir, &fs)) {
		found = xasprintf("cannot write to '%s'", dir);
		add(d, CHECK_FAIL, "store", found, "give yourself the right to write there");
		return;
	}
	uint64_t left = (uint64_t)fs.f_bavail * fs.f_frsize;
	found = xasprintf("%s free", num_format_bytes(left, room));
	if (left >> 20 < LOW_MIB)
		add(d, CHECK_WARN, "store", found,
		    "make room, or move it: mlops config core.store DIR");
	else
		add(d, CHECK_OK, "store", found, NULL);
	autofree char *encryption = mlops_store_encryption(store);
	add(d, CHECK_OK, "encryption", encryption ? encryption : "off", NULL);
}

static void check_database(struct doctor *d)
{
	const struct run_query query = { .limit = 1 };
	autoerr err = ERR_INIT;
	struct run **runs;
	size_t n;

	if (mlops_runs_list(d->project, &query, &runs, &n, &err)) {
		add_error(d, CHECK_FAIL, "database", &err);
		return;
	}
	mlops_runs_free(runs, n);
	add(d, CHECK_OK, "database", "opens", NULL);
}

/* Attributes come with a clone, git's settings do not. */
static void check_merges(struct doctor *d)
{
	bool attributes, driver;
	autoerr err = ERR_INIT;

	if (mlops_project_merges(d->project, &attributes, &driver, &err))
		add_error(d, CHECK_FAIL, "merge driver", &err);
	else if (attributes && driver)
		add(d, CHECK_OK, "merge driver", "git knows it", NULL);
	else
		add(d, CHECK_WARN, "merge driver",
		    attributes ? "git's settings do not say what it is" :
				 ".gitattributes does not name it",
		    "let git merge pointers and mlops.lock: mlops init");
}

static void check_remotes(struct doctor *d)
{
	struct remote_info *remotes;
	autoerr err = ERR_INIT;
	size_t n;

	if (mlops_remotes_list(d->project, &remotes, &n, &err)) {
		add_error(d, CHECK_FAIL, "remotes", &err);
		return;
	}
	if (!n)
		add(d, CHECK_WARN, "remotes", "none: the data are only here",
		    "add one with: mlops remote add origin <url>");
	for (size_t i = 0; i < n; i++) {
		autofree char *name = xasprintf("remote %s", remotes[i].name);

		if (mlops_remote_check(d->project, remotes[i].name, &err))
			add_error(d, CHECK_FAIL, name, &err);
		else
			add(d, CHECK_OK, name, remotes[i].url, NULL);
	}
	mlops_remotes_free(remotes, n);
}

static void check_project(struct doctor *d)
{
	autoerr err = ERR_INIT;

	if (mlops_project_open(".", &d->project, &err)) {
		add_error(d, err.kind == MLOPS_ENOTFOUND ? CHECK_WARN : CHECK_FAIL, "project",
			  &err);
		return;
	}
	add(d, CHECK_OK, "project", mlops_project_root(d->project), NULL);
	check_config(d);
	check_store(d);
	check_database(d);
	check_merges(d);
	check_remotes(d);
}

static size_t count_failed(const struct doctor *d)
{
	size_t failed = 0;

	for (size_t i = 0; i < d->checks.n; i++)
		failed += d->checks.v[i].status == CHECK_FAIL;
	return failed;
}

static void print_json(const struct doctor *d)
{
	struct json *top = js_obj(), *list = js_arr();

	for (size_t i = 0; i < d->checks.n; i++) {
		const struct check *c = &d->checks.v[i];
		struct json *row = js_obj();

		js_set(row, "name", js_str(c->name));
		js_set(row, "status", js_str(status_names[c->status]));
		js_set(row, "found", js_str(c->found));
		js_set(row, "advice", js_str(c->advice));
		js_push(list, row);
	}
	js_set(top, "ok", js_bool(!count_failed(d)));
	js_set(top, "checks", list);
	cmd_print_json(top);
}

static void print_table(const struct doctor *d)
{
	autotable *table = table_new("STATUS", "CHECK", "FOUND", NULL);

	for (size_t i = 0; i < d->checks.n; i++)
		table_add(table, status_names[d->checks.v[i].status], d->checks.v[i].name,
			  d->checks.v[i].found);
	table_print(table, stdout);
	for (size_t i = 0; i < d->checks.n; i++)
		if (d->checks.v[i].advice)
			printf("%s: %s\n", d->checks.v[i].name, d->checks.v[i].advice);
}

static void clear(struct doctor *d)
{
	for (size_t i = 0; i < d->checks.n; i++) {
		free(d->checks.v[i].name);
		free(d->checks.v[i].found);
		free(d->checks.v[i].advice);
	}
	vec_free(&d->checks);
}

static int doctor_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct doctor d = { 0 };

	(void)opts, (void)err;
	check_libraries(&d);
	check_python(&d);
	check_project(&d);
	if (ctx->common.json)
		print_json(&d);
	else
		print_table(&d);
	size_t failed = count_failed(&d);
	clear(&d);
	mlops_project_free(d.project);
	return failed ? CMD_EXIT_NO : 0;
}

const struct cmd_spec cmd_doctor = {
	.group = "about",
	.name = "doctor",
	.summary = "check the installation, the project and its remotes",
	.flags = CMD_JSON,
	.run = doctor_run,
};
