/*
 * HTTP/1.1 messages (RFC 9112), read strictly: what two readers could understand differently is
 * refused, so that no request can hide in another one. Pure text; slices are of the text given.
 *
 * Debian's http-parser does not serve: it is built without its strict mode (blanks in field names,
 * any byte in place of a line's end behind a chunk's size), and nobody keeps it any more.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

#define HTTP_FIELDS_MAX 100

enum http_framing {
	HTTP_BODY_NONE,
	HTTP_BODY_LENGTH,
	HTTP_BODY_CHUNKED,
	HTTP_BODY_UNTIL_CLOSE, /* of a response */
};

struct http_field {
	struct str name, value; /* the value without blanks around it */
};

struct http_message {
	struct str method, target; /* of a request; the target starts with '/', or is "*" */
	int status;                /* of a response */
	struct str reason;
	int minor; /* HTTP/1.minor */
	struct http_field fields[HTTP_FIELDS_MAX];
	size_t n_fields;
	enum http_framing framing;
	uint64_t length; /* HTTP_BODY_LENGTH */
	bool keep_alive;
	bool expects_continue;
};

/*
 * How long the head that starts at `p` is, with its empty line; 0: its end is not there yet; -1: it
 * has a line that does not end by CR LF. *looked_at is 0 at first, and kept between calls.
 */
ssize_t http_message_end(const char *p, size_t n, size_t *looked_at);
/* p[0..n) is a whole head. MLOPS_EINVALID says what is wrong with it. */
int http_message_request(const char *p, size_t n, struct http_message *out, struct mlops_error *err);
/* `bodyless`: it answers HEAD. */
int http_message_response(const char *p, size_t n, bool bodyless, struct http_message *out,
			  struct mlops_error *err);
/* The first field of that name (any case), or NULL. */
const struct str *http_message_field(const struct http_message *m, const char *name);
/* Whether a field is for one connection only, and must not be passed on (RFC 9110, 7.6.1). */
bool http_message_is_hop(const struct http_message *m, const struct http_field *field);

/* A chunked body. Starts zeroed. */
struct http_chunks {
	int state;
	unsigned line;  /* bytes of the line so far */
	unsigned rest;  /* bytes of extensions and trailers so far; they are dropped */
	uint64_t left;  /* of the chunk */
};
/*
 * Takes the next part of p[0..n): returns how many bytes, or -1 when the body is malformed. *data is
 * the part of them that is content; it may be empty.
 */
ssize_t http_chunks_take(struct http_chunks *c, const char *p, size_t n, struct str *data);
bool http_chunks_ended(const struct http_chunks *c);
