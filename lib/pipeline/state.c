/* Judging a stage: inputs first, then, when they are as in a former run, its outs. */
#include "pipeline/state.h"

#include "pipeline/difference.h"
#include "pipeline/pattern.h"
#include "project/project.h"

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct lock_item *)a)->path, ((const struct lock_item *)b)->path);
}

void lock_items_sort(struct lock_item *items, size_t n)
{
	if (n > 1)
		qsort(items, n, sizeof(*items), by_path);
}

void lock_items_clear(struct lock_item **items, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		free((*items)[i].path);
	free(*items);
	*items = NULL;
	*n = 0;
}

struct lock_item *lock_items_find(struct lock_item *items, size_t n, const char *path)
{
	const struct lock_item key = { .path = (char *)path };

	return n ? bsearch(&key, items, n, sizeof(*items), by_path) : NULL;
}

/* 1: found, 0: there is no such path, -1. */
static int ref_of(struct judge *j, const char *path, struct object_ref *out,
		  struct mlops_error *err)
{
	const struct object_ref *known = map_get(j->outs, path);

	if (known) {
		*out = *known;
		return 1;
	}
	if (!j->keep->look(j->look, path, false, out, err))
		return 1;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

static int missing_dep(const struct spec_dep *dep, struct mlops_error *err)
{
	yaml_error(dep->at, err, "dependency '%s' does not exist", dep->path);
	err->kind = MLOPS_ENOTFOUND;
	return err_hint(err,
			"when it is tracked, bring it back with: mlops checkout (or mlops pull)");
}

static void add_dep(struct state *s, const char *path, const struct object_ref *ref)
{
	s->now.deps = xrealloc(s->now.deps, (s->now.n_deps + 1) * sizeof(*s->now.deps));
	s->now.deps[s->now.n_deps++] = (struct lock_item){ .path = xstrdup(path), .ref = *ref };
}

/* With j->dry_run, what stages make and is not there is left out. */
static int read_dep(struct judge *j, struct state *s, const struct spec_dep *dep,
		    struct mlops_error *err)
{
	struct object_ref ref;
	int found = ref_of(j, dep->path, &ref, err);

	if (found > 0)
		add_dep(s, dep->path, &ref);
	if (found || (j->dry_run && dep->made))
		return found < 0 ? -1 : 0;
	return missing_dep(dep, err);
}

/* All that the pattern matches; what matches nothing is missing. */
static int read_pattern(struct judge *j, struct state *s, const struct spec_dep *dep,
			struct mlops_error *err)
{
	autostrlist paths = { 0 };
	struct object_ref ref;

	if (pattern_find(j->project, dep->path, &paths, err))
		return -1;
	for (size_t i = 0; i < paths.n; i++) {
		if (ref_of(j, paths.v[i], &ref, err) < 0)
			return -1;
		add_dep(s, paths.v[i], &ref);
	}
	return paths.n || (j->dry_run && dep->made) ? 0 : missing_dep(dep, err);
}

/* What two patterns match counts once. */
static void drop_doubles(struct state *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->now.n_deps; i++) {
		struct lock_item *item = &s->now.deps[i];

		if (kept && !strcmp(s->now.deps[kept - 1].path, item->path))
			free(item->path);
		else
			s->now.deps[kept++] = *item;
	}
	s->now.n_deps = kept;
}

static int read_deps(struct judge *j, struct state *s, struct mlops_error *err)
{
	for (size_t i = 0; i < s->spec->deps.n; i++) {
		const struct spec_dep *dep = &s->spec->deps.v[i];

		if (dep->is_pattern ? read_pattern(j, s, dep, err) : read_dep(j, s, dep, err))
			return -1;
	}
	lock_items_sort(s->now.deps, s->now.n_deps);
	drop_doubles(s);
	return 0;
}

/*
 * A former result of a stage with the inputs it has now: that of the lock, else one that was kept
 * (then in s->former), else NULL. *reason says why it is not the lock's.
 */
static int find_former(struct judge *j, struct state *s, struct strbuf *reason,
		       struct lock_stage **out, struct mlops_error *err)
{
	struct lock_stage *locked = mlops_lockfile_find(j->lock, s->now.name);
	bool found;

	*out = locked;
	if (!locked)
		strbuf_adds(reason, "it was not run before");
	else if (!difference_of_inputs(locked, &s->now, j->explain, reason))
		return 0;
	if (j->keep->find_result(j->project, s->spec, &s->now, &s->former, &found, err))
		return -1;
	if (!found && j->share)
		share_find(j->share, s->spec, &s->now, &s->former, &found);
	*out = found ? s->former.stages : NULL;
	return 0;
}

/* How outs as declared and as they lie in the work tree compare to those of a former run. */
struct outs_check {
	size_t changed, missing;
	bool redeclared; /* their attributes, or one less of them */
	bool restorable; /* the store may be able to bring back those that differ */
	struct strbuf reason;
};

__attribute__((format(printf, 2, 3))) static void add_reason(struct outs_check *check,
							     const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	autofree char *text = xvasprintf(fmt, ap);
	va_end(ap);
	strbuf_addf(&check->reason, "%s%s", check->reason.len ? "; " : "", text);
}

static int check_out(struct judge *j, const struct spec_out *out, const struct lock_item *was,
		     struct outs_check *check, struct mlops_error *err)
{
	struct object_ref ref;
	int found = ref_of(j, out->path, &ref, err);

	if (found < 0)
		return -1;
	check->redeclared |= was->is_model != out->is_model || was->not_cached == out->cache ||
			     !object_place_same(&was->place, &out->place);
	if (found && object_ref_same(&ref, &was->ref))
		return 0;
	add_reason(check, "output '%s' %s", out->path, found ? "changed" : "is missing");
	check->changed += found;
	check->missing += !found;
	check->restorable &= j->keep->has(j->project, was);
	return 0;
}

static int check_outs(struct judge *j, const struct spec_stage *spec, struct lock_stage *former,
		      struct outs_check *check, struct mlops_error *err)
{
	for (size_t i = 0; i < spec->outs.n; i++) {
		const struct spec_out *out = &spec->outs.v[i];
		const struct lock_item *was =
			lock_items_find(former->outs, former->n_outs, out->path);

		if (was && check_out(j, out, was, check, err))
			return -1;
		if (was)
			continue;
		add_reason(check, "output '%s' is new", out->path);
		check->missing++;
		check->restorable = false;
	}
	check->redeclared |= former->n_outs != spec->outs.n;
	return 0;
}

void state_add_out(struct state *s, const struct spec_out *out, const struct object_ref *ref)
{
	if (!s->now.outs)
		s->now.outs = xcalloc(s->spec->outs.n, sizeof(*s->now.outs));
	s->now.outs[s->now.n_outs++] = (struct lock_item){
		.path = xstrdup(out->path),
		.ref = *ref,
		.place = out->place,
		.is_model = out->is_model,
		.not_cached = !out->cache,
	};
}

/* The outs of `former` that are still declared, as they are declared now. */
static void adopt_outs(struct state *s, struct lock_stage *former)
{
	const struct spec_stage *spec = s->spec;

	for (size_t i = 0; i < spec->outs.n; i++) {
		const struct spec_out *out = &spec->outs.v[i];
		const struct lock_item *was =
			lock_items_find(former->outs, former->n_outs, out->path);

		state_add_out(s, out, &was->ref);
	}
	lock_items_sort(s->now.outs, s->now.n_outs);
}

static enum verdict verdict_of(const struct outs_check *check)
{
	if (check->changed || check->missing)
		return check->restorable ? VERDICT_RESTORE : VERDICT_RUN;
	return check->redeclared ? VERDICT_REDECLARED : VERDICT_UNCHANGED;
}

static int judge_outs(struct judge *j, struct state *s, struct lock_stage *former,
		      enum verdict *out, struct mlops_error *err)
{
	struct outs_check check = { .restorable = true };
	int rc = check_outs(j, s->spec, former, &check, err);

	if (!rc) {
		*out = verdict_of(&check);
		if (*out != VERDICT_RUN)
			adopt_outs(s, former);
		if (check.reason.len)
			s->reason = strbuf_steal(&check.reason);
	}
	strbuf_clear(&check.reason);
	return rc;
}

/* Takes the outs as they are. */
static int read_outs(struct judge *j, struct state *s, struct mlops_error *err)
{
	const struct spec_stage *spec = s->spec;

	for (size_t i = 0; i < spec->outs.n; i++) {
		const struct spec_out *out = &spec->outs.v[i];
		struct object_ref ref;
		int found = ref_of(j, out->path, &ref, err);

		if (found < 0)
			return -1;
		if (found)
			state_add_out(s, out, &ref);
	}
	lock_items_sort(s->now.outs, s->now.n_outs);
	return 0;
}

/* A frozen stage never runs. Outs that are gone come back; those that differ are meant to. */
static int judge_frozen(struct judge *j, struct state *s, enum verdict *out,
			struct mlops_error *err)
{
	struct lock_stage *former = mlops_lockfile_find(j->lock, s->spec->name);
	struct outs_check check = { .restorable = true };
	int rc = former ? check_outs(j, s->spec, former, &check, err) : 0;

	strbuf_clear(&check.reason);
	s->reason = xstrdup("frozen");
	*out = VERDICT_UNCHANGED;
	if (rc || !former || !check.missing || check.changed || !check.restorable)
		return rc ? rc : read_outs(j, s, err);
	*out = VERDICT_RESTORE;
	adopt_outs(s, former);
	return 0;
}

/* With the inputs of another former run than the lock's the outs are that one's, and to be pinned. */
static int judge_inputs(struct judge *j, struct state *s, enum verdict *out,
			struct mlops_error *err)
{
	struct lock_stage *former;
	autobuf reason = { 0 };

	if (find_former(j, s, &reason, &former, err) ||
	    (former && judge_outs(j, s, former, out, err)))
		return -1;
	if (!reason.len)
		return 0;
	free(s->reason);
	s->changed = *out != VERDICT_RUN;
	s->reason = *out == VERDICT_UNCHANGED ? xstrdup("as in a former run, which is pinned again") :
						strbuf_steal(&reason);
	return 0;
}

int state_judge(struct judge *j, struct state *s, enum verdict *out, struct mlops_error *err)
{
	s->now.name = xstrdup(s->spec->name);
	s->now.cmd = spec_command_text(s->spec);
	if (s->spec->frozen)
		return judge_frozen(j, s, out, err);
	if (params_read(j->params, s->spec, &s->now.params, &s->now.n_params, err) ||
	    read_deps(j, s, err))
		return -1;
	*out = VERDICT_RUN;
	if (j->force || s->spec->always) {
		s->reason = xstrdup(j->force ? "forced" : "it always runs");
		return 0;
	}
	return judge_inputs(j, s, out, err);
}

void state_clear(struct state *s)
{
	mlops_lockfile_clear(&s->former);
	mlops_lock_stage_clear(&s->now);
	free(s->reason);
}
