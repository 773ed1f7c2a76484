/* Zip files: tricks of the container, and each member as an item, whatever it is called. */
#include "base/path.h"
#include "fmt/json.h"
#include "registry/scan/scan.h"

static void check_name(struct scan *s, const struct item *outer, const struct zip_entry *e)
{
	size_t n = strlen(e->name);
	bool folder = n && e->name[n - 1] == '/';
	autofree char *plain = xstrndup(e->name, n - folder);

	if (e->has_nul || !path_is_safe(plain) || strchr(plain, '\\'))
		scan_find(s, outer, RULE_ZIP_PATH, e->header_at, "member '%.200s'%s", e->name,
			  e->has_nul ? " has a NUL in its name" : "");
	if ((e->mode & 0170000) == 0120000)
		scan_find(s, outer, RULE_ZIP_PATH, e->header_at, "member '%.200s' is a symbolic link", e->name);
}

static void check_headers(struct scan *s, const struct item *outer, struct zip *z, struct zip_entry *e)
{
	autoerr err = ERR_INIT;
	unsigned odd = 0;

	if (zip_locate(z, e, &odd, &err) && !odd)
		scan_unreadable(s, outer, &err);
	if (odd)
		scan_find(s, outer, RULE_ZIP_MISMATCH, e->header_at, "member '%.200s': %s", e->name,
			  odd & ZIP_ODD_LOCAL_HEADER ? "its local header is not where the directory says" :
			  odd & ZIP_ODD_LOCAL_NAME ? "its local header has another name" :
			  odd & ZIP_ODD_LOCAL_METHOD ? "its local header has another method" :
						       "its local header has another size");
}

static void scan_member(struct scan *s, struct item *outer, struct zip *z, struct zip_entry *e)
{
	autosource hold = { .fd = -1 }, src = { .fd = -1 };
	autoerr err = ERR_INIT;
	autofree char *member = outer->member ? xasprintf("%s!%s", outer->member, e->name) : xstrdup(e->name);
	autofree char *base = item_base(e->name);
	struct item it = { .src = &src, .file = outer->file, .member = member, .base = base,
			   .depth = outer->depth + 1, .zip = z, .entry = e, .hold = &hold };

	s->members++;
	if (!zip_readable(e)) {
		scan_find(s, &it, RULE_ZIP_OPAQUE, 0, "the member is %s",
			  e->flags & 1 ? "encrypted" : "compressed by a method that is not known");
		return;
	}
	if (zip_member(z, e, s->unpack_left, &hold, &src, &err)) {
		scan_unreadable(s, &it, &err);
		return;
	}
	scan_item(s, &it);
	if (src.stream) {
		uint64_t used = src.win_at + src.win_len;

		s->unpack_left -= used < s->unpack_left ? used : s->unpack_left;
	}
}

static void check_hidden(struct scan *s, struct item *it, struct zip *z)
{
	autoerr err = ERR_INIT;
	uint64_t first = 0;
	size_t n;

	if (zip_hidden(z, &n, &first, &err))
		scan_unreadable(s, it, &err);
	else if (n)
		scan_find(s, it, RULE_ZIP_HIDDEN, first, "%zu gaps between members hold local headers", n);
}

static void scan_members(struct scan *s, struct item *it, struct zip *z)
{
	automap names = { 0 };

	for (size_t i = 0; i < z->entries.n; i++) {
		struct zip_entry *e = &z->entries.v[i];

		check_name(s, it, e);
		check_headers(s, it, z, e);
		if (map_put(&names, e->name, e))
			scan_find(s, it, RULE_ZIP_DUPLICATE, e->header_at, "member '%.200s' is there twice", e->name);
		if (e->name[0] && !str_ends(e->name, "/"))
			scan_member(s, it, z, e);
	}
	check_hidden(s, it, z);
}

/* A zip that is compressed itself is unpacked to memory, as it must be read at random. */
static int open_source(struct item *it, struct strbuf *held, struct source *memory, struct source **src,
		       struct mlops_error *err)
{
	*src = it->src;
	if (!it->src->stream)
		return 0;
	if (source_slurp(it->src, SCAN_MAX_NESTED, held, err))
		return -1;
	source_mem(memory, it->src->name, held->buf, held->len);
	*src = memory;
	return 0;
}

void scan_zip(struct scan *s, struct item *it)
{
	autosource memory = { .fd = -1 };
	autobuf held = { 0 };
	autozip z = { 0 };
	autoerr err = ERR_INIT;
	struct source *src;

	if (it->depth >= SCAN_MAX_DEPTH) {
		scan_find(s, it, RULE_NOT_SCANNED, 0, "it lies in more than %d archives", SCAN_MAX_DEPTH);
		return;
	}
	if (open_source(it, &held, &memory, &src, &err) || zip_open(&z, src, &err)) {
		scan_unreadable(s, it, &err);
		return;
	}
	scan_members(s, it, &z);
}
