/*
 * Packages in a registry. Layers go first, several at a time; then the manifest, which makes them a
 * package; then each signature of the version as a manifest that refers to it.
 */
#include "base/pool.h"
#include "base/url.h"
#include "crypto/hash.h"
#include "http/engine.h"
#include "mlops/sign.h"
#include "project/project.h"
#include "registry/package/package.h"
#include "remote/oci.h"

#define THREADS	    4
#define TIMEOUT_MS  60000
#define BUNDLE_TYPE "application/vnd.dev.sigstore.bundle.v0.3+json"

struct sending {
	struct package *package;
	struct oci *oci;
};

static int put_blob(struct sending *s, const struct package_blob *b, struct mlops_error *err)
{
	autosource from = { .fd = -1 };
	const struct remote_item item = { b->shown.oid, b->shown.size };

	if (b->made) {
		from.buf = xstrndup(b->bytes.buf, b->bytes.len);
		from.size = b->bytes.len;
	} else if (remote_source_open(&item, &from, s->package->store, err)) {
		return -1;
	}
	return oci_blob_put(s->oci, &b->shown.oid, &from, err);
}

static int put_layer(size_t i, void *arg, struct mlops_error *err)
{
	struct sending *s = arg;

	return put_blob(s, &s->package->layers.v[i], err);
}

static int put_text(struct oci *o, const char *text, size_t n, struct oid *oid,
		    struct mlops_error *err)
{
	autosource from = { .buf = xstrndup(text, n), .fd = -1, .size = n };

	return hash_buf(text, n, oid, err) ? -1 : oci_blob_put(o, oid, &from, err);
}

/* A manifest whose subject is the package, as cosign has it for bundles. */
static int put_signature(struct sending *s, const struct signature *sig, struct mlops_error *err)
{
	struct oid empty, bundle, ignored;
	size_t n = strlen(sig->bundle);
	autojson *m = js_obj();
	autobuf text = { 0 };

	if (put_text(s->oci, OCI_EMPTY_BLOB, strlen(OCI_EMPTY_BLOB), &empty, err) ||
	    put_text(s->oci, sig->bundle, n, &bundle, err))
		return -1;
	struct json *layers = js_arr(), *annotations = js_obj();
	js_push(layers, oci_descriptor(BUNDLE_TYPE, &bundle, n));
	js_set(annotations, "dev.sigstore.bundle.content", js_str("dsse-envelope"));
	js_set(annotations, "dev.sigstore.bundle.predicateType", js_str(sig->predicate_type));
	js_set(m, "schemaVersion", js_int(2));
	js_set(m, "mediaType", js_str(OCI_MANIFEST));
	js_set(m, "artifactType", js_str(BUNDLE_TYPE));
	js_set(m, "config", oci_descriptor(OCI_EMPTY, &empty, strlen(OCI_EMPTY_BLOB)));
	js_set(m, "layers", layers);
	js_set(m, "subject", oci_descriptor(s->package->manifest_type, &s->package->oid,
					    s->package->manifest.len));
	js_set(m, "annotations", annotations);
	js_dump(m, JS_COMPACT, &text);
	return oci_manifest_put(s->oci, NULL, OCI_MANIFEST, &text, &ignored, err);
}

static int put_signatures(struct sending *s, struct mlops_error *err)
{
	struct signature *list;
	size_t n;
	int rc = 0;

	if (signatures_of(s->package->project, s->package->version, &list, &n, err))
		return -1;
	for (size_t i = 0; !rc && i < n; i++)
		rc = put_signature(s, &list[i], err);
	mlops_signatures_free(list, n);
	return rc;
}

static int send_all(struct sending *s, const char *tag, struct mlops_error *err)
{
	struct package *p = s->package;
	struct oid got;

	if (pool_each(THREADS, p->layers.n, put_layer, s, err) || put_blob(s, &p->config, err) ||
	    oci_manifest_put(s->oci, tag, p->manifest_type, &p->manifest, &got, err))
		return -1;
	return put_signatures(s, err);
}

/* The URL without its tag, which *tag is; a colon of a port is no tag's. */
static char *split_tag(const char *url, const struct model_version *v, char **tag)
{
	const char *path = strrchr(url, '/');
	const char *colon = path ? strchr(path, ':') : NULL;

	*tag = colon ? xstrdup(colon + 1) : xasprintf("%lld", (long long)v->version);
	return colon ? xstrndup(url, (size_t)(colon - url)) : xstrdup(url);
}

int mlops_package_push(struct package *p, const char *url, struct mlops_error *err)
{
	autofree char *tag = NULL;
	autofree char *repository = split_tag(url, p->version, &tag);
	const struct http_engine_how engine_how = { .jobs = THREADS };
	_Atomic uint64_t moved = 0;
	struct sending s = { .package = p };
	int64_t timeout_ms;

	if (!oci_is_tag(tag))
		return err_set(err, MLOPS_EINVALID, "'%s' is no tag of a registry", tag);
	if (!str_starts(url, "oci://") && !str_starts(url, "oci+http://")) {
		err_set(err, MLOPS_EINVALID, "'%s' is no registry", url);
		return err_hint(err, "packages go to oci://HOST[:PORT]/REPOSITORY[:TAG]");
	}
	if (project_config_duration(p->project, "http.timeout", TIMEOUT_MS, &timeout_ms, err))
		return -1;
	autofree char *state = project_file(p->project, "run/uploads");
	struct transport_how how = { .name = repository,
				     .url = repository,
				     .project = p->project,
				     .engine = http_engine_new(&engine_how),
				     .state_dir = state,
				     .timeout_ms = timeout_ms,
				     .moved = &moved };
	int rc = oci_open(&how, &s.oci, err);
	if (!rc)
		rc = send_all(&s, tag, err);
	oci_free(s.oci);
	http_engine_free(how.engine);
	return rc ? err_wrap(err, "cannot push to '%s'", url) : 0;
}
