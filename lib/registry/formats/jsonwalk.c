/* Finds where JSON values end; what they mean is left to fmt/json.h. */
#include "registry/formats/jsonwalk.h"

#define MAX_DEPTH 512
#define MAX_KEY ((size_t)64 << 10)
#define MAX_CONTAINERS 500000 /* an empty one takes fifty times the room of its text */
#define MAX_VALUES 4000000

static bool is_space(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The first byte that is no space, left under the cursor. */
static int look(struct cursor *c, const char *what, int *out, struct mlops_error *err)
{
	for (;; c->at++) {
		if (cursor_look(c, out, err))
			return -1;
		if (*out < 0)
			return cursor_fail(c, what, err, "the JSON ends here");
		if (!is_space(*out))
			return 0;
	}
}

static int expect(struct cursor *c, const char *what, char wanted, struct mlops_error *err)
{
	int b;

	if (look(c, what, &b, err))
		return -1;
	if (b != wanted)
		return cursor_fail(c, what, err, "'%c' is expected", wanted);
	c->at++;
	return 0;
}

/* The end of a value in one piece of bytes: strings and nesting are all there is to know. */
struct scan {
	size_t depth;
	bool quoted, escaped, bare, done;
};

static bool ends_bare(uint8_t b)
{
	return b == ',' || b == '}' || b == ']' || is_space(b);
}

/* Returns how many bytes of the piece belong to the value. */
static size_t scan_piece(struct scan *s, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t b = p[i];

		if (s->quoted) {
			if (s->escaped)
				s->escaped = false;
			else if (b == '\\')
				s->escaped = true;
			else if (b == '"')
				s->quoted = false;
			if (!s->quoted && !s->depth && (s->done = true))
				return i + 1;
		} else if (s->bare && !s->depth) {
			if (ends_bare(b) && (s->done = true))
				return i;
		} else if (b == '"') {
			s->quoted = true;
		} else if (b == '{' || b == '[') {
			if (++s->depth > MAX_DEPTH)
				return i;
		} else if (b == '}' || b == ']') {
			if (!s->depth || !--s->depth) {
				s->done = true;
				return i + 1;
			}
		} else if (!s->depth) {
			s->bare = true;
		}
	}
	return n;
}

/* Walks over one value, and appends its text to `text` when that is wanted. */
static int value(struct cursor *c, const char *what, size_t max, struct strbuf *text,
		 struct mlops_error *err)
{
	struct scan s = { 0 };
	int b;

	if (look(c, what, &b, err))
		return -1;
	while (!s.done) {
		size_t want = cursor_left(c) < SOURCE_WINDOW ? (size_t)cursor_left(c) : SOURCE_WINDOW;
		const uint8_t *p;
		size_t got;

		if (source_peek(c->src, c->at, want, &p, &got, err))
			return -1;
		if (!got && s.bare)
			break;
		if (!got)
			return cursor_fail(c, what, err, "the JSON ends inside of a value");
		size_t used = scan_piece(&s, p, got);
		if (s.depth > MAX_DEPTH)
			return cursor_fail(c, what, err, "nested deeper than %d levels", MAX_DEPTH);
		if (text && used > max - text->len)
			return cursor_fail(c, what, err, "the value is longer than %zu bytes", max);
		if (text)
			strbuf_add(text, p, used);
		c->at += used;
	}
	return 0;
}

int jsonwalk_parse(const char *text, size_t n, const char *what, struct json **out,
		   struct mlops_error *err)
{
	size_t containers = 0, values = 0;

	for (size_t i = 0; i < n; i++) {
		containers += text[i] == '{' || text[i] == '[';
		values += text[i] == ',';
	}
	if (containers > MAX_CONTAINERS || values > MAX_VALUES)
		return err_set(err, MLOPS_EINVALID, "%s has too many values: %zu containers, %zu commas",
			       what, containers, values);
	return js_parse(n ? text : "", n, what, out, err);
}

int jsonwalk_object(struct cursor *c, const char *what, struct mlops_error *err)
{
	return expect(c, what, '{', err);
}

int jsonwalk_next(struct cursor *c, const char *what, struct strbuf *key, struct mlops_error *err)
{
	struct json *name;
	int b;

	if (look(c, what, &b, err))
		return -1;
	if (b == ',')
		c->at++;
	if (b == '}') {
		c->at++;
		return 0;
	}
	if (look(c, what, &b, err))
		return -1;
	if (b != '"')
		return cursor_fail(c, what, err, "a key is expected");
	if (jsonwalk_value(c, what, MAX_KEY, &name, err))
		return -1;
	strbuf_trunc(key, 0);
	strbuf_add(key, js_text(name), js_text_len(name));
	js_free(name);
	return expect(c, what, ':', err) ? -1 : 1;
}

int jsonwalk_array(struct cursor *c, const char *what, struct mlops_error *err)
{
	return expect(c, what, '[', err);
}

int jsonwalk_item(struct cursor *c, const char *what, struct mlops_error *err)
{
	int b;

	if (look(c, what, &b, err))
		return -1;
	if (b == ',') {
		c->at++;
		return 1;
	}
	if (b != ']')
		return 1;
	c->at++;
	return 0;
}

int jsonwalk_skip(struct cursor *c, const char *what, struct mlops_error *err)
{
	return value(c, what, 0, NULL, err);
}

int jsonwalk_text(struct cursor *c, const char *what, size_t max, struct strbuf *text,
		  struct mlops_error *err)
{
	strbuf_trunc(text, 0);
	return value(c, what, max, text, err);
}

int jsonwalk_value(struct cursor *c, const char *what, size_t max, struct json **out,
		   struct mlops_error *err)
{
	autobuf text = { 0 };

	if (value(c, what, max, &text, err))
		return -1;
	return jsonwalk_parse(text.buf, text.len, what, out, err);
}
