/* Mapping and writing the index. It is checked once, as a whole, so that look-ups need not. */
#include "store/index_file.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "base/fs.h"
#include "base/le.h"
#include "base/log.h"
#include "base/xxh.h"

#define VERSION  1
#define HEADER   24 /* "MLIX", version, number of entries, bytes of paths */
#define RECORD   96
#define CHECKSUM 8
#define RACY     1
#define PART     ((size_t)64 << 10) /* written at a time */
#define WINDOW   ((size_t)1 << 20)  /* of a mapped file that is in memory at a time */

static const uint8_t *record(const struct index_file *f, size_t i)
{
	return f->map + HEADER + i * RECORD;
}

static const char *paths(const struct index_file *f)
{
	return (const char *)record(f, f->n);
}

void index_file_forget(const struct index_file *f)
{
	if (f->map)
		madvise((void *)f->map, f->size, MADV_DONTNEED);
}

static uint64_t checksum(const struct index_file *f)
{
	struct xxh *sum = xxh_new();
	size_t left = f->size - CHECKSUM;

	for (const uint8_t *p = f->map; left;) {
		size_t part = left < WINDOW ? left : WINDOW;

		xxh_add(sum, p, part);
		index_file_forget(f);
		p += part;
		left -= part;
	}
	return xxh_end(sum);
}

static bool is_whole(struct index_file *f)
{
	uint64_t n, bytes, records;

	if (f->size < HEADER + CHECKSUM || memcmp(f->map, "MLIX", 4) ||
	    le32_get(f->map + 4) != VERSION)
		return false;
	n = le64_get(f->map + 8);
	bytes = le64_get(f->map + 16);
	if (!size_mul(n, RECORD, &records) || !size_add(records, bytes, &records) ||
	    records != f->size - HEADER - CHECKSUM)
		return false;
	if (checksum(f) != le64_get(f->map + f->size - CHECKSUM))
		return false;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t at = le64_get(record(f, i)), len = le32_get(record(f, i) + 8);

		if (i % (WINDOW / RECORD) == 0)
			index_file_forget(f);
		if (at > bytes || len > bytes - at)
			return false;
	}
	index_file_forget(f);
	f->n = n;
	return true;
}

void index_file_map(const char *path, struct index_file *out)
{
	struct index_file f = { 0 };
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	*out = f;
	if (fd < 0 || fstat(fd, &st) || st.st_size <= 0)
		return;
	void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return;
	f.map = map;
	f.size = (size_t)st.st_size;
	if (is_whole(&f)) {
		*out = f;
		return;
	}
	log_debug("'%s' cannot be used and will be made anew", path);
	index_file_unmap(&f);
}

void index_file_unmap(struct index_file *f)
{
	if (f->map)
		munmap((void *)f->map, f->size);
	*f = (struct index_file){ 0 };
}

struct str index_file_path(const struct index_file *f, size_t i)
{
	return (struct str){ paths(f) + le64_get(record(f, i)), le32_get(record(f, i) + 8) };
}

void index_file_entry(const struct index_file *f, size_t i, struct index_entry *out)
{
	const uint8_t *r = record(f, i);

	out->kind = (enum tree_kind)r[12];
	out->racy = r[13] & RACY;
	out->size = le64_get(r + 16);
	out->mtime_ns = (int64_t)le64_get(r + 24);
	out->ctime_ns = (int64_t)le64_get(r + 32);
	out->ino = le64_get(r + 40);
	memcpy(out->oid.sha256, r + 48, sizeof(out->oid.sha256));
	memcpy(out->print.xxh3, r + 80, sizeof(out->print.xxh3));
}

size_t index_file_find(const struct index_file *f, const char *path, size_t hint)
{
	struct str key = str_of(path);
	size_t low = 0, high = f->n;

	if (hint < f->n && !str_compare(key, index_file_path(f, hint)))
		return hint;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_compare(key, index_file_path(f, middle));

		if (!order)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return SIZE_MAX;
}

static void format(const struct index_named *named, uint64_t path_at, uint8_t *r)
{
	const struct index_entry *e = &named->e;

	memset(r, 0, RECORD);
	le64_put(r, path_at);
	le32_put(r + 8, (uint32_t)named->path.n);
	r[12] = (uint8_t)e->kind;
	r[13] = e->racy ? RACY : 0;
	le64_put(r + 16, e->size);
	le64_put(r + 24, (uint64_t)e->mtime_ns);
	le64_put(r + 32, (uint64_t)e->ctime_ns);
	le64_put(r + 40, e->ino);
	memcpy(r + 48, e->oid.sha256, sizeof(e->oid.sha256));
	memcpy(r + 80, e->print.xxh3, sizeof(e->print.xxh3));
}

struct writing {
	int fd;
	const char *path;
	struct strbuf buf;
	struct xxh *sum;
};

static int write_part(struct writing *w, struct mlops_error *err)
{
	xxh_add(w->sum, w->buf.buf, w->buf.len);
	int rc = fs_write_all(w->fd, w->buf.buf, w->buf.len, w->path, err);
	strbuf_trunc(&w->buf, 0);
	return rc;
}

static int add(struct writing *w, const void *p, size_t n, struct mlops_error *err)
{
	strbuf_add(&w->buf, p, n);
	return w->buf.len < PART ? 0 : write_part(w, err);
}

static int write_header(struct writing *w, struct index_feed *feed, struct mlops_error *err)
{
	uint8_t header[HEADER] = "MLIX";
	struct index_named named;
	uint64_t n = 0, bytes = 0;

	for (feed->rewind(feed); feed->next(feed, &named); n++)
		bytes += named.path.n;
	le32_put(header + 4, VERSION);
	le64_put(header + 8, n);
	le64_put(header + 16, bytes);
	return add(w, header, sizeof(header), err);
}

static int write_body(struct writing *w, struct index_feed *feed, struct mlops_error *err)
{
	struct index_named named;
	uint8_t record[RECORD];
	uint64_t bytes = 0;

	for (feed->rewind(feed); feed->next(feed, &named); bytes += named.path.n) {
		format(&named, bytes, record);
		if (add(w, record, sizeof(record), err))
			return -1;
	}
	for (feed->rewind(feed); feed->next(feed, &named);)
		if (add(w, named.path.p, named.path.n, err))
			return -1;
	return w->buf.len ? write_part(w, err) : 0;
}

int index_file_write(const char *path, struct index_feed *feed, struct mlops_error *err)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	struct writing w = { .fd = fd, .path = path };
	uint8_t sum[CHECKSUM];

	if (fd < 0)
		return err_sys(err, "cannot write '%s'", path);
	w.sum = xxh_new();
	int rc = write_header(&w, feed, err);
	if (!rc)
		rc = write_body(&w, feed, err);
	le64_put(sum, xxh_end(w.sum));
	strbuf_clear(&w.buf);
	return rc ? -1 : fs_write_all(fd, sum, sizeof(sum), path, err);
}
