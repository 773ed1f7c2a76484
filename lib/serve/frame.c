/* Frames: whole writes and reads with a deadline, on a socket whose other side may die. */
#include "serve/frame.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"

static int poll_until(struct pollfd *p, nfds_t n, int64_t deadline_ms)
{
	int rc;

	do {
		int64_t left = deadline_ms - clock_mono_ms();
		rc = poll(p, n, left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left);
	} while (rc < 0 && errno == EINTR);
	return rc;
}

/* A process that ended may have written its last words first: the socket goes before the pidfd. */
static enum frame_outcome wait_for(struct channel ch, short events, int64_t deadline_ms)
{
	struct pollfd p[] = { { .fd = ch.fd, .events = events },
			      { .fd = ch.pidfd, .events = POLLIN } };

	if (poll_until(p, 2, deadline_ms) <= 0)
		return FRAME_TIMEOUT;
	if (p[0].revents)
		return FRAME_OK;
	return poll_until(p, 1, 0) > 0 ? FRAME_OK : FRAME_CLOSED;
}

static enum frame_outcome why_failed(void)
{
	return errno == EPIPE || errno == ECONNRESET ? FRAME_CLOSED : FRAME_BAD;
}

static enum frame_outcome send_all(struct channel ch, const char *p, size_t n, int64_t deadline_ms)
{
	while (n) {
		ssize_t sent = send(ch.fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent >= 0) {
			p += sent;
			n -= (size_t)sent;
		} else if (errno == EAGAIN) {
			enum frame_outcome rc = wait_for(ch, POLLOUT, deadline_ms);
			if (rc)
				return rc;
		} else if (errno != EINTR) {
			return why_failed();
		}
	}
	return FRAME_OK;
}

static enum frame_outcome receive_all(struct channel ch, char *p, size_t n, int64_t deadline_ms)
{
	while (n) {
		ssize_t got = recv(ch.fd, p, n, MSG_DONTWAIT);

		if (!got)
			return FRAME_CLOSED;
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		} else if (errno == EAGAIN) {
			enum frame_outcome rc = wait_for(ch, POLLIN, deadline_ms);
			if (rc)
				return rc;
		} else if (errno != EINTR) {
			return why_failed();
		}
	}
	return FRAME_OK;
}

enum frame_outcome frame_send(struct channel ch, const void *body, size_t n, int64_t deadline_ms)
{
	uint32_t head = htole32((uint32_t)n);
	enum frame_outcome rc;

	if (n > FRAME_MAX)
		return FRAME_BAD;
	rc = send_all(ch, (const char *)&head, sizeof(head), deadline_ms);
	return rc ? rc : send_all(ch, body, n, deadline_ms);
}

enum frame_outcome frame_receive(struct channel ch, struct strbuf *body, int64_t deadline_ms)
{
	uint32_t head;
	enum frame_outcome rc = receive_all(ch, (char *)&head, sizeof(head), deadline_ms);

	if (rc)
		return rc;
	head = le32toh(head);
	if (head > FRAME_MAX)
		return FRAME_BAD;
	strbuf_trunc(body, 0);
	strbuf_reserve(body, head);
	rc = receive_all(ch, body->buf, head, deadline_ms);
	if (rc)
		return rc;
	body->len = head;
	body->buf[head] = '\0';
	return FRAME_OK;
}
