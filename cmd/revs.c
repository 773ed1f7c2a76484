/* Revisions and paths. */
#include "revs.h"

#include "base/fs.h"
#include "mlops/project.h"
#include "mlops/revision.h"
#include "paths.h"

static int is_rev(struct project *project, const char *word, bool *yes, struct mlops_error *err)
{
	struct git_id commit;

	*yes = !mlops_revision_resolve(project, word, &commit, err);
	if (*yes || err->kind != MLOPS_ENOTFOUND)
		return *yes ? 0 : -1;
	mlops_error_clear(err);
	return 0;
}

static bool has_pointer(const char *path)
{
	autofree char *own = xasprintf("%s.mlops", path), *dvc = xasprintf("%s.dvc", path);

	return fs_exists(own) || fs_exists(dvc);
}

/* Something that is here, or that a pointer (or DVC's) stands for, or a part of that. */
static bool is_path(const char *word)
{
	autofree char *path = xstrdup(word);

	if (fs_exists(word))
		return true;
	for (char *end = path + strlen(path); end; end = strrchr(path, '/')) {
		*end = '\0';
		if (*path && has_pointer(path))
			return true;
	}
	return false;
}

static int check_paths(const struct opt_strs *words, size_t from, struct mlops_error *err)
{
	for (size_t i = from; i < words->n; i++) {
		if (is_path(words->v[i]))
			continue;
		err_set(err, MLOPS_EUSAGE, "'%s' is neither a revision nor a path that is here",
			words->v[i]);
		return err_hint(err, "put -- in front of paths that are no more, or not yet");
	}
	return 0;
}

static int ambiguous(const char *word, struct mlops_error *err)
{
	err_set(err, MLOPS_EUSAGE, "'%s' is a revision and a path too", word);
	return err_hint(err, "put -- behind it for the revision, in front of it for the path");
}

/* How many of the words are revisions, where no "--" says so. */
static int count_revs(struct project *project, const struct opt_strs *words, size_t max,
		      size_t *out, struct mlops_error *err)
{
	size_t n = 0;

	for (; n < words->n && n < max; n++) {
		bool rev;

		if (is_rev(project, words->v[n], &rev, err))
			return -1;
		if (!rev)
			break;
		if (is_path(words->v[n]))
			return ambiguous(words->v[n], err);
	}
	*out = n;
	return check_paths(words, n, err);
}

static int check_revs(struct project *project, const struct opt_strs *words, size_t max,
		      struct mlops_error *err)
{
	struct git_id commit;

	if (words->n > max)
		return err_set(err, MLOPS_EUSAGE, "at most %zu revision%s can be named before --",
			       max, max == 1 ? "" : "s");
	for (size_t i = 0; i < words->n; i++)
		if (mlops_revision_resolve(project, words->v[i], &commit, err))
			return -1;
	return 0;
}

int cmd_revs(struct project *project, const struct opt_strs *words, const struct opt_strs *behind,
	     size_t max, struct revs *out, struct mlops_error *err)
{
	size_t n = words->n;

	if (behind->dashes ? check_revs(project, words, max, err) :
			     count_revs(project, words, max, &n, err))
		return -1;
	for (out->n = 0; out->n < n; out->n++)
		out->v[out->n] = words->v[out->n];
	const struct opt_strs paths = { words->v + n, words->n - n, 0, false };
	return cmd_relpaths(project, &paths, &out->paths, err) ||
			       cmd_relpaths(project, behind, &out->paths, err) ?
		       -1 :
		       0;
}

void cmd_revs_clear(struct revs *revs)
{
	strlist_clear(&revs->paths);
}
