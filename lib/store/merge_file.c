/* Merging pointers and mlops.lock as texts: what git's merge driver and checkout --ours ask for. */
#include "base/log.h"
#include "base/num.h"
#include "base/path.h"
#include "project/project.h"
#include "store/diff.h"
#include "store/merge.h"
#include "store/pointer.h"

static bool is_lock(const char *path)
{
	return !strcmp(path_base(path), LOCKFILE_NAME);
}

bool mlops_merge_knows(const char *path)
{
	return is_lock(path) || pointer_is_name(path_base(path));
}

static size_t marker_size(const struct merge_how *how)
{
	return how->marker_size ? how->marker_size : CONFLICT_MARKS;
}

static struct str str_of_text(struct merge_text t)
{
	return (struct str){ t.text, t.n };
}

/* The file as a conflict leaves it. */
static void write_marked(const struct merge_versions *v, const struct merge_how *how,
			 const struct conflict_notes *notes, struct strbuf *out)
{
	conflict_notes_write(notes, out);
	conflict_write(str_of_text(v->ours), str_of_text(v->theirs), marker_size(how), out);
}

char *mlops_merge_marked(const char *path, const struct merge_versions *v,
			 const struct merge_how *how, const struct mlops_error *why)
{
	struct conflict_notes notes = { 0 };
	autobuf out = { 0 };

	conflict_note(&notes, "not merged: %s", why->msg);
	if (why->kind == MLOPS_ENOTFOUND) /* which is a listing */
		conflict_note(&notes, "fetch it and merge again with: mlops checkout --merge %s",
			      path);
	else if (why->hint)
		conflict_note(&notes, "%s", why->hint);
	write_marked(v, how, &notes, &out);
	strbuf_clear(&notes.text);
	return strbuf_steal(&out);
}

/* ---- pointers ---- */

static void note_side(struct conflict_notes *notes, const char *side, const struct tree_entry *e)
{
	char hex[MLOPS_OID_HEX + 1], size[NUM_SIZE];
	const char *kind;

	if (!e) {
		conflict_note(notes, "  %s: removed", side);
		return;
	}
	kind = e->kind == TREE_FOLDER     ? "folder" :
	       e->kind == TREE_SYMLINK    ? "symlink" :
	       e->kind == TREE_EXECUTABLE ? "executable file" :
					    "file";
	conflict_note(notes, "  %s: %s, %s, sha256:%s", side, kind, num_format_bytes(e->size, size),
		      mlops_oid_hex(&e->oid, hex));
}

static void note_conflict(const char *path, const struct merge_sides *s, void *arg)
{
	struct conflict_notes *notes = arg;

	if (!conflict_note_begin(notes))
		return;
	conflict_note(notes, "'%s' was changed on both sides", path);
	note_side(notes, "ours", s->ours);
	note_side(notes, "theirs", s->theirs);
}

static struct object_ref ref_of(const struct tree_entry *e)
{
	return (struct object_ref){
		.kind = e->kind == TREE_FOLDER ? OBJECT_TREE : OBJECT_FILE,
		.executable = e->kind == TREE_EXECUTABLE,
		.oid = e->oid,
		.size = e->size,
		.files = e->files,
	};
}

static int read_side(const char *path, struct merge_text text, struct tree_entry *out,
		     struct mlops_error *err)
{
	struct pointer p;

	if (pointer_parse(path, text.text, text.n, &p, err))
		return -1;
	*out = diff_entry_of(&p.ref);
	free(p.path);
	return 0;
}

struct pointer_merge {
	struct merge merge;
	struct tree_entry base, ours, theirs;
	struct merge_sides sides;
};

static int read_sides(const char *path, const struct merge_versions *v, struct pointer_merge *m,
		      struct mlops_error *err)
{
	if ((v->base.n && read_side(path, v->base, &m->base, err)) ||
	    read_side(path, v->ours, &m->ours, err) || read_side(path, v->theirs, &m->theirs, err))
		return -1;
	m->sides = (struct merge_sides){ v->base.n ? &m->base : NULL, &m->ours, &m->theirs };
	return 0;
}

static int merge_pointer(struct project *project, const char *path, const struct merge_versions *v,
			 const struct merge_how *how, struct conflict_notes *notes,
			 struct strbuf *out, struct mlops_error *err)
{
	autofree char *data = xstrndup(path, strlen(path) - strlen(POINTER_SUFFIX));
	struct pointer_merge m = {
		.merge = { .favor = how->favor, .conflict = note_conflict, .arg = notes }
	};
	struct tree_entry merged;
	bool there;

	if (mlops_store_of(project, &m.merge.store, err) || read_sides(path, v, &m, err) ||
	    merge_entries(&m.merge, data, &m.sides, &merged, &there, err) ||
	    mlops_store_flush(m.merge.store, err))
		return -1;
	if (m.merge.conflicts)
		return write_marked(v, how, notes, out), 1;
	struct pointer p = { data, ref_of(&merged) };
	pointer_format(&p, out);
	return 0;
}

/* ---- mlops.lock ---- */

static int merge_lock_file(const char *path, const struct merge_versions *v,
			   const struct merge_how *how, struct conflict_notes *notes,
			   struct strbuf *out, struct mlops_error *err)
{
	struct lock_merge m = { how->favor, marker_size(how), notes, 0 };
	autobuf text = { 0 };

	if (merge_lock(&m, path, v, &text, err))
		return -1;
	conflict_notes_write(notes, out);
	strbuf_adds(out, text.buf);
	return m.conflicts ? 1 : 0;
}

int mlops_merge(struct project *project, const char *path, const struct merge_versions *v,
		const struct merge_how *how, char **out, bool *conflict, struct mlops_error *err)
{
	struct conflict_notes notes = { 0 };
	autobuf text = { 0 };
	int rc = is_lock(path) ? merge_lock_file(path, v, how, &notes, &text, err) :
				 merge_pointer(project, path, v, how, &notes, &text, err);

	strbuf_clear(&notes.text);
	if (rc < 0)
		return -1;
	*conflict = rc;
	*out = strbuf_steal(&text);
	return 0;
}
