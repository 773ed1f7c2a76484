/* mlops_status(): tracked paths against their pointers. */
#include "base/log.h"
#include "base/path.h"
#include "store/diff.h"
#include "store/pointer.h"

struct status {
	struct scan scan;
	const struct pointer *target;
	int (*fn)(const struct status_entry *e, void *arg, struct mlops_error *err);
	void *arg;
	char *type;      /* a path of another type: what is below it goes without saying */
	uint64_t absent; /* files of the target that were never pulled */
	bool any_here;   /* of a target that is gone as a whole, the store has something */
};

static int tell(struct status *s, enum status_kind kind, const char *path, struct mlops_error *err)
{
	struct status_entry e = { .kind = kind, .path = path, .target = s->target->path };

	return s->fn(&e, s->arg, err);
}

static int tell_absent(struct status *s, struct mlops_error *err)
{
	const char *path = s->target->path;
	struct status_entry e = { STATUS_ABSENT, path, path, s->absent };

	return s->absent ? s->fn(&e, s->arg, err) : 0;
}

/* Folders are told only where they are empty: elsewhere the files in them are. */
static int tell_diff(const struct diff *d, void *arg, struct mlops_error *err)
{
	const struct tree_entry *one = d->have ? d->have : d->want;
	struct status *s = arg;

	if (s->type && path_is_below(d->path, s->type))
		return 0;
	if (d->kind == STATUS_ABSENT) {
		if (d->have) /* what it should hold is not known; this is not it */
			return tell(s, STATUS_MODIFIED, d->path, err);
		s->absent += d->want->files;
		return 0;
	}
	if (d->kind == STATUS_TYPE) {
		free(s->type);
		s->type = xstrdup(d->path);
	} else if (one->kind == TREE_FOLDER && !d->empty) {
		return 0;
	}
	return tell(s, d->kind, d->path, err);
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

static int count_gone(const struct diff *d, void *arg, struct mlops_error *err)
{
	struct status *s = arg;

	(void)err;
	if (d->kind == STATUS_ABSENT)
		s->absent += d->want->files;
	else if (d->want->kind != TREE_FOLDER)
		s->any_here = true;
	return 0;
}

/* What is wholly gone was deleted when any of it could be had back, else it was never here. */
static int check_gone(struct status *s, const struct tree_entry *want, struct mlops_error *err)
{
	if (diff_absent(&s->scan, s->target->path, want, count_gone, s, err))
		return -1;
	if (s->absent && !s->any_here)
		return 0;
	return tell(s, STATUS_MISSING, s->target->path, err);
}

static int check_target(struct status *s, struct mlops_error *err)
{
	struct tree_entry want = diff_entry_of(&s->target->ref), have;
	bool there;

	if (is_there(s, &there, &have, err))
		return -1;
	if (!there)
		return check_gone(s, &want, err);
	if (have.kind == want.kind && !have.unknown && mlops_oid_equal(&have.oid, &want.oid))
		return 0;
	if (want.kind == TREE_FOLDER && have.kind != TREE_FOLDER)
		return tell(s, STATUS_TYPE, s->target->path, err);
	return diff_path(&s->scan, s->target->path, &want, tell_diff, s, err);
}

static int check_next(struct status *s, const struct pointer *target, struct mlops_error *err)
{
	s->target = target;
	s->absent = 0;
	s->any_here = false;
	return check_target(s, err) || tell_absent(s, err) ? -1 : 0;
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
	for (size_t i = 0; !rc && i < count; i++)
		rc = check_next(&s, &pointers[i], err);
	if (!rc)
		rc = index_write(s.scan.index, err);
	log_debug("files read again: %zu", s.scan.files_read);
	scan_clear(&s.scan);
	free(s.type);
	mlops_pointers_free(pointers, count);
	return rc;
}
