/* Packets of git: four hex digits that tell how long it is, themselves included, then the bytes. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include "base/fs.h"
#include "lfs/lfs.h"

#define HEAD        4
#define BUFFER_SIZE ((size_t)1 << 20)
#define YIELDS      100

/*
 * Git writes each packet of a request by itself. Who sleeps is woken by the first of them, only to
 * sleep again; who lets git run meanwhile finds all of them.
 */
static void let_git_write(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (int i = 0; i < YIELDS && !poll(&p, 1, 0); i++)
		sched_yield();
}

/* Makes `need` bytes available from `at` on; *got tells whether they came before the end. */
static int fill(struct pkt_reader *r, size_t need, bool *got, struct mlops_error *err)
{
	if (!r->buf)
		r->buf = xmalloc(BUFFER_SIZE);
	if (r->n - r->at < need && r->at) {
		memmove(r->buf, r->buf + r->at, r->n - r->at);
		r->n -= r->at;
		r->at = 0;
	}
	while (r->n - r->at < need) {
		let_git_write(r->fd);
		ssize_t n = read(r->fd, r->buf + r->n, BUFFER_SIZE - r->n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "cannot read what git sends");
		if (!n)
			break;
		r->n += (size_t)n;
	}
	*got = r->n - r->at >= need;
	return 0;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int read_length(const char *p)
{
	int n = 0;

	for (int i = 0; i < HEAD; i++) {
		int d = digit(p[i]);

		if (d < 0)
			return -1;
		n = n << 4 | d;
	}
	return n;
}

int pkt_read(struct pkt_reader *r, enum pkt_kind *kind, struct str *out, struct mlops_error *err)
{
	bool got;

	*out = (struct str){ "", 0 };
	if (fill(r, HEAD, &got, err))
		return -1;
	if (!got && r->n == r->at) {
		*kind = PKT_END;
		return 0;
	}
	int n = got ? read_length(r->buf + r->at) : -1;
	if (n < 0 || (n > 0 && n < HEAD) || n > PKT_MAX + HEAD)
		return err_set(err, MLOPS_EINVALID, "git sends what is no packet");
	r->at += HEAD;
	*kind = n ? PKT_DATA : PKT_FLUSH;
	if (!n)
		return 0;
	n -= HEAD;
	if (fill(r, (size_t)n, &got, err))
		return -1;
	if (!got)
		return err_set(err, MLOPS_EINVALID, "git ended within a packet");
	*out = (struct str){ r->buf + r->at, (size_t)n };
	r->at += (size_t)n;
	return 0;
}

int pkt_send(struct pkt_writer *w, struct mlops_error *err)
{
	int rc = w->n ? fs_write_all(w->fd, w->buf, w->n, "what git reads", err) : 0;

	w->n = 0;
	return rc;
}

/* Room for a packet of n bytes, whose head is written. */
static char *begin(struct pkt_writer *w, size_t n, struct mlops_error *err)
{
	char head[HEAD + 1];

	if (!w->buf)
		w->buf = xmalloc(BUFFER_SIZE);
	if (n + HEAD > BUFFER_SIZE - w->n && pkt_send(w, err))
		return NULL;
	snprintf(head, sizeof(head), "%04x", (unsigned)(n + HEAD));
	memcpy(w->buf + w->n, head, HEAD);
	return w->buf + w->n + HEAD;
}

int pkt_add(struct pkt_writer *w, const void *p, size_t n, struct mlops_error *err)
{
	for (const char *from = p; n;) {
		size_t part = n < PKT_MAX ? n : PKT_MAX;
		char *to = begin(w, part, err);

		if (!to)
			return -1;
		memcpy(to, from, part);
		w->n += HEAD + part;
		from += part;
		n -= part;
	}
	return 0;
}

int pkt_text(struct pkt_writer *w, struct mlops_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	autofree char *line = xvasprintf(fmt, ap);
	va_end(ap);
	autofree char *ended = xasprintf("%s\n", line);
	return pkt_add(w, ended, strlen(ended), err);
}

int pkt_flush(struct pkt_writer *w, struct mlops_error *err)
{
	if (!begin(w, 0, err))
		return -1;
	memcpy(w->buf + w->n, "0000", HEAD);
	w->n += HEAD;
	return 0;
}

int pkt_file(struct pkt_writer *w, int fd, uint64_t size, const char *shown,
	     struct mlops_error *err)
{
	size_t got;

	for (uint64_t left = size; left; left -= got) {
		size_t part = left < PKT_MAX ? (size_t)left : PKT_MAX;
		char *to = begin(w, part, err);

		if (!to || fs_read_some(fd, to, part, shown, &got, err))
			return -1;
		if (got != part)
			return err_set(err, MLOPS_ECORRUPT, "'%s' became shorter", shown);
		w->n += HEAD + part;
	}
	return 0;
}
