/* Manifests: taken only when what they name is in the repository, and given back in the same bytes. */
#include "base/fs.h"
#include "crypto/hash.h"
#include "serve/api/oci.h"

/* The manifest that a tag or digest of the path stands for. */
static int find(struct http_call *call, const struct object_server *s, const char *repo,
		struct oid *out, struct mlops_error *err)
{
	const char *ref = http_call_param(call, "ref");
	autofree char *line = NULL;

	if (oci_parse_digest(ref, out))
		return 0;
	if (!oci_is_tag(ref))
		return err_set(err, MLOPS_EINVALID, "this is neither a tag nor a digest");
	if (shelf_read(s, OCI, repo, OCI_TAGS, ref, &line, err))
		return -1;
	return oci_parse_digest(line, out) ?
		       0 :
		       err_set(err, MLOPS_ECORRUPT, "tag '%s' is damaged", ref);
}

int oci_get_manifest(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct object_server *s = arg;
	const char *repo = oci_repo_of(call, err);
	char hex[MLOPS_OID_HEX + 1], digest[OCI_DIGEST_SIZE];
	autofree char *type = NULL;
	struct oid oid;

	if (!repo || find(call, s, repo, &oid, err) ||
	    shelf_read(s, OCI, repo, OCI_MANIFESTS, mlops_oid_hex(&oid, hex), &type, err))
		return -1;
	http_reply_header(call, "Docker-Content-Digest", oci_digest(&oid, digest));
	return object_send_as(call, s->store, &oid, type, err);
}

/* A blob that the manifest names must be here, as long as it says; one with URLs is elsewhere. */
static int check_blob(const struct object_server *s, const char *repo, const struct json *v,
		      struct mlops_error *err)
{
	uint64_t size, real;
	const char *type;
	struct oid oid;

	if (!oci_parse_descriptor(v, &type, &oid, &size))
		return err_set(err, MLOPS_EINVALID, "the manifest holds a descriptor that is none");
	if (js_len(js_get(v, "urls")))
		return 0;
	if (!shelf_has(s, OCI, repo, OCI_BLOBS, &oid) ||
	    mlops_store_size(s->store, &oid, &real, err))
		return err_set(err, MLOPS_ENOTFOUND,
			       "the manifest names a blob that repository '%s' does not have",
			       repo);
	return real == size ? 0 :
			      err_set(err, MLOPS_EINVALID,
				      "the manifest says %llu bytes of a blob that has %llu",
				      (unsigned long long)size, (unsigned long long)real);
}

static int check_blobs(const struct object_server *s, const char *repo, const struct json *manifest,
		       struct mlops_error *err)
{
	const struct json *config = js_get(manifest, "config"),
			  *layers = js_get(manifest, "layers");

	if (config && check_blob(s, repo, config, err))
		return -1;
	for (size_t i = 0; i < js_len(layers); i++)
		if (check_blob(s, repo, js_at(layers, i), err))
			return -1;
	return 0;
}

/* What it says that it is and what the request says must agree. */
static int find_type(struct http_call *call, const struct json *manifest, char **out,
		     struct mlops_error *err)
{
	const char *header = http_call_header(call, "Content-Type"),
		   *own = js_get_text(manifest, "mediaType");

	if (js_type(manifest) != JSON_OBJ)
		return err_set(err, MLOPS_EINVALID, "a manifest is an object of JSON");
	autofree char *said = xstrndup(header ? header : "", header ? strcspn(header, "; ") : 0);
	if (*said && own && strcmp(said, own))
		return err_set(err, MLOPS_EINVALID,
			       "the manifest is of another type than Content-Type");
	const char *type = *said ? said : own ? own : OCI_MANIFEST;
	for (const char *c = type; *c; c++)
		if (*c <= ' ' || *c > '~')
			return err_set(err, MLOPS_EINVALID, "Content-Type is none");
	*out = xstrdup(type);
	return 0;
}

/* All that a manifest names is durable before the manifest can be found. */
static int keep(const struct object_server *s, const char *repo, const struct oid *oid,
		const char *type, const struct oid *subject, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];

	if (mlops_store_flush(s->store, err) || shelf_sync(s, OCI, repo, OCI_BLOBS, err) ||
	    shelf_write(s, OCI, repo, OCI_MANIFESTS, mlops_oid_hex(oid, hex), type, err))
		return -1;
	if (!subject)
		return 0;
	autofree char *folder = xasprintf(OCI_REFERRERS "/%s", mlops_oid_hex(subject, hex));
	return shelf_link(s, OCI, repo, folder, oid, err) || shelf_sync(s, OCI, repo, folder, err) ?
		       -1 :
		       0;
}

static int tag(struct http_call *call, const struct object_server *s, const char *repo,
	       const struct oid *oid, struct mlops_error *err)
{
	const char *ref = http_call_param(call, "ref");
	char digest[OCI_DIGEST_SIZE];
	struct oid want;

	oci_digest(oid, digest);
	if (!oci_parse_digest(ref, &want))
		return shelf_write(s, OCI, repo, OCI_TAGS, ref, digest, err);
	return 0;
}

/* The digest of the path must be that of the bytes. */
static int check_ref(struct http_call *call, const struct oid *oid, struct mlops_error *err)
{
	const char *ref = http_call_param(call, "ref");
	struct oid want;

	if (oci_parse_digest(ref, &want))
		return mlops_oid_equal(&want, oid) ?
			       0 :
			       err_set(err, MLOPS_EINVALID, "the manifest has another digest");
	return oci_is_tag(ref) ? 0 :
				 err_set(err, MLOPS_EINVALID, "this is neither a tag nor a digest");
}

static int reply_created(struct http_call *call, const char *repo, const struct oid *oid,
			 const struct oid *subject)
{
	char digest[OCI_DIGEST_SIZE], other[OCI_DIGEST_SIZE];
	autofree char *location = xasprintf("%s/v2/%s/manifests/%s", http_call_mount(call), repo,
					    oci_digest(oid, digest));

	http_reply_header(call, "Location", location);
	http_reply_header(call, "Docker-Content-Digest", digest);
	if (subject)
		http_reply_header(call, "OCI-Subject", oci_digest(subject, other));
	return http_reply(call, 201, NULL, "", 0);
}

int oci_put_manifest(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct object_server *s = arg;
	const char *repo = oci_repo_of(call, err), *subject_type;
	struct str body = http_call_body(call);
	autofree char *type = NULL;
	autojson *v = NULL;
	struct oid oid, subject;
	uint64_t size;

	if (!repo || js_parse(body.p, body.n, "the manifest", &v, err) ||
	    find_type(call, v, &type, err) || hash_buf(body.p, body.n, &oid, err) ||
	    check_ref(call, &oid, err) || check_blobs(s, repo, v, err))
		return -1;
	const struct json *named = js_get(v, "subject");
	if (js_type(named) != JSON_NIL &&
	    !oci_parse_descriptor(named, &subject_type, &subject, &size))
		return err_set(err, MLOPS_EINVALID, "the subject of the manifest is no descriptor");
	const struct oid *of = js_type(named) != JSON_NIL ? &subject : NULL;
	if (mlops_store_put(s->store, body.p, body.n, &oid, err) ||
	    keep(s, repo, &oid, type, of, err) || tag(call, s, repo, &oid, err))
		return -1;
	return reply_created(call, repo, &oid, of);
}

/* The tags that stand for it go too, and it refers to nothing any more. */
static int remove_manifest(const struct object_server *s, const char *repo, const struct oid *oid,
			   struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1], digest[OCI_DIGEST_SIZE], other[MLOPS_OID_HEX + 1];
	autostrlist tags = { 0 };
	autoerr ignored = ERR_INIT;
	autojson *v = NULL;
	autofree char *text = NULL;
	const char *type;
	struct oid subject;
	uint64_t size;
	size_t n;

	mlops_oid_hex(oid, hex);
	oci_digest(oid, digest);
	if (shelf_names(s, OCI, repo, OCI_TAGS, &tags, err))
		return -1;
	for (size_t i = 0; i < tags.n; i++) {
		autofree char *line = NULL;

		if (!shelf_read(s, OCI, repo, OCI_TAGS, tags.v[i], &line, &ignored) &&
		    !strcmp(line, digest) && shelf_remove(s, OCI, repo, OCI_TAGS, tags.v[i], err))
			return -1;
	}
	if (!mlops_store_get(s->store, oid, OCI_MANIFEST_MAX, &text, &n, &ignored) &&
	    !js_parse(text, n, "the manifest", &v, &ignored) &&
	    oci_parse_descriptor(js_get(v, "subject"), &type, &subject, &size)) {
		autofree char *folder =
			xasprintf(OCI_REFERRERS "/%s", mlops_oid_hex(&subject, other));

		shelf_remove(s, OCI, repo, folder, hex, &ignored);
	}
	return shelf_remove(s, OCI, repo, OCI_MANIFESTS, hex, err);
}

int oci_delete_manifest(struct http_call *call, void *arg, struct mlops_error *err)
{
	const char *repo = oci_repo_of(call, err), *ref = http_call_param(call, "ref");
	struct oid oid;

	if (!repo)
		return -1;
	int rc = oci_parse_digest(ref, &oid) ? remove_manifest(arg, repo, &oid, err) :
		 oci_is_tag(ref)             ? shelf_remove(arg, OCI, repo, OCI_TAGS, ref, err) :
					       check_ref(call, &oid, err);
	return rc ? -1 : http_reply(call, 202, NULL, "", 0);
}
