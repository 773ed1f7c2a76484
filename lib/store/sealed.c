/* What lies sealed in a store: where, under which name, and how it becomes the object again. */
#include "store/sealed.h"

#include <fcntl.h>

#include "base/fs.h"

char *sealed_path(const struct store *s, const struct oid *name)
{
	char hex[MLOPS_OID_HEX + 1];

	mlops_oid_hex(name, hex);
	return xasprintf("%s/sealed/%.2s/%s", s->dir, hex, hex + 2);
}

void sealed_name(const struct store *s, const struct oid *oid, struct oid *out)
{
	if (s->key)
		seal_name(s->key, oid, out);
	else
		*out = *oid;
}

/* What no sealed form has is damaged, and found to be so when it is read. */
uint64_t sealed_object_size(const struct store *s, uint64_t stored)
{
	uint64_t n;

	if (!s->key)
		return stored;
	return sealed_plain_size(stored, &n) ? n : 0;
}

int sealed_check_form(const void *header, uint64_t size, const struct oid *name,
		      struct mlops_error *err)
{
	struct sealed_info info;
	uint64_t plain;

	if (!sealed_plain_size(size, &plain))
		return err_set(err, MLOPS_ECORRUPT, "this is no whole sealed object");
	if (sealed_inspect(header, &info, err))
		return -1;
	if (mlops_oid_equal(&info.name, name))
		return 0;
	return err_set(err, MLOPS_ECORRUPT, "the sealed object has another name");
}

int sealed_encode(struct store *s, const void *buf, size_t n, const struct oid *oid,
		  struct scratch *scratch, struct oid *name, struct pack_form *form,
		  struct mlops_error *err)
{
	size_t size = (size_t)sealed_size(n);

	sealed_name(s, oid, name);
	*form = (struct pack_form){ PACK_SEALED, buf, n, n };
	if (!s->key)
		return sealed_check_form(buf, n, name, err);
	scratch_reserve_packed(scratch, size);
	if (sealed_put(s->key, name, buf, n, (uint8_t *)scratch->packed, err))
		return -1;
	*form = (struct pack_form){ PACK_SEALED, scratch->packed, size, size };
	return 0;
}

/* Says which object it is; a key that does not fit is no damage. */
static int blame(const struct oid *oid, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];

	if (err->kind == MLOPS_ECORRUPT)
		return store_damaged(oid, err);
	if (err->kind == MLOPS_EKEY)
		return err_wrap(err, "cannot open object sha256:%s", mlops_oid_hex(oid, hex));
	return -1;
}

int sealed_decode(struct store *s, const struct oid *oid, const struct oid *name, char **buf,
		  size_t n, struct mlops_error *err)
{
	uint64_t size;

	if (!s->key)
		return 0;
	if (!sealed_plain_size(n, &size))
		return store_damaged(oid, err);
	char *plain = xmalloc((size_t)size + 1);
	plain[size] = '\0';
	if (sealed_get(s->key, name, *buf, n, (uint8_t *)plain, err)) {
		free(plain);
		return blame(oid, err);
	}
	free(*buf);
	*buf = plain;
	return 0;
}

static int stream(struct sealed_reader *r, struct scratch *scratch, store_sink sink, void *arg,
		  struct oid *got, struct mlops_error *err)
{
	uint64_t size = sealed_reader_size(r), at = 0;

	scratch_reserve(scratch, SEALED_CHUNK);
	hasher_reset(scratch->hasher);
	do {
		size_t n = size - at < SEALED_CHUNK ? (size_t)(size - at) : SEALED_CHUNK;

		if (sealed_reader_read(r, at, scratch->buf, n, err))
			return -1;
		hasher_update(scratch->hasher, scratch->buf, n);
		int rc = n ? sink(scratch->buf, n, arg, err) : 0;
		if (rc)
			return rc;
		at += n;
	} while (at < size);
	hasher_final(scratch->hasher, got);
	return 0;
}

int sealed_stream(struct store *s, const struct oid *name, store_sink sink, void *arg,
		  struct oid *got, struct mlops_error *err)
{
	struct sealed_reader *r;
	struct scratch *scratch;

	if (sealed_reader_new(s, name, &r, err))
		return -1;
	int rc = store_scratch(s, &scratch, err);
	if (!rc) {
		rc = stream(r, scratch, sink, arg, got, err);
		store_give_back(s, scratch);
	}
	sealed_reader_free(r);
	return rc;
}

int sealed_read(struct store *s, const struct oid *oid, const struct oid *name, store_sink sink,
		void *arg, struct mlops_error *err)
{
	autofree char *path = sealed_path(s, name);
	struct oid got;

	if (!s->key) /* as it is: only who has the key can tell damage */
		return store_stream_file(s, path, sink, arg, &got, err);
	int rc = sealed_stream(s, name, sink, arg, &got, err);
	if (rc < 0)
		return blame(oid, err);
	return rc || mlops_oid_equal(&got, oid) ? rc : store_damaged(oid, err);
}

static int name_wrong(const struct oid *name, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];

	return err_wrap(err, "sealed object %s", mlops_oid_hex(name, hex));
}

/* Of an object that was opened: that its seal has the name that it must have. */
static int check_seal(const struct store *s, const struct oid *oid, const struct oid *name,
		      struct mlops_error *err)
{
	struct oid want;

	seal_name(s->key, oid, &want);
	if (mlops_oid_equal(&want, name))
		return 0;
	return err_set(err, MLOPS_ECORRUPT, "its bytes are those of another");
}

static int check_buf(struct store *s, const struct oid *name, const void *buf, size_t n,
		     uint64_t *bytes, struct mlops_error *err)
{
	autofree uint8_t *plain = NULL;
	uint64_t size = 0;
	struct oid oid;

	if (!s->key || !sealed_plain_size(n, &size))
		return sealed_check_form(buf, n, name, err);
	plain = xmalloc(size + 1);
	if (sealed_get(s->key, name, buf, n, plain, err) || hash_buf(plain, size, &oid, err))
		return -1;
	*bytes += size;
	return check_seal(s, &oid, name, err);
}

int sealed_check_buf(struct store *s, const struct oid *name, const void *buf, size_t n,
		     uint64_t *bytes, struct mlops_error *err)
{
	return check_buf(s, name, buf, n, bytes, err) ? name_wrong(name, err) : 0;
}

static int count_bytes(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	(void)buf, (void)err;
	*(uint64_t *)arg += n;
	return 0;
}

static int check_file(struct store *s, const struct oid *name, uint64_t *bytes,
		      struct mlops_error *err)
{
	autofree char *path = sealed_path(s, name);
	uint8_t header[SEALED_HEADER];
	struct stat st;
	struct oid oid;

	if (s->key)
		return sealed_stream(s, name, count_bytes, bytes, &oid, err) ?
			       -1 :
			       check_seal(s, &oid, name, err);
	autoclose int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return err_sys(err, "cannot open '%s'", path);
	if (fs_pread_all(fd, header, sizeof(header), 0, path, err))
		return -1;
	return sealed_check_form(header, (uint64_t)st.st_size, name, err);
}

int sealed_check(struct store *s, const struct oid *name, uint64_t *bytes, struct mlops_error *err)
{
	return check_file(s, name, bytes, err) ? name_wrong(name, err) : 0;
}
