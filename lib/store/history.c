/* All revisions that git keeps, and what is staged. */
#include "base/hex.h"
#include "base/map.h"
#include "base/path.h"
#include "project/project.h"
#include "store/pointer.h"
#include "store/revision.h"

struct history {
	struct project *project;
	struct git_repo *git;
	const struct revision_visitor *to;
	struct revision_visitor each; /* passes on what was not seen before */
	struct map seen;              /* a set of ids; a root's is told apart: only it has a lock */
};

static bool skip_seen(const char *path, const struct git_id *id, void *arg)
{
	struct history *h = arg;
	uint8_t key[sizeof(id->sha1) + 1] = { 0 };

	memcpy(key, id->sha1, sizeof(id->sha1));
	key[sizeof(id->sha1)] = !*path;
	return map_putn(&h->seen, key, sizeof(key), h);
}

static int pass_pointer(const struct pointer *p, const struct git_id *id, void *arg,
			struct mlops_error *err)
{
	struct history *h = arg;

	return h->to->pointer(p, id, h->to->arg, err);
}

static int pass_lock(struct lockfile *lock, const struct git_id *id, void *arg,
		     struct mlops_error *err)
{
	struct history *h = arg;

	return h->to->lock ? h->to->lock(lock, id, h->to->arg, err) : 0;
}

static int pass_broken(const char *path, const struct git_id *id, const struct mlops_error *why,
		       void *arg, struct mlops_error *err)
{
	struct history *h = arg;

	if (h->to->broken)
		return h->to->broken(path, id, why, h->to->arg, err);
	return err_set(err, why->kind, "%s", why->msg);
}

static int visit_commit(const struct git_id *id, void *arg, struct mlops_error *err)
{
	struct history *h = arg;
	char hex[2 * sizeof(id->sha1) + 1];

	return mlops_revision_visit(h->project, hex_encode(hex, id->sha1, sizeof(id->sha1)),
				    &h->each, err);
}

static int visit_staged(const char *path, const struct git_id *id, void *arg,
			struct mlops_error *err)
{
	struct history *h = arg;

	if (!pointer_is_name(path_base(path)) && strcmp(path, LOCKFILE_NAME))
		return 0;
	return revision_file(h->git, path, id, &h->each, err);
}

int mlops_history_visit(struct project *project, const struct revision_visitor *visitor,
			struct mlops_error *err)
{
	struct history h = { .project = project, .to = visitor };

	if (project_git(project, &h.git, err))
		return -1;
	h.each = (struct revision_visitor){ skip_seen, pass_pointer, pass_lock, pass_broken, &h };
	int rc = git_indexes_each(h.git, visit_staged, &h, err);
	if (!rc)
		rc = git_commits_each(h.git, visit_commit, &h, err);
	map_clear(&h.seen);
	return rc;
}
