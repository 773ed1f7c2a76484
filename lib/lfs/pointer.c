/*
 * Pointer files, to the byte as git-lfs writes them (its docs/spec.md), and read as it reads them:
 * text of less than 1024 bytes; a version, any extensions, oid and size, in that order.
 */
#include "base/num.h"
#include "lfs/lfs.h"

#define VERSION "https://git-lfs.github.com/spec/v1"

static bool is_version(struct str s)
{
	return str_eq(s, VERSION) || str_eq(s, "https://hawser.github.com/spec/v1") ||
	       str_eq(s, "http://git-media.io/v/2");
}

/* The next line that is not empty: a key, and behind a space its value. */
static bool take_line(struct str *text, struct str *key, struct str *value)
{
	while (text->n) {
		struct str line = str_split(*text, '\n', text);

		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (!line.n)
			continue;
		*key = str_split(line, ' ', value);
		return key->n < line.n;
	}
	return false;
}

/* "ext-0-name" */
static bool is_extension(struct str key)
{
	return key.n > 6 && !memcmp(key.p, "ext-", 4) && key.p[4] >= '0' && key.p[4] <= '9' &&
	       key.p[5] == '-';
}

static bool read_oid(struct str value, struct oid *out)
{
	autofree char *text = xstrndup(value.p, value.n);

	return str_starts(text, "sha256:") && mlops_oid_parse(text, out);
}

static bool read_size(struct str value, uint64_t *out)
{
	autofree char *text = xstrndup(value.p, value.n);

	return num_parse_u64(text, out) && *out <= INT64_MAX;
}

bool lfs_pointer_parse(const char *p, size_t n, struct lfs_pointer *out)
{
	struct str text = str_trim((struct str){ p, n }), key, value;
	struct lfs_pointer found = { .size = 0 };

	if (n >= LFS_POINTER_MAX || memchr(p, '\0', n) || !take_line(&text, &key, &value) ||
	    !str_eq(key, "version") || !is_version(value) || !take_line(&text, &key, &value))
		return false;
	for (; is_extension(key); found.extended = true)
		if (!take_line(&text, &key, &value))
			return false;
	if (!str_eq(key, "oid") || !read_oid(value, &found.oid) ||
	    !take_line(&text, &key, &value) || !str_eq(key, "size") ||
	    !read_size(value, &found.size) || str_trim(text).n)
		return false;
	*out = found;
	return true;
}

void lfs_pointer_format(const struct lfs_pointer *p, struct strbuf *out)
{
	char hex[MLOPS_OID_HEX + 1];

	strbuf_addf(out, "version " VERSION "\noid sha256:%s\nsize %llu\n",
		    mlops_oid_hex(&p->oid, hex), (unsigned long long)p->size);
}
