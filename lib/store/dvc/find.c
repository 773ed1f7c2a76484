/* Finding the files that say what DVC tracks and runs. */
#include <dirent.h>
#include <fcntl.h>

#include "base/fs.h"
#include "base/map.h"
#include "base/path.h"
#include "git/git.h"
#include "project/project.h"
#include "store/dvc/dvc.h"

#define DEPTH_MAX 256
#define FILE_MAX  ((size_t)64 << 10)

struct finder {
	struct dvc *d;
	struct git_repo *git; /* NULL until it is asked */
	struct strbuf path;   /* of the folder, relative to the root */
	struct strlist *out;
	int depth;
};

static int find_in(struct finder *f, struct mlops_error *err);

static bool is_repository(const struct finder *f)
{
	autofree char *absolute = project_abspath(f->d->project, f->path.buf);
	autofree char *own = path_join(absolute, DVC_DIR);

	return fs_is_dir(own);
}

/* What one folder holds. */
struct names {
	struct strlist folders;
	struct map tracking; /* a set: names of files such as "x.dvc" */
};

/*
 * Whether "x.dvc" beside the folder "x" tracks it, which is told without asking git: such a folder
 * holds nothing that says anything.
 */
static bool is_tracked(const struct finder *f, const struct names *names, const char *name)
{
	autofree char *file = xasprintf("%s.dvc", name), *line = xasprintf("path: %s", name);
	autobuf text = { 0 };
	autoerr ignored = ERR_INIT;

	if (!map_get(&names->tracking, file))
		return false;
	autofree char *path = project_abspath(f->d->project, f->path.buf);
	autofree char *full = xasprintf("%s.dvc", path);
	if (fs_read(full, FILE_MAX, &text, &ignored))
		return false;
	for (struct str rest = { text.buf, text.len }; rest.n;) {
		struct str found = str_trim(str_split(rest, '\n', &rest));

		if (str_eq(found, line))
			return true;
	}
	return false;
}

static int enter(struct finder *f, const struct names *names, const char *name,
		 struct mlops_error *err)
{
	bool ignored;

	if (!strcmp(name, DVC_DIR) || project_is_private(name) || is_tracked(f, names, name) ||
	    is_repository(f) || ignores_match(&f->d->ignores, f->path.buf, true))
		return 0;
	autofree char *folder = xasprintf("%s/", f->path.buf);
	if (!f->git && project_git(f->d->project, &f->git, err))
		return -1;
	if (git_is_ignored(f->git, folder, &ignored, err))
		return -1;
	return ignored ? 0 : find_in(f, err);
}

static void add(struct finder *f, struct names *names, const struct fs_entry *e)
{
	bool tracks = str_ends(e->name, ".dvc") && strcmp(e->name, DVC_DIR) != 0;
	size_t before;

	if (e->type == DT_DIR) {
		strlist_add(&names->folders, e->name);
		return;
	}
	if (tracks)
		map_put(&names->tracking, e->name, names);
	if (!tracks && strcmp(e->name, "dvc.yaml") != 0)
		return;
	before = path_push(&f->path, e->name);
	if (!ignores_match(&f->d->ignores, f->path.buf, false))
		strlist_add(f->out, f->path.buf);
	strbuf_trunc(&f->path, before);
}

struct adding {
	struct finder *finder;
	struct names *names;
};

static int add_entry(const struct fs_entry *e, void *arg, struct mlops_error *err)
{
	struct adding *a = arg;

	(void)err;
	add(a->finder, a->names, e);
	return 0;
}

static int find_below(struct finder *f, const struct names *names, struct mlops_error *err)
{
	int rc = 0;

	f->depth++;
	for (size_t i = 0; i < names->folders.n && !rc; i++) {
		size_t before = path_push(&f->path, names->folders.v[i]);

		rc = enter(f, names, names->folders.v[i], err);
		strbuf_trunc(&f->path, before);
	}
	f->depth--;
	return rc;
}

static int find_in(struct finder *f, struct mlops_error *err)
{
	const char *folder = f->path.len ? f->path.buf : "";
	autofree char *absolute = project_abspath(f->d->project, folder);
	struct names names = { 0 };
	struct adding adding = { f, &names };

	if (f->depth == DEPTH_MAX)
		return 0;
	if (dvc_rules_in(f->d, folder, err))
		return -1;
	autoclose int fd = open(absolute, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot read '%s'", absolute);
	int rc = fs_each_entry(fd, absolute, add_entry, &adding, err) || find_below(f, &names, err);
	strlist_clear(&names.folders);
	map_clear(&names.tracking);
	return rc ? -1 : 0;
}

int mlops_dvc_files(struct dvc *dvc, struct strlist *out, struct mlops_error *err)
{
	struct finder f = { .d = dvc, .out = out };

	int rc = find_in(&f, err);
	strbuf_clear(&f.path);
	strlist_sort(out);
	return rc;
}
