/* Elements of tensors as bytes, to and from JSON. */
#include "serve/protocols/raw.h"

#include <math.h>

#include "base/le.h"

static struct json *number(double v)
{
	return isfinite(v) ? js_num(v) : js_null();
}

struct json *raw_float(uint32_t bits)
{
	float v;

	memcpy(&v, &bits, sizeof(v));
	return number((double)v);
}

struct json *raw_double(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof(v));
	return number(v);
}

static const struct raw_type {
	const char *name;
	size_t size;
	bool is_signed;
} raw_types[] = {
	{ "BOOL", 1, false }, { "INT8", 1, true },    { "INT16", 2, true },   { "INT32", 4, true },
	{ "INT64", 8, true }, { "UINT8", 1, false },  { "UINT16", 2, false }, { "UINT32", 4, false },
	{ "UINT64", 8, false }, { "FP32", 4, false }, { "FP64", 8, false },
};

static const struct raw_type *find_raw(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(raw_types); i++)
		if (!strcmp(raw_types[i].name, name))
			return &raw_types[i];
	return NULL;
}

static struct json *from_raw(const struct raw_type *type, const char *p)
{
	uint64_t v = 0;

	memcpy(&v, p, type->size); /* little-endian, as this machine is */
	v = le64toh(v);
	if (!strcmp(type->name, "FP32"))
		return raw_float((uint32_t)v);
	if (!strcmp(type->name, "FP64"))
		return raw_double(v);
	if (!strcmp(type->name, "BOOL"))
		return js_bool(v);
	if (type->is_signed && type->size < 8 && v >> (8 * type->size - 1))
		v |= ~(uint64_t)0 << (8 * type->size);
	return !type->is_signed && v > INT64_MAX ? js_num((double)v) : js_int((int64_t)v);
}

/* Each with its length before it, in 32 bits. */
static int read_raw_texts(struct str raw, struct json *data, struct mlops_error *err)
{
	while (raw.n) {
		size_t n = raw.n >= 4 ? le32_get(raw.p) : SIZE_MAX;

		if (raw.n < 4 || n > raw.n - 4)
			return err_set(err, MLOPS_EINVALID, "a raw tensor of BYTES ends too early");
		js_push(data, js_strn(raw.p + 4, n));
		raw = (struct str){ raw.p + 4 + n, raw.n - 4 - n };
	}
	return 0;
}

int raw_read(struct json *input, struct str raw, struct mlops_error *err)
{
	const char *name = js_get_text(input, "datatype");
	const struct raw_type *type = find_raw(name);
	struct json *data = js_get(input, "data");

	if (name && !strcmp(name, "BYTES"))
		return read_raw_texts(raw, data, err);
	if (!type)
		return err_set(err, MLOPS_EINVALID, "raw tensors of '%s' are not taken", name ? name : "");
	if (raw.n % type->size || raw.n / type->size > RAW_ELEMENTS_MAX)
		return err_set(err, MLOPS_EINVALID, "a raw tensor of %s has %zu bytes", name, raw.n);
	for (size_t i = 0; i < raw.n; i += type->size)
		js_push(data, from_raw(type, raw.p + i));
	return 0;
}

uint64_t raw_bits(const struct json *v)
{
	double d = 0;
	uint64_t bits;

	if (!js_to_num(v, &d))
		d = NAN;
	memcpy(&bits, &d, sizeof(bits));
	return bits;
}

uint64_t raw_int(const struct json *v)
{
	int64_t n = 0;

	js_to_int(v, &n);
	return (uint64_t)n;
}

void raw_add_le64(struct strbuf *to, uint64_t v)
{
	char bytes[8];

	le64_put(bytes, v);
	strbuf_add(to, bytes, sizeof(bytes));
}

void raw_add(struct strbuf *to, const char *type, const struct json *v)
{
	char bytes[4];

	if (!strcmp(type, "BOOL")) {
		strbuf_addc(to, js_type(v) == JSON_TRUE_);
	} else if (!strcmp(type, "INT64")) {
		raw_add_le64(to, raw_int(v));
	} else if (!strcmp(type, "FP64")) {
		raw_add_le64(to, raw_bits(v));
	} else {
		le32_put(bytes, (uint32_t)js_text_len(v));
		strbuf_add(to, bytes, sizeof(bytes));
		strbuf_add(to, js_text(v), js_text_len(v));
	}
}
