/* The objects that a push of git's has to be preceded by. */
#include "base/map.h"
#include "base/path.h"
#include "git/git.h"
#include "mlops/follow.h"
#include "mlops/lockfile.h"
#include "project/project.h"
#include "store/pointer.h"

struct outgoing {
	struct git_repo *git;
	struct map seen; /* names of objects */
	int (*fn)(const struct placed_ref *ref, void *arg, struct mlops_error *err);
	void *arg;
};

/* An object is told once for each place that it has. */
static int visit(struct outgoing *o, const struct placed_ref *ref, struct mlops_error *err)
{
	autobuf key = { 0 };

	strbuf_add(&key, ref->ref.oid.sha256, sizeof(ref->ref.oid.sha256));
	strbuf_addf(&key, "%s %d", ref->place.remote, ref->place.no_push);
	if (map_putn(&o->seen, key.buf, key.len, o))
		return 0;
	return o->fn(ref, o->arg, err);
}

static int visit_pointer(struct outgoing *o, const char *file, const struct strbuf *text,
			 struct mlops_error *err)
{
	struct pointer p;

	if (pointer_parse(file, text->buf, text->len, &p, err))
		return -1;
	free(p.path);
	return visit(o, &(struct placed_ref){ .ref = p.ref }, err);
}

static int visit_lock(struct outgoing *o, const char *file, const struct strbuf *text,
		      struct mlops_error *err)
{
	struct lockfile lock;
	int rc = mlops_lockfile_parse(file, text->buf, text->len, &lock, err);

	for (size_t i = 0; !rc && i < lock.n; i++) {
		const struct lock_stage *s = &lock.stages[i];

		for (size_t k = 0; !rc && k < s->n_outs; k++)
			if (!s->outs[k].not_cached)
				rc = visit(o, &(struct placed_ref){ s->outs[k].ref, s->outs[k].place },
					   err);
	}
	mlops_lockfile_clear(&lock);
	return rc;
}

/* What makes no sense names nothing that could be sent. */
static int visit_change(const struct git_change *c, void *arg, struct mlops_error *err)
{
	bool is_lock = !strcmp(c->path, LOCKFILE_NAME);
	autobuf text = { 0 };

	if (!c->to || (!is_lock && !pointer_is_name(path_base(c->path))))
		return 0;
	strbuf_adds(&text, "");
	struct outgoing *o = arg;
	int rc = git_read_blob(o->git, c->to, is_lock ? LOCKFILE_MAX : POINTER_MAX, &text, err);
	if (!rc)
		rc = (is_lock ? visit_lock : visit_pointer)(o, c->path, &text, err);
	if (rc >= 0 || err->kind != MLOPS_EINVALID)
		return rc;
	mlops_error_clear(err);
	return 0;
}

static int visit_commit(const struct git_id *commit, const struct git_id *parent, void *arg,
			struct mlops_error *err)
{
	struct outgoing *o = arg;

	return git_changes(o->git, parent, commit, visit_change, o, err);
}

/* A tag of something that is no commit brings no data. */
static int visit_ref(struct outgoing *o, const char *remote, const struct pushed_ref *ref,
		     struct mlops_error *err)
{
	struct git_id tip, known;
	autoerr absent = ERR_INIT;

	if (git_resolve(o->git, ref->local_id, &tip, err)) {
		if (err->kind != MLOPS_EINVALID)
			return -1;
		mlops_error_clear(err);
		return 0;
	}
	bool is_known = !git_resolve(o->git, ref->remote_id, &known, &absent);
	return git_outgoing(o->git, &tip, is_known ? &known : NULL, remote, visit_commit, o, err);
}

int mlops_outgoing_visit(struct project *project, const char *remote,
			 const struct pushed_ref *pushed, size_t n,
			 int (*fn)(const struct placed_ref *ref, void *arg,
				   struct mlops_error *err),
			 void *arg, struct mlops_error *err)
{
	struct outgoing o = { .fn = fn, .arg = arg };
	int rc = project_git(project, &o.git, err);

	for (size_t i = 0; !rc && i < n; i++)
		rc = visit_ref(&o, remote, &pushed[i], err);
	map_clear(&o.seen);
	return rc;
}
