/* Protocol Buffers messages, walked field by field without a schema and without copying. */
#pragma once

#include "fmt/source.h"

enum proto_wire { PROTO_VARINT = 0, PROTO_FIXED64 = 1, PROTO_BYTES = 2, PROTO_FIXED32 = 5 };

struct proto_field {
	uint32_t number;
	enum proto_wire wire;
	uint64_t value;     /* of a number */
	struct cursor body; /* of PROTO_BYTES: text, bytes or a message */
};

/* 1 with the next field in *f, 0 at the end of the message, -1. `what` names the message. */
int proto_next(struct cursor *c, const char *what, struct proto_field *f, struct mlops_error *err);
int proto_varint(struct cursor *c, const char *what, uint64_t *out, struct mlops_error *err);
/* The bytes of a field of a source in memory; "" when it is a number. Lent. */
struct str proto_bytes(const struct proto_field *f);
/* Appends a field. */
void proto_add_varint(struct strbuf *to, uint32_t number, uint64_t value);
void proto_add_bytes(struct strbuf *to, uint32_t number, const void *p, size_t n);
void proto_add_raw_varint(struct strbuf *to, uint64_t value); /* of a packed list */
/* The text of a field, new in the arena; longer than `max` or no bytes at all is an error. */
int proto_text(const struct proto_field *f, const char *what, size_t max, struct arena *a, char **out,
	       struct mlops_error *err);
