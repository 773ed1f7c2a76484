/* Chunked bodies (RFC 9112, 7.1). Extensions and trailers are read over. */
#include "http/message.h"

#include <string.h>

#define SIZE_DIGITS_MAX 15
#define REST_MAX        8192 /* of extensions and trailers */

enum chunk_state {
	CHUNK_SIZE,
	CHUNK_EXTENSION,
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER,
	CHUNK_TRAILER_LF,
	CHUNK_ENDED,
};

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int take_size(struct http_chunks *c, char b)
{
	int digit = hex_value(b);

	if (digit >= 0) {
		c->left = c->left << 4 | (uint64_t)digit;
		return ++c->line > SIZE_DIGITS_MAX ? -1 : CHUNK_SIZE;
	}
	if (!c->line)
		return -1;
	return b == '\r' ? CHUNK_SIZE_LF : b == ';' ? CHUNK_EXTENSION : -1;
}

static bool is_text(char b)
{
	return (unsigned char)b >= ' ' ? b != 0x7f : b == '\t';
}

/* The state behind one byte that is no content; -1: it may not be there. */
static int step(struct http_chunks *c, char b)
{
	switch ((enum chunk_state)c->state) {
	case CHUNK_SIZE:
		return take_size(c, b);
	case CHUNK_EXTENSION:
		return b == '\r' ? CHUNK_SIZE_LF : is_text(b) && ++c->rest < REST_MAX ? CHUNK_EXTENSION : -1;
	case CHUNK_SIZE_LF:
		c->line = 0;
		return b != '\n' ? -1 : c->left ? CHUNK_DATA : CHUNK_TRAILER;
	case CHUNK_DATA_CR:
		return b == '\r' ? CHUNK_DATA_LF : -1;
	case CHUNK_DATA_LF:
		return b == '\n' ? CHUNK_SIZE : -1;
	case CHUNK_TRAILER:
		if (b == '\r')
			return CHUNK_TRAILER_LF;
		c->line++;
		return is_text(b) && ++c->rest < REST_MAX ? CHUNK_TRAILER : -1;
	case CHUNK_TRAILER_LF:
		if (b != '\n')
			return -1;
		return c->line ? (int)(c->line = 0, CHUNK_TRAILER) : CHUNK_ENDED;
	case CHUNK_DATA:
	case CHUNK_ENDED:
		break;
	}
	return -1;
}

ssize_t http_chunks_take(struct http_chunks *c, const char *p, size_t n, struct str *data)
{
	size_t at = 0;

	*data = (struct str){ p, 0 };
	while (at < n && c->state != CHUNK_DATA && c->state != CHUNK_ENDED) {
		c->state = step(c, p[at++]);
		if (c->state < 0)
			return -1;
	}
	if (c->state != CHUNK_DATA)
		return (ssize_t)at;
	*data = (struct str){ p + at, c->left < n - at ? (size_t)c->left : n - at };
	c->left -= data->n;
	if (!c->left)
		c->state = CHUNK_DATA_CR;
	return (ssize_t)(at + data->n);
}

bool http_chunks_ended(const struct http_chunks *c)
{
	return c->state == CHUNK_ENDED;
}
