/* mlops_status(): tracked paths against their pointers. */
#include "base/path.h"
#include "store/diff.h"
#include "store/pointer.h"

struct status {
	struct scan scan;
	const struct pointer *target;
	int (*fn)(const struct status_entry *e, void *arg, struct mlops_error *err);
	void *arg;
	char *type; /* a path of another type: what is below it goes without saying */
};

static int tell(struct status *s, enum status_kind kind, const char *path, struct mlops_error *err)
{
	struct status_entry e = { kind, path, s->target->path };

	return s->fn(&e, s->arg, err);
}

/* Folders are told only where they are empty: elsewhere the files in them are. */
static int tell_diff(const struct diff *d, void *arg, struct mlops_error *err)
{
	const struct tree_entry *one = d->have ? d->have : d->want;
	struct status *s = arg;

	if (s->type && path_is_below(d->path, s->type))
		return 0;
	if (d->kind == STATUS_TYPE) {
		free(s->type);
		s->type = xstrdup(d->path);
	} else if (one->kind == TREE_FOLDER && !d->empty) {
		return 0;
	}
	return tell(s, d->kind, d->path, err);
}

/* Without its trees a folder can only be compared as a whole. */
static int compare_whole(struct status *s, struct mlops_error *err)
{
	struct tree_entry have;

	s->scan.mode = SCAN_HASH;
	map_clear(&s->scan.folders);
	int rc = scan_path(&s->scan, s->target->path, &have, err);
	s->scan.mode = SCAN_STAT;
	if (rc)
		return -1;
	if (mlops_oid_equal(&have.oid, &s->target->ref.oid))
		return 0;
	return tell(s, STATUS_MODIFIED, s->target->path, err);
}

/* Whether there is anything at the target's place. */
static int is_there(struct status *s, bool *there, struct tree_entry *have, struct mlops_error *err)
{
	int rc = scan_path(&s->scan, s->target->path, have, err);

	*there = !rc;
	if (!rc || err->kind != MLOPS_ENOTFOUND)
		return rc;
	mlops_error_clear(err);
	return 0;
}

static int check_target(struct status *s, struct mlops_error *err)
{
	struct tree_entry want = diff_entry_of(&s->target->ref), have;
	bool there;

	if (is_there(s, &there, &have, err))
		return -1;
	if (!there)
		return tell(s, STATUS_MISSING, s->target->path, err);
	if (have.kind == want.kind && !have.unknown && mlops_oid_equal(&have.oid, &want.oid))
		return 0;
	if (want.kind == TREE_FOLDER && have.kind == TREE_FOLDER &&
	    !mlops_store_has(s->scan.store, &want.oid))
		return compare_whole(s, err);
	if (want.kind == TREE_FOLDER && have.kind != TREE_FOLDER)
		return tell(s, STATUS_TYPE, s->target->path, err);
	return diff_path(&s->scan, s->target->path, &want, tell_diff, s, err);
}

int mlops_status(struct project *project, const char *const *paths, size_t n,
		 int (*fn)(const struct status_entry *e, void *arg, struct mlops_error *err),
		 void *arg, struct mlops_error *err)
{
	struct status s = { .fn = fn, .arg = arg };
	struct pointer *pointers;
	size_t count;
	int rc;

	if (pointers_select(project, paths, n, &pointers, &count, err))
		return -1;
	rc = scan_init(&s.scan, project, SCAN_STAT, err);
	for (size_t i = 0; !rc && i < count; i++) {
		s.target = &pointers[i];
		rc = check_target(&s, err);
	}
	if (!rc)
		rc = index_write(s.scan.index, err);
	scan_clear(&s.scan);
	free(s.type);
	mlops_pointers_free(pointers, count);
	return rc;
}
