/* Three-way merges of mlops.lock, stage by stage. A stage is compared and written as its text. */
#include "mlops/lockfile.h"
#include "project/project.h"
#include "store/merge.h"

#define STAGES "\nstages:\n"

enum { BASE, OURS, THEIRS, SIDES };

struct lock_sides {
	struct lockfile lock[SIDES];
};

/* One stage in the three locks; an empty text where it is not. */
struct stage_sides {
	const struct lock_stage *stage[SIDES];
	struct strbuf text[SIDES];
};

static void sides_clear(struct lock_sides *s)
{
	for (size_t i = 0; i < SIDES; i++)
		mlops_lockfile_clear(&s->lock[i]);
}

static int sides_read(const char *shown, const struct merge_versions *v, struct lock_sides *out,
		      struct mlops_error *err)
{
	const struct merge_text texts[SIDES] = { v->base, v->ours, v->theirs };

	for (size_t i = 0; i < SIDES; i++)
		if (texts[i].n &&
		    mlops_lockfile_parse(shown, texts[i].text, texts[i].n, &out->lock[i], err))
			return -1;
	return 0;
}

/* The lines of one stage in a lock file, or all in front of the stages. */
static void add_part(const struct lock_stage *stage, bool head, struct strbuf *out)
{
	struct lock_stage empty = { .name = (char *)"-", .cmd = (char *)"" };
	struct lockfile one = { stage ? (struct lock_stage *)stage : &empty, 1 };
	autobuf text = { 0 };

	strbuf_adds(&text, LOCKFILE_COMMENT);
	lockfile_format(&one, &text);
	char *at = strstr(text.buf, STAGES) + strlen(STAGES);
	if (head)
		strbuf_add(out, text.buf, (size_t)(at - text.buf));
	else
		strbuf_adds(out, at);
}

static void stage_sides_of(struct lock_sides *locks, const char *name, struct stage_sides *out)
{
	*out = (struct stage_sides){ 0 };
	for (size_t i = 0; i < SIDES; i++) {
		out->stage[i] = mlops_lockfile_find(&locks->lock[i], name);
		strbuf_adds(&out->text[i], "");
		if (out->stage[i])
			add_part(out->stage[i], false, &out->text[i]);
	}
}

static void stage_sides_clear(struct stage_sides *s)
{
	for (size_t i = 0; i < SIDES; i++)
		strbuf_clear(&s->text[i]);
}

static bool same(const struct stage_sides *s, size_t a, size_t b)
{
	return !strcmp(s->text[a].buf, s->text[b].buf);
}

static void note_side(struct conflict_notes *notes, const char *side, const struct lock_stage *s)
{
	autobuf outs = { 0 };
	char hex[MLOPS_OID_HEX + 1];

	if (!s) {
		conflict_note(notes, "  %s: removed", side);
		return;
	}
	for (size_t i = 0; i < s->n_outs; i++)
		strbuf_addf(&outs, "%s %s %.12s", i ? "," : " gave", s->outs[i].path,
			    mlops_oid_hex(&s->outs[i].ref.oid, hex));
	struct str rest, line = str_split(str_of(s->cmd), '\n', &rest);
	conflict_note(notes, "  %s: '" STR_FMT "'%s", side, STR_ARG(line),
		      outs.len ? outs.buf : "");
}

static void merge_stage(struct lock_merge *m, const char *name, const struct stage_sides *s,
			struct strbuf *out)
{
	enum merge_favor takes = m->favor;

	if (same(s, OURS, THEIRS) || same(s, BASE, THEIRS))
		takes = MERGE_OURS;
	else if (same(s, BASE, OURS))
		takes = MERGE_THEIRS;
	if (takes != MERGE_NEITHER) {
		strbuf_adds(out, s->text[takes == MERGE_OURS ? OURS : THEIRS].buf);
		return;
	}
	m->conflicts++;
	conflict_write((struct str){ s->text[OURS].buf, s->text[OURS].len },
		       (struct str){ s->text[THEIRS].buf, s->text[THEIRS].len }, m->marker_size,
		       out);
	if (!conflict_note_begin(m->notes))
		return;
	conflict_note(m->notes, "stage '%s' was changed on both sides", name);
	note_side(m->notes, "ours", s->stage[OURS]);
	note_side(m->notes, "theirs", s->stage[THEIRS]);
}

/* The next name in order of any side; `after` NULL: the first. NULL: there is none. */
static const char *next_name(const struct lock_sides *locks, const char *after)
{
	const char *least = NULL;

	for (size_t i = 0; i < SIDES; i++) {
		const struct lockfile *l = &locks->lock[i];
		size_t k = 0;

		while (k < l->n && after && strcmp(l->stages[k].name, after) <= 0)
			k++;
		if (k < l->n && (!least || strcmp(l->stages[k].name, least) < 0))
			least = l->stages[k].name;
	}
	return least;
}

int merge_lock(struct lock_merge *m, const char *shown, const struct merge_versions *versions,
	       struct strbuf *out, struct mlops_error *err)
{
	__attribute__((cleanup(sides_clear))) struct lock_sides locks = { 0 };
	autobuf stages = { 0 };

	if (sides_read(shown, versions, &locks, err))
		return -1;
	strbuf_adds(&stages, "");
	for (const char *name = NULL; (name = next_name(&locks, name));) {
		struct stage_sides s;

		stage_sides_of(&locks, name, &s);
		merge_stage(m, name, &s, &stages);
		stage_sides_clear(&s);
	}
	if (stages.len) {
		add_part(NULL, true, out);
		strbuf_adds(out, stages.buf);
	} else {
		strbuf_adds(out, LOCKFILE_COMMENT);
		lockfile_format(&(struct lockfile){ 0 }, out);
	}
	return 0;
}
