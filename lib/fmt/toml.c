/* Keys, tables and compound values; toml_scalar.c reads the others. */
#include "fmt/toml.h"

#include "base/map.h"
#include "fmt/toml_scalar.h"

struct toml {
	struct text t;
	struct map marks;  /* address of a table or list -> enum mark */
	uintptr_t section; /* counts the [headers] */
};

/* What forbids adding to a table; none: a header below it made it. */
enum mark {
	MARK_NONE,
	MARK_HEADER, /* it has, or a list's last item has, a [header] of its own */
	MARK_FROZEN, /* {} or [] is its whole value */
	MARK_DOTTED, /* + the section whose dotted keys made it, and may add to it */
};

static uintptr_t mark_of(struct toml *toml, const struct json *v)
{
	return (uintptr_t)map_getn(&toml->marks, &v, sizeof(v));
}

static void set_mark(struct toml *toml, const struct json *v, uintptr_t mark)
{
	map_putn(&toml->marks, &v, sizeof(v), (void *)mark);
}

static int skip_comment(struct text *t)
{
	if (text_look(t, 0) != '#')
		return 0;
	for (; t->at < t->end && *t->at != '\n' && text_look(t, 0) != -1; t->at++) {
		if (*t->at == '\r' && text_look(t, 1) == '\n')
			break;
		if (toml_is_control(*t->at))
			return text_error(t, t->at, "a comment has a control character");
	}
	return 0;
}

static int expect_line_end(struct text *t)
{
	text_skip_blanks(t);
	if (skip_comment(t))
		return -1;
	if (t->at == t->end || text_take_newline(t))
		return 0;
	return text_error(t, t->at, "the line should end here");
}

/* Blanks, comments and line ends, where they do not matter. */
static int skip_space(struct text *t)
{
	do {
		text_skip_blanks(t);
		if (skip_comment(t))
			return -1;
	} while (text_take_newline(t));
	return 0;
}

static bool is_bare(int c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

static int read_key_part(struct text *t, struct strlist *parts)
{
	const char *from = t->at;
	autobuf name = { 0 };

	if (text_look(t, 0) == '"' || text_look(t, 0) == '\'') {
		if (toml_string(t, false, &name))
			return -1;
		if (name.len && memchr(name.buf, 0, name.len))
			return text_error(t, from, "a key with a NUL in it");
	} else {
		while (is_bare(text_look(t, 0)))
			t->at++;
		if (t->at == from)
			return text_error(t, from, "a key should be here");
		strbuf_add(&name, from, (size_t)(t->at - from));
	}
	strlist_take(parts, strbuf_steal(&name));
	return 0;
}

static int read_key(struct text *t, struct strlist *parts)
{
	do {
		text_skip_blanks(t);
		if (parts->n >= TEXT_DEPTH)
			return text_error(t, t->at, "a key of more than %d parts", TEXT_DEPTH);
		if (read_key_part(t, parts))
			return -1;
		text_skip_blanks(t);
	} while (text_take(t, "."));
	return 0;
}

/* The table below `table`, made when it is not there; of a list of tables its last one. */
static struct json *enter(struct toml *toml, struct json *table, const char *name, const char *at)
{
	struct json *next = js_get(table, name);

	if (!next) {
		next = js_obj();
		js_set(table, name, next);
	}
	if (mark_of(toml, next) != MARK_FROZEN && js_type(next) == JSON_ARR)
		next = js_at(next, js_len(next) - 1);
	if (js_type(next) == JSON_OBJ && mark_of(toml, next) != MARK_FROZEN)
		return next;
	text_error(&toml->t, at, "'%s' has a value already, to which nothing can be added", name);
	return NULL;
}

static struct json *read_value(struct toml *toml, int depth);

/* Dotted keys may add to tables that they made in this section only. */
static struct json *enter_dotted(struct toml *toml, struct json *table, const char *name,
				 const char *at)
{
	struct json *next = enter(toml, table, name, at);
	uintptr_t mark = next ? mark_of(toml, next) : MARK_NONE;

	if (mark != MARK_NONE && mark != MARK_DOTTED + toml->section) {
		text_error(&toml->t, at, "table '%s' is defined elsewhere", name);
		return NULL;
	}
	if (next)
		set_mark(toml, next, MARK_DOTTED + toml->section);
	return next;
}

static int read_pair(struct toml *toml, struct json *table, int depth)
{
	struct text *t = &toml->t;
	const char *at = t->at;
	autostrlist key = { 0 };

	if (read_key(t, &key))
		return -1;
	for (size_t i = 0; i + 1 < key.n; i++) {
		table = enter_dotted(toml, table, key.v[i], at);
		if (!table)
			return -1;
	}
	if (js_get(table, key.v[key.n - 1]))
		return text_error(t, at, "'%s' is given twice", key.v[key.n - 1]);
	if (!text_take(t, "="))
		return text_error(t, t->at, "'=' should be here");
	text_skip_blanks(t);
	struct json *value = read_value(toml, depth + (int)key.n);
	if (!value)
		return -1;
	js_set(table, key.v[key.n - 1], value);
	return 0;
}

static int read_inline_pairs(struct toml *toml, struct json *table, int depth)
{
	struct text *t = &toml->t;

	text_skip_blanks(t);
	if (text_take(t, "}"))
		return 0;
	do {
		text_skip_blanks(t);
		if (read_pair(toml, table, depth))
			return -1;
		text_skip_blanks(t);
	} while (text_take(t, ","));
	return text_take(t, "}") ? 0 : text_error(t, t->at, "',' or '}' should be here");
}

static int read_items(struct toml *toml, struct json *list, int depth)
{
	struct text *t = &toml->t;

	do {
		if (skip_space(t))
			return -1;
		if (text_take(t, "]"))
			return 0;
		struct json *item = read_value(toml, depth + 1);
		if (!item)
			return -1;
		js_push(list, item);
		if (skip_space(t))
			return -1;
	} while (text_take(t, ","));
	return text_take(t, "]") ? 0 : text_error(t, t->at, "',' or ']' should be here");
}

static struct json *read_value(struct toml *toml, int depth)
{
	struct text *t = &toml->t;
	autojson *v = NULL;
	int rc;

	if (depth > TEXT_DEPTH) {
		text_error(t, t->at, "nested deeper than %d levels", TEXT_DEPTH);
		return NULL;
	}
	if (text_take(t, "[")) {
		v = js_arr();
		rc = read_items(toml, v, depth);
	} else if (text_take(t, "{")) {
		v = js_obj();
		rc = read_inline_pairs(toml, v, depth);
	} else {
		return toml_scalar(t);
	}
	if (rc)
		return NULL;
	set_mark(toml, v, MARK_FROZEN);
	return steal_ptr(&v);
}

/* [[name]]: one more table in a list. */
static struct json *append_table(struct toml *toml, struct json *parent, const char *name,
				 const char *at)
{
	struct json *list = js_get(parent, name), *table = js_obj();

	if (!list) {
		list = js_arr();
		js_set(parent, name, list);
	}
	if (js_type(list) != JSON_ARR || mark_of(toml, list) == MARK_FROZEN) {
		js_free(table);
		text_error(&toml->t, at, "'%s' is no list of tables", name);
		return NULL;
	}
	js_push(list, table);
	return table;
}

static struct json *define_table(struct toml *toml, struct json *parent, const char *name,
				 const char *at)
{
	const struct json *known = js_get(parent, name);

	if (js_type(known) != JSON_ARR && mark_of(toml, known) == MARK_NONE)
		return enter(toml, parent, name, at);
	text_error(&toml->t, at, "table '%s' is defined twice", name);
	return NULL;
}

/* The table that the lines below a header are for. */
static int read_header(struct toml *toml, struct json *root, struct json **out)
{
	struct text *t = &toml->t;
	const char *at = t->at;
	autostrlist key = { 0 };
	struct json *table = root;
	bool is_list = text_take(t, "[[");

	if (!is_list)
		t->at++;
	if (read_key(t, &key))
		return -1;
	if (!text_take(t, is_list ? "]]" : "]"))
		return text_error(t, t->at, "'%s' should be here", is_list ? "]]" : "]");
	for (size_t i = 0; table && i + 1 < key.n; i++)
		table = enter(toml, table, key.v[i], at);
	if (table)
		table = is_list ? append_table(toml, table, key.v[key.n - 1], at) :
				  define_table(toml, table, key.v[key.n - 1], at);
	if (!table)
		return -1;
	set_mark(toml, table, MARK_HEADER);
	toml->section++;
	*out = table;
	return 0;
}

static int read_document(struct toml *toml, struct json *root)
{
	struct text *t = &toml->t;
	struct json *table = root;
	int rc = 0;

	text_take(t, "\xef\xbb\xbf"); /* a byte-order mark */
	while (!rc && !skip_space(t) && t->at < t->end) {
		rc = text_look(t, 0) == '[' ? read_header(toml, root, &table) :
					      read_pair(toml, table, 0);
		if (!rc)
			rc = expect_line_end(t);
	}
	return rc || t->at < t->end ? -1 : 0;
}

int toml_parse(const char *file, const char *text, size_t n, struct text_places *places,
	       struct json **out, struct mlops_error *err)
{
	struct toml toml = { .t = text_of(file, text, n, places, err) };
	autojson *root = js_obj();
	int rc = text_check(&toml.t) || read_document(&toml, root) ? -1 : 0;

	map_clear(&toml.marks);
	if (!rc)
		*out = steal_ptr(&root);
	return rc;
}
