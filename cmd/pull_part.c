/* Only what is asked for is fetched: of folders the listings on the way there, of files those alone. */
#include "pull_part.h"

#include <sys/stat.h>

#include "base/glob.h"
#include "base/path.h"
#include "mlops/listing.h"
#include "mlops/project.h"
#include "paths.h"
#include "transfer.h"
#include "view.h"

struct chosen {
	char *path; /* owned */
	struct placed_ref what;
};

struct choosing {
	struct cmd_ctx *ctx;
	const struct pull_part *part;
	bool listings; /* what is looked for: folders, to fetch their listings */
	VEC(struct chosen) found;
};

static int fetch(struct cmd_ctx *ctx, const struct pull_part *part, const struct placed_ref *refs,
		 size_t n, bool list_only, struct mlops_error *err)
{
	struct transfer_how how = *part->how;
	struct transfer_counts counts;

	how.list_only = list_only || how.list_only;
	how.dry_run = how.dry_run && !list_only; /* listings tell what there is */
	if (mlops_fetch_placed(ctx->project, refs, n, &how, &counts, err))
		return -1;
	if (!list_only || how.list_only == part->how->list_only)
		cmd_add_counts(part->fetched, &counts);
	return 0;
}

/* A listing on the way; asked for as if it were a file it comes without what it lists. */
static int supply(const struct oid *tree, const struct object_place *place, void *arg,
		  struct mlops_error *err)
{
	const struct choosing *c = arg;
	const struct placed_ref ref = {
		{ .kind = OBJECT_FILE, .oid = *tree, .size = UINT64_MAX, .files = 1 }, *place
	};
	struct transfer_how how = { .remote = c->part->how->remote,
				    .jobs = c->part->how->jobs,
				    .rate = c->part->how->rate };
	struct transfer_counts counts;
	struct store *store;

	if (mlops_store_of(c->ctx->project, &store, err))
		return -1;
	if (mlops_store_has(store, tree))
		return 0;
	if (mlops_fetch_placed(c->ctx->project, &ref, 1, &how, &counts, err))
		return -1;
	cmd_add_counts(c->part->fetched, &counts);
	return 0;
}

/* A pattern without a '/' is one for names, else one for paths from the root. */
static bool is_match(const char *glob, const char *path)
{
	if (!glob)
		return true;
	return strchr(glob, '/') ? glob_match_path(glob, path) :
				   glob_match_name(str_of(glob), str_of(path_base(path)));
}

static int choose(const struct item *item, bool *enter, void *arg, struct mlops_error *err)
{
	struct choosing *c = arg;
	bool is_folder = item->kind == ITEM_FOLDER;

	(void)err;
	*enter = is_folder && !c->listings;
	if (is_folder == c->listings && (is_folder || is_match(c->part->glob, item->path)))
		vec_push(&c->found, { xstrdup(item->path), { view_item_ref(item), item->place } });
	return 0;
}

static void clear(struct choosing *c)
{
	for (size_t i = 0; i < c->found.n; i++)
		free(c->found.v[i].path);
	vec_free(&c->found);
}

static int walk(struct choosing *c, bool listings, struct mlops_error *err)
{
	const struct listing_how how = { NULL, supply, c };

	clear(c);
	c->listings = listings;
	for (size_t i = 0; i < c->part->paths->n; i++)
		if (mlops_listing_walk(c->ctx->project, &how, c->part->paths->v[i], choose, c, err))
			return -1;
	return 0;
}

static int fetch_found(struct choosing *c, bool list_only, struct mlops_error *err)
{
	autofree struct placed_ref *refs = xcalloc(c->found.n, sizeof(*refs));

	for (size_t i = 0; i < c->found.n; i++)
		refs[i] = c->found.v[i].what;
	return fetch(c->ctx, c->part, refs, c->found.n, list_only, err);
}

/* Whether a file is to be written: it is not here, or is to be overwritten. */
static int is_to_write(struct choosing *c, const struct chosen *file, bool *out,
		       struct mlops_error *err)
{
	struct object_ref now;

	*out = true;
	if (mlops_workspace_hash(c->ctx->project, file->path, &now, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		return 0;
	}
	bool same = mlops_oid_equal(&now.oid, &file->what.ref.oid) &&
		    now.executable == file->what.ref.executable;
	c->part->tree->unchanged += same;
	*out = !same && c->part->force;
	if (!same && !c->part->force)
		strlist_add(c->part->kept, file->path);
	return 0;
}

static int write_found(struct choosing *c, struct mlops_error *err)
{
	struct checkout_counts counts = { 0 };
	VEC(const char *) paths = { 0 };
	int rc = 0;

	for (size_t i = 0; i < c->found.n && !rc; i++) {
		bool write;

		rc = is_to_write(c, &c->found.v[i], &write, err);
		if (!rc && write)
			vec_push(&paths, c->found.v[i].path);
	}
	if (!rc && paths.n)
		rc = mlops_restore(c->ctx->project, NULL, paths.v, paths.n, &counts, err);
	vec_free(&paths);
	c->part->tree->written += counts.written;
	return rc;
}

int pull_part(struct cmd_ctx *ctx, const struct pull_part *part, struct mlops_error *err)
{
	struct choosing c = { .ctx = ctx, .part = part };

	/* All listings below the folders first, level by level, then what they list. */
	int rc = walk(&c, true, err) || fetch_found(&c, true, err);
	if (!rc && !part->how->list_only) {
		rc = walk(&c, false, err) || fetch_found(&c, false, err);
		if (!rc && !part->no_checkout && !part->how->dry_run)
			rc = write_found(&c, err);
	}
	clear(&c);
	return rc ? -1 : 0;
}
