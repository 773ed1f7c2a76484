/*
 * Bytes to be read at offsets, without trusting a word of them: a file, a part of one, memory, or
 * a stream that is unpacked as it is read (forward only). Nothing is mapped, so that a file which
 * shrinks while it is read is an error and no signal. A cursor walks a range of a source; its
 * errors name the file, the field and the offset.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#define SOURCE_WINDOW ((size_t)256 << 10) /* the longest run of bytes that source_peek() gives */
#define SOURCE_UNKNOWN UINT64_MAX

struct unpack;

struct source {
	char *name;    /* for messages */
	uint64_t size; /* SOURCE_UNKNOWN of a stream whose end was not met yet */
	int fd;        /* -1 when in memory or a stream */
	bool owns_fd;
	const uint8_t *mem;
	struct unpack *stream;
	uint64_t base; /* where in the file the source starts */
	uint8_t *win;  /* bytes [win_at, win_at + win_len) of the source */
	uint64_t win_at;
	size_t win_len;
	size_t ahead;  /* how much to read: little after a jump, more and more in a row */
};

int source_open(struct source *s, const char *path, struct mlops_error *err);
void source_mem(struct source *s, const char *name, const void *p, size_t n); /* borrows p */
/* Owns `stream` from now on. */
void source_stream(struct source *s, const char *name, struct unpack *stream);
/* The part [at, at + n) of a parent that outlives it; a stream has no parts. */
int source_part(struct source *s, struct source *parent, const char *name, uint64_t at, uint64_t n,
		struct mlops_error *err);
void source_close(struct source *s);
#define autosource __attribute__((cleanup(source_close))) struct source

/*
 * Lends up to `want` (at most SOURCE_WINDOW) bytes at the offset, until the next call; fewer, in
 * *got, only at the end. A stream can go back no further than its window.
 */
int source_peek(struct source *s, uint64_t at, size_t want, const uint8_t **p, size_t *got,
		struct mlops_error *err);
/* Copies exactly n bytes; a source that ends before that is MLOPS_EINVALID. */
int source_read(struct source *s, uint64_t at, void *buf, size_t n, struct mlops_error *err);
/* The whole source, which must not be longer than `max`. */
int source_slurp(struct source *s, size_t max, struct strbuf *out, struct mlops_error *err);

struct cursor {
	struct source *src;
	uint64_t at, end; /* end is SOURCE_UNKNOWN in a stream */
	bool big_endian;
};

struct cursor cursor_of(struct source *s);
static inline uint64_t cursor_left(const struct cursor *c)
{
	return c->end - c->at;
}
/* "'model.gguf' is damaged: <field> at offset 24: <text>", MLOPS_EINVALID; returns -1. */
__attribute__((format(printf, 4, 5)))
int cursor_fail(const struct cursor *c, const char *field, struct mlops_error *err, const char *fmt, ...);
/* Lends exactly n (at most SOURCE_WINDOW) bytes and moves on. */
int cursor_take(struct cursor *c, const char *field, size_t n, const uint8_t **p, struct mlops_error *err);
int cursor_uint(struct cursor *c, const char *field, size_t bytes, uint64_t *out, struct mlops_error *err);
int cursor_skip(struct cursor *c, const char *field, uint64_t n, struct mlops_error *err);
/* n bytes (at most `max`) as text that ends in NUL; new, in the arena. */
int cursor_text(struct cursor *c, const char *field, uint64_t n, size_t max, struct arena *a,
		char **out, struct mlops_error *err);
/* The next n bytes as a cursor of their own; moves on behind them. */
int cursor_sub(struct cursor *c, const char *field, uint64_t n, struct cursor *sub, struct mlops_error *err);
/* The byte under the cursor in *out, -1 at the end. */
int cursor_look(struct cursor *c, int *out, struct mlops_error *err);
