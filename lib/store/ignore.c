/* Lines of .gitignore. */
#include "store/ignore.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/map.h"
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

/* The lines that one .gitignore is to have. */
struct pending {
	char *file; /* relative to the root */
	struct strlist lines;
};

static void free_pending(void *arg)
{
	struct pending *p = arg;

	free(p->file);
	strlist_clear(&p->lines);
	free(p);
}

static struct pending *pending_of(struct map *folders, const char *path)
{
	autofree char *dir = strchr(path, '/') ? path_dir(path) : xstrdup("");
	struct pending *p = map_get(folders, dir);

	if (!p) {
		p = xcalloc(1, sizeof(*p));
		p->file = path_join(dir, ".gitignore");
		map_put(folders, dir, p);
	}
	return p;
}

/* The file's lines into `seen`. */
static void note_lines(const struct strbuf *text, struct map *seen)
{
	struct str rest = { text->buf, text->len };

	while (rest.n) {
		struct str line = str_split(rest, '\n', &rest);

		map_putn(seen, line.p, line.n, seen);
	}
}

static int append_lines(struct project *project, const struct pending *p, struct mlops_error *err)
{
	autofree char *path = project_abspath(project, p->file);
	automap seen = { 0 };
	autobuf text = { 0 };

	if (!p->lines.n)
		return 0;
	if (fs_read(path, MAX_FILE, &text, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
	}
	note_lines(&text, &seen);
	size_t before = text.len;
	for (size_t i = 0; i < p->lines.n; i++) {
		if (map_put(&seen, p->lines.v[i], &seen))
			continue;
		if (text.len && text.buf[text.len - 1] != '\n')
			strbuf_addc(&text, '\n');
		strbuf_addf(&text, "%s\n", p->lines.v[i]);
	}
	return text.len == before ? 0 : project_write(project, p->file, &text, err);
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

/* What git does not ignore yet, by folder: *added marks the paths that get a line. */
static int collect(struct git_repo *git, const char *const *paths, size_t n, struct map *folders,
		   bool *added, struct mlops_error *err)
{
	for (size_t i = 0; i < n; i++) {
		struct pending *p = pending_of(folders, paths[i]);
		autobuf line = { 0 };
		bool ignored;

		if (git_is_ignored(git, paths[i], &ignored, err))
			return -1;
		added[i] = !ignored;
		if (ignored)
			continue;
		add_pattern(path_base(paths[i]), &line);
		strlist_add(&p->lines, line.buf);
	}
	return 0;
}

static int write_all(struct project *project, const struct map *folders, struct strlist *files,
		     struct mlops_error *err)
{
	for (size_t i = 0; i < folders->n; i++) {
		const struct pending *p = folders->v[i].value;
		autofree char *absolute = project_abspath(project, p->file);

		if (append_lines(project, p, err))
			return -1;
		if (fs_exists(absolute))
			strlist_add(files, p->file);
	}
	return 0;
}

int ignore_paths(struct project *project, const char *const *paths, size_t n, struct strlist *files,
		 struct mlops_error *err)
{
	autofree bool *added = xcalloc(n + 1, sizeof(*added));
	struct map folders = { 0 };
	struct git_repo *git;
	int rc;

	if (project_git(project, &git, err))
		return -1;
	rc = collect(git, paths, n, &folders, added, err);
	if (!rc)
		rc = write_all(project, &folders, files, err);
	for (size_t i = 0; !rc && i < n; i++)
		if (added[i])
			rc = check_ignored(git, paths[i], pending_of(&folders, paths[i])->file,
					   err);
	map_clear_values(&folders, free_pending);
	return rc;
}

/* The text without the lines; false when none was there. */
static bool drop_lines(const struct strbuf *text, const struct strlist *lines, struct strbuf *out)
{
	struct str rest = { text->buf, text->len };
	automap gone = { 0 };
	bool found = false;

	for (size_t i = 0; i < lines->n; i++)
		map_put(&gone, lines->v[i], &gone);
	while (rest.n) {
		struct str line = str_split(rest, '\n', &rest);

		if (map_getn(&gone, line.p, line.n)) {
			found = true;
			continue;
		}
		strbuf_add(out, line.p, line.n);
		strbuf_addc(out, '\n');
	}
	return found;
}

static int remove_lines(struct project *project, const struct pending *p, struct strlist *changed,
			struct strlist *removed, struct mlops_error *err)
{
	autofree char *path = project_abspath(project, p->file);
	autobuf text = { 0 }, left = { 0 };

	if (fs_read(path, MAX_FILE, &text, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		return 0;
	}
	if (!drop_lines(&text, &p->lines, &left))
		return 0;
	strlist_add(left.len ? changed : removed, p->file);
	if (left.len)
		return project_write(project, p->file, &left, err);
	return unlink(path) ? err_sys(err, "cannot remove '%s'", p->file) : 0;
}

int unignore_paths(struct project *project, const char *const *paths, size_t n,
		   struct strlist *changed, struct strlist *removed, struct mlops_error *err)
{
	struct map folders = { 0 };
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		autobuf line = { 0 };

		add_pattern(path_base(paths[i]), &line);
		strlist_add(&pending_of(&folders, paths[i])->lines, line.buf);
	}
	for (size_t i = 0; !rc && i < folders.n; i++)
		rc = remove_lines(project, folders.v[i].value, changed, removed, err);
	map_clear_values(&folders, free_pending);
	return rc;
}

int mlops_workspace_ignore(struct project *project, const char *const *paths, size_t n,
			   struct mlops_error *err)
{
	autostrlist files = { 0 };

	return ignore_paths(project, paths, n, &files, err);
}
