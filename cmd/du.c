/* mlops du */
#include "base/map.h"
#include "base/num.h"
#include "cli/table.h"
#include "mlops/listing.h"
#include "paths.h"
#include "revs.h"
#include "view.h"

struct du_opts {
	struct opt_strs words, paths;
	int64_t depth;
	bool bytes;
};

static const struct opt_spec du_optv[] = {
	OPT(du_opts, depth, .name = "depth", .letter = 'd', .type = OPT_INT, .meta = "N", .def = "0", .help = "show folders down to N below each tracked path"),
	OPT(du_opts, bytes, .name = "bytes", .letter = 'b', .type = OPT_BOOL, .help = "show sizes in bytes"),
	OPT_END,
};

static const struct arg_spec du_argv[] = {
	REVS_ARG(du_opts, words, "the revision to look at (default: the pointers in the work tree)"),
	REVS_PATHS_ARG(du_opts, paths, "tracked paths, what lies in them, or folders above (default: all)"),
	ARG_END,
};

struct row {
	char *path;
	uint64_t size, files;
	uint64_t stored; /* bytes of the objects in the store that no row before it has counted */
	size_t depth;
};

struct usage {
	const struct du_opts *opts;
	struct store *store;
	struct map seen; /* a set: the objects that were counted */
	VEC(struct row) rows;
	VEC(size_t) open; /* rows of the folders that the walk is in, outermost first */
	uint64_t size, files, stored;
};

/* What the object takes in the store, the first time it is met. */
static uint64_t count_object(struct usage *u, const struct oid *oid)
{
	autoerr none = ERR_INIT;
	uint64_t bytes;

	if (map_putn(&u->seen, oid->sha256, sizeof(oid->sha256), u) ||
	    mlops_store_size(u->store, oid, &bytes, &none))
		return 0;
	return bytes;
}

static int take(const struct item *item, bool *enter, void *arg, struct mlops_error *err)
{
	struct usage *u = arg;
	bool folder = item->kind == ITEM_FOLDER;
	uint64_t bytes = folder ? 0 : count_object(u, &item->oid);

	(void)err;
	*enter = folder && mlops_store_has(u->store, &item->oid);
	while (u->open.n && u->rows.v[u->open.v[u->open.n - 1]].depth >= item->depth)
		u->open.n--;
	if (!item->depth || (folder && (int64_t)item->depth <= u->opts->depth)) {
		vec_push(&u->open, u->rows.n);
		vec_push(&u->rows, { xstrdup(item->path), item->size, item->files, 0, item->depth });
	}
	for (size_t i = 0; i < u->open.n; i++)
		u->rows.v[u->open.v[i]].stored += bytes;
	u->stored += bytes;
	if (!item->depth) {
		u->size += item->size;
		u->files += item->files;
	}
	return 0;
}

static int measure(struct cmd_ctx *ctx, struct usage *u, const struct revs *revs,
		   struct mlops_error *err)
{
	const struct listing_how how = { .rev = revs->n ? revs->v[0] : NULL };
	int rc = 0;

	if (!revs->paths.n)
		return mlops_listing_walk(ctx->project, &how, "", take, u, err);
	for (size_t i = 0; !rc && i < revs->paths.n; i++) {
		u->open.n = 0;
		rc = mlops_listing_walk(ctx->project, &how, revs->paths.v[i], take, u, err);
	}
	return rc;
}

static char *format(const struct usage *u, uint64_t n, char *buf)
{
	if (!u->opts->bytes)
		return num_format_bytes(n, buf);
	snprintf(buf, NUM_SIZE, "%llu", (unsigned long long)n);
	return buf;
}

static void add_row(const struct usage *u, struct table *table, const struct row *row)
{
	autofree char *shown = cmd_show_path(row->path);
	char size[NUM_SIZE], stored[NUM_SIZE], files[NUM_SIZE];

	snprintf(files, sizeof(files), "%llu", (unsigned long long)row->files);
	table_add(table, format(u, row->size, size), format(u, row->stored, stored), files, shown);
}

static void print_table(const struct usage *u)
{
	autotable *table = table_new("SIZE>", "STORED>", "FILES>", "PATH", NULL);
	const struct row total = { (char *)"total", u->size, u->files, u->stored, 0 };

	for (size_t i = 0; i < u->rows.n; i++)
		add_row(u, table, &u->rows.v[i]);
	if (u->rows.n != 1)
		add_row(u, table, &total);
	table_print(table, stdout);
}

static void set_sizes(struct json *obj, uint64_t size, uint64_t stored, uint64_t files)
{
	js_set(obj, "size", js_int((int64_t)size));
	js_set(obj, "stored", js_int((int64_t)stored));
	js_set(obj, "files", js_int((int64_t)files));
}

static void print_json(const struct usage *u, const struct revs *revs)
{
	struct json *top = js_obj(), *paths = js_arr(), *total = js_obj();

	for (size_t i = 0; i < u->rows.n; i++) {
		const struct row *row = &u->rows.v[i];
		struct json *obj = js_obj();

		js_set(obj, "path", js_str(row->path));
		set_sizes(obj, row->size, row->stored, row->files);
		js_push(paths, obj);
	}
	set_sizes(total, u->size, u->stored, u->files);
	js_set(top, "revision", revs->n ? js_str(revs->v[0]) : js_null());
	js_set(top, "paths", paths);
	js_set(top, "total", total);
	cmd_print_json(top);
}

static void usage_clear(struct usage *u)
{
	for (size_t i = 0; i < u->rows.n; i++)
		free(u->rows.v[i].path);
	vec_free(&u->rows);
	vec_free(&u->open);
	map_clear(&u->seen);
}

static int du_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct du_opts *o = opts;
	struct usage u = { .opts = o };
	autorevs revs = { 0 };

	if (cmd_revs(ctx->project, &o->words, &o->paths, 1, &revs, err) ||
	    mlops_store_of(ctx->project, &u.store, err))
		return -1;
	int rc = measure(ctx, &u, &revs, err);
	if (!rc && ctx->common.json)
		print_json(&u, &revs);
	else if (!rc)
		print_table(&u);
	usage_clear(&u);
	return rc;
}

const struct cmd_spec cmd_du = {
	.group = "data", .name = "du", .summary = "show how much tracked data there is, and how much of it is here",
	.flags = CMD_LOCK_READ | CMD_JSON, .opts = du_optv, .args = du_argv,
	.opts_size = sizeof(struct du_opts), .run = du_run,
};
