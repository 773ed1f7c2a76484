/* Manifests, tags, and what refers to a manifest. */
#include "crypto/hash.h"
#include "remote/oci/private.h"

#define MAX_PAGES 10000

void oci_manifest_clear(struct oci_manifest *m)
{
	free(m->type);
	strbuf_clear(&m->text);
	*m = (struct oci_manifest){ 0 };
}

/* What was asked for by its digest must be that; what the registry says of a tag must be true. */
static int check_digest(const struct oci *o, const char *ref, const struct web_call *c,
			struct oid *out, struct mlops_error *err)
{
	struct str said = http_response_header(&c->r, "Docker-Content-Digest");
	autofree char *text = xstrndup(said.p, said.n);
	struct oid want;

	if (c->r.body.len > OCI_MANIFEST_MAX)
		return err_set(err, MLOPS_ECORRUPT, "manifest '%s' of '%s/%s' is longer than 4 MiB",
			       ref, o->host, o->repo);
	if (hash_buf(c->r.body.buf ? c->r.body.buf : "", c->r.body.len, out, err))
		return -1;
	if ((oci_parse_digest(ref, &want) || oci_parse_digest(text, &want)) &&
	    !mlops_oid_equal(&want, out))
		return err_set(err, MLOPS_ECORRUPT,
			       "'%s/%s' gave other bytes than those of manifest '%s'", o->host,
			       o->repo, ref);
	return 0;
}

int oci_manifest_get(struct oci *o, const char *ref, struct oci_manifest *out,
		     struct mlops_error *err)
{
	autocall c =
		WEB_CALL(.method = "GET", .url = oci_url(o, "manifests/%s", ref), .follow = true);
	struct oid oid;

	web_header(&c, "Accept: " OCI_MANIFEST ", " OCI_INDEX ", " OCI_DOCKER_MANIFEST
		       ", " OCI_DOCKER_LIST);
	if (oci_run(o, &c, 404, err))
		return -1;
	if (c.r.status == 404)
		return err_set(err, MLOPS_ENOTFOUND, "'%s/%s' has no manifest '%s'", o->host,
			       o->repo, ref);
	if (check_digest(o, ref, &c, &oid, err))
		return -1;
	*out = (struct oci_manifest){ .oid = oid, .text = c.r.body };
	c.r.body = (struct strbuf){ 0 };
	out->type = c.r.content_type ? xstrndup(c.r.content_type, strcspn(c.r.content_type, "; ")) :
				       xstrdup("");
	return 0;
}

/* The tag under which an index of referrers is kept where the registry keeps none. */
static char *referrers_tag(const struct oid *oid)
{
	char hex[MLOPS_OID_HEX + 1];

	return xasprintf("sha256-%s", mlops_oid_hex(oid, hex));
}

/* The array of an index; new. */
static struct json *manifests_of(const struct strbuf *text, struct mlops_error *err)
{
	autojson *v = NULL;

	if (js_parse(text->buf ? text->buf : "", text->len, "the index", &v, err))
		return NULL;
	struct json *list = js_get(v, "manifests");
	return js_type(list) == JSON_ARR ? js_ref(list) : js_arr();
}

static int referrers_by_tag(struct oci *o, const struct oid *oid, struct json **out,
			    struct mlops_error *err)
{
	autofree char *tag = referrers_tag(oid);
	automanifest m = { 0 };

	if (oci_manifest_get(o, tag, &m, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		*out = js_arr();
		return 0;
	}
	*out = manifests_of(&m.text, err);
	return *out ? 0 : -1;
}

static bool lists(const struct json *list, const char *digest)
{
	for (size_t i = 0; i < js_len(list); i++) {
		const char *other = js_get_text(js_at(list, i), "digest");

		if (other && !strcmp(other, digest))
			return true;
	}
	return false;
}

static int put(struct oci *o, const char *ref, const char *type, const struct strbuf *text,
	       bool *listed, struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "PUT", .url = oci_url(o, "manifests/%s", ref),
			      .body = text->buf, .n = text->len);

	web_header(&c, "Content-Type: %s", type);
	if (oci_run(o, &c, 0, err))
		return -1;
	*listed = http_response_header(&c.r, "OCI-Subject").n;
	return 0;
}

/* Two that do this at once may each leave the other out: the specification has no way around it. */
static int list_by_tag(struct oci *o, const struct oid *subject, struct json *descriptor,
		       struct mlops_error *err)
{
	autofree char *tag = referrers_tag(subject);
	autojson *list = NULL, *index = js_obj();
	autobuf text = { 0 };
	bool ignored;

	if (referrers_by_tag(o, subject, &list, err)) {
		js_free(descriptor);
		return -1;
	}
	bool there = lists(list, js_get_text(descriptor, "digest"));
	js_push(list, descriptor);
	if (there)
		return 0;
	js_set(index, "schemaVersion", js_int(2));
	js_set(index, "mediaType", js_str(OCI_INDEX));
	js_set(index, "manifests", js_ref(list));
	js_dump(index, JS_COMPACT, &text);
	return put(o, tag, OCI_INDEX, &text, &ignored, err);
}

int oci_manifest_put(struct oci *o, const char *tag, const char *type, const struct strbuf *text,
		     struct oid *out, struct mlops_error *err)
{
	autojson *v = NULL;
	char digest[OCI_DIGEST_SIZE];
	const char *subject_type;
	struct oid oid, subject;
	uint64_t size;
	bool listed;

	if (tag && !oci_is_tag(tag))
		return err_set(err, MLOPS_EINVALID, "'%s' is no tag", tag);
	if (text->len > OCI_MANIFEST_MAX)
		return err_set(err, MLOPS_EINVALID, "a manifest would be longer than 4 MiB");
	if (js_parse(text->buf, text->len, "the manifest", &v, err) ||
	    hash_buf(text->buf, text->len, &oid, err) ||
	    put(o, tag ? tag : oci_digest(&oid, digest), type, text, &listed, err))
		return -1;
	if (oci_parse_descriptor(js_get(v, "subject"), &subject_type, &subject, &size) && !listed &&
	    list_by_tag(o, &subject, oci_referrer(v, type, &oid, text->len), err))
		return -1;
	*out = oid;
	return 0;
}

int oci_manifest_remove(struct oci *o, const char *ref, struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "DELETE", .url = oci_url(o, "manifests/%s", ref));

	return oci_run(o, &c, 404, err);
}

/* Calls fn with each page of a listing, as JSON, until it fails. */
static int each_page(struct oci *o, char *url, bool *absent,
		     int (*fn)(const struct json *page, void *arg, struct mlops_error *err),
		     void *arg, struct mlops_error *err)
{
	for (int page = 0; url; page++) {
		autocall c = WEB_CALL(.method = "GET", .url = url);
		autojson *v = NULL;

		if (page == MAX_PAGES)
			return err_set(err, MLOPS_EREMOTE, "a listing of '%s/%s' goes in circles",
				       o->host, o->repo);
		if (web_run(&o->web, &c, err))
			return -1;
		*absent = c.r.status == 404 || c.r.status == 405 || c.r.status == 400;
		if (*absent)
			return 0;
		if (!web_succeeded(&c))
			return oci_refused(o, &c, err);
		if (js_parse(c.r.body.buf ? c.r.body.buf : "", c.r.body.len, "the listing", &v,
			     err) ||
		    fn(v, arg, err))
			return -1;
		url = oci_next_page(o, &c);
	}
	return 0;
}

static int add_tags(const struct json *page, void *arg, struct mlops_error *err)
{
	const struct json *tags = js_get(page, "tags");

	(void)err;
	for (size_t i = 0; i < js_len(tags); i++) {
		const char *tag = js_text(js_at(tags, i));

		if (tag && oci_is_tag(tag))
			strlist_add(arg, tag);
	}
	return 0;
}

int oci_tags(struct oci *o, struct strlist *out, struct mlops_error *err)
{
	bool ignored;

	return each_page(o, oci_url(o, "tags/list?n=1000"), &ignored, add_tags, out, err);
}

static int add_manifests(const struct json *page, void *arg, struct mlops_error *err)
{
	const struct json *list = js_get(page, "manifests");

	(void)err;
	for (size_t i = 0; i < js_len(list); i++)
		js_push(arg, js_ref(js_at(list, i)));
	return 0;
}

/* Whether or not the registry heeds the filter. */
static struct json *of_type(struct json *all, const char *artifact_type)
{
	struct json *out = js_arr();

	for (size_t i = 0; i < js_len(all); i++) {
		const char *type = js_get_text(js_at(all, i), "artifactType");

		if (!artifact_type || (type && !strcmp(type, artifact_type)))
			js_push(out, js_ref(js_at(all, i)));
	}
	return out;
}

int oci_referrers(struct oci *o, const struct oid *oid, const char *artifact_type,
		  struct json **out, struct mlops_error *err)
{
	autojson *all = js_arr();
	char digest[OCI_DIGEST_SIZE];
	bool absent;

	if (each_page(o, oci_url(o, "referrers/%s", oci_digest(oid, digest)), &absent,
		      add_manifests, all, err))
		return -1;
	if (absent) {
		js_free(steal_ptr(&all));
		if (referrers_by_tag(o, oid, &all, err))
			return -1;
	}
	*out = of_type(all, artifact_type);
	return 0;
}
