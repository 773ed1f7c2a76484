/* The only file that knows zlib, and libarchive's filters. */
#include "fmt/unpack.h"

#include <limits.h>

#include "base/mem.h"
#include "fmt/source.h"
#include "gen/archive_lazy.h"
#include "gen/zlib_lazy.h"

struct unpack {
	enum unpack_kind kind;
	struct source *from;
	uint64_t at;    /* of the packed bytes that were read */
	uint64_t given, limit;
	bool ended;
	z_stream z;     /* DEFLATE, ZLIB, GZIP */
	struct archive *a; /* OTHER */
};

enum unpack_kind unpack_sniff(const uint8_t *p, size_t n)
{
	static const struct {
		const char *magic;
		size_t n;
	} others[] = {
		{ "BZh", 3 }, { "\xfd" "7zXZ", 5 }, { "\x5d\0\0", 3 },
		{ "\x04\x22\x4d\x18", 4 }, { "\x28\xb5\x2f\xfd", 4 },
	};

	if (n >= 3 && p[0] == 0x1f && p[1] == 0x8b && p[2] == 8)
		return UNPACK_GZIP;
	if (n >= 2 && (p[0] & 0x0f) == 8 && p[0] >> 4 <= 7 && (p[0] << 8 | p[1]) % 31 == 0 &&
	    !(p[1] & 0x20))
		return UNPACK_ZLIB;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (n >= others[i].n && !memcmp(p, others[i].magic, others[i].n))
			return UNPACK_OTHER;
	return UNPACK_NONE;
}

static int zlib_begin(struct unpack *u, struct mlops_error *err)
{
	/* Negative: no header. 16 more: a gzip header. */
	int bits = u->kind == UNPACK_DEFLATE ? -15 : u->kind == UNPACK_GZIP ? 15 + 16 : 15;

	if (zlib_lazy_load(err))
		return -1;
	if (inflateInit2(&u->z, bits) != Z_OK)
		return err_set(err, MLOPS_EFAIL, "zlib cannot start");
	return 0;
}

static la_ssize_t archive_pull(struct archive *a, void *arg, const void **buf)
{
	struct unpack *u = arg;
	autoerr err = ERR_INIT;
	const uint8_t *p;
	size_t got;

	(void)a;
	if (source_peek(u->from, u->at, SOURCE_WINDOW, &p, &got, &err))
		return -1;
	u->at += got;
	*buf = p;
	return (la_ssize_t)got;
}

static int archive_fail(struct unpack *u, struct mlops_error *err)
{
	const char *why = archive_error_string(u->a);

	return err_set(err, MLOPS_EINVALID, "cannot unpack '%s': %s", u->from->name,
		       why ? why : "it is damaged");
}

static int archive_begin(struct unpack *u, struct mlops_error *err)
{
	struct archive_entry *entry;

	if (archive_lazy_load(err))
		return -1;
	u->a = archive_read_new();
	archive_read_support_filter_bzip2(u->a);
	archive_read_support_filter_lzma(u->a);
	archive_read_support_filter_lz4(u->a);
	archive_read_support_filter_xz(u->a);
	archive_read_support_filter_zstd(u->a);
	archive_read_support_format_raw(u->a);
	archive_read_set_read_callback(u->a, archive_pull);
	archive_read_set_callback_data(u->a, u);
	if (archive_read_open1(u->a) != ARCHIVE_OK ||
	    archive_read_next_header(u->a, &entry) != ARCHIVE_OK)
		return archive_fail(u, err);
	return 0;
}

int unpack_new(enum unpack_kind kind, struct source *from, uint64_t limit, struct unpack **out,
	       struct mlops_error *err)
{
	struct unpack *u = xcalloc(1, sizeof(*u));

	u->kind = kind;
	u->from = from;
	u->limit = limit;
	if (kind == UNPACK_OTHER ? archive_begin(u, err) : zlib_begin(u, err)) {
		unpack_free(u);
		return -1;
	}
	*out = u;
	return 0;
}

/* Behind one gzip stream may stand another one, and Python reads them all. */
static void next_gzip(struct unpack *u)
{
	autoerr ignored = ERR_INIT;
	const uint8_t *p;
	size_t got;

	u->ended = u->kind != UNPACK_GZIP || source_peek(u->from, u->at, 3, &p, &got, &ignored) ||
		   unpack_sniff(p, got) != UNPACK_GZIP || inflateReset(&u->z) != Z_OK;
}

static int zlib_read(struct unpack *u, uint8_t *buf, size_t n, size_t *got, struct mlops_error *err)
{
	u->z.next_out = buf;
	u->z.avail_out = n < UINT_MAX ? (unsigned)n : UINT_MAX;
	unsigned room = u->z.avail_out;
	while (!u->ended && u->z.avail_out == room) {
		const uint8_t *p;
		size_t have = 0;

		if (source_peek(u->from, u->at, SOURCE_WINDOW, &p, &have, err))
			return -1;
		u->z.next_in = (uint8_t *)p;
		u->z.avail_in = (unsigned)have;
		int rc = inflate(&u->z, Z_NO_FLUSH);
		u->at += have - u->z.avail_in;
		if (rc == Z_STREAM_END)
			next_gzip(u);
		else if (rc != Z_OK)
			return err_set(err, MLOPS_EINVALID, "cannot unpack '%s': %s at offset %llu",
				       u->from->name, have ? "damaged data" : "the data ends",
				       (unsigned long long)u->at);
	}
	*got = room - u->z.avail_out;
	return 0;
}

static int archive_get(struct unpack *u, void *buf, size_t n, size_t *got, struct mlops_error *err)
{
	la_ssize_t r = archive_read_data(u->a, buf, n);

	if (r < 0)
		return archive_fail(u, err);
	*got = (size_t)r;
	return 0;
}

int unpack_read(struct unpack *u, void *buf, size_t n, size_t *got, struct mlops_error *err)
{
	size_t have = 0;

	if (u->kind == UNPACK_OTHER ? archive_get(u, buf, n, &have, err) : zlib_read(u, buf, n, &have, err))
		return -1;
	u->given += have;
	if (u->given > u->limit)
		return err_set(err, MLOPS_EINVALID, "'%s' unpacks to more than %llu bytes", u->from->name,
			       (unsigned long long)u->limit);
	*got = have;
	return 0;
}

void unpack_free(struct unpack *u)
{
	if (!u)
		return;
	if (u->a)
		archive_read_free(u->a);
	if (u->z.state)
		inflateEnd(&u->z);
	free(u);
}
