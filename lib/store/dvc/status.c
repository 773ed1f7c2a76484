/* Comparing what *.dvc files track with the work tree. */
#include "base/path.h"
#include "store/dvc/dvc.h"

struct report {
	const struct dvc_out *out;
	const char *const *paths;
	size_t n;
	int (*fn)(const struct status_entry *e, void *arg, struct mlops_error *err);
	void *arg;
	struct mlops_error *err;
};

static int tell(const struct report *r, enum status_kind kind, const char *path)
{
	const struct status_entry e = {
		.kind = kind, .path = path, .target = r->out->path, .files = r->out->ref.files
	};

	return dvc_is_chosen(path, r->paths, r->n) ? r->fn(&e, r->arg, r->err) : 0;
}

static int compare_file(const struct dvc_file *have, const struct dvc_file *want, void *arg,
			struct mlops_error *err)
{
	const struct report *r = arg;
	autofree char *path = path_join(r->out->path, have ? have->path : want->path);

	(void)err; /* the report's own */
	if (!want)
		return tell(r, STATUS_ADDED, path);
	if (!have)
		return tell(r, STATUS_DELETED, path);
	return mlops_oid_equal(&have->oid, &want->oid) ? 0 : tell(r, STATUS_MODIFIED, path);
}

/* Without its listing all that is known of a folder is that it differs. */
static int compare_folder(struct dvc *d, struct report *r)
{
	autolisting have = { 0 }, want = { 0 };

	if (dvc_listing_read(d, &r->out->ref.oid, &want, r->err)) {
		if (r->err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(r->err);
		return tell(r, STATUS_MODIFIED, r->out->path);
	}
	if (dvc_listing_of(d, r->out->path, dvc_how_of(&r->out->ref), &have, r->err))
		return -1;
	return dvc_listing_compare(&have, &want, compare_file, r, r->err);
}

static int compare_out(struct dvc *d, struct report *r)
{
	const struct object_ref *want = &r->out->ref;
	struct object_ref have;

	if (mlops_dvc_look_like(d, r->out->path, want, &have, r->err)) {
		if (r->err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(r->err);
		return tell(r, mlops_dvc_has(d, want) ? STATUS_MISSING : STATUS_ABSENT,
			    r->out->path);
	}
	if (have.kind != want->kind)
		return tell(r, STATUS_TYPE, r->out->path);
	if (mlops_oid_equal(&have.oid, &want->oid))
		return 0;
	return want->kind == OBJECT_FILE ? tell(r, STATUS_MODIFIED, r->out->path) :
					   compare_folder(d, r);
}

int mlops_dvc_status(struct dvc *d, const char *const *paths, size_t n,
		     int (*fn)(const struct status_entry *e, void *arg, struct mlops_error *err),
		     void *arg, struct mlops_error *err)
{
	struct report r = { .paths = paths, .n = n, .fn = fn, .arg = arg, .err = err };
	int rc = dvc_outs_load(d, err);

	for (size_t i = 0; i < d->outs.n && !rc; i++) {
		r.out = &d->outs.v[i];
		if (dvc_is_chosen(r.out->path, paths, n))
			rc = compare_out(d, &r);
	}
	return rc ? rc : index_write(d->index, err);
}

static int is_saved(struct dvc *d, const struct dvc_out *out, const struct object_ref *have,
		    bool *saved, struct mlops_error *err)
{
	autolisting listing = { 0 };

	if (have->kind == OBJECT_TREE &&
	    dvc_listing_of(d, out->path, dvc_how_of(have), &listing, err))
		return -1;
	*saved = have->kind == OBJECT_TREE ? dvc_has_files(d, &listing) : mlops_dvc_has(d, have);
	return 0;
}

/* What is there and not in the cache may be nowhere else. */
static int keep_changes(struct dvc *d, const struct dvc_out *out, const struct object_ref *have,
			bool force, struct mlops_error *err)
{
	struct object_ref now;
	bool saved;

	if (is_saved(d, out, have, &saved, err))
		return -1;
	if (saved)
		return 0;
	if (force)
		return mlops_dvc_look(d, out->path, true, &now, err) || mlops_dvc_commit(d, err) ?
			       -1 :
			       0;
	err_set(err, MLOPS_ENO, "'%s' has changes that DVC's cache does not have", out->path);
	return err_hint(err, "overwrite them with: mlops checkout --force");
}

static int check_out(struct dvc *d, const struct dvc_out *out, bool named, bool force,
		     struct checkout_counts *counts, struct mlops_error *err)
{
	struct object_ref have;
	int rc = mlops_dvc_look_like(d, out->path, &out->ref, &have, err);

	if (rc && err->kind != MLOPS_ENOTFOUND)
		return -1;
	if (rc)
		mlops_error_clear(err);
	if (!rc && have.kind == out->ref.kind && mlops_oid_equal(&have.oid, &out->ref.oid)) {
		counts->unchanged += have.files;
		return 0;
	}
	if (!rc && !named && !mlops_dvc_has(d, &out->ref)) {
		counts->absent += out->ref.files;
		return 0;
	}
	if (!rc && keep_changes(d, out, &have, force, err))
		return -1;
	rc = mlops_dvc_restore(d, out->path, &out->ref, counts, err);
	if (!rc || named || err->kind != MLOPS_ENOTFOUND)
		return rc;
	mlops_error_clear(err);
	counts->absent += out->ref.files;
	return 0;
}

int mlops_dvc_checkout(struct dvc *d, const char *const *paths, size_t n, bool force,
		       struct checkout_counts *counts, struct mlops_error *err)
{
	if (dvc_outs_load(d, err))
		return -1;
	for (size_t i = 0; i < d->outs.n; i++)
		if (dvc_is_chosen(d->outs.v[i].path, paths, n) &&
		    check_out(d, &d->outs.v[i], n, force, counts, err))
			return -1;
	return mlops_dvc_commit(d, err);
}
