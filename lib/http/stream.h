/* A bounded buffer of bytes between two threads, one at each end. */
#pragma once

#include <pthread.h>

#include "base/mem.h"

/* Guarded by the lock of whoever holds it; what take() or room() lends is the caller's until then. */
struct stream {
	char *buf;         /* made on first use */
	size_t cap, at, n; /* n bytes from `at` on, around the end */
	bool ended;        /* nothing more will be put in */
};

/* The longest piece that lies in one part; NULL with *n 0 when there is none. */
char *stream_filled(struct stream *s, size_t *n);
char *stream_room(struct stream *s, size_t *n);
void stream_taken(struct stream *s, size_t n);
void stream_added(struct stream *s, size_t n);
