/* Names are checked by hand: their grammar is small, and they become paths and keys. */
#include "fmt/oci.h"

#include <ctype.h>

#define MAX_NAME 255
#define MAX_TAG  128
#define PREFIX   "sha256:"

static bool is_alnum_lower(char c)
{
	return islower((unsigned char)c) || isdigit((unsigned char)c);
}

/* How many characters stand between two words of a component: one of "." "_" "__", or dashes. */
static size_t separator_length(const char *s)
{
	if (*s == '-')
		return strspn(s, "-");
	if (*s == '_' && s[1] == '_')
		return 2;
	return *s == '.' || *s == '_';
}

bool oci_is_name(const char *name)
{
	const char *p = name;

	if (strlen(name) > MAX_NAME)
		return false;
	for (;;) {
		if (!is_alnum_lower(*p))
			return false;
		while (is_alnum_lower(*p))
			p++;
		if (!*p)
			return true;
		size_t n = *p == '/' ? 1 : separator_length(p);
		if (!n)
			return false;
		p += n;
	}
}

bool oci_is_tag(const char *tag)
{
	size_t n = 0;

	if (!isalnum((unsigned char)*tag) && *tag != '_')
		return false;
	while (isalnum((unsigned char)tag[n]) || (tag[n] && strchr("_.-", tag[n])))
		n++;
	return !tag[n] && n <= MAX_TAG;
}

bool oci_parse_digest(const char *text, struct oid *out)
{
	return str_starts(text, PREFIX) && mlops_oid_parse(text, out);
}

char *oci_digest(const struct oid *oid, char *buf)
{
	memcpy(buf, PREFIX, strlen(PREFIX));
	mlops_oid_hex(oid, buf + strlen(PREFIX));
	return buf;
}

struct json *oci_descriptor(const char *type, const struct oid *oid, uint64_t size)
{
	struct json *v = js_obj();
	char digest[OCI_DIGEST_SIZE];

	js_set(v, "mediaType", js_str(type));
	js_set(v, "digest", js_str(oci_digest(oid, digest)));
	js_set(v, "size", js_int((int64_t)size));
	return v;
}

bool oci_parse_descriptor(const struct json *v, const char **type, struct oid *oid, uint64_t *size)
{
	const char *digest = js_get_text(v, "digest");
	int64_t n = -1;

	*type = js_get_text(v, "mediaType");
	if (!*type || !digest || !oci_parse_digest(digest, oid) || !js_get_int(v, "size", &n))
		return false;
	*size = (uint64_t)n;
	return n >= 0;
}

struct json *oci_referrer(const struct json *manifest, const char *type, const struct oid *oid,
			  uint64_t size)
{
	struct json *v = oci_descriptor(type, oid, size);
	const char *artifact = js_get_text(manifest, "artifactType");
	struct json *annotations = js_get(manifest, "annotations");

	if (!artifact || !*artifact)
		artifact = js_get_text(js_get(manifest, "config"), "mediaType");
	if (artifact)
		js_set(v, "artifactType", js_str(artifact));
	if (annotations)
		js_set(v, "annotations", js_ref(annotations));
	return v;
}
