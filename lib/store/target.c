/* Finding the pointers that paths are about, and writing them. */
#include "store/target.h"

#include "base/fault.h"
#include "base/fs_batch.h"
#include "base/path.h"
#include "mlops/revision.h"
#include "project/project.h"

int targets_load(struct targets *t, struct project *project, struct mlops_error *err)
{
	return targets_load_at(t, project, NULL, err);
}

int targets_load_at(struct targets *t, struct project *project, const char *rev,
		    struct mlops_error *err)
{
	if (rev ? mlops_pointers_at(project, rev, &t->known, &t->n_known, err) :
		  mlops_pointers_list(project, &t->known, &t->n_known, err))
		return -1;
	for (size_t i = 0; i < t->n_known; i++)
		map_put(&t->by_path, t->known[i].path, &t->known[i]);
	return 0;
}

void targets_clear(struct targets *t)
{
	for (size_t i = 0; i < t->all.n; i++) {
		free(t->all.v[i].path);
		strlist_clear(&t->all.v[i].inside);
	}
	vec_free(&t->all);
	map_clear(&t->chosen);
	map_clear(&t->by_path);
	mlops_pointers_free(t->known, t->n_known);
}

/* The value of the nearest folder above the first n bytes of a path; of itself when they are all. */
static void *nearest(const struct map *m, const char *path, size_t n)
{
	while (n) {
		void *found = map_getn(m, path, n);

		if (found)
			return found;
		while (n && path[--n] != '/')
			;
	}
	return NULL;
}

char *targets_data(const struct targets *t, const char *path)
{
	autofree char *data = xstrdup(path);

	if (targets_above(t, path) || !pointer_is_name(path_base(path)))
		return steal_ptr(&data);
	data[strlen(data) - strlen(POINTER_SUFFIX)] = '\0';
	return map_get(&t->by_path, data) ? steal_ptr(&data) : xstrdup(path);
}

const struct pointer *targets_above(const struct targets *t, const char *path)
{
	return nearest(&t->by_path, path, strlen(path));
}

const struct pointer *targets_below(const struct targets *t, const char *path)
{
	autofree char *prefix = xasprintf("%s/", path);
	size_t low = 0, high = t->n_known;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(t->known[middle].path, prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == t->n_known || !path_is_below(t->known[low].path, path))
		return NULL;
	return &t->known[low];
}

static struct target *target_of(struct targets *t, const char *path)
{
	uintptr_t at = (uintptr_t)map_get(&t->chosen, path);

	if (at)
		return &t->all.v[at - 1];
	vec_push(&t->all, { .path = xstrdup(path), .known = map_get(&t->by_path, path) });
	map_put(&t->chosen, path, (void *)(uintptr_t)t->all.n);
	return &t->all.v[t->all.n - 1];
}

static int choose(struct targets *t, const char *path, struct mlops_error *err)
{
	const struct pointer *above = targets_above(t, path);

	if (!above || !strcmp(above->path, path)) {
		target_of(t, path);
		return 0;
	}
	if (above->ref.kind != OBJECT_TREE)
		return err_set(err, MLOPS_EINVALID, "'%s' lies in '%s', which is tracked as a file",
			       path, above->path);
	strlist_add(&target_of(t, above->path)->inside, path + strlen(above->path) + 1);
	return 0;
}

int targets_choose(struct targets *t, const char *const *paths, size_t n, struct mlops_error *err)
{
	automap given = { 0 };

	for (size_t i = 0; i < n; i++)
		map_put(&given, paths[i], (void *)paths[i]);
	for (size_t i = 0; i < given.n; i++) {
		const char *path = given.v[i].value;
		const char *slash = strrchr(path, '/');
		const char *other = nearest(&given, path, slash ? (size_t)(slash - path) : 0);

		if (other)
			return err_set(err, MLOPS_EINVALID, "'%s' lies in '%s': give one of them",
				       path, other);
		if (choose(t, path, err))
			return -1;
	}
	return 0;
}

static bool same_ref(const struct object_ref *a, const struct object_ref *b)
{
	return a->kind == b->kind && a->executable == b->executable && a->size == b->size &&
	       a->files == b->files && mlops_oid_equal(&a->oid, &b->oid);
}

void target_set(struct target *target, const struct object_ref *ref)
{
	target->now = (struct pointer){ target->path, *ref };
	target->unchanged = target->known && same_ref(&target->known->ref, ref);
}

static int add_pointer(struct project *project, struct fs_batch *batch, const struct pointer *p,
		       const char *file, struct mlops_error *err)
{
	autofree char *path = project_abspath(project, file);
	autobuf text = { 0 };

	pointer_format(p, &text);
	if (FAULT("track.pointer"))
		return err_sys(err, "cannot write '%s'", file);
	return fs_batch_add(batch, path, text.buf, text.len, 0666, err);
}

int targets_write(struct targets *t, struct project *project, struct strlist *files,
		  struct mlops_error *err)
{
	autobatch batch = { 0 };

	if (project_tmp(project, &batch.tmp_dir, err))
		return -1;
	for (size_t i = 0; i < t->all.n; i++) {
		const struct target *target = &t->all.v[i];
		autofree char *file = xasprintf("%s" POINTER_SUFFIX, target->path);

		if (!target->now.path)
			continue;
		if (!target->unchanged && add_pointer(project, &batch, &target->now, file, err))
			return -1;
		strlist_take(files, steal_ptr(&file));
	}
	return fs_batch_commit(&batch, err);
}
