/* mlops ls */
#include "base/num.h"
#include "base/vec.h"
#include "cli/table.h"
#include "mlops/store.h"
#include "paths.h"
#include "revs.h"
#include "supply.h"
#include "view.h"

struct ls_opts {
	struct opt_strs words, paths;
	bool recursive, details;
};

static const struct opt_spec ls_optv[] = {
	OPT(ls_opts, recursive, .name = "recursive", .letter = 'R', .type = OPT_BOOL, .help = "list the files of folders in folders too, instead of the folders"),
	OPT(ls_opts, details, .name = "long", .letter = 'l', .type = OPT_BOOL, .help = "show kind, size, object and whether it is in the store"),
	OPT_END,
};

static const struct arg_spec ls_argv[] = {
	REVS_ARG(ls_opts, words, "the revision to look at (default: the pointers in the work tree)"),
	REVS_PATHS_ARG(ls_opts, paths, "tracked paths, what lies in them, or folders above (default: all)"),
	ARG_END,
};

struct lister {
	struct cmd_ctx *ctx;
	const struct ls_opts *opts;
	const char *path; /* that was asked for */
	struct store *store;
	struct json *entries; /* NULL: no JSON */
	struct table *table;  /* NULL: bare names */
};

static int count_here(const struct object_visit *v, void *arg, struct mlops_error *err)
{
	(void)err;
	*(uint64_t *)arg += !v->is_tree && !v->missing;
	return 0;
}

/* Of how many files the content is in the store. */
static int files_here(struct lister *l, const struct item *item, uint64_t *out,
		      struct mlops_error *err)
{
	struct object_ref ref = view_item_ref(item);

	*out = 0;
	return mlops_object_visit(l->store, &ref, count_here, out, err);
}

static void add_row(struct lister *l, const struct item *item, const char *shown, uint64_t here)
{
	char size[NUM_SIZE], hex[MLOPS_OID_HEX + 1], part[64];

	snprintf(part, sizeof(part), "%llu of %llu", (unsigned long long)here,
		 (unsigned long long)item->files);
	mlops_oid_hex(&item->oid, hex)[VIEW_OBJECT] = '\0';
	table_add(l->table, view_item_kind(item->kind), num_format_bytes(item->size, size), hex,
		  here == item->files ? "yes" : here ? part : "no", shown);
}

static int show(struct lister *l, const struct item *item, struct mlops_error *err)
{
	autofree char *shown = cmd_show_path(item->path);
	uint64_t here;

	if (!l->entries && !l->table) {
		printf("%s%s\n", shown, item->kind == ITEM_FOLDER ? "/" : "");
		return 0;
	}
	if (files_here(l, item, &here, err))
		return -1;
	if (l->table) {
		add_row(l, item, shown, here);
		return 0;
	}
	struct json *entry = view_item(item);
	js_set(entry, "here", js_int((int64_t)here));
	js_push(l->entries, entry);
	return 0;
}

/* A folder that was named gives what it holds; so does any, all the way down, with -R. */
static int take(const struct item *item, bool *enter, void *arg, struct mlops_error *err)
{
	struct lister *l = arg;

	*enter = item->kind == ITEM_FOLDER && item->files &&
		 (l->opts->recursive || !strcmp(item->path, l->path));
	return *enter ? 0 : show(l, item, err);
}

static int list(struct lister *l, const struct revs *revs, struct mlops_error *err)
{
	const struct listing_how how = cmd_listing(l->ctx, revs->n ? revs->v[0] : NULL);
	int rc = 0;

	l->path = "";
	if (!revs->paths.n)
		return mlops_listing_walk(l->ctx->project, &how, "", take, l, err);
	for (size_t i = 0; !rc && i < revs->paths.n; i++) {
		l->path = revs->paths.v[i];
		rc = mlops_listing_walk(l->ctx->project, &how, l->path, take, l, err);
	}
	return rc;
}

static int print_json(const struct revs *revs, struct json *entries)
{
	struct json *top = js_obj();

	js_set(top, "revision", revs->n ? js_str(revs->v[0]) : js_null());
	js_set(top, "entries", js_ref(entries));
	return cmd_print_json(top);
}

static int ls_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct ls_opts *o = opts;
	bool details = o->details && !ctx->common.json;
	autojson *entries = ctx->common.json ? js_arr() : NULL;
	autotable *table =
		details ? table_new("KIND", "SIZE>", "OBJECT", "HERE", "PATH", NULL) : NULL;
	struct lister l = { .ctx = ctx, .opts = o, .entries = entries, .table = table };
	autorevs revs = { 0 };

	if (cmd_revs(ctx->project, &o->words, &o->paths, 1, &revs, err) ||
	    mlops_store_of(ctx->project, &l.store, err) || list(&l, &revs, err))
		return -1;
	if (table)
		table_print(table, stdout);
	return entries ? print_json(&revs, entries) : 0;
}

const struct cmd_spec cmd_ls = {
	.group = "data", .name = "ls", .summary = "list what is tracked, at any revision",
	.flags = CMD_LOCK_READ | CMD_JSON, .opts = ls_optv, .args = ls_argv,
	.opts_size = sizeof(struct ls_opts), .run = ls_run,
};
