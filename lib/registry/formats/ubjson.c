/* Markers, lengths, and containers with and without a type and a count. */
#include "registry/formats/ubjson.h"

#define MAX_DEPTH 64
#define MAX_VALUES 1000000 /* that are kept */
#define MAX_TEXT ((uint64_t)1 << 20)

struct reader {
	struct cursor *c;
	const char *const *skip;
	size_t values;
	unsigned depth;
};

int ubjson_size(uint64_t marker)
{
	switch (marker) {
	case 'Z': case 'N': case 'T': case 'F':
		return 0;
	case 'i': case 'U': case 'C':
		return 1;
	case 'I':
		return 2;
	case 'l': case 'd':
		return 4;
	case 'L': case 'D':
		return 8;
	}
	return -1;
}

int ubjson_marker(struct cursor *c, uint64_t *marker, struct mlops_error *err)
{
	c->big_endian = true;
	do
		if (cursor_uint(c, "marker", 1, marker, err))
			return -1;
	while (*marker == 'N');
	return 0;
}

int ubjson_length(struct cursor *c, uint64_t *n, struct mlops_error *err)
{
	uint64_t marker;

	if (ubjson_marker(c, &marker, err))
		return -1;
	int size = strchr("iUIlL", (int)marker) ? ubjson_size(marker) : -1;
	if (size < 0)
		return cursor_fail(c, "length", err, "marker 0x%02x is no whole number", (unsigned)marker);
	if (cursor_uint(c, "length", (size_t)size, n, err))
		return -1;
	if (marker != 'U' && *n >> (8 * size - 1))
		return cursor_fail(c, "length", err, "it is negative");
	return 0;
}

static int read_text(struct reader *r, struct json **out, struct mlops_error *err)
{
	autoarena arena = { 0 };
	uint64_t n;
	char *text;

	if (ubjson_length(r->c, &n, err))
		return -1;
	if (!out || n > MAX_TEXT) {
		if (out)
			*out = js_null();
		return cursor_skip(r->c, "text", n, err);
	}
	if (cursor_text(r->c, "text", n, MAX_TEXT, &arena, &text, err))
		return -1;
	*out = js_strn(text, (size_t)n);
	return 0;
}

static struct json *number(uint64_t marker, int size, uint64_t v)
{
	float f;
	double d;

	switch (marker) {
	case 'Z':
		return js_null();
	case 'T': case 'F':
		return js_bool(marker == 'T');
	case 'U': case 'C':
		return js_int((int64_t)v);
	case 'd':
		memcpy(&f, &(uint32_t){ (uint32_t)v }, sizeof(f));
		return js_num((double)f);
	case 'D':
		memcpy(&d, &v, sizeof(d));
		return js_num(d);
	}
	unsigned unused = 64 - 8 * (unsigned)size;
	return js_int((int64_t)(v << unused) >> unused);
}

static int read_value(struct reader *r, uint64_t marker, struct json **out, struct mlops_error *err);

int ubjson_open(struct cursor *c, struct ubjson_container *k, struct mlops_error *err)
{
	int next;

	*k = (struct ubjson_container){ 0 };
	if (cursor_look(c, &next, err))
		return -1;
	if (next == '$') {
		c->at++;
		if (cursor_uint(c, "type", 1, &k->type, err) || cursor_look(c, &next, err))
			return -1;
		if (next != '#')
			return cursor_fail(c, "type", err, "a container with a type has no count");
	}
	if (next != '#')
		return 0;
	c->at++;
	k->counted = true;
	return ubjson_length(c, &k->count, err);
}

int ubjson_next(struct cursor *c, struct ubjson_container *k, char end, uint64_t *marker,
		struct mlops_error *err)
{
	int b;

	if (k->counted) {
		if (!k->count)
			return 0;
		k->count--;
	} else {
		if (cursor_look(c, &b, err))
			return -1;
		if (b == end) {
			c->at++;
			return 0;
		}
	}
	*marker = k->type;
	if (end == ']' && !k->type && ubjson_marker(c, marker, err))
		return -1;
	return 1;
}

static int read_array(struct reader *r, struct json **out, struct mlops_error *err)
{
	struct ubjson_container k;
	uint64_t marker;
	int more;

	if (ubjson_open(r->c, &k, err))
		return -1;
	int size = k.type ? ubjson_size(k.type) : -1;
	if (size >= 0) { /* numbers in a row */
		uint64_t bytes;

		if (__builtin_mul_overflow(k.count, (uint64_t)size, &bytes))
			return cursor_fail(r->c, "array", err, "its size overflows");
		if (out)
			*out = js_null();
		return cursor_skip(r->c, "array", bytes, err);
	}
	struct json *array = out ? js_arr() : NULL;
	while ((more = ubjson_next(r->c, &k, ']', &marker, err)) > 0) {
		struct json *item = NULL;

		if (read_value(r, marker, out ? &item : NULL, err)) {
			js_free(array);
			return -1;
		}
		if (item)
			js_push(array, item);
	}
	if (more)
		js_free(array);
	else if (out)
		*out = array;
	return more;
}

static bool is_skipped(const struct reader *r, const char *key)
{
	for (const char *const *s = r->skip; *s; s++)
		if (!strcmp(*s, key))
			return true;
	return false;
}

static int read_member(struct reader *r, const struct ubjson_container *k, struct json *object, struct mlops_error *err)
{
	autojson *key = NULL;
	struct json *value = NULL;
	uint64_t marker = k->type;

	if (read_text(r, &key, err) || (!marker && ubjson_marker(r->c, &marker, err)))
		return -1;
	bool keep = object && js_text(key) && !is_skipped(r, js_text(key));
	if (read_value(r, marker, keep ? &value : NULL, err))
		return -1;
	if (value)
		js_set(object, js_text(key), value);
	return 0;
}

static int read_object(struct reader *r, struct json **out, struct mlops_error *err)
{
	struct ubjson_container k;
	uint64_t unused;
	int more;

	if (ubjson_open(r->c, &k, err))
		return -1;
	struct json *object = out ? js_obj() : NULL;
	while ((more = ubjson_next(r->c, &k, '}', &unused, err)) > 0)
		if (read_member(r, &k, object, err)) {
			more = -1;
			break;
		}
	if (more)
		js_free(object);
	else if (out)
		*out = object;
	return more;
}

static int read_nested(struct reader *r, uint64_t marker, struct json **out, struct mlops_error *err)
{
	if (r->depth >= MAX_DEPTH)
		return cursor_fail(r->c, "container", err, "nested deeper than %d levels", MAX_DEPTH);
	r->depth++;
	int rc = marker == '[' ? read_array(r, out, err) : read_object(r, out, err);
	r->depth--;
	return rc;
}

static int read_value(struct reader *r, uint64_t marker, struct json **out, struct mlops_error *err)
{
	int size = ubjson_size(marker);
	uint64_t v = 0;

	if (out && ++r->values > MAX_VALUES)
		return cursor_fail(r->c, "value", err, "there are more than %d", MAX_VALUES);
	if (marker == '[' || marker == '{')
		return read_nested(r, marker, out, err);
	if (marker == 'S' || marker == 'H')
		return read_text(r, out, err);
	if (size < 0)
		return cursor_fail(r->c, "marker", err, "0x%02x is not known", (unsigned)marker);
	if (size && cursor_uint(r->c, "number", (size_t)size, &v, err))
		return -1;
	if (out)
		*out = number(marker, size, v);
	return 0;
}

int ubjson_read(struct cursor *c, const char *const *skip, struct json **out, struct mlops_error *err)
{
	struct reader r = { .c = c, .skip = skip };
	uint64_t marker;

	return ubjson_marker(c, &marker, err) || read_value(&r, marker, out, err) ? -1 : 0;
}

int ubjson_skip(struct cursor *c, uint64_t marker, struct mlops_error *err)
{
	struct reader r = { .c = c };

	return read_value(&r, marker, NULL, err);
}
