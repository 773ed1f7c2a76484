/* Blobs: looking, getting and mounting. */
#include "crypto/hash.h"
#include "remote/oci/private.h"

static char *blob_url(const struct oci *o, const struct oid *oid)
{
	char digest[OCI_DIGEST_SIZE];

	return oci_url(o, "blobs/%s", oci_digest(oid, digest));
}

int oci_blob_stat(struct oci *o, const struct oid *oid, struct key_info *out,
		  struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "HEAD", .url = blob_url(o, oid), .follow = true);

	if (oci_run(o, &c, 404, err))
		return -1;
	if (c.r.status == 404)
		*out = (struct key_info){ 0 };
	else
		web_key_info(&c, out);
	return 0;
}

int oci_blob_get(struct oci *o, const struct oid *oid, uint64_t from, const struct byte_sink *sink,
		 struct mlops_error *err)
{
	autocall c =
		WEB_CALL(.method = "GET", .url = blob_url(o, oid), .sink = sink, .follow = true);
	char digest[OCI_DIGEST_SIZE];

	c.range.from = from;
	if (oci_run(o, &c, 404, err))
		return -1;
	return c.r.status != 404 ? 0 :
				   err_set(err, MLOPS_ENOTFOUND, "'%s/%s' has no blob %s", o->host,
					   o->repo, oci_digest(oid, digest));
}

int oci_blob_read(struct oci *o, const struct oid *oid, size_t max, struct strbuf *out,
		  struct mlops_error *err)
{
	struct limited_buf limited = { out, out->len + max };
	const struct byte_sink sink = { limited_buf_add, &limited };
	size_t start = out->len;
	char digest[OCI_DIGEST_SIZE];
	struct oid got;

	if (oci_blob_get(o, oid, 0, &sink, err) ||
	    hash_buf(out->buf ? out->buf + start : "", out->len - start, &got, err))
		return -1;
	if (mlops_oid_equal(oid, &got))
		return 0;
	strbuf_trunc(out, start);
	return err_set(err, MLOPS_ECORRUPT, "'%s/%s' gave other bytes than those of blob %s",
		       o->host, o->repo, oci_digest(oid, digest));
}

int oci_blob_put(struct oci *o, const struct oid *oid, const struct remote_source *from,
		 struct mlops_error *err)
{
	struct key_info info;

	if (oci_blob_stat(o, oid, &info, err))
		return -1;
	return info.found && info.size == from->size ? 0 : oci_upload(o, oid, from, err);
}

/* A registry that does not mount begins an upload instead (202), which ends by itself. */
int oci_blob_mount(struct oci *o, const struct oid *oid, const char *from, bool *done,
		   struct mlops_error *err)
{
	char digest[OCI_DIGEST_SIZE];

	if (!oci_is_name(from))
		return err_set(err, MLOPS_EINVALID, "'%s' is no name of a repository", from);
	oci_auth_add_repo(&o->auth, from);
	autocall c = WEB_CALL(.method = "POST", .body = "",
			      .url = oci_url(o, "blobs/uploads/?mount=%s&from=%s",
					     oci_digest(oid, digest), from));
	if (oci_run(o, &c, 404, err))
		return -1;
	*done = c.r.status == 201;
	return 0;
}
