/* Looking things up in the index and learning new ones; index_file.c has its form on disk. */
#include "store/index.h"

#include <fcntl.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/map.h"
#include "base/path.h"
#include "base/rand.h"
#include "base/xxh.h"
#include "project/project.h"
#include "store/index_merge.h"

#define SETTLE_TRIES   20 /* of a millisecond; the clock of most kernels ticks every 1 to 10 */
#define LEARNED_MIN    ((size_t)24 << 10)
#define FORGET_EVERY   ((size_t)1 << 13)
#define SEARCH_TOUCHES 64 /* entries whose memory a search brings in, about */

struct index {
	struct project *project;
	char *path;
	char *clock; /* a file of the same file system whose mtime we may set */
	struct index_file file;
	size_t hint;        /* where the next look-up in the file likely hits */
	size_t touched;     /* entries of the file since its memory was let go of */
	uint8_t *marks;     /* an index_mark an entry of the file */
	struct map learned; /* path -> struct index_entry, newer than the file */
	size_t limit;       /* of entries there: then they move to a file */
	struct arena arena;
	struct strlist scanned;
	int64_t now_ns; /* the file system's clock, some time ago */
	bool dirty;
};

int64_t index_time_ns(const struct timespec *t)
{
	return t->tv_sec * INT64_C(1000000000) + t->tv_nsec;
}

void index_free(struct index *ix)
{
	if (!ix)
		return;
	index_file_unmap(&ix->file);
	map_clear(&ix->learned);
	arena_clear(&ix->arena);
	strlist_clear(&ix->scanned);
	free(ix->marks);
	free(ix->path);
	free(ix->clock);
	free(ix);
}

static void free_index(void *slot)
{
	index_free(slot);
}

/* A part of what the file holds, so that moving costs a few times the size of all of it. */
static void set_file(struct index *ix, const struct index_file *file)
{
	ix->file = *file;
	ix->marks = xcalloc(file->n + 1, sizeof(*ix->marks));
	ix->limit = file->n / 8 > LEARNED_MIN ? file->n / 8 : LEARNED_MIN;
	ix->hint = 0;
}

struct index *index_open(struct project *project, const char *name)
{
	struct index *ix = xcalloc(1, sizeof(*ix));
	struct index_file file;

	ix->project = project;
	ix->path = project_file(project, name);
	ix->clock = project_file(project, "lock");
	ix->now_ns = INT64_MIN;
	index_file_map(ix->path, &file);
	set_file(ix, &file);
	return ix;
}

struct index *index_of(struct project *project)
{
	struct index *ix = project_slot(project, PROJECT_INDEX);

	if (ix)
		return ix;
	ix = index_open(project, "index");
	project_set_slot(project, PROJECT_INDEX, ix, free_index);
	return ix;
}

static bool find(struct index *ix, const char *path, struct index_entry *out)
{
	struct index_entry *learned = map_get(&ix->learned, path);

	if (learned) {
		*out = *learned;
		return true;
	}
	size_t at = index_file_find(&ix->file, path, ix->hint);
	ix->touched += at == ix->hint ? 1 : SEARCH_TOUCHES;
	if (ix->touched >= FORGET_EVERY) {
		index_file_forget(&ix->file);
		ix->touched = 0;
	}
	if (at == SIZE_MAX)
		return false;
	index_file_entry(&ix->file, at, out);
	ix->marks[at] = INDEX_SEEN;
	ix->hint = at + 1;
	return true;
}

bool index_knows(struct index *ix, const char *path)
{
	struct index_entry e;

	return find(ix, path, &e);
}

static enum tree_kind kind_of(const struct stat *st)
{
	if (S_ISLNK(st->st_mode))
		return TREE_SYMLINK;
	return st->st_mode & 0111 ? TREE_EXECUTABLE : TREE_FILE;
}

bool index_match(struct index *ix, const char *path, const struct stat *st, struct oid *oid)
{
	struct index_entry e;

	if (!find(ix, path, &e) || e.racy || e.kind != kind_of(st) ||
	    e.size != (uint64_t)st->st_size || e.ino != (uint64_t)st->st_ino ||
	    e.mtime_ns != index_time_ns(&st->st_mtim) || e.ctime_ns != index_time_ns(&st->st_ctim))
		return false;
	*oid = e.oid;
	return true;
}

struct fingerprint index_fingerprint(const struct strbuf *tree_text)
{
	struct fingerprint print;

	xxh_128(tree_text->buf, tree_text->len, print.xxh3);
	return print;
}

bool index_match_tree(struct index *ix, const char *path, const struct fingerprint *print,
		      struct oid *oid)
{
	struct index_entry e;

	if (!find(ix, path, &e) || e.kind != TREE_FOLDER ||
	    memcmp(e.print.xxh3, print->xxh3, sizeof(print->xxh3)))
		return false;
	*oid = e.oid;
	return true;
}

/* Sets the mtime of a file and reads it back: the clock that ctimes are taken from. */
static int64_t read_clock(const struct index *ix)
{
	autoclose int fd = open(ix->clock, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	struct stat st;

	if (fd < 0 || futimens(fd, NULL) || fstat(fd, &st))
		return INT64_MIN; /* then nothing is trusted that was learned now */
	return index_time_ns(&st.st_mtim);
}

void index_settle(struct index *ix, int64_t ctime_ns)
{
	for (int tries = 0; ctime_ns >= ix->now_ns && tries < SETTLE_TRIES; tries++) {
		if (tries)
			clock_sleep_ms(1);
		ix->now_ns = read_clock(ix);
		if (ctime_ns > ix->now_ns + INT64_C(1000000000))
			return; /* a ctime in the future is not worth waiting for */
	}
}

static int write_merged(struct index *ix, struct index_merge *m, char **path,
			struct mlops_error *err)
{
	char suffix[RAND_HEX_SIZE(6)];
	const char *dir;

	if (project_tmp(ix->project, &dir, err))
		return -1;
	*path = xasprintf("%s/index-%s", dir, rand_hex(suffix, 6));
	return index_file_write(*path, &m->feed, err);
}

static void forget_learned(struct index *ix)
{
	map_clear(&ix->learned);
	arena_clear(&ix->arena);
}

/* The marks of the entries go with them. */
static void take_over(struct index *ix, struct index_merge *m, const struct index_file *file)
{
	struct index_file old = ix->file;
	uint8_t *old_marks = ix->marks;
	struct index_named named;
	size_t i = 0;

	set_file(ix, file);
	for (m->feed.rewind(&m->feed); m->feed.next(&m->feed, &named); i++)
		ix->marks[i] = named.seen ? INDEX_SEEN : INDEX_UNSEEN;
	forget_learned(ix);
	index_file_unmap(&old);
	free(old_marks);
}

/* Writes all there is to a new file, which is named `path` or has no name, and goes on with that. */
static int rewrite(struct index *ix, const char *path, struct mlops_error *err)
{
	struct index_file old = ix->file, file = { 0 };
	autofree char *tmp = NULL;
	struct index_merge m;

	index_merge_init(&m, &old, ix->marks, &ix->learned);
	int rc = write_merged(ix, &m, &tmp, err);
	if (!rc && path && (FAULT("index.rename") || rename(tmp, path)))
		rc = err_sys(err, "cannot write '%s'", path);
	if (!rc)
		index_file_map(path ? path : tmp, &file);
	if (tmp && (rc || !path))
		unlink(tmp);
	if (file.n)
		take_over(ix, &m, &file);
	index_merge_clear(&m);
	return rc;
}

/* Moves what was learned out of memory; where that cannot be done the memory has to do. */
static void move_learned(struct index *ix)
{
	autoerr why = ERR_INIT;

	if (rewrite(ix, NULL, &why) || ix->learned.n >= ix->limit)
		ix->limit *= 2;
}

static void learn(struct index *ix, const char *path, const struct index_entry *e)
{
	struct index_entry *kept = map_get(&ix->learned, path);

	if (!kept && ix->learned.n >= ix->limit)
		move_learned(ix);
	if (!kept) {
		kept = arena_alloc(&ix->arena, sizeof(*kept));
		map_put(&ix->learned, path, kept);
	}
	*kept = *e;
	ix->dirty = true;
}

void index_put(struct index *ix, const char *path, const struct stat *st, const struct oid *oid)
{
	struct index_entry e = {
		.kind = kind_of(st),
		.size = (uint64_t)st->st_size,
		.mtime_ns = index_time_ns(&st->st_mtim),
		.ctime_ns = index_time_ns(&st->st_ctim),
		.ino = st->st_ino,
		.oid = *oid,
	};

	e.racy = e.ctime_ns >= ix->now_ns;
	learn(ix, path, &e);
}

void index_put_tree(struct index *ix, const char *path, const struct fingerprint *print,
		    const struct oid *oid)
{
	struct index_entry e = { .kind = TREE_FOLDER, .oid = *oid, .print = *print };

	learn(ix, path, &e);
}

void index_scanned(struct index *ix, const char *path)
{
	strlist_add(&ix->scanned, path);
}

static bool below_scanned(const struct index *ix, struct str path)
{
	for (size_t i = 0; i < ix->scanned.n; i++) {
		size_t n = strlen(ix->scanned.v[i]);

		if (path.n >= n && !memcmp(path.p, ix->scanned.v[i], n) &&
		    (path.n == n || path.p[n] == '/'))
			return true;
	}
	return false;
}

static void mark_gone(struct index *ix)
{
	for (size_t i = 0; ix->scanned.n && i < ix->file.n; i++) {
		if (i % FORGET_EVERY == 0)
			index_file_forget(&ix->file);
		if (ix->marks[i] == INDEX_UNSEEN &&
		    below_scanned(ix, index_file_path(&ix->file, i)))
			ix->marks[i] = INDEX_GONE;
	}
}

int index_write(struct index *ix, struct mlops_error *err)
{
	if (!ix->dirty)
		return 0;
	mark_gone(ix);
	if (rewrite(ix, ix->path, err))
		return -1;
	strlist_clear(&ix->scanned);
	ix->dirty = false;
	return 0;
}
