/* Looking things up in the index and learning new ones; index_file.c has its form on disk. */
#include "store/index.h"

#include <fcntl.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/map.h"
#include "base/xxh.h"
#include "project/project.h"
#include "store/index_file.h"

#define SETTLE_TRIES 20 /* of a millisecond; the clock of most kernels ticks every 1 to 10 */

struct index {
	struct project *project;
	char *clock; /* a file of the same file system whose mtime we may set */
	struct index_file file;
	size_t hint;        /* where the next look-up in the file likely hits */
	bool *seen;         /* a flag an entry of the file: matched by this process */
	struct map learned; /* path -> struct index_entry, newer than the file */
	struct arena arena;
	struct strlist scanned;
	int64_t now_ns; /* the file system's clock, some time ago */
	bool dirty;
};

int64_t index_time_ns(const struct timespec *t)
{
	return t->tv_sec * INT64_C(1000000000) + t->tv_nsec;
}

static void free_index(void *slot)
{
	struct index *ix = slot;

	index_file_unmap(&ix->file);
	map_clear(&ix->learned);
	arena_clear(&ix->arena);
	strlist_clear(&ix->scanned);
	free(ix->seen);
	free(ix->clock);
	free(ix);
}

struct index *index_of(struct project *project)
{
	struct index *ix = project_slot(project, PROJECT_INDEX);
	autofree char *path = project_file(project, "index");

	if (ix)
		return ix;
	ix = xcalloc(1, sizeof(*ix));
	ix->project = project;
	ix->clock = project_file(project, "lock");
	ix->now_ns = INT64_MIN;
	index_file_map(path, &ix->file);
	ix->seen = xcalloc(ix->file.n + 1, sizeof(*ix->seen));
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
	if (at == SIZE_MAX)
		return false;
	index_file_entry(&ix->file, at, out);
	ix->seen[at] = true;
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

static void learn(struct index *ix, const char *path, const struct index_entry *e)
{
	struct index_entry *kept = map_get(&ix->learned, path);

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

static int by_path(const void *a, const void *b)
{
	const struct index_named *x = a, *y = b;
	size_t n = x->path.n < y->path.n ? x->path.n : y->path.n;
	int order = memcmp(x->path.p, y->path.p, n);

	return order ? order : (x->path.n > y->path.n) - (x->path.n < y->path.n);
}

/* What the file had and nothing has replaced or shown to be gone, and all that is new. */
static void gather(struct index *ix, index_named_vec *all)
{
	for (size_t i = 0; i < ix->file.n; i++) {
		struct str path = index_file_path(&ix->file, i);
		struct index_entry e;

		if (map_getn(&ix->learned, path.p, path.n) ||
		    (!ix->seen[i] && below_scanned(ix, path)))
			continue;
		index_file_entry(&ix->file, i, &e);
		vec_push(all, { path, e });
	}
	for (size_t i = 0; i < ix->learned.n; i++) {
		struct map_entry *m = &ix->learned.v[i];

		vec_push(all, { { m->key, m->key_len }, *(struct index_entry *)m->value });
	}
	vec_sort(all, by_path);
}

int index_write(struct index *ix, struct mlops_error *err)
{
	index_named_vec all = { 0 };

	if (!ix->dirty)
		return 0;
	gather(ix, &all);
	int rc = index_file_write(ix->project, &all, err);
	vec_free(&all);
	if (!rc)
		ix->dirty = false;
	return rc;
}
