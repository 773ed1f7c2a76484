/* What lies sealed in a store: where, under which name, and how it becomes the object again. */
#include "store/sealed.h"

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
	return err_wrap(err, "cannot open object sha256:%s", mlops_oid_hex(oid, hex));
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

/* As it is: only the one who has the key can tell damage. */
static int pass(struct store *s, const struct oid *name, store_sink sink, void *arg,
		struct mlops_error *err)
{
	autofree char *path = sealed_path(s, name);
	struct oid ignored;

	return store_stream_file(s, path, sink, arg, &ignored, err);
}

static int stream(struct sealed_reader *r, const struct oid *oid, struct scratch *scratch,
		  store_sink sink, void *arg, struct mlops_error *err)
{
	uint64_t size = sealed_reader_size(r), at = 0;

	scratch_reserve(scratch, SEALED_CHUNK);
	hasher_reset(scratch->hasher);
	do {
		size_t n = size - at < SEALED_CHUNK ? (size_t)(size - at) : SEALED_CHUNK;

		if (sealed_reader_read(r, at, scratch->buf, n, err))
			return blame(oid, err);
		hasher_update(scratch->hasher, scratch->buf, n);
		int rc = n ? sink(scratch->buf, n, arg, err) : 0;
		if (rc)
			return rc;
		at += n;
	} while (at < size);
	struct oid got;
	hasher_final(scratch->hasher, &got);
	return mlops_oid_equal(&got, oid) ? 0 : store_damaged(oid, err);
}

int sealed_read(struct store *s, const struct oid *oid, const struct oid *name, store_sink sink,
		void *arg, struct mlops_error *err)
{
	struct sealed_reader *r;
	struct scratch *scratch;

	if (!s->key)
		return pass(s, name, sink, arg, err);
	if (sealed_reader_new(s, name, &r, err))
		return blame(oid, err);
	int rc = store_scratch(s, &scratch, err);
	if (!rc) {
		rc = stream(r, oid, scratch, sink, arg, err);
		store_give_back(s, scratch);
	}
	sealed_reader_free(r);
	return rc;
}
