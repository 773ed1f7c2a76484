/* What a repository lists: its tags, and what refers to a manifest. */
#include "base/fs.h"
#include "base/num.h"
#include "base/url.h"
#include "serve/api/oci.h"

#define MAX_PAGE 10000

static int by_text(const void *name, const void *entry)
{
	return strcmp(name, *(char *const *)entry);
}

/* The first behind `last`, which need not be one of them. */
static size_t first_behind(const struct strlist *list, const char *last)
{
	char **found =
		last && list->n ? bsearch(last, list->v, list->n, sizeof(*list->v), by_text) : NULL;
	size_t i = found ? (size_t)(found - list->v) + 1 : 0;

	while (!found && last && i < list->n && strcmp(list->v[i], last) <= 0)
		i++;
	return i;
}

int oci_list_tags(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct object_server *s = arg;
	const char *repo = oci_repo_of(call, err), *last = http_call_query(call, "last"),
		   *asked = http_call_query(call, "n");
	autostrlist tags = { 0 };
	uint64_t n = MAX_PAGE;

	if (!repo || shelf_names(s, OCI, repo, OCI_TAGS, &tags, err))
		return -1;
	if (asked && (!num_parse_u64(asked, &n) || n > MAX_PAGE))
		n = MAX_PAGE;
	autofree char *manifests = shelf_path(s, OCI, repo, OCI_MANIFESTS, NULL);
	if (!tags.n && !fs_is_dir(manifests))
		return err_set(err, MLOPS_ENOTFOUND, "there is no repository '%s'", repo);
	struct json *v = js_obj(), *list = js_arr();
	size_t from = first_behind(&tags, last), to = tags.n - from < n ? tags.n : from + (size_t)n;
	for (size_t i = from; i < to; i++)
		js_push(list, js_str(tags.v[i]));
	js_set(v, "name", js_str(repo));
	js_set(v, "tags", list);
	if (to < tags.n && to > from) {
		autofree char *link = xasprintf("<%s/v2/%s/tags/list?n=%llu&last=%s>; rel=\"next\"",
						http_call_mount(call), repo, (unsigned long long)n,
						tags.v[to - 1]);

		http_reply_header(call, "Link", link);
	}
	return http_reply_json(call, 200, v);
}

/* The descriptor of one that refers; NULL when it is gone. */
static struct json *describe(const struct object_server *s, const char *repo, const char *hex)
{
	autofree char *text = NULL, *type = NULL;
	autojson *manifest = NULL;
	autoerr ignored = ERR_INIT;
	struct oid oid;
	size_t n;

	if (!mlops_oid_parse(hex, &oid) ||
	    shelf_read(s, OCI, repo, OCI_MANIFESTS, hex, &type, &ignored) ||
	    mlops_store_get(s->store, &oid, OCI_MANIFEST_MAX, &text, &n, &ignored) ||
	    js_parse(text, n, "the manifest", &manifest, &ignored))
		return NULL;
	return oci_referrer(manifest, type, &oid, n);
}

int oci_list_referrers(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct object_server *s = arg;
	const char *repo = oci_repo_of(call, err), *want = http_call_query(call, "artifactType");
	char hex[MLOPS_OID_HEX + 1];
	autostrlist names = { 0 };
	struct oid subject;

	if (!repo || oci_digest_of(call, &subject, err))
		return -1;
	autofree char *folder = xasprintf(OCI_REFERRERS "/%s", mlops_oid_hex(&subject, hex));
	if (shelf_names(s, OCI, repo, folder, &names, err))
		return -1;
	struct json *v = js_obj(), *list = js_arr();
	for (size_t i = 0; i < names.n; i++) {
		struct json *one = describe(s, repo, names.v[i]);
		const char *type = js_get_text(one, "artifactType");

		if (one && (!want || (type && !strcmp(type, want))))
			js_push(list, one);
		else
			js_free(one);
	}
	js_set(v, "schemaVersion", js_int(2));
	js_set(v, "mediaType", js_str(OCI_INDEX));
	js_set(v, "manifests", list);
	if (want)
		http_reply_header(call, "OCI-Filters-Applied", "artifactType");
	autobuf text = { 0 };
	js_dump(v, JS_COMPACT, &text);
	js_free(v);
	return http_reply(call, 200, OCI_INDEX, text.buf, text.len);
}
