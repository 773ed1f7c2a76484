/* Windows over files, memory and unpacked streams; cursors. */
#include "fmt/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "fmt/unpack.h"

#define AHEAD ((size_t)16 << 10)

static void source_init(struct source *s, const char *name, uint64_t size)
{
	*s = (struct source){ .name = xstrdup(name), .size = size, .fd = -1 };
}

int source_open(struct source *s, const char *path, struct mlops_error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* no wait for a FIFO */
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		bool missing = errno == ENOENT || errno == ENOTDIR;

		err_sys(err, "cannot open '%s'", path);
		if (missing)
			err->kind = MLOPS_ENOTFOUND;
		return -1;
	}
	if (!S_ISREG(st.st_mode))
		return err_set(err, MLOPS_EINVALID, "'%s' is no regular file", path);
	source_init(s, path, (uint64_t)st.st_size);
	s->fd = steal_fd(&fd);
	s->owns_fd = true;
	return 0;
}

void source_mem(struct source *s, const char *name, const void *p, size_t n)
{
	source_init(s, name, n);
	s->mem = p;
}

void source_stream(struct source *s, const char *name, struct unpack *stream)
{
	source_init(s, name, SOURCE_UNKNOWN);
	s->stream = stream;
}

int source_part(struct source *s, struct source *parent, const char *name, uint64_t at, uint64_t n,
		struct mlops_error *err)
{
	if (parent->stream)
		return err_set(err, MLOPS_EINVALID, "'%s' is compressed inside of '%s'", name,
			       parent->name);
	if (at > parent->size || n > parent->size - at)
		return err_set(err, MLOPS_EINVALID,
			       "'%s' is damaged: '%s' would end behind the end of the file",
			       parent->name, name);
	source_init(s, name, n);
	s->fd = parent->fd;
	s->base = parent->base + at;
	s->mem = parent->mem ? parent->mem + at : NULL;
	return 0;
}

void source_close(struct source *s)
{
	if (s->owns_fd && s->fd >= 0)
		close(s->fd);
	unpack_free(s->stream);
	free(s->win);
	free(s->name);
	*s = (struct source){ .fd = -1 };
}

static int read_some(struct source *s, uint64_t at, uint8_t *buf, size_t n, size_t *got,
		     struct mlops_error *err)
{
	ssize_t r;

	if (s->stream)
		return unpack_read(s->stream, buf, n, got, err);
	do
		r = pread(s->fd, buf, n, (off_t)(s->base + at));
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_sys(err, "cannot read '%s'", s->name);
	*got = (size_t)r;
	return 0;
}

/* Reads behind the window until it holds `want` bytes from `at` on, or the source ends. */
static int fill(struct source *s, uint64_t at, size_t want, struct mlops_error *err)
{
	while (s->win_at + s->win_len < at + want) {
		uint64_t next = s->win_at + s->win_len;
		size_t room = 2 * SOURCE_WINDOW - s->win_len, missing = (size_t)(at + want - next), got;

		if (room > s->ahead && room > missing)
			room = missing > s->ahead ? missing : s->ahead;
		s->ahead *= s->ahead < SOURCE_WINDOW ? 2 : 1;
		if (s->size != SOURCE_UNKNOWN && room > s->size - next)
			room = (size_t)(s->size - next);
		if (!room)
			return 0;
		if (read_some(s, next, s->win + s->win_len, room, &got, err))
			return -1;
		if (!got) {
			if (s->size != SOURCE_UNKNOWN)
				return err_set(err, MLOPS_EINVALID, "'%s' became shorter while it was read",
					       s->name);
			s->size = next;
			return 0;
		}
		s->win_len += got;
	}
	return 0;
}

/* Lets go of what lies before `at`. */
static void advance(struct source *s, uint64_t at)
{
	uint64_t end = s->win_at + s->win_len;

	if (at >= s->win_at && at <= end) {
		s->win_len = (size_t)(end - at);
		memmove(s->win, s->win + (at - s->win_at), s->win_len);
	} else {
		s->win_len = 0;
		s->ahead = AHEAD;
	}
	s->win_at = at;
}

static int stream_to(struct source *s, uint64_t at, struct mlops_error *err)
{
	if (at < s->win_at)
		return err_set(err, MLOPS_EINVALID, "'%s' is compressed and cannot be read backwards",
			       s->name);
	while (s->win_at + s->win_len < at) {
		uint64_t end = s->win_at + s->win_len;

		advance(s, end);
		if (fill(s, end, 1, err))
			return -1;
		if (!s->win_len)
			return 0;
	}
	return 0;
}

int source_peek(struct source *s, uint64_t at, size_t want, const uint8_t **p, size_t *got,
		struct mlops_error *err)
{
	static const uint8_t none[1];
	uint64_t end = s->win_at + s->win_len;

	if (s->win && at >= s->win_at && at < end && end - at >= want) {
		*p = s->win + (at - s->win_at);
		*got = want;
		return 0;
	}
	*got = 0;
	*p = none;
	if (s->size != SOURCE_UNKNOWN && at >= s->size)
		return 0;
	if (s->size != SOURCE_UNKNOWN && want > s->size - at)
		want = (size_t)(s->size - at);
	if (s->mem) {
		*p = s->mem + at;
		*got = want;
		return 0;
	}
	if (!s->win)
		s->win = xmalloc(2 * SOURCE_WINDOW);
	if (!s->ahead)
		s->ahead = AHEAD;
	if (s->stream && stream_to(s, at, err))
		return -1;
	if (s->stream && s->win_at + s->win_len < at)
		return 0; /* it ended before */
	if (at < s->win_at || at + want > s->win_at + s->win_len) {
		advance(s, at);
		if (fill(s, at, want, err))
			return -1;
	}
	*p = s->win + (at - s->win_at);
	*got = s->win_at + s->win_len - at < want ? (size_t)(s->win_at + s->win_len - at) : want;
	return 0;
}

int source_read(struct source *s, uint64_t at, void *buf, size_t n, struct mlops_error *err)
{
	uint8_t *to = buf;

	while (n) {
		const uint8_t *p;
		size_t got, want = n < SOURCE_WINDOW ? n : SOURCE_WINDOW;

		if (source_peek(s, at, want, &p, &got, err))
			return -1;
		if (!got)
			return err_set(err, MLOPS_EINVALID, "'%s' ends too early, at offset %llu", s->name,
				       (unsigned long long)at);
		memcpy(to, p, got);
		to += got;
		at += got;
		n -= got;
	}
	return 0;
}

int source_slurp(struct source *s, size_t max, struct strbuf *out, struct mlops_error *err)
{
	size_t start = out->len;

	for (;;) {
		const uint8_t *p;
		size_t got;

		if (source_peek(s, out->len - start, SOURCE_WINDOW, &p, &got, err))
			return -1;
		if (out->len - start + got > max)
			return err_set(err, MLOPS_EINVALID, "'%s' is larger than %zu bytes", s->name, max);
		if (!got) {
			strbuf_add(out, "", 0);
			return 0;
		}
		strbuf_add(out, p, got);
	}
}

struct cursor cursor_of(struct source *s)
{
	return (struct cursor){ .src = s, .end = s->size };
}

int cursor_fail(const struct cursor *c, const char *field, struct mlops_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	autofree char *text = xvasprintf(fmt, ap);
	va_end(ap);
	return err_set(err, MLOPS_EINVALID, "'%s' is damaged: %s at offset %llu: %s", c->src->name,
		       field, (unsigned long long)c->at, text);
}

static int ends_early(const struct cursor *c, const char *field, struct mlops_error *err)
{
	return cursor_fail(c, field, err, "the data ends here");
}

int cursor_take(struct cursor *c, const char *field, size_t n, const uint8_t **p, struct mlops_error *err)
{
	size_t got;

	if (n > cursor_left(c))
		return ends_early(c, field, err);
	if (source_peek(c->src, c->at, n, p, &got, err))
		return -1;
	if (got < n)
		return ends_early(c, field, err);
	c->at += n;
	return 0;
}

int cursor_uint(struct cursor *c, const char *field, size_t bytes, uint64_t *out, struct mlops_error *err)
{
	const uint8_t *p;
	uint64_t v = 0;

	if (cursor_take(c, field, bytes, &p, err))
		return -1;
	for (size_t i = 0; i < bytes; i++)
		v |= (uint64_t)p[c->big_endian ? bytes - 1 - i : i] << (8 * i);
	*out = v;
	return 0;
}

int cursor_skip(struct cursor *c, const char *field, uint64_t n, struct mlops_error *err)
{
	const uint8_t *p;
	size_t got;

	if (n > cursor_left(c))
		return cursor_fail(c, field, err, "%llu bytes are announced, %llu are left",
				   (unsigned long long)n, (unsigned long long)cursor_left(c));
	if (c->src->stream && n) { /* only reading tells whether they are there */
		if (source_peek(c->src, c->at + n - 1, 1, &p, &got, err))
			return -1;
		if (!got)
			return ends_early(c, field, err);
	}
	c->at += n;
	return 0;
}

int cursor_text(struct cursor *c, const char *field, uint64_t n, size_t max, struct arena *a,
		char **out, struct mlops_error *err)
{
	if (n > cursor_left(c))
		return cursor_fail(c, field, err, "%llu bytes are announced, %llu are left",
				   (unsigned long long)n, (unsigned long long)cursor_left(c));
	if (n > max)
		return cursor_fail(c, field, err, "%llu bytes are more than the %zu allowed",
				   (unsigned long long)n, max);
	char *text = arena_alloc(a, (size_t)n + 1);
	if (source_read(c->src, c->at, text, (size_t)n, err))
		return -1;
	c->at += n;
	*out = text;
	return 0;
}

int cursor_sub(struct cursor *c, const char *field, uint64_t n, struct cursor *sub, struct mlops_error *err)
{
	*sub = *c;
	if (n > cursor_left(c))
		return cursor_fail(c, field, err, "%llu bytes are announced, %llu are left",
				   (unsigned long long)n, (unsigned long long)cursor_left(c));
	sub->end = c->at + n;
	c->at += n;
	return 0;
}

int cursor_look(struct cursor *c, int *out, struct mlops_error *err)
{
	const uint8_t *p;
	size_t got = 0;

	if (c->at < c->end && source_peek(c->src, c->at, 1, &p, &got, err))
		return -1;
	*out = got ? *p : -1;
	return 0;
}
