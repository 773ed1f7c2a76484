/* Lines of .gitignore. */
#include "store/ignore.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "git/git.h"
#include "mlops/workspace.h"
#include "project/project.h"

#define MAX_FILE ((size_t)4 << 20)

/*
 * A pattern for exactly this name, in its folder only. Line ends cannot be written down: they
 * become '?', which also matches any other byte.
 */
static void add_pattern(const char *name, struct strbuf *out)
{
	strbuf_addc(out, '/');
	for (const char *c = name; *c; c++) {
		bool last_space = *c == ' ' && !c[1];

		if (*c == '\n' || *c == '\r') {
			strbuf_addc(out, '?');
			continue;
		}
		if (strchr("*?[\\", *c) || last_space)
			strbuf_addc(out, '\\');
		strbuf_addc(out, *c);
	}
}

static bool has_line(const struct strbuf *text, const char *line)
{
	struct str rest = { text->buf, text->len };

	while (rest.n)
		if (str_eq(str_split(rest, '\n', &rest), line))
			return true;
	return false;
}

static int append_line(struct project *project, const char *file, const char *line,
		       struct mlops_error *err)
{
	autofree char *path = project_abspath(project, file);
	autobuf text = { 0 };

	if (fs_read(path, MAX_FILE, &text, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
	}
	if (has_line(&text, line))
		return 0;
	if (text.len && text.buf[text.len - 1] != '\n')
		strbuf_addc(&text, '\n');
	strbuf_addf(&text, "%s\n", line);
	return project_write(project, file, &text, err);
}

static int check_ignored(struct git_repo *git, const char *path, const char *file,
			 struct mlops_error *err)
{
	bool ignored;

	if (git_is_ignored(git, path, &ignored, err))
		return -1;
	if (!ignored)
		log_warn("git does not ignore '%s' though '%s' says so: another rule wins", path,
			 file);
	return 0;
}

int ignore_path(struct project *project, const char *path, char **file, struct mlops_error *err)
{
	autofree char *dir = strchr(path, '/') ? path_dir(path) : xstrdup("");
	autofree char *relative = path_join(dir, ".gitignore");
	autofree char *absolute = project_abspath(project, relative);
	autobuf line = { 0 };
	struct git_repo *git;
	bool ignored;

	if (project_git(project, &git, err) || git_is_ignored(git, path, &ignored, err))
		return -1;
	add_pattern(path_base(path), &line);
	if (!ignored && (append_line(project, relative, line.buf, err) ||
			 check_ignored(git, path, relative, err)))
		return -1;
	*file = fs_exists(absolute) ? steal_ptr(&relative) : NULL;
	return 0;
}

int mlops_workspace_ignore(struct project *project, const char *path, struct mlops_error *err)
{
	autofree char *file = NULL;

	return ignore_path(project, path, &file, err);
}
