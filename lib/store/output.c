/* Two buffers: one is filled while a thread, which large files alone need, writes the other. */
#include "store/output.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fault.h"
#include "base/mem.h"
#include "base/pool.h"

#define SMALL ((size_t)256 << 10)
#define LARGE ((size_t)2 << 20) /* fewer waits of the one for the other, for a file so long: */
#define LONG  ((uint64_t)16 << 20)

struct buffer {
	char *bytes;
	size_t size;
};

struct output {
	int fd;
	const char *path;
	bool widens;         /* with its length */
	bool direct;         /* the descriptor is in that mode */
	struct pool *writer; /* NULL until the first buffer is full */
	struct buffer bufs[2];
	unsigned filling; /* which of them */
	size_t used;      /* bytes in it */
	uint64_t given;   /* bytes given to the writer: whole buffers */
};

static void resize(struct buffer *b, size_t size)
{
	if (b->size == size)
		return;
	free(b->bytes);
	b->bytes = aligned_alloc(OUTPUT_ALIGN, size);
	if (!b->bytes)
		abort();
	b->size = size;
}

struct output *output_new(int fd, const char *path, bool widens)
{
	struct output *o = xcalloc(1, sizeof(*o));

	o->fd = fd;
	o->path = path;
	o->widens = widens;
	resize(&o->bufs[0], SMALL);
	return o;
}

void output_free(struct output *o)
{
	if (!o)
		return;
	if (o->writer)
		pool_free(o->writer);
	free(o->bufs[0].bytes);
	free(o->bufs[1].bytes);
	free(o);
}

/* Stays as it was where the file system knows no direct I/O. */
static void set_direct(struct output *o, bool on)
{
	int flags = fcntl(o->fd, F_GETFL);

	if (o->direct == on || flags < 0)
		return;
	if (!fcntl(o->fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT))
		o->direct = on;
}

static int write_at(struct output *o, const char *p, size_t n, uint64_t at, struct mlops_error *err)
{
	while (n) {
		ssize_t put = pwrite(o->fd, p, n, (off_t)at);

		if (put < 0 && errno == EINVAL && o->direct)
			set_direct(o, false); /* said yes, and meant no */
		else if (put < 0 && errno != EINTR)
			return err_sys(err, "cannot write '%s'", o->path);
		if (put <= 0)
			continue;
		p += put;
		n -= (size_t)put;
		at += (uint64_t)put;
		if (n && (size_t)put % OUTPUT_ALIGN)
			set_direct(o, false); /* a rest that is not aligned */
	}
	return 0;
}

/* The buffer that is not being filled, by the writer. */
static int write_buffer(void *arg, struct mlops_error *err)
{
	struct output *o = arg;
	const struct buffer *b = &o->bufs[!o->filling];

	return write_at(o, b->bytes, b->size, o->given - b->size, err);
}

static int await_writer(struct output *o, struct mlops_error *err)
{
	if (o->writer)
		return pool_wait(o->writer, err);
	return pool_new(1, 1, &o->writer, err);
}

static int give_buffer(struct output *o, struct mlops_error *err)
{
	if (await_writer(o, err))
		return -1;
	if (FAULT("store.write"))
		return err_sys(err, "cannot write '%s'", o->path);
	set_direct(o, true);
	o->given += o->used;
	o->used = 0;
	o->filling = !o->filling;
	resize(&o->bufs[o->filling], o->widens && o->given >= LONG ? LARGE : SMALL);
	pool_add(o->writer, write_buffer, o);
	return 0;
}

char *output_space(struct output *o, size_t *room)
{
	*room = o->bufs[o->filling].size - o->used;
	return o->bufs[o->filling].bytes + o->used;
}

int output_advance(struct output *o, size_t n, struct mlops_error *err)
{
	o->used += n;
	return o->used < o->bufs[o->filling].size ? 0 : give_buffer(o, err);
}

int output_add(struct output *o, const void *buf, size_t n, struct mlops_error *err)
{
	const char *p = buf;

	while (n) {
		size_t room;
		char *to = output_space(o, &room);
		size_t part = n < room ? n : room;

		memcpy(to, p, part);
		if (output_advance(o, part, err))
			return -1;
		p += part;
		n -= part;
	}
	return 0;
}

void output_resume(struct output *o, uint64_t n)
{
	o->given = n;
}

uint64_t output_size(const struct output *o)
{
	return o->given + o->used;
}

/* The last buffer, which stays: when more is added it is written again as a whole. */
int output_settle(struct output *o, struct mlops_error *err)
{
	if (o->writer && pool_wait(o->writer, err))
		return -1;
	if (FAULT("store.write"))
		return err_sys(err, "cannot write '%s'", o->path);
	set_direct(o, false);
	return write_at(o, o->bufs[o->filling].bytes, o->used, o->given, err);
}
