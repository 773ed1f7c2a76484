/* The wire format of Protocol Buffers. */
#include "fmt/proto.h"

int proto_varint(struct cursor *c, const char *what, uint64_t *out, struct mlops_error *err)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint64_t byte;

		if (cursor_uint(c, what, 1, &byte, err))
			return -1;
		if (shift < 64)
			v |= (byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*out = v;
			return 0;
		}
	}
	return cursor_fail(c, what, err, "a number has more than ten bytes");
}

int proto_next(struct cursor *c, const char *what, struct proto_field *f, struct mlops_error *err)
{
	uint64_t tag, n;
	int first;

	if (cursor_look(c, &first, err))
		return -1;
	if (first < 0)
		return 0;
	if (proto_varint(c, what, &tag, err))
		return -1;
	*f = (struct proto_field){ .number = (uint32_t)(tag >> 3), .wire = tag & 7 };
	if (!f->number || tag >> 3 > UINT32_MAX >> 3)
		return cursor_fail(c, what, err, "field number %llu is not possible",
				   (unsigned long long)(tag >> 3));
	switch (f->wire) {
	case PROTO_VARINT:
		return proto_varint(c, what, &f->value, err) ? -1 : 1;
	case PROTO_FIXED64:
		return cursor_uint(c, what, 8, &f->value, err) ? -1 : 1;
	case PROTO_FIXED32:
		return cursor_uint(c, what, 4, &f->value, err) ? -1 : 1;
	case PROTO_BYTES:
		if (proto_varint(c, what, &n, err) || cursor_sub(c, what, n, &f->body, err))
			return -1;
		return 1;
	}
	return cursor_fail(c, what, err, "wire type %u is not known", (unsigned)f->wire);
}

struct str proto_bytes(const struct proto_field *f)
{
	const struct cursor *c = &f->body;

	return f->wire == PROTO_BYTES ?
		       (struct str){ (const char *)c->src->mem + c->at, (size_t)cursor_left(c) } :
		       STR("");
}

int proto_text(const struct proto_field *f, const char *what, size_t max, struct arena *a, char **out,
	       struct mlops_error *err)
{
	struct cursor c = f->body;

	if (f->wire != PROTO_BYTES)
		return err_set(err, MLOPS_EINVALID, "%s is a number where text belongs", what);
	return cursor_text(&c, what, cursor_left(&c), max, a, out, err);
}

void proto_add_raw_varint(struct strbuf *to, uint64_t value)
{
	for (; value > 0x7f; value >>= 7)
		strbuf_addc(to, (char)(value | 0x80));
	strbuf_addc(to, (char)value);
}

void proto_add_varint(struct strbuf *to, uint32_t number, uint64_t value)
{
	proto_add_raw_varint(to, (uint64_t)number << 3 | PROTO_VARINT);
	proto_add_raw_varint(to, value);
}

void proto_add_bytes(struct strbuf *to, uint32_t number, const void *p, size_t n)
{
	proto_add_raw_varint(to, (uint64_t)number << 3 | PROTO_BYTES);
	proto_add_raw_varint(to, n);
	strbuf_add(to, p, n);
}
