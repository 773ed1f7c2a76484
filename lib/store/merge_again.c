/* Resolving what git's merge left in conflict, from the versions that its index keeps. */
#include "git/git.h"
#include "mlops/merge.h"
#include "project/project.h"
#include "store/pointer.h"

/* The file in git that a path of the project's stands for; new. */
static char *file_of(const char *path)
{
	return mlops_merge_knows(path) ? xstrdup(path) : xasprintf("%s" POINTER_SUFFIX, path);
}

static int read_conflict(struct project *project, const char *file, struct git_repo **git,
			 struct git_conflict *out, struct mlops_error *err)
{
	if (project_git(project, git, err))
		return -1;
	return git_conflict(*git, file, LOCKFILE_MAX, out, err);
}

/* A pointer that is only on one side cannot be merged, but the side that has it can be taken. */
static int check_sides(const struct git_conflict *c, const char *file, enum merge_favor favor,
		       struct mlops_error *err)
{
	static const char *const names[] = { "", "ours", "theirs" };

	for (int i = GIT_OURS; i < GIT_SIDES; i++) {
		if (c->there[i] || (favor != MERGE_NEITHER && favor != (enum merge_favor)i))
			continue;
		err_set(err, MLOPS_EINVALID, "'%s' was removed on one side of the merge: %s", file,
			names[i]);
		return err_hint(err, "remove it with: git rm '%s', or keep it with: git add '%s'",
				file, file);
	}
	return 0;
}

static struct merge_text text_of(const struct git_conflict *c, enum git_side side)
{
	return (struct merge_text){ c->text[side].buf, c->text[side].len };
}

static int write_merged(struct project *project, struct git_repo *git, const char *file,
			const char *merged, bool conflict, struct mlops_error *err)
{
	const struct strbuf text = { (char *)merged, strlen(merged), 0 };

	if (project_write(project, file, &text, err))
		return -1;
	return conflict ? 0 : git_stage(git, &file, 1, err);
}

int mlops_merge_again(struct project *project, const char *path, enum merge_favor favor,
		      struct pointer *out, bool *conflict, struct mlops_error *err)
{
	const struct merge_how how = { .favor = favor };
	autofree char *file = file_of(path);
	autofree char *merged = NULL;
	autoconflict c = { 0 };
	struct git_repo *git;
	bool open;

	if (read_conflict(project, file, &git, &c, err) || check_sides(&c, file, favor, err))
		return -1;
	struct merge_versions v = { text_of(&c, GIT_BASE), text_of(&c, GIT_OURS),
				    text_of(&c, GIT_THEIRS) };
	if (favor == MERGE_OURS && !c.there[GIT_THEIRS])
		v.theirs = v.base = v.ours;
	if (favor == MERGE_THEIRS && !c.there[GIT_OURS])
		v.ours = v.base = v.theirs;
	if (mlops_merge(project, file, &v, &how, &merged, &open, err) ||
	    write_merged(project, git, file, merged, open, err))
		return -1;
	*out = (struct pointer){ 0 };
	*conflict = open;
	return open || !pointer_is_name(file) ?
		       0 :
		       pointer_parse(file, merged, strlen(merged), out, err);
}

int mlops_merge_trees(struct project *project, const char *path, struct object_ref *out, size_t *n,
		      struct mlops_error *err)
{
	autofree char *file = file_of(path);
	autoconflict c = { 0 };
	struct git_repo *git;
	size_t found = 0;

	if (read_conflict(project, file, &git, &c, err))
		return -1;
	for (int i = 0; i < GIT_SIDES && pointer_is_name(file); i++) {
		struct pointer p;

		if (!c.there[i])
			continue;
		if (pointer_parse(file, c.text[i].buf, c.text[i].len, &p, err))
			return -1;
		free(p.path);
		if (p.ref.kind == OBJECT_TREE)
			out[found++] = p.ref;
	}
	*n = found;
	return 0;
}
