/* mlops_track(): from data to a pointer that git holds. */
#include "base/fault.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/vec.h"
#include "git/git.h"
#include "project/project.h"
#include "store/ignore.h"
#include "store/pointer.h"
#include "store/scan.h"

#define NAME_LIMIT 255

struct tracker {
	struct project *project;
	struct git_repo *git;
	struct scan scan;
	struct pointer *known;
	size_t n_known;
	struct strlist stage; /* files that git is to hold */
};

static int check_name(const char *path, struct mlops_error *err)
{
	if (!*path)
		return err_set(err, MLOPS_EINVALID, "the project itself cannot be tracked");
	if (pointer_is_name(path_base(path)))
		return err_set(err, MLOPS_EINVALID, "'%s' has the name of a pointer", path);
	if (strlen(path_base(path)) + strlen(POINTER_SUFFIX) > NAME_LIMIT)
		return err_set(err, MLOPS_EINVALID,
			       "'%s' has a name too long for its pointer: at most %zu bytes", path,
			       NAME_LIMIT - strlen(POINTER_SUFFIX));
	return 0;
}

/* Two pointers for the same bytes would each claim to say what is there. */
static int check_overlap(const struct tracker *t, const char *path, struct mlops_error *err)
{
	for (size_t i = 0; i < t->n_known; i++) {
		const char *other = t->known[i].path;

		if (!strcmp(other, path))
			continue;
		if (path_is_below(path, other)) {
			err_set(err, MLOPS_EINVALID,
				"'%s' lies in '%s', which is tracked as a whole", path, other);
			return err_hint(err, "record its change with: mlops track '%s'", other);
		}
		if (path_is_below(other, path)) {
			err_set(err, MLOPS_EINVALID, "'%s' holds '%s', which is tracked by itself",
				path, other);
			return err_hint(err, "delete '%s" POINTER_SUFFIX "' first", other);
		}
	}
	return 0;
}

static int check_git(const struct tracker *t, const char *path, struct mlops_error *err)
{
	bool staged;

	if (git_is_staged(t->git, path, &staged, err))
		return -1;
	if (!staged)
		return 0;
	err_set(err, MLOPS_EEXISTS, "'%s' is in git already", path);
	return err_hint(err, "take it out, and keep the file, with: git rm -r --cached '%s'", path);
}

static const struct pointer *find_known(const struct tracker *t, const char *path)
{
	for (size_t i = 0; i < t->n_known; i++)
		if (!strcmp(t->known[i].path, path))
			return &t->known[i];
	return NULL;
}

static bool same_ref(const struct object_ref *a, const struct object_ref *b)
{
	return a->kind == b->kind && a->executable == b->executable && a->size == b->size &&
	       a->files == b->files && mlops_oid_equal(&a->oid, &b->oid);
}

static int write_pointer(struct tracker *t, const struct pointer *p, const char *file,
			 struct mlops_error *err)
{
	autobuf text = { 0 };

	pointer_format(p, &text);
	if (FAULT("track.pointer"))
		return err_sys(err, "cannot write '%s'", file);
	return project_write(t->project, file, &text, err);
}

static int record(struct tracker *t, const struct pointer *p, bool unchanged,
		  struct mlops_error *err)
{
	autofree char *file = xasprintf("%s" POINTER_SUFFIX, p->path);

	if (!unchanged && write_pointer(t, p, file, err))
		return -1;
	strlist_take(&t->stage, steal_ptr(&file));
	return 0;
}

static int save(struct tracker *t, const char *path, struct pointer *out, struct mlops_error *err)
{
	struct object_ref ref;

	if (check_name(path, err) || check_overlap(t, path, err) || check_git(t, path, err) ||
	    scan_ref(&t->scan, path, &ref, err))
		return -1;
	*out = (struct pointer){ xstrdup(path), ref };
	return 0;
}

/* A path that another one of the same command lies in, or is. */
static int check_each_other(const char *const *paths, size_t n, struct mlops_error *err)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			if (i != k && path_is_below(paths[i], paths[k]))
				return err_set(err, MLOPS_EINVALID,
					       "'%s' lies in '%s': give one of them", paths[i],
					       paths[k]);
	return 0;
}

/* Each step can be done again, so a command that was killed is finished by repeating it. */
static int track_all(struct tracker *t, const char *const *paths, size_t n, struct pointer *saved,
		     bool *unchanged, struct mlops_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (save(t, paths[i], &saved[i], err))
			return -1;
	if (mlops_store_flush(t->scan.store, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct pointer *known = find_known(t, paths[i]);

		unchanged[i] = known && same_ref(&known->ref, &saved[i].ref);
		if (record(t, &saved[i], unchanged[i], err))
			return -1;
	}
	if (ignore_paths(t->project, paths, n, &t->stage, err))
		return -1;
	if (FAULT("track.stage"))
		return err_sys(err, "cannot stage pointers");
	if (git_stage(t->git, (const char *const *)t->stage.v, t->stage.n, err))
		return -1;
	return index_write(t->scan.index, err);
}

int mlops_track(struct project *project, const char *const *paths, size_t n,
		void (*done)(const struct pointer *p, bool unchanged, void *arg), void *arg,
		struct mlops_error *err)
{
	struct tracker t = { .project = project };
	autofree bool *unchanged = xcalloc(n + 1, sizeof(*unchanged));

	if (check_each_other(paths, n, err) || project_git(project, &t.git, err) ||
	    mlops_pointers_list(project, &t.known, &t.n_known, err))
		return -1;
	struct pointer *saved = xcalloc(n + 1, sizeof(*saved));
	int rc = scan_init(&t.scan, project, SCAN_SAVE, err);
	if (!rc)
		rc = track_all(&t, paths, n, saved, unchanged, err);
	for (size_t i = 0; !rc && done && i < n; i++)
		done(&saved[i], unchanged[i], arg);
	scan_clear(&t.scan);
	strlist_clear(&t.stage);
	mlops_pointers_free(saved, n);
	mlops_pointers_free(t.known, t.n_known);
	return rc;
}
