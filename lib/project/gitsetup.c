/* What git has to know of a project: the merge driver of pointers and mlops.lock, and hooks (mlops-git(7)). */
#include "base/fs.h"
#include "base/path.h"
#include "git/git.h"
#include "project/private.h"

#define ATTRIBUTES     ".gitattributes"
#define MAX_ATTRIBUTES ((size_t)1 << 20)
#define DRIVER_KEY     "merge.mlops.driver"
#define DRIVER         "mlops merge-driver --marker-size %L %O %A %B %P"

static const char *const lines[] = { "*.mlops merge=mlops", "mlops.lock merge=mlops" };

static bool has_line(const struct strbuf *text, const char *line)
{
	struct str rest = { text->buf, text->len };

	while (rest.n)
		if (str_eq(str_trim(str_split(rest, '\n', &rest)), line))
			return true;
	return false;
}

static int read_attributes(const char *path, struct strbuf *text, struct mlops_error *err)
{
	if (!fs_read(path, MAX_ATTRIBUTES, text, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

static int write_attributes(const char *root, bool *written, struct mlops_error *err)
{
	autofree char *path = path_join(root, ATTRIBUTES);
	autobuf text = { 0 };

	*written = false;
	if (read_attributes(path, &text, err))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		if (has_line(&text, lines[i]))
			continue;
		if (text.len && text.buf[text.len - 1] != '\n')
			strbuf_addc(&text, '\n');
		strbuf_addf(&text, "%s\n", lines[i]);
		*written = true;
	}
	return *written ? fs_write_atomic(path, text.buf, text.len, 0666, err) : 0;
}

int gitsetup_merge(struct git_repo *repo, const char *root, struct mlops_error *err)
{
	static const char *const attributes[] = { ATTRIBUTES };
	bool written, staged;

	if (git_set(repo, "merge.mlops.name", "pointers and results of mlops", err) ||
	    git_set(repo, DRIVER_KEY, DRIVER, err) || write_attributes(root, &written, err) ||
	    git_is_staged(repo, ATTRIBUTES, &staged, err))
		return -1;
	return written || !staged ? git_stage(repo, attributes, 1, err) : 0;
}

int mlops_project_merges(struct project *p, bool *attributes, bool *driver, struct mlops_error *err)
{
	autofree char *path = project_abspath(p, ATTRIBUTES);
	autofree char *command = NULL;
	autobuf text = { 0 };
	struct git_repo *repo;

	if (read_attributes(path, &text, err) || project_git(p, &repo, err) ||
	    git_setting(repo, DRIVER_KEY, &command, err))
		return -1;
	*attributes = has_line(&text, lines[0]) && has_line(&text, lines[1]);
	*driver = command;
	return 0;
}

int mlops_project_hooks(struct project *p, bool wanted, bool *changed, struct mlops_error *err)
{
	autofree char *dir = NULL;
	struct git_repo *repo;

	if (project_git(p, &repo, err) || git_hooks_dir(repo, &dir, err))
		return -1;
	return git_hooks_change(dir, GIT_HOOKS_PROJECTS, wanted ? GIT_HOOKS_ON : GIT_HOOKS_OFF,
				changed, err);
}
