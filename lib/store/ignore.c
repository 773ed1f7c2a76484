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
			rc = check_ignored(git, paths[i], pending_of(&folders, paths[i])->file, err);
	map_clear_values(&folders, free_pending);
	return rc;
}

int mlops_workspace_ignore(struct project *project, const char *const *paths, size_t n,
			   struct mlops_error *err)
{
	autostrlist files = { 0 };

	return ignore_paths(project, paths, n, &files, err);
}
