/* Reading packs: mapping an index, finding an entry, getting its bytes out. */
#include "store/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <zstd.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/le.h"
#include "base/path.h"

#define INDEX_HEADER 24 /* "MLPI", version, pack size, count, zero */
#define FANOUT_SIZE  ((size_t)256 * 4)
#define RECORD       64 /* name, offset, raw size, stored size, codec, padding */
#define RECORDS_AT   (INDEX_HEADER + FANOUT_SIZE)

static int bad(const char *path, struct mlops_error *err, const char *why)
{
	return err_set(err, MLOPS_ECORRUPT, "'%s' is damaged: %s", path, why);
}

static uint32_t fanout(const struct pack *p, unsigned byte)
{
	return le32_get(p->index + INDEX_HEADER + byte * 4);
}

static const uint8_t *record(const struct pack *p, uint32_t i)
{
	return p->index + RECORDS_AT + (size_t)i * RECORD;
}

static int check_header(struct pack *p, const char *path, struct mlops_error *err)
{
	if (p->index_size < RECORDS_AT + PACK_INDEX_HASH || memcmp(p->index, "MLPI", 4))
		return bad(path, err, "no pack index");
	if (le32_get(p->index + 4) != PACK_VERSION) {
		err_set(err, MLOPS_EINVALID, "'%s' has version %u, this program knows %d", path,
			le32_get(p->index + 4), PACK_VERSION);
		return err_hint(err, "install a newer mlops");
	}
	p->size = le64_get(p->index + 8);
	p->count = le32_get(p->index + 16);
	if (p->index_size != RECORDS_AT + (size_t)p->count * RECORD + PACK_INDEX_HASH)
		return bad(path, err, "its size does not fit the number of objects");
	for (unsigned i = 0; i < 256; i++)
		if (fanout(p, i) > p->count || (i && fanout(p, i) < fanout(p, i - 1)))
			return bad(path, err, "its fan-out table is not in order");
	if (fanout(p, 255) != p->count)
		return bad(path, err, "its fan-out table does not hold all objects");
	return 0;
}

static int map_index(struct pack *p, const char *path, struct mlops_error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return err_sys(err, "cannot open '%s'", path);
	if (!st.st_size)
		return bad(path, err, "it is empty");
	void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return err_sys(err, "cannot map '%s'", path);
	p->index = at;
	p->index_size = (size_t)st.st_size;
	return check_header(p, path, err);
}

int pack_map_index(const char *dir, const char *hex, struct pack **out, struct mlops_error *err)
{
	autofree char *index_path = xasprintf("%s/%s.idx", dir, hex);
	struct pack *p = xcalloc(1, sizeof(*p));

	p->fd = -1;
	p->path = xasprintf("%s/%s.pack", dir, hex);
	if (map_index(p, index_path, err)) {
		pack_free(p);
		return -1;
	}
	*out = p;
	return 0;
}

int pack_open(const char *dir, const char *hex, struct pack **out, struct mlops_error *err)
{
	struct pack *p;
	struct stat st;
	int rc = 0;

	if (pack_map_index(dir, hex, &p, err))
		return -1;
	if (stat(p->path, &st))
		rc = err_sys(err, "cannot open '%s'", p->path);
	else if ((uint64_t)st.st_size != p->size)
		rc = bad(p->path, err, "its size is not the one that its index names");
	if (rc)
		pack_free(p);
	else
		*out = p;
	return rc;
}

static char *beside(const char *pack_path, const char *suffix)
{
	return xasprintf("%.*s%s", (int)(strlen(pack_path) - strlen("pack")), pack_path, suffix);
}

char *pack_index_path(const char *pack_path)
{
	return beside(pack_path, "idx");
}

char *pack_gone_path(const char *pack_path)
{
	return beside(pack_path, "gone");
}

int pack_remove_gone(const char *pack_path, struct mlops_error *err)
{
	autofree char *gone = pack_gone_path(pack_path);

	if (FAULT("pack.remove") || (unlink(pack_path) && errno != ENOENT))
		return err_sys(err, "cannot remove '%s'", pack_path);
	if (FAULT("pack.gone") || (unlink(gone) && errno != ENOENT))
		return err_sys(err, "cannot remove '%s'", gone);
	return 0;
}

void pack_free(struct pack *p)
{
	if (!p)
		return;
	if (p->index)
		munmap((void *)p->index, p->index_size);
	if (p->fd >= 0)
		close(p->fd);
	free(p->path);
	free(p);
}

/* What an index and the header of an entry say alike: sizes and codec, at p. */
static int read_sizes(const uint8_t *p, const char *path, struct pack_entry *e,
		      struct mlops_error *err)
{
	uint64_t raw = le64_get(p), stored = le64_get(p + 8);

	if (p[16] > PACK_SEALED)
		return bad(path, err, "an unknown form is named");
	if (raw > PACK_OBJECT_MAX || stored > raw || (p[16] != PACK_ZSTD && stored != raw))
		return bad(path, err, "an impossible size is named");
	e->raw = (uint32_t)raw;
	e->stored = (uint32_t)stored;
	e->codec = p[16];
	return 0;
}

void pack_oid(const struct pack *p, uint32_t i, struct oid *out)
{
	memcpy(out->sha256, record(p, i), sizeof(out->sha256));
}

int pack_entry(const struct pack *p, uint32_t i, struct pack_entry *out, struct mlops_error *err)
{
	const uint8_t *r = record(p, i);
	struct pack_entry e;

	pack_oid(p, i, &e.oid);
	e.offset = le64_get(r + 32);
	if (read_sizes(r + 40, p->path, &e, err))
		return -1;
	if (e.offset < PACK_HEADER || e.offset > p->size ||
	    p->size - e.offset < PACK_ENTRY_HEADER + e.stored)
		return bad(p->path, err, "its index points outside of it");
	*out = e;
	return 0;
}

void pack_put_header(uint8_t *h, const struct oid *oid, const struct pack_form *form)
{
	memset(h, 0, PACK_ENTRY_HEADER);
	memcpy(h, oid->sha256, sizeof(oid->sha256));
	le64_put(h + 32, form->raw);
	le64_put(h + 40, form->n);
	h[48] = (uint8_t)form->codec;
}

int pack_get_header(const uint8_t *h, const char *path, struct pack_entry *out,
		    struct mlops_error *err)
{
	struct pack_entry e = { 0 };

	if (read_sizes(h + 32, path, &e, err))
		return -1;
	memcpy(e.oid.sha256, h, sizeof(e.oid.sha256));
	*out = e;
	return 0;
}

int pack_entry_at(int fd, const char *path, uint64_t offset, struct pack_entry *out,
		  struct mlops_error *err)
{
	uint8_t header[PACK_ENTRY_HEADER];

	if (fs_pread_all(fd, header, sizeof(header), offset, path, err) ||
	    pack_get_header(header, path, out, err))
		return -1;
	out->offset = offset;
	return 0;
}

bool pack_search(const struct pack *p, const struct oid *oid, uint32_t *at)
{
	uint32_t low = oid->sha256[0] ? fanout(p, oid->sha256[0] - 1u) : 0;
	uint32_t high = fanout(p, oid->sha256[0]);

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = memcmp(oid->sha256, record(p, middle), sizeof(oid->sha256));

		if (!order) {
			*at = middle;
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

bool pack_find(const struct pack *p, const struct oid *oid, struct pack_entry *out)
{
	autoerr damaged = ERR_INIT;
	uint32_t at;

	return pack_search(p, oid, &at) && !pack_entry(p, at, out, &damaged);
}

int pack_check_header(int fd, const char *path, struct mlops_error *err)
{
	uint8_t h[PACK_HEADER];

	if (fs_pread_all(fd, h, sizeof(h), 0, path, err))
		return -1;
	if (memcmp(h, "MLPK", 4) || le32_get(h + 4) != PACK_VERSION)
		return bad(path, err, "it does not begin as a pack");
	return 0;
}

int pack_check_index(const struct pack *p, struct mlops_error *err)
{
	size_t body = p->index_size - PACK_INDEX_HASH;
	char hex[MLOPS_OID_HEX + 1];
	struct oid sum;

	if (hash_buf(p->index, body, &sum, err))
		return -1;
	if (memcmp(sum.sha256, p->index + body, PACK_INDEX_HASH) ||
	    strncmp(path_base(p->path), mlops_oid_hex(&sum, hex), MLOPS_OID_HEX))
		return bad(p->path, err, "the hash of its index is wrong");
	for (uint32_t i = 0; i < p->count; i++) {
		const uint8_t *r = record(p, i);

		if (i && memcmp(record(p, i - 1), r, 32) >= 0)
			return bad(p->path, err, "its index is not sorted");
		if (i >= fanout(p, r[0]) || (r[0] && i < fanout(p, r[0] - 1u)))
			return bad(p->path, err, "the fan-out table of its index is wrong");
	}
	return 0;
}

static int check_entry_header(const uint8_t *h, const struct pack_entry *e, const char *path,
			      struct mlops_error *err)
{
	static const uint8_t padding[7];

	if (memcmp(h, e->oid.sha256, 32) || le64_get(h + 32) != e->raw ||
	    le64_get(h + 40) != e->stored || h[48] != e->codec || memcmp(h + 49, padding, 7))
		return bad(path, err, "an object is not where its index says");
	return 0;
}

static int inflate(const char *stored, const struct pack_entry *e, struct scratch *s, char *out,
		   const char *path, struct mlops_error *err)
{
	if (!s->dctx)
		s->dctx = ZSTD_createDCtx();
	size_t n = ZSTD_decompressDCtx(s->dctx, out, e->raw, stored, e->stored);
	if (ZSTD_isError(n) || n != e->raw)
		return bad(path, err, "an object does not decompress");
	return 0;
}

int pack_decode(const struct pack_entry *e, const char *stored, struct scratch *s, char *out,
		const char *path, struct mlops_error *err)
{
	if (e->codec == PACK_ZSTD)
		return inflate(stored, e, s, out, path, err);
	memcpy(out, stored, e->raw);
	return 0;
}

int pack_read_data(int fd, const char *path, const struct pack_entry *e, struct scratch *s,
		   char **out, struct mlops_error *err)
{
	autofree char *raw = xmalloc((size_t)e->raw + 1);
	uint64_t at = e->offset + PACK_ENTRY_HEADER;

	if (e->codec != PACK_ZSTD) {
		if (fs_pread_all(fd, raw, e->raw, at, path, err))
			return -1;
	} else {
		scratch_reserve_packed(s, e->stored);
		if (fs_pread_all(fd, s->packed, e->stored, at, path, err) ||
		    inflate(s->packed, e, s, raw, path, err))
			return -1;
	}
	raw[e->raw] = '\0';
	*out = steal_ptr(&raw);
	return 0;
}

int pack_read(int fd, const char *path, const struct pack_entry *e, struct scratch *s, char **out,
	      struct mlops_error *err)
{
	uint8_t header[PACK_ENTRY_HEADER];

	if (fs_pread_all(fd, header, sizeof(header), e->offset, path, err) ||
	    check_entry_header(header, e, path, err))
		return -1;
	return pack_read_data(fd, path, e, s, out, err);
}

void pack_index_head(const struct pack_entry *entries, size_t n, uint64_t pack_size,
		     struct strbuf *out)
{
	uint8_t header[RECORDS_AT] = "MLPI";
	size_t at = 0;

	le32_put(header + 4, PACK_VERSION);
	le64_put(header + 8, pack_size);
	le32_put(header + 16, (uint32_t)n);
	for (unsigned byte = 0; byte < 256; byte++) {
		while (at < n && entries[at].oid.sha256[0] == byte)
			at++;
		le32_put(header + INDEX_HEADER + byte * 4, (uint32_t)at);
	}
	strbuf_add(out, header, sizeof(header));
}

void pack_index_records(const struct pack_entry *entries, size_t n, struct strbuf *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct pack_entry *e = &entries[i];
		uint8_t r[RECORD] = { 0 };

		memcpy(r, e->oid.sha256, sizeof(e->oid.sha256));
		le64_put(r + 32, e->offset);
		le64_put(r + 40, e->raw);
		le64_put(r + 48, e->stored);
		r[56] = (uint8_t)e->codec;
		strbuf_add(out, r, sizeof(r));
	}
}
