/* One reader over two notations: what differs is told apart here and nowhere above. */
#include "registry/formats/doc.h"

#include <math.h>

#include "base/num.h"
#include "fmt/real.h"
#include "registry/formats/jsonwalk.h"

#define NUMBER_ROOM 32 /* bytes of a number in JSON, its comma and spaces included */

int doc_open(struct doc *d, struct source *src, bool binary, struct mlops_error *err)
{
	*d = (struct doc){ .c = cursor_of(src), .what = "model", .binary = binary };
	return binary ? ubjson_marker(&d->c, &d->marker, err) : 0;
}

void doc_clear(struct doc *d)
{
	strbuf_clear(&d->text);
}

static int enter(struct doc *d, char mark, struct mlops_error *err)
{
	if (d->depth >= DOC_MAX_DEPTH)
		return cursor_fail(&d->c, d->what, err, "nested deeper than %d levels", DOC_MAX_DEPTH);
	if (!d->binary) {
		d->depth++;
		return mark == '{' ? jsonwalk_object(&d->c, d->what, err) :
				     jsonwalk_array(&d->c, d->what, err);
	}
	if (d->marker != (uint64_t)mark)
		return cursor_fail(&d->c, d->what, err, "'%c' is expected", mark);
	return ubjson_open(&d->c, &d->levels[d->depth++], err);
}

int doc_object(struct doc *d, struct mlops_error *err)
{
	return enter(d, '{', err);
}

int doc_array(struct doc *d, struct mlops_error *err)
{
	return enter(d, '[', err);
}

static int read_text(struct doc *d, size_t max, struct strbuf *out, struct mlops_error *err)
{
	const uint8_t *p;
	uint64_t n;

	if (ubjson_length(&d->c, &n, err))
		return -1;
	if (n > max || n > SOURCE_WINDOW)
		return cursor_fail(&d->c, d->what, err, "the text is longer than %zu bytes", max);
	if (cursor_take(&d->c, d->what, (size_t)n, &p, err))
		return -1;
	strbuf_add(out, p, (size_t)n);
	return 0;
}

static int next_key(struct doc *d, struct strbuf *key, struct mlops_error *err)
{
	if (!d->binary)
		return jsonwalk_next(&d->c, d->what, key, err);
	int more = ubjson_next(&d->c, &d->levels[d->depth - 1], '}', &d->marker, err);
	if (more <= 0)
		return more;
	strbuf_trunc(key, 0);
	if (read_text(d, SOURCE_WINDOW, key, err) ||
	    (!d->marker && ubjson_marker(&d->c, &d->marker, err)))
		return -1;
	return 1;
}

int doc_key(struct doc *d, struct strbuf *key, struct mlops_error *err)
{
	int more = next_key(d, key, err);

	d->depth -= !more;
	return more;
}

int doc_item(struct doc *d, struct mlops_error *err)
{
	int more = d->binary ? ubjson_next(&d->c, &d->levels[d->depth - 1], ']', &d->marker, err) :
			       jsonwalk_item(&d->c, d->what, err);

	d->depth -= !more;
	return more;
}

static int binary_number(struct doc *d, uint64_t marker, double *out, struct mlops_error *err)
{
	int size = ubjson_size(marker);
	uint64_t v = 0;
	float f;

	if (size < 0 || (size && cursor_uint(&d->c, d->what, (size_t)size, &v, err)))
		return size < 0 ? cursor_fail(&d->c, d->what, err, "a number is expected") : -1;
	switch (marker) {
	case 'T': case 'F':
		*out = marker == 'T';
		return 0;
	case 'U':
		*out = (double)v;
		return 0;
	case 'd':
		memcpy(&f, &(uint32_t){ (uint32_t)v }, sizeof(f));
		*out = (double)f;
		return 0;
	case 'D':
		memcpy(out, &v, sizeof(*out));
		return 0;
	case 'i': case 'I': case 'l': case 'L': {
		unsigned unused = 64 - 8 * (unsigned)size;

		*out = (double)((int64_t)(v << unused) >> unused);
		return 0;
	}
	}
	return cursor_fail(&d->c, d->what, err, "a number is expected");
}

static int too_many(struct doc *d, size_t max, struct mlops_error *err)
{
	return cursor_fail(&d->c, d->what, err, "there are more than %zu numbers", max);
}

static int binary_numbers(struct doc *d, size_t max, struct doc_numbers *out, struct mlops_error *err)
{
	int more;

	if (doc_array(d, err))
		return -1;
	while ((more = doc_item(d, err)) > 0) {
		double v;

		if (out->n >= max)
			return too_many(d, max, err);
		if (binary_number(d, d->marker, &v, err))
			return -1;
		vec_push(out, v);
	}
	return more;
}

static bool plain_number(struct str word, double *out)
{
	bool whole;

	if (str_eq(word, "true") || str_eq(word, "false"))
		*out = word.n == 4;
	else if (str_eq(word, "NaN"))
		*out = NAN;
	else
		return real_parse(word.p, word.n, out, &whole);
	return true;
}

static int plain_numbers(struct doc *d, size_t max, struct doc_numbers *out, struct mlops_error *err)
{
	if (jsonwalk_text(&d->c, d->what, max * NUMBER_ROOM + NUMBER_ROOM, &d->text, err))
		return -1;
	struct str rest = str_trim((struct str){ d->text.buf, d->text.len });
	if (rest.n < 2 || rest.p[0] != '[' || rest.p[rest.n - 1] != ']')
		return cursor_fail(&d->c, d->what, err, "an array of numbers is expected");
	rest = str_trim((struct str){ rest.p + 1, rest.n - 2 });
	while (rest.n) {
		struct str word = str_trim(str_split(rest, ',', &rest));
		double v;

		if (out->n >= max)
			return too_many(d, max, err);
		if (!plain_number(word, &v))
			return cursor_fail(&d->c, d->what, err, "'" STR_FMT "' is no number",
					   STR_ARG(word));
		vec_push(out, v);
	}
	return 0;
}

int doc_numbers(struct doc *d, size_t max, struct doc_numbers *out, struct mlops_error *err)
{
	out->n = 0;
	return d->binary ? binary_numbers(d, max, out, err) : plain_numbers(d, max, out, err);
}

static int binary_text(struct doc *d, size_t max, struct strbuf *out, struct mlops_error *err)
{
	char digits[NUM_SIZE];
	double v;

	if (d->marker == 'S' || d->marker == 'H')
		return read_text(d, max, out, err);
	if (binary_number(d, d->marker, &v, err))
		return -1;
	strbuf_adds(out, num_format_double(v, digits));
	return 0;
}

int doc_text(struct doc *d, size_t max, struct strbuf *out, struct mlops_error *err)
{
	autojson *v = NULL;

	strbuf_trunc(out, 0);
	if (d->binary)
		return binary_text(d, max, out, err);
	if (jsonwalk_text(&d->c, d->what, max, &d->text, err))
		return -1;
	if (d->text.len && d->text.buf[0] != '"') {
		strbuf_add(out, d->text.buf, d->text.len);
		return 0;
	}
	if (js_parse(d->text.buf, d->text.len, d->what, &v, err))
		return -1;
	strbuf_add(out, js_text(v), js_text_len(v));
	return 0;
}

int doc_skip(struct doc *d, struct mlops_error *err)
{
	return d->binary ? ubjson_skip(&d->c, d->marker, err) : jsonwalk_skip(&d->c, d->what, err);
}
