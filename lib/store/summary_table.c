/*
 * Which columns and how many rows of a table changed. Each row is hashed over the columns that
 * both tables have, and the hashes are counted: up in the old table, down in the new one. What is
 * left over was removed or added. Both are read side by side, so that rows which keep their place
 * cancel out at once; when the others are more than can be kept, the tables are gone through again,
 * each time for a share of the hashes.
 */
#include "base/str.h"
#include "base/xxh.h"
#include "fmt/csv.h"
#include "fmt/jsonl.h"
#include "store/summary.h"

#define MAX_SLOTS  ((size_t)1 << 21) /* 32 MiB */
#define MAX_SHARES 16

struct table {
	int fd;
	const char *name;
	struct csv *csv;
	struct jsonl *jsonl;
};

static int table_open(struct table *t, struct mlops_error *err)
{
	char separator = str_ends(t->name, ".tsv") ? '\t' : ',';
	int fd = dup(t->fd); /* which the reader closes */

	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot read '%s'", t->name);
	if (str_ends(t->name, ".csv") || str_ends(t->name, ".tsv"))
		return csv_open(fd, t->name, separator, &t->csv, err);
	return jsonl_open(fd, t->name, &t->jsonl, err);
}

static void table_close(struct table *t)
{
	csv_free(steal_ptr(&t->csv));
	jsonl_free(steal_ptr(&t->jsonl));
}

static int table_next(struct table *t, struct cell_block *block, struct mlops_error *err)
{
	return t->csv ? csv_read(t->csv, block, err) : jsonl_read(t->jsonl, block, err);
}

static const struct strlist *table_columns(const struct table *t)
{
	return t->csv ? csv_columns(t->csv) : jsonl_columns(t->jsonl);
}

/* The columns; JSON lines may bring one at any time, so those are read to the end. */
static int survey(struct table *t, struct cell_block *block, struct strlist *columns,
		  struct mlops_error *err)
{
	int rc = table_open(t, err);

	while (!rc && t->jsonl) {
		rc = table_next(t, block, err);
		if (!block->rows)
			break;
	}
	for (size_t i = 0; !rc && i < table_columns(t)->n; i++)
		strlist_add(columns, table_columns(t)->v[i]);
	table_close(t);
	return rc;
}

/* The columns that both have: where they are in each. */
struct shared {
	VEC(size_t) before, after;
};

static size_t find(const struct strlist *columns, const char *name)
{
	size_t i = 0;

	while (i < columns->n && strcmp(columns->v[i], name))
		i++;
	return i;
}

static void match_columns(const struct strlist *before, const struct strlist *after,
			  struct shared *shared, struct diff_summary *out)
{
	for (size_t i = 0; i < before->n; i++) {
		size_t at = find(after, before->v[i]);

		if (at == after->n) {
			name_list_add(&out->removed, before->v[i]);
			continue;
		}
		vec_push(&shared->before, i);
		vec_push(&shared->after, at);
	}
	for (size_t i = 0; i < after->n; i++)
		if (find(before, after->v[i]) == before->n)
			name_list_add(&out->added, after->v[i]);
}

static void add_cell(struct strbuf *row, const struct cell_block *block, size_t column, size_t r)
{
	static const struct cell missing = { .kind = CELL_MISSING };
	const struct cell *cell = column < block->columns ? &cell_column(block, column)[r] : &missing;

	strbuf_addc(row, (char)cell->kind);
	if (cell->kind == CELL_NUMBER)
		strbuf_add(row, (const char *)&cell->number, sizeof(cell->number));
	if (cell->kind != CELL_TEXT)
		return;
	strbuf_add(row, (const char *)&cell->len, sizeof(cell->len));
	strbuf_add(row, cell->text, cell->len);
}

/* Hashes and how often each was met; open addressing, a hash of 0 is a free slot. */
struct counter {
	struct count {
		uint64_t hash;
		int64_t n;
	} *slots;
	size_t size, used;
	bool full; /* more were met than fit */
};

static struct count *slot_of(const struct counter *c, uint64_t hash)
{
	size_t i = hash & (c->size - 1);

	while (c->slots[i].hash && c->slots[i].hash != hash)
		i = (i + 1) & (c->size - 1);
	return &c->slots[i];
}

/* Makes room, by leaving out first what has cancelled out. */
static void make_room(struct counter *c)
{
	struct counter old = *c;
	size_t live = 0;

	for (size_t i = 0; i < old.size; i++)
		live += old.slots[i].n != 0;
	for (c->size = 1024; c->size < live * 2; c->size *= 2)
		;
	c->full = c->size > MAX_SLOTS;
	if (c->full)
		c->size = 0;
	c->slots = c->full ? NULL : xcalloc(c->size, sizeof(*c->slots));
	c->used = live;
	for (size_t i = 0; !c->full && i < old.size; i++)
		if (old.slots[i].n)
			*slot_of(c, old.slots[i].hash) = old.slots[i];
	free(old.slots);
}

static void count(struct counter *c, uint64_t hash, int step)
{
	struct count *slot;

	if (!c->full && (c->used + 1) * 4 > c->size * 3)
		make_room(c);
	if (c->full)
		return;
	hash += !hash;
	slot = slot_of(c, hash);
	c->used += !slot->hash;
	slot->hash = hash;
	slot->n += step;
}

struct pass {
	struct cell_block *block;
	struct counter counter;
	uint64_t share, shares; /* the hashes that this pass counts */
};

/* The next rows of a table; the high bits choose the share, for the low ones choose the slot. */
static int count_block(struct pass *p, struct table *t, const size_t *columns, size_t n, int step,
		       uint64_t *rows, struct mlops_error *err)
{
	autobuf row = { 0 };

	if (table_next(t, p->block, err))
		return -1;
	*rows += p->block->rows;
	for (size_t r = 0; r < p->block->rows; r++) {
		strbuf_trunc(&row, 0);
		for (size_t i = 0; i < n; i++)
			add_cell(&row, p->block, columns[i], r);
		uint64_t hash = xxh_64(row.buf, row.len);
		if ((hash >> 32) % p->shares == p->share)
			count(&p->counter, hash, step);
	}
	return 0;
}

static int count_rows(struct pass *p, struct table *before, struct table *after,
		      const struct shared *shared, struct diff_summary *out, struct mlops_error *err)
{
	uint64_t seen;

	out->rows_before = out->rows_after = 0;
	do {
		seen = out->rows_before + out->rows_after;
		if (count_block(p, before, shared->before.v, shared->before.n, 1, &out->rows_before, err) ||
		    count_block(p, after, shared->after.v, shared->after.n, -1, &out->rows_after, err))
			return -1;
	} while (out->rows_before + out->rows_after > seen);
	for (size_t i = 0; i < p->counter.size; i++) {
		int64_t n = p->counter.slots[i].n;

		out->rows_removed += n > 0 ? (uint64_t)n : 0;
		out->rows_added += n < 0 ? (uint64_t)-n : 0;
	}
	return 0;
}

/* All shares, one after the other; *full: they are too large. */
static int count_shares(struct table *before, struct table *after, const struct shared *shared,
			struct cell_block *block, uint64_t shares, struct diff_summary *out,
			bool *full, struct mlops_error *err)
{
	int rc = 0;

	out->rows_added = out->rows_removed = 0;
	*full = false;
	for (uint64_t i = 0; !rc && !*full && i < shares; i++) {
		struct pass p = { .block = block, .share = i, .shares = shares };

		rc = table_open(before, err) || table_open(after, err) ||
				     count_rows(&p, before, after, shared, out, err) ?
			     -1 :
			     0;
		*full = p.counter.full;
		free(p.counter.slots);
		table_close(before);
		table_close(after);
	}
	return rc;
}

/* Without a column that both have the rows are only counted. */
static int compare_rows(struct table *before, struct table *after, const struct shared *shared,
			struct cell_block *block, struct diff_summary *out, struct mlops_error *err)
{
	bool full = true;

	for (uint64_t shares = 1; full && shares <= MAX_SHARES; shares *= 2)
		if (count_shares(before, after, shared, block, shares, out, &full, err))
			return -1;
	out->rows_compared = !full && shared->before.n;
	return 0;
}

static int summarize(struct table *before, struct table *after, struct cell_block *block,
		     struct diff_summary *out, struct mlops_error *err)
{
	autostrlist old = { 0 }, new = { 0 };
	struct shared shared = { 0 };

	if (survey(before, block, &old, err) || survey(after, block, &new, err))
		return -1;
	out->kind = SUMMARY_TABLE;
	match_columns(&old, &new, &shared, out);
	int rc = compare_rows(before, after, &shared, block, out, err);
	vec_free(&shared.before);
	vec_free(&shared.after);
	return rc;
}

int summarize_table(const struct versions *v, struct diff_summary *out, struct mlops_error *err)
{
	struct table before = { .fd = v->before, .name = v->name };
	struct table after = { .fd = v->after, .name = v->name };
	struct cell_block block = { 0 };

	block.cells = xcalloc((size_t)CELL_COLUMNS * CELL_ROWS, sizeof(*block.cells));
	int rc = summarize(&before, &after, &block, out, err);
	free(block.cells);
	return rc;
}
