/* The two ends of a ring of bytes. */
#include "http/stream.h"

char *stream_filled(struct stream *s, size_t *n)
{
	*n = s->n < s->cap - s->at ? s->n : s->cap - s->at;
	return *n ? s->buf + s->at : NULL;
}

char *stream_room(struct stream *s, size_t *n)
{
	if (!s->buf)
		s->buf = xmalloc(s->cap);
	size_t end = (s->at + s->n) % s->cap, until = end < s->at ? s->at : s->cap;

	*n = s->n == s->cap ? 0 : until - end;
	return *n ? s->buf + end : NULL;
}

void stream_taken(struct stream *s, size_t n)
{
	s->at = (s->at + n) % s->cap;
	s->n -= n;
}

void stream_added(struct stream *s, size_t n)
{
	s->n += n;
}
