/* mlops diff */
#include "base/num.h"
#include "mlops/diff.h"
#include "paths.h"
#include "revs.h"
#include "view.h"

#define NAMES_SHOWN 12 /* columns or keys of one kind in a line */

struct diff_opts {
	struct opt_strs words, paths;
	bool stat, name_only, summary, exit_code;
};

static const struct opt_spec diff_optv[] = {
	OPT(diff_opts, stat, .name = "stat", .type = OPT_BOOL, .help = "show only how many files and bytes were added, deleted and changed"),
	OPT(diff_opts, name_only, .name = "name-only", .type = OPT_BOOL, .help = "show only paths"),
	OPT(diff_opts, summary, .name = "summary", .type = OPT_BOOL, .def = "true", .help = "tell what changed inside of tables and JSON files; --no-summary spares reading them"),
	OPT(diff_opts, exit_code, .name = "exit-code", .type = OPT_BOOL, .help = "exit with 3 when anything differs"),
	OPT_END,
};

static const struct arg_spec diff_argv[] = {
	REVS_ARG(diff_opts, words, "what to compare the work tree with (default: its pointers), or two to compare"),
	REVS_PATHS_ARG(diff_opts, paths, "compare only these paths and what is in them"),
	ARG_END,
};

static const char *const kind_names[] = { "added", "deleted", "modified", "renamed", "type" };

struct total {
	uint64_t count[ARRAY_LEN(kind_names)]; /* by kind */
	uint64_t gained, lost;                 /* bytes of what is new, and of what is no more */
};

static struct total add_up(const struct difference *v, size_t n)
{
	struct total t = { 0 };

	for (size_t i = 0; i < n; i++) {
		t.count[v[i].kind]++;
		if (v[i].kind == DIFFERENCE_RENAMED)
			continue;
		t.gained += v[i].after.size;
		t.lost += v[i].before.size;
	}
	return t;
}

static const char *slash(const struct difference *d)
{
	bool folder = d->before.kind == ITEM_FOLDER || d->after.kind == ITEM_FOLDER;

	return folder ? "/" : "";
}

static void print_sizes(const struct difference *d)
{
	char before[NUM_SIZE], after[NUM_SIZE];

	num_format_bytes(d->before.size, before);
	num_format_bytes(d->after.size, after);
	if (d->kind == DIFFERENCE_ADDED || d->kind == DIFFERENCE_RENAMED)
		printf(" (%s)", after);
	else if (d->kind == DIFFERENCE_DELETED)
		printf(" (%s)", before);
	else if (d->before.size == d->after.size)
		printf(" (%s)", after);
	else
		printf(" (%s -> %s)", before, after);
}

static void print_bit(const struct difference *d)
{
	bool was = d->before.kind == ITEM_EXECUTABLE, is = d->after.kind == ITEM_EXECUTABLE;

	if (d->kind != DIFFERENCE_ADDED && d->kind != DIFFERENCE_DELETED && was != is)
		fputs(is ? ", now executable" : ", no longer executable", stdout);
}

static void print_one(const struct difference *d)
{
	autofree char *path = cmd_show_path(d->path);

	printf("%s: ", kind_names[d->kind]);
	if (d->old_path) {
		autofree char *old = cmd_show_path(d->old_path);

		printf("%s -> ", old);
	}
	printf("%s%s", path, slash(d));
	print_sizes(d);
	print_bit(d);
	putchar('\n');
}

static void print_total(const struct total *t)
{
	char gained[NUM_SIZE], lost[NUM_SIZE];
	uint64_t changed = t->count[DIFFERENCE_MODIFIED] + t->count[DIFFERENCE_TYPE];

	printf("%llu added, %llu deleted, %llu modified, %llu renamed; +%s, -%s\n",
	       (unsigned long long)t->count[DIFFERENCE_ADDED],
	       (unsigned long long)t->count[DIFFERENCE_DELETED], (unsigned long long)changed,
	       (unsigned long long)t->count[DIFFERENCE_RENAMED],
	       num_format_bytes(t->gained, gained), num_format_bytes(t->lost, lost));
}

static void print_names(const char *sign, const struct name_list *names)
{
	for (size_t i = 0; i < names->n && i < NAMES_SHOWN; i++) {
		autofree char *name = cmd_show_path(names->v[i]);

		printf(" %s%s", sign, name);
	}
	if (names->n > NAMES_SHOWN)
		printf(" %s%zu more", sign, names->n - NAMES_SHOWN);
}

static void print_summary(const struct diff_summary *s)
{
	bool names = s->added.n || s->removed.n || s->changed.n;

	if (s->kind == SUMMARY_NONE)
		return;
	if (names) {
		printf("    %s:", s->kind == SUMMARY_TABLE ? "columns" : "keys");
		print_names("+", &s->added);
		print_names("-", &s->removed);
		print_names("~", &s->changed);
		putchar('\n');
	}
	if (s->kind != SUMMARY_TABLE)
		return;
	printf("    rows: %llu -> %llu", (unsigned long long)s->rows_before,
	       (unsigned long long)s->rows_after);
	if (s->rows_compared)
		printf(", +%llu -%llu", (unsigned long long)s->rows_added,
		       (unsigned long long)s->rows_removed);
	putchar('\n');
}

static int print_all(struct project *project, const struct diff_opts *o, const struct difference *v,
		     size_t n, struct mlops_error *err)
{
	for (size_t i = 0; i < n; i++) {
		struct diff_summary summary;

		print_one(&v[i]);
		if (!o->summary)
			continue;
		if (mlops_diff_summary(project, &v[i], &summary, err))
			return -1;
		print_summary(&summary);
		mlops_diff_summary_clear(&summary);
	}
	return 0;
}

static int print(struct project *project, const struct diff_opts *o, const struct difference *v,
		 size_t n, struct mlops_error *err)
{
	if (o->stat) {
		const struct total t = add_up(v, n);

		print_total(&t);
		return 0;
	}
	if (!o->name_only)
		return print_all(project, o, v, n, err);
	for (size_t i = 0; i < n; i++) {
		autofree char *path = cmd_show_path(v[i].path);

		puts(path);
	}
	return 0;
}

static struct json *side_json(const struct difference_side *s, bool there)
{
	char hex[MLOPS_OID_HEX + 1];
	struct json *obj;

	if (!there)
		return js_null();
	obj = js_obj();
	js_set(obj, "kind", js_str(view_item_kind(s->kind)));
	js_set(obj, "oid", s->known ? js_str(mlops_oid_hex(&s->oid, hex)) : js_null());
	js_set(obj, "size", js_int((int64_t)s->size));
	return obj;
}

static struct json *difference_json(const struct difference *d)
{
	struct json *obj = js_obj();

	js_set(obj, "kind", js_str(kind_names[d->kind]));
	js_set(obj, "path", js_str(d->path));
	js_set(obj, "old_path", js_str(d->old_path));
	js_set(obj, "before", side_json(&d->before, d->kind != DIFFERENCE_ADDED));
	js_set(obj, "after", side_json(&d->after, d->kind != DIFFERENCE_DELETED));
	return obj;
}

static struct json *names_json(const struct name_list *names)
{
	struct json *list = js_arr();

	for (size_t i = 0; i < names->n; i++)
		js_push(list, js_str(names->v[i]));
	return list;
}

static struct json *summary_json(const struct diff_summary *s)
{
	bool table = s->kind == SUMMARY_TABLE;
	struct json *obj;

	if (s->kind == SUMMARY_NONE)
		return js_null();
	obj = js_obj();
	js_set(obj, table ? "columns_added" : "keys_added", names_json(&s->added));
	js_set(obj, table ? "columns_removed" : "keys_removed", names_json(&s->removed));
	if (!table) {
		js_set(obj, "keys_changed", names_json(&s->changed));
		return obj;
	}
	js_set(obj, "rows_before", js_int((int64_t)s->rows_before));
	js_set(obj, "rows_after", js_int((int64_t)s->rows_after));
	js_set(obj, "rows_added", s->rows_compared ? js_int((int64_t)s->rows_added) : js_null());
	js_set(obj, "rows_removed", s->rows_compared ? js_int((int64_t)s->rows_removed) : js_null());
	return obj;
}

static int add_json(struct project *project, const struct diff_opts *o, const struct difference *d,
		    struct json *list, struct mlops_error *err)
{
	struct diff_summary summary = { 0 };

	if (o->summary && !o->stat && mlops_diff_summary(project, d, &summary, err))
		return -1;
	struct json *obj = difference_json(d);
	js_set(obj, "summary", summary_json(&summary));
	js_push(list, obj);
	mlops_diff_summary_clear(&summary);
	return 0;
}

static int print_json(struct project *project, const struct diff_opts *o, const struct revs *revs,
		      const struct difference *v, size_t n, struct mlops_error *err)
{
	const struct total t = add_up(v, n);
	autojson *list = js_arr();

	for (size_t i = 0; i < n; i++)
		if (add_json(project, o, &v[i], list, err))
			return -1;
	struct json *top = js_obj(), *stat = js_obj();
	for (size_t i = 0; i < ARRAY_LEN(kind_names); i++)
		js_set(stat, kind_names[i], js_int((int64_t)t.count[i]));
	js_set(stat, "bytes_added", js_int((int64_t)t.gained));
	js_set(stat, "bytes_deleted", js_int((int64_t)t.lost));
	js_set(top, "from", revs->n ? js_str(revs->v[0]) : js_null());
	js_set(top, "to", revs->n > 1 ? js_str(revs->v[1]) : js_null());
	js_set(top, "stat", stat);
	js_set(top, "differences", js_ref(list));
	return cmd_print_json(top);
}

static int diff_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct diff_opts *o = opts;
	struct difference *found;
	autorevs revs = { 0 };
	size_t n;

	if (cmd_revs(ctx->project, &o->words, &o->paths, REVS_MAX, &revs, err))
		return -1;
	const struct diff_how how = {
		.from = revs.n ? revs.v[0] : NULL,
		.to = revs.n > 1 ? revs.v[1] : NULL,
		.paths = (const char *const *)revs.paths.v,
		.n = revs.paths.n,
	};
	if (mlops_diff(ctx->project, &how, &found, &n, err))
		return -1;
	int rc = ctx->common.json ? print_json(ctx->project, o, &revs, found, n, err) :
				    print(ctx->project, o, found, n, err);
	mlops_diff_free(found, n);
	return rc ? rc : n && o->exit_code ? CMD_EXIT_NO : 0;
}

const struct cmd_spec cmd_diff = {
	.group = "data", .name = "diff", .summary = "show how tracked data differs between revisions and the work tree",
	.flags = CMD_LOCK_READ | CMD_JSON, .opts = diff_optv, .args = diff_argv,
	.opts_size = sizeof(struct diff_opts), .run = diff_run,
};
