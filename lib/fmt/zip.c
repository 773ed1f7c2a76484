/* End record, central directory, local headers. */
#include "fmt/zip.h"

#include "fmt/unpack.h"

#define MAX_ENTRIES 1000000 /* a PyTorch checkpoint has one a tensor */
#define MAX_NAME 4096
#define END_SIZE 22
#define END64_SIZE 56
#define LOCATOR_SIZE 20
#define CENTRAL_SIZE 46
#define LOCAL_SIZE 30

static uint64_t le(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

bool zip_sniff(const uint8_t *p, size_t n)
{
	return n >= 4 && p[0] == 'P' && p[1] == 'K' &&
	       ((p[2] == 3 && p[3] == 4) || (p[2] == 5 && p[3] == 6));
}

/* The last end record whose comment fits into what follows it. */
static int find_end(struct source *src, uint64_t *at, struct mlops_error *err)
{
	size_t n = src->size < END_SIZE + 65535 ? (size_t)src->size : END_SIZE + 65535;
	uint64_t start = src->size - n;
	const uint8_t *p;
	size_t got;

	if (n < END_SIZE || src->size == SOURCE_UNKNOWN)
		return err_set(err, MLOPS_EINVALID, "'%s' is no zip file: it has no end record", src->name);
	if (source_peek(src, start, n, &p, &got, err))
		return -1;
	for (size_t i = got < END_SIZE ? 0 : got - END_SIZE + 1; i--;)
		if (!memcmp(p + i, "PK\5\6", 4) && le(p + i + 20, 2) <= got - END_SIZE - i) {
			*at = start + i;
			return 0;
		}
	return err_set(err, MLOPS_EINVALID, "'%s' is no zip file: it has no end record", src->name);
}

struct directory {
	uint64_t at, size, count, end; /* end: of the directory, where the end record starts */
};

static int read_end64(struct source *src, uint64_t end_at, struct directory *d, struct mlops_error *err)
{
	uint8_t b[END64_SIZE];

	if (end_at < LOCATOR_SIZE || source_read(src, end_at - LOCATOR_SIZE, b, LOCATOR_SIZE, err))
		return err_set(err, MLOPS_EINVALID, "'%s' is damaged: no zip64 locator", src->name);
	if (memcmp(b, "PK\6\7", 4))
		return 0; /* a plain zip whose numbers just happen to be at their largest */
	if (end_at < LOCATOR_SIZE + END64_SIZE)
		return err_set(err, MLOPS_EINVALID, "'%s' is damaged: no zip64 end record", src->name);
	/* Where it must be; the locator's offset is off by what was put in front of the file. */
	uint64_t at = end_at - LOCATOR_SIZE - END64_SIZE;
	if (source_read(src, at, b, END64_SIZE, err))
		return -1;
	if (memcmp(b, "PK\6\6", 4))
		return err_set(err, MLOPS_EINVALID, "'%s' is damaged: no zip64 end record at offset %llu",
			       src->name, (unsigned long long)at);
	*d = (struct directory){ .count = le(b + 32, 8), .size = le(b + 40, 8), .at = le(b + 48, 8),
				 .end = at };
	return 0;
}

static int read_end(struct zip *z, struct directory *d, struct mlops_error *err)
{
	uint8_t b[END_SIZE];
	uint64_t at = 0;

	if (find_end(z->src, &at, err) || source_read(z->src, at, b, END_SIZE, err))
		return -1;
	*d = (struct directory){ .count = le(b + 10, 2), .size = le(b + 12, 4), .at = le(b + 16, 4),
				 .end = at };
	if ((d->count == 0xffff || d->size == 0xffffffff || d->at == 0xffffffff) &&
	    read_end64(z->src, at, d, err))
		return -1;
	if (d->size > d->end || d->at > d->end - d->size)
		return err_set(err, MLOPS_EINVALID,
			       "'%s' is damaged: the directory of %llu bytes at offset %llu ends behind the"
			       " end record at %llu", z->src->name, (unsigned long long)d->size,
			       (unsigned long long)d->at, (unsigned long long)d->end);
	if (d->count > MAX_ENTRIES || d->count > d->size / CENTRAL_SIZE)
		return err_set(err, MLOPS_EINVALID,
			       "'%s' is damaged: a directory of %llu bytes cannot list %llu members",
			       z->src->name, (unsigned long long)d->size, (unsigned long long)d->count);
	return 0;
}

/* The zip64 extra field holds, in this order, the numbers that did not fit. */
static void apply_zip64(struct zip_entry *e, const uint8_t *p, size_t n)
{
	uint64_t *const wide[] = { &e->size, &e->packed, &e->header_at };

	while (n >= 4) {
		size_t len = le(p + 2, 2);
		bool ours = le(p, 2) == 1;

		if (len > n - 4)
			return;
		p += 4;
		n -= 4;
		for (size_t i = 0, at = 0; ours && i < ARRAY_LEN(wide); i++)
			if (*wide[i] == 0xffffffff && at + 8 <= len) {
				*wide[i] = le(p + at, 8);
				at += 8;
			}
		p += len;
		n -= len;
	}
}

static int read_entry(struct zip *z, struct cursor *c, struct mlops_error *err)
{
	struct zip_entry e = { 0 };
	const uint8_t *p;

	if (cursor_take(c, "directory entry", CENTRAL_SIZE, &p, err))
		return -1;
	if (memcmp(p, "PK\1\2", 4)) {
		c->at -= CENTRAL_SIZE;
		return cursor_fail(c, "directory entry", err, "its signature is wrong");
	}
	size_t name_len = le(p + 28, 2), extra_len = le(p + 30, 2), comment_len = le(p + 32, 2);
	e.flags = le(p + 8, 2);
	e.method = le(p + 10, 2);
	e.crc = le(p + 16, 4);
	e.packed = le(p + 20, 4);
	e.size = le(p + 24, 4);
	e.mode = p[5] == 3 ? le(p + 40, 2) : 0;
	e.header_at = le(p + 42, 4);
	if (cursor_text(c, "member name", name_len, MAX_NAME, &z->arena, &e.name, err) ||
	    cursor_take(c, "extra field", extra_len, &p, err))
		return -1;
	e.has_nul = strlen(e.name) != name_len;
	apply_zip64(&e, p, extra_len);
	if (cursor_skip(c, "comment", comment_len, err))
		return -1;
	if (e.header_at > z->directory_at - z->prefix)
		return cursor_fail(c, "local header offset", err, "%llu is behind the members",
				   (unsigned long long)e.header_at);
	e.header_at += z->prefix;
	vec_push(&z->entries, e);
	return 0;
}

int zip_open(struct zip *z, struct source *src, struct mlops_error *err)
{
	struct directory d;

	*z = (struct zip){ .src = src };
	if (read_end(z, &d, err))
		return -1;
	z->directory_at = d.end - d.size;
	z->prefix = z->directory_at - d.at;
	struct cursor c = { .src = src, .at = z->directory_at, .end = d.end };
	for (uint64_t i = 0; i < d.count; i++)
		if (read_entry(z, &c, err)) {
			zip_close(z);
			return -1;
		}
	return 0;
}

void zip_close(struct zip *z)
{
	vec_free(&z->entries);
	arena_clear(&z->arena);
}

struct zip_entry *zip_find(struct zip *z, const char *name)
{
	for (size_t i = 0; i < z->entries.n; i++)
		if (!strcmp(z->entries.v[i].name, name))
			return &z->entries.v[i];
	return NULL;
}

int zip_locate(struct zip *z, struct zip_entry *e, unsigned *odd, struct mlops_error *err)
{
	size_t name_len = strlen(e->name), got;
	uint8_t b[LOCAL_SIZE];
	const uint8_t *p;

	*odd = 0;
	if (source_read(z->src, e->header_at, b, LOCAL_SIZE, err))
		return -1;
	if (memcmp(b, "PK\3\4", 4)) {
		*odd = ZIP_ODD_LOCAL_HEADER;
		return err_set(err, MLOPS_EINVALID, "'%s' is damaged: no header of '%s' at offset %llu",
			       z->src->name, e->name, (unsigned long long)e->header_at);
	}
	size_t local_len = le(b + 26, 2);
	uint64_t size = le(b + 22, 4), packed = le(b + 18, 4);
	if (source_peek(z->src, e->header_at + LOCAL_SIZE, local_len, &p, &got, err))
		return -1;
	if (!e->has_nul && (local_len != name_len || got != name_len || memcmp(p, e->name, name_len)))
		*odd |= ZIP_ODD_LOCAL_NAME;
	if (le(b + 8, 2) != e->method)
		*odd |= ZIP_ODD_LOCAL_METHOD;
	/* Sizes are absent when a data descriptor follows, and elsewhere when they are zip64. */
	if (!(le(b + 6, 2) & 8) && packed != 0xffffffff && size != 0xffffffff &&
	    (packed != e->packed || size != e->size))
		*odd |= ZIP_ODD_LOCAL_SIZE;
	e->data_at = e->header_at + LOCAL_SIZE + local_len + le(b + 28, 2);
	return 0;
}

static enum unpack_kind kind_of(const struct zip_entry *e)
{
	switch (e->method) {
	case ZIP_DEFLATED:
		return UNPACK_DEFLATE;
	case ZIP_BZIP2:
	case ZIP_ZSTD:
	case ZIP_XZ:
		return UNPACK_OTHER;
	}
	return UNPACK_NONE;
}

bool zip_readable(const struct zip_entry *e)
{
	return !(e->flags & 1) && (e->method == ZIP_STORED || kind_of(e) != UNPACK_NONE);
}

int zip_member(struct zip *z, struct zip_entry *e, uint64_t limit, struct source *hold,
	       struct source *out, struct mlops_error *err)
{
	struct unpack *stream;
	unsigned odd;

	if (zip_locate(z, e, &odd, err))
		return -1;
	if (e->flags & 1)
		return err_set(err, MLOPS_EINVALID, "'%s' in '%s' is encrypted", e->name, z->src->name);
	if (e->method == ZIP_STORED) {
		source_mem(hold, "", "", 0);
		if (!source_part(out, z->src, e->name, e->data_at, e->packed, err))
			return 0;
		source_close(hold);
		return -1;
	}
	if (!zip_readable(e))
		return err_set(err, MLOPS_EINVALID, "'%s' in '%s' is compressed by method %u, which is not"
			       " known", e->name, z->src->name, e->method);
	if (source_part(hold, z->src, e->name, e->data_at, e->packed, err))
		return -1;
	if (unpack_new(kind_of(e), hold, limit, &stream, err)) {
		source_close(hold);
		return -1;
	}
	source_stream(out, e->name, stream);
	return 0;
}

int zip_slurp(struct zip *z, struct zip_entry *e, size_t max, struct strbuf *out,
	      struct mlops_error *err)
{
	struct source hold, member;

	if (zip_member(z, e, (uint64_t)max + 1, &hold, &member, err))
		return -1;
	int rc = source_slurp(&member, max, out, err);
	source_close(&member);
	source_close(&hold);
	return rc;
}

static int by_offset(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* A data descriptor and padding may stand in a gap; a whole header may not. */
static int gap_has_header(struct zip *z, uint64_t from, uint64_t to, bool *found, struct mlops_error *err)
{
	const uint8_t *p;
	size_t got;

	*found = false;
	if (from + LOCAL_SIZE > to)
		return 0;
	size_t want = to - from < SOURCE_WINDOW ? (size_t)(to - from) : SOURCE_WINDOW;
	if (source_peek(z->src, from, want, &p, &got, err))
		return -1;
	*found = memmem(p, got, "PK\3\4", 4) != NULL;
	return 0;
}

int zip_hidden(struct zip *z, size_t *count, uint64_t *first, struct mlops_error *err)
{
	VEC(uint64_t) starts = { 0 };
	int rc = 0;

	*count = 0;
	/* Pairs: where a member starts; where its packed bytes end is looked up again. */
	for (size_t i = 0; i < z->entries.n; i++)
		vec_push(&starts, z->entries.v[i].header_at);
	vec_push(&starts, z->directory_at);
	vec_sort(&starts, by_offset);
	automap ends = { 0 };
	for (size_t i = 0; i < z->entries.n; i++) {
		struct zip_entry *e = &z->entries.v[i];

		map_putn(&ends, &e->header_at, sizeof(e->header_at), e);
	}
	for (size_t i = 0; !rc && i + 1 < starts.n; i++) {
		struct zip_entry *e = map_getn(&ends, &starts.v[i], sizeof(uint64_t));
		bool found = false;

		if (e && e->data_at)
			rc = gap_has_header(z, e->data_at + e->packed, starts.v[i + 1], &found, err);
		if (found && !(*count)++)
			*first = e->data_at + e->packed;
	}
	vec_free(&starts);
	return rc;
}
