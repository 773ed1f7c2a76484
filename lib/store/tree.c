/* Reading and writing the text of trees. */
#include "store/tree.h"

#include <strings.h>

#include "base/hex.h"
#include "base/num.h"
#include "base/path.h"

#define FIRST_LINE "mlops-tree 1\n"

/* Bytes at the start of s[0 .. n) that stand for themselves. */
static size_t plain(const char *s, size_t n, bool text)
{
	size_t i = 0;

	while (i < n) {
		unsigned char c = (unsigned char)s[i];
		size_t len = text ? utf8_sequence(s + i, n - i) : 1;

		if (c < 0x20 || c == 0x7f || c == '%' || !len)
			break;
		i += len;
	}
	return i;
}

void name_escape(const char *name, size_t n, bool text, struct strbuf *out)
{
	for (;;) {
		size_t len = plain(name, n, text);

		strbuf_add(out, name, len);
		if (len == n)
			return;
		strbuf_addf(out, "%%%02x", (unsigned char)name[len]);
		name += len + 1;
		n -= len + 1;
	}
}

bool name_unescape(const char *s, size_t n, bool text, struct strbuf *out)
{
	autobuf again = { 0 };
	size_t start = out->len;

	if (plain(s, n, text) == n) {
		strbuf_add(out, s, n);
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (c == '%') {
			char digits[3] = { 0 };

			if (n - i < 3)
				return false;
			memcpy(digits, s + i + 1, 2);
			if (!hex_decode(&c, 1, digits))
				return false;
			i += 2;
		}
		strbuf_addc(out, c);
	}
	name_escape(out->buf + start, out->len - start, text, &again);
	return again.len == n && !memcmp(again.buf, s, n);
}

bool tree_name_is_safe(const char *name, size_t n)
{
	return path_is_safe_name(name, n) && !(n == 4 && !strncasecmp(name, ".git", 4));
}

struct parser {
	struct tree *tree;
	const char *what;
	size_t line;
	struct mlops_error *err;
};

static int bad(struct parser *p, const char *why)
{
	return err_set(p->err, MLOPS_ECORRUPT, "%s:%zu: %s", p->what, p->line, why);
}

/* One spelling a number: digits, no sign, no leading zero. */
static bool parse_count(struct str s, uint64_t *out)
{
	char digits[NUM_SIZE];

	if (!s.n || s.n >= sizeof(digits) || (s.n > 1 && s.p[0] == '0'))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	memcpy(digits, s.p, s.n);
	digits[s.n] = '\0';
	return num_parse_u64(digits, out);
}

static bool parse_oid(struct str s, struct oid *out)
{
	char hex[MLOPS_OID_HEX + 1];

	if (s.n != MLOPS_OID_HEX)
		return false;
	memcpy(hex, s.p, s.n);
	hex[s.n] = '\0';
	return mlops_oid_parse(hex, out);
}

static int parse_name(struct parser *p, struct str s, struct tree_entry *e)
{
	autobuf name = { 0 };
	const struct tree *t = p->tree;

	if (!s.n || !name_unescape(s.p, s.n, false, &name))
		return bad(p, "the name is not written as it must be");
	if (!tree_name_is_safe(name.buf, name.len))
		return bad(p, "the name is not that of one file");
	e->name = arena_strndup(&p->tree->names, name.buf, name.len);
	if (t->entries.n && strcmp(t->entries.v[t->entries.n - 1].name, e->name) >= 0)
		return bad(p, "the names are not sorted, or one is there twice");
	return 0;
}

static int parse_entry(struct parser *p, struct str line)
{
	struct tree_entry e = { 0 };
	struct str kind = str_split(line, ' ', &line);
	struct str oid = str_split(line, ' ', &line);
	struct str size = str_split(line, ' ', &line);
	struct str files = str_split(line, ' ', &line);

	if (kind.n != 1 || !memchr("fxdl", kind.p[0], 4))
		return bad(p, "the kind is none of f, x, d and l");
	e.kind = (enum tree_kind)kind.p[0];
	if (!parse_oid(oid, &e.oid))
		return bad(p, "the object's name is not 64 hex digits");
	if (!parse_count(size, &e.size) || !parse_count(files, &e.files) ||
	    (e.kind != TREE_FOLDER && e.files != 1))
		return bad(p, "a number is wrong");
	if (parse_name(p, line, &e))
		return -1;
	vec_push(&p->tree->entries, e);
	return 0;
}

bool tree_is_text(const char *text, size_t n)
{
	return n >= strlen(FIRST_LINE) && !memcmp(text, FIRST_LINE, strlen(FIRST_LINE));
}

static int parse_lines(struct parser *p, struct str rest)
{
	uint64_t size, files;

	p->line = 1;
	if (!tree_is_text(rest.p, rest.n))
		return bad(p, "not a tree of version 1");
	if (rest.p[rest.n - 1] != '\n')
		return bad(p, "the last line has no end");
	str_split(rest, '\n', &rest);
	while (rest.n) {
		p->line++;
		if (parse_entry(p, str_split(rest, '\n', &rest)))
			return -1;
	}
	return tree_totals(p->tree, &size, &files) ? 0 : bad(p, "the sizes add up to too much");
}

int tree_parse(const char *text, size_t n, const char *what, struct tree *out,
	       struct mlops_error *err)
{
	struct tree tree = { 0 };
	struct parser p = { &tree, what, 0, err };

	if (parse_lines(&p, (struct str){ text, n })) {
		tree_clear(&tree);
		return -1;
	}
	*out = tree;
	return 0;
}

void tree_format(const struct tree *tree, struct strbuf *out)
{
	char hex[MLOPS_OID_HEX + 1], digits[NUM_SIZE];

	strbuf_adds(out, FIRST_LINE);
	for (size_t i = 0; i < tree->entries.n; i++) {
		const struct tree_entry *e = &tree->entries.v[i];

		strbuf_addc(out, (char)e->kind);
		strbuf_addc(out, ' ');
		strbuf_adds(out, mlops_oid_hex(&e->oid, hex));
		strbuf_addc(out, ' ');
		strbuf_adds(out, num_format_u64(e->size, digits));
		strbuf_addc(out, ' ');
		strbuf_adds(out, num_format_u64(e->files, digits));
		strbuf_addc(out, ' ');
		name_escape(e->name, strlen(e->name), false, out);
		strbuf_addc(out, '\n');
	}
}

bool tree_totals(const struct tree *tree, uint64_t *size, uint64_t *files)
{
	uint64_t bytes = 0, count = 0;

	for (size_t i = 0; i < tree->entries.n; i++) {
		const struct tree_entry *e = &tree->entries.v[i];

		if (!size_add(bytes, e->size, &bytes) || !size_add(count, e->files, &count))
			return false;
	}
	*size = bytes;
	*files = count;
	return true;
}

void tree_clear(struct tree *tree)
{
	vec_free(&tree->entries);
	arena_clear(&tree->names);
}

static int by_name(const void *key, const void *entry)
{
	return strcmp(key, ((const struct tree_entry *)entry)->name);
}

const struct tree_entry *tree_find(const struct tree *tree, const char *name)
{
	if (!tree->entries.n)
		return NULL;
	return bsearch(name, tree->entries.v, tree->entries.n, sizeof(*tree->entries.v), by_name);
}

int tree_load(struct store *store, const struct oid *oid, struct tree *out, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];
	autofree char *text = NULL;
	size_t n;

	if (mlops_store_get(store, oid, TREE_BYTES_MAX, &text, &n, err))
		return -1;
	autofree char *what = xasprintf("tree %s", mlops_oid_hex(oid, hex));
	return tree_parse(text, n, what, out, err);
}
