/* Recording in a *.dvc file what its outs are now; all else in it keeps its bytes. */
#include "base/fs.h"
#include "base/path.h"
#include "fmt/yaml.h"
#include "project/project.h"
#include "store/dvc/dvc.h"

#define FILE_MAX ((size_t)16 << 20)

/* The lines of a file with one out being rewritten: keys that change, in DVC's order. */
struct rewrite {
	struct str rest; /* lines that are not copied yet */
	size_t line;     /* of the first of them */
	struct strbuf out;
};

static void copy_until(struct rewrite *r, size_t line)
{
	while (r->line < line && r->rest.n) {
		struct str text = str_split(r->rest, '\n', &r->rest);

		strbuf_addf(&r->out, STR_FMT "\n", STR_ARG(text));
		r->line++;
	}
}

/* Puts "key: value" in the place of its line, or behind the one that was put last; NULL: takes it away. */
static void set(struct rewrite *r, const struct yaml_node *map, const char *key, const char *value)
{
	const struct yaml_node *at = yaml_key(map, key), *first = map->keys[0];
	int column = first->column;

	if (at) {
		copy_until(r, (size_t)at->line);
		struct str old = str_split(r->rest, '\n', &r->rest);

		r->line++;
		if (at == first) /* behind its dash */
			strbuf_add(&r->out, old.p, (size_t)column - 1);
		else if (value)
			strbuf_addf(&r->out, "%*s", column - 1, "");
	} else if (value) {
		strbuf_addf(&r->out, "%*s", column - 1, "");
	}
	if (value)
		strbuf_addf(&r->out, "%s: %s\n", key, value);
}

static void set_ref(struct rewrite *r, const struct yaml_node *map, const struct object_ref *ref)
{
	bool is_folder = ref->kind == OBJECT_TREE;
	char hex[33];
	autofree char *md5 = xasprintf("%s%s", dvc_hex(&ref->oid, hex), is_folder ? ".dir" : "");
	autofree char *size = xasprintf("%llu", (unsigned long long)ref->size);
	autofree char *files = xasprintf("%llu", (unsigned long long)ref->files);

	set(r, map, "md5", md5);
	set(r, map, "size", size);
	set(r, map, "nfiles", is_folder ? files : NULL);
	set(r, map, "isexec", ref->executable ? "true" : NULL);
	set(r, map, "hash", "md5");
}

/* As DVC writes it: md5 first, size behind it, what else changes behind that. */
static int check_form(const struct yaml_node *root, const struct yaml_node *map,
		      struct mlops_error *err)
{
	const struct yaml_node *md5 = yaml_key(map, "md5"), *size = yaml_key(map, "size");

	if (!yaml_is_null(yaml_get(root, "deps")))
		return yaml_error(root, err, "this file follows another source: see dvc update");
	if (!md5 || md5 != map->keys[0] || !size || size->line != md5->line + 1)
		return yaml_error(map, err, "the file is not as DVC writes it");
	return 0;
}

static int rewrite(struct dvc *d, const struct dvc_out *out, const struct object_ref *ref,
		   struct mlops_error *err)
{
	autofree char *absolute = project_abspath(d->project, out->file);
	struct rewrite r = { .line = 1 };
	autoarena arena = { 0 };
	autobuf text = { 0 };
	struct yaml_node *root, *map;

	if (fs_read(absolute, FILE_MAX, &text, err) ||
	    yaml_parse(&arena, out->file, text.buf, text.len, &root, err))
		return -1;
	map = yaml_get(root, "outs")->values[out->place];
	if (check_form(root, map, err))
		return -1;
	r.rest = (struct str){ text.buf, text.len };
	set_ref(&r, map, ref);
	copy_until(&r, SIZE_MAX);
	int rc = project_write(d->project, out->file, &r.out, err);
	strbuf_clear(&r.out);
	return rc;
}

static bool same_ref(const struct object_ref *a, const struct object_ref *b)
{
	return a->kind == b->kind && mlops_oid_equal(&a->oid, &b->oid) &&
	       a->executable == b->executable;
}

/* What DVC 2 named keeps that name as long as it is the same, and in the cache. */
static int is_as_named(struct dvc *d, const struct dvc_out *out, bool *yes, struct mlops_error *err)
{
	struct object_ref now;

	*yes = false;
	if (!dvc_is_legacy(&out->ref.oid))
		return 0;
	if (mlops_dvc_look_like(d, out->path, &out->ref, &now, err))
		return -1;
	*yes = same_ref(&now, &out->ref) && mlops_dvc_has(d, &now);
	return 0;
}

static int track_out(struct dvc *d, const struct dvc_out *out, bool dry_run,
		     void (*done)(const struct pointer *p, bool unchanged, void *arg), void *arg,
		     struct mlops_error *err)
{
	struct pointer now = { .path = out->path, .ref = out->ref };
	bool same;

	if (is_as_named(d, out, &same, err))
		return -1;
	if (!same) {
		if (mlops_dvc_look(d, out->path, !dry_run, &now.ref, err) ||
		    mlops_dvc_commit(d, err))
			return -1;
		same = same_ref(&now.ref, &out->ref);
	}
	if (!same && !dry_run && rewrite(d, out, &now.ref, err))
		return -1;
	done(&now, same, arg);
	return 0;
}

/* A folder that is named to be tracked cannot be when a part of it is. */
static int check_named(const struct dvc *d, const char *const *paths, size_t n,
		       struct mlops_error *err)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < d->outs.n; k++) {
			const char *out = d->outs.v[k].path;

			if (!d->outs.v[k].file || path_is_below(paths[i], out) ||
			    !path_is_below(out, paths[i]))
				continue;
			err_set(err, MLOPS_EINVALID, "'%s' holds '%s', which DVC tracks", paths[i],
				out);
			return err_hint(err, "record what changed with: mlops track --update %s",
					paths[i]);
		}
	return 0;
}

static int track_new(struct dvc *d, const char *const *paths, size_t n, bool dry_run,
		     void (*done)(const struct pointer *p, bool unchanged, void *arg), void *arg,
		     struct mlops_error *err)
{
	for (size_t i = 0; i < n; i++) {
		struct pointer now = { .path = (char *)paths[i] };
		bool tracked;

		if (mlops_dvc_tracks(d, paths[i], &tracked, err))
			return -1;
		if (tracked)
			continue;
		if (dvc_add(d, paths[i], dry_run, &now.ref, err))
			return -1;
		done(&now, false, arg);
	}
	return 0;
}

int mlops_dvc_track(struct dvc *d, const char *const *paths, size_t n, unsigned how,
		    void (*done)(const struct pointer *p, bool unchanged, void *arg), void *arg,
		    struct mlops_error *err)
{
	if (dvc_outs_load(d, err) || (!(how & TRACK_UPDATE) && check_named(d, paths, n, err)))
		return -1;
	if (!(how & TRACK_UPDATE) && track_new(d, paths, n, how & TRACK_DRY_RUN, done, arg, err))
		return -1;
	for (size_t i = 0; i < d->outs.n; i++)
		if (d->outs.v[i].file && dvc_is_chosen(d->outs.v[i].path, paths, n) &&
		    track_out(d, &d->outs.v[i], how & TRACK_DRY_RUN, done, arg, err))
			return -1;
	return 0;
}
