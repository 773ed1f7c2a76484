/* Reading requests, as they come, and handing each on when it can be answered. */
#include "serve/gateway/conn.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "http/h2.h"
#include "http/listen.h"
#include "serve/gateway.h"
#include "serve/gateway/call.h"
#include "serve/gateway/grpc.h"
#include "serve/gateway/job.h"
#include "serve/gateway/proxy.h"

#define HEAD_MAX      16384
#define IN_STEP       16384
#define OUT_MAX       (256u << 10) /* unsent: then no more requests are taken */
#define IDLE_MS       60000        /* between requests */
#define HEAD_MS       10000        /* for a head, from its first byte on */
#define BODY_MS       10000        /* for a body, and more as it comes: */
#define BODY_BYTES_MS 16           /* bytes that give one more; 16 KB a second */
#define SEND_MS       30000        /* without progress */
#define LINGER_MS     2000

const char *conn_peer(struct conn *c)
{
	struct sockaddr_storage sa;
	socklen_t size = sizeof(sa);

	if (!c->peer[0] && getpeername(c->watch.fd, (struct sockaddr *)&sa, &size))
		sa.ss_family = AF_UNSPEC;
	return c->peer[0] ? c->peer : listen_peer((struct sockaddr *)&sa, c->peer);
}

static void conn_ready(struct watch *w, uint32_t events)
{
	struct conn *c = (struct conn *)w;

	if (c->dead)
		return;
	if (events & (EPOLLERR | EPOLLHUP)) {
		conn_close(c);
		return;
	}
	if (events & EPOLLRDHUP)
		c->hung_up = true;
	if (events & (EPOLLIN | EPOLLRDHUP))
		c->readable = true;
	conn_run(c);
}

void conn_new(struct front *f, int fd)
{
	struct conn *c = xcalloc(1, sizeof(*c));

	c->watch = (struct watch){ .fd = fd, .ready = conn_ready };
	c->front = f;
	c->deadline_ms = f->loop.now_ms + HEAD_MS;
	c->next = f->conns;
	if (f->conns)
		f->conns->prev = c;
	f->conns = c;
	f->loop.busy = true;
	if (loop_watch(&f->loop, &c->watch))
		conn_close(c);
}

/* What is of the request alone. */
static void clear_request(struct conn *c)
{
	strbuf_clear(&c->head);
	strbuf_clear(&c->body);
	front_release(c->front, c->held);
	c->held = 0;
	if (c->h2)
		grpc_end(c); /* and its jobs */
	if (c->job)
		job_abandon(steal_ptr(&c->job));
	if (c->link)
		proxy_abandon(steal_ptr(&c->link));
	if (c->revision)
		revision_release(steal_ptr(&c->revision));
}

void conn_close(struct conn *c)
{
	struct front *f = c->front;

	if (c->dead)
		return;
	c->dead = true;
	clear_request(c);
	strbuf_clear(&c->in);
	strbuf_clear(&c->out);
	close(c->watch.fd);
	if (c->prev)
		c->prev->next = c->next;
	else
		f->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	c->next = f->dead;
	f->dead = c;
	atomic_fetch_sub(&f->n_conns, 1);
}

/* ---- requests ---- */

static ssize_t refuse_head(struct conn *c, int status, const char *why)
{
	c->started_ns = clock_mono_ns();
	c->minor = 1;
	c->head_only = false;
	c->route = NULL;
	conn_refuse_unread(c, status, why);
	return -1;
}

/* With the whole body; the handler answers now, or has made a job of it. */
static void answer(struct conn *c, const struct http_message *m, struct str body)
{
	c->state = CONN_WAIT;
	c->deadline_ms = c->front->loop.now_ms + c->front->gateway->request_timeout_ms;
	call_handle(c, m, body);
}

static void answer_collected(struct conn *c)
{
	struct http_message m;
	autoerr ignored = ERR_INIT;
	struct strbuf head = c->head, body = c->body;

	c->head = c->body = (struct strbuf){ 0 };
	http_message_request(head.buf, head.len, &m, &ignored); /* it was read once already */
	answer(c, &m, (struct str){ body.len ? body.buf : "", body.len });
	strbuf_clear(&head);
	strbuf_clear(&body);
}

static void collect(struct conn *c, const char *head, size_t n, const struct http_message *m)
{
	c->state = CONN_BODY;
	c->deadline_ms = c->front->loop.now_ms + BODY_MS;
	c->framing = m->framing;
	c->left = m->length;
	c->chunks = (struct http_chunks){ 0 };
	strbuf_add(&c->head, head, n);
	if (m->expects_continue)
		conn_write(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
}

/* The connection goes on when the request is all there. */
static ssize_t refuse_plan(struct conn *c, const struct http_message *m, const struct call_refusal *r,
			   size_t end, size_t n)
{
	bool whole = m->framing != HTTP_BODY_CHUNKED && m->length <= n - end;

	c->keep_alive = c->keep_alive && whole;
	conn_refuse(c, r->status, r->fields, r->why);
	return whole ? (ssize_t)(end + m->length) : -1;
}

/* p[0..end) is a head and p[end..n) what has come behind it. Returns what was taken. */
static ssize_t begin(struct conn *c, const char *p, size_t end, size_t n)
{
	struct call_refusal refusal = { 0 };
	struct http_message m;
	autoerr err = ERR_INIT;

	if (http_message_request(p, end, &m, &err))
		return refuse_head(c, 400, err.msg);
	c->keep_alive = m.keep_alive && !c->front->draining;
	c->head_only = str_eq(m.method, "HEAD");
	c->minor = m.minor;
	c->started_ns = clock_mono_ns();
	switch (call_plan(c, &m, &refusal)) {
	case CALL_REFUSED:
		return refuse_plan(c, &m, &refusal, end, n);
	case CALL_PROXY:
		c->state = CONN_PROXY;
		proxy_start(c, &m);
		return (ssize_t)end;
	case CALL_HANDLE:
		break;
	}
	if (m.framing == HTTP_BODY_LENGTH && m.length > c->route->max_body) {
		conn_refuse_unread(c, 413, "the body is too large");
		return -1;
	}
	if (m.framing == HTTP_BODY_CHUNKED || m.length > n - end) {
		collect(c, p, end, &m);
		return (ssize_t)end;
	}
	answer(c, &m, (struct str){ p + end, (size_t)m.length });
	return (ssize_t)(end + m.length);
}

static ssize_t take_http2(struct conn *c, const char *p, size_t n)
{
	if (!grpc_take(c, p, n))
		return (ssize_t)n;
	c->state = CONN_CLOSING;
	return -1;
}

static ssize_t take_head(struct conn *c, const char *p, size_t n)
{
	size_t preface = strlen(H2_PREFACE);

	if (n && !c->answered && !memcmp(p, H2_PREFACE, n < preface ? n : preface)) {
		if (n < preface)
			return 0;
		if (grpc_begin(c))
			return take_http2(c, p, n);
	}
	ssize_t end = http_message_end(p, n, &c->looked_at);

	if (end < 0)
		return refuse_head(c, 400, "a line does not end by CR LF");
	if ((end ? (size_t)end : n) > HEAD_MAX)
		return refuse_head(c, 431, "the header fields are too large");
	if (!end) {
		if (!c->in.len) /* it begins now */
			c->deadline_ms = c->front->loop.now_ms + HEAD_MS;
		return 0;
	}
	c->looked_at = 0;
	return begin(c, p, (size_t)end, n);
}

/* One more part of the body is in; false when that is too much. */
static bool add_body(struct conn *c, const char *p, size_t n)
{
	if (n > c->route->max_body - c->body.len) {
		conn_refuse_unread(c, 413, "the body is too large");
		return false;
	}
	if (!front_hold(c->front, n)) {
		conn_refuse_unread(c, 503, "too much is being sent at once");
		return false;
	}
	c->held += n;
	strbuf_add(&c->body, p, n);
	c->deadline_ms += (int64_t)(n / BODY_BYTES_MS);
	return true;
}

static ssize_t take_body(struct conn *c, const char *p, size_t n)
{
	struct str data = { p, c->left < n ? (size_t)c->left : n };
	ssize_t took = (ssize_t)data.n;

	if (c->framing == HTTP_BODY_CHUNKED) {
		took = http_chunks_take(&c->chunks, p, n, &data);
		if (took < 0) {
			conn_refuse_unread(c, 400, "the chunks of the body are malformed");
			return -1;
		}
	} else {
		c->left -= data.n;
	}
	if (!add_body(c, data.p, data.n))
		return -1;
	if (c->framing == HTTP_BODY_CHUNKED ? http_chunks_ended(&c->chunks) : !c->left)
		answer_collected(c);
	return took;
}

/* ---- reading ---- */

static bool takes_input(const struct conn *c)
{
	switch (c->state) {
	case CONN_HEAD:
	case CONN_BODY:
	case CONN_HTTP2:
		return conn_unsent(c) < OUT_MAX;
	case CONN_PROXY:
		return proxy_takes_body(c->link);
	case CONN_CLOSING:
		return true;
	case CONN_WAIT:
		break;
	}
	return false;
}

/* Returns how much was taken of p[0..n): 0 when there must be more of it first. */
static size_t take(struct conn *c, const char *p, size_t n)
{
	size_t used = 0;

	while (used < n && !c->dead && takes_input(c)) {
		const char *at = p + used;
		ssize_t took = c->state == CONN_HEAD  ? take_head(c, at, n - used) :
			       c->state == CONN_BODY  ? take_body(c, at, n - used) :
			       c->state == CONN_PROXY ? proxy_take_body(c, at, n - used) :
			       c->state == CONN_HTTP2 ? take_http2(c, at, n - used) :
							(ssize_t)(n - used);
		if (took < 0)
			return n; /* refused: what follows means nothing any more */
		if (!took)
			break;
		used += (size_t)took;
	}
	return used;
}

/* Drops what was taken of `in`. */
static void drop_in(struct conn *c, size_t n)
{
	if (n >= c->in.len) {
		strbuf_clear(&c->in);
		return;
	}
	memmove(c->in.buf, c->in.buf + n, c->in.len - n);
	strbuf_trunc(&c->in, c->in.len - n);
}

/* Reads once: behind what is kept, or when nothing is, into the front's scratch. False: no more. */
static bool read_more(struct conn *c)
{
	bool kept = c->in.len > 0;
	size_t room = kept ? IN_STEP : FRONT_SCRATCH;

	if (!c->readable)
		return false;
	if (kept)
		strbuf_reserve(&c->in, room);
	char *to = kept ? c->in.buf + c->in.len : c->front->scratch;
	ssize_t n = recv(c->watch.fd, to, room, 0);
	if (n <= 0) {
		c->readable = n < 0 && errno == EINTR;
		if (!n || (errno != EAGAIN && errno != EINTR))
			c->hung_up = true;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			conn_close(c);
		return false;
	}
	if ((size_t)n < room && !c->hung_up)
		c->readable = false;
	if (kept) {
		c->in.len += (size_t)n;
		c->in.buf[c->in.len] = '\0';
		drop_in(c, take(c, c->in.buf, c->in.len));
		return !c->dead;
	}
	size_t used = take(c, to, (size_t)n);
	if (!c->dead && used < (size_t)n)
		strbuf_add(&c->in, to + used, (size_t)n - used);
	return !c->dead;
}

/* ---- sending ---- */

size_t conn_unsent(const struct conn *c)
{
	return c->out.len - c->out_at;
}

/* What the socket does not take at once is kept. */
void conn_write(struct conn *c, const void *p, size_t n)
{
	strbuf_add(&c->out, p, n);
}

static void flush(struct conn *c)
{
	while (conn_unsent(c)) {
		ssize_t n = send(c->watch.fd, c->out.buf + c->out_at, conn_unsent(c), MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			conn_close(c);
			return;
		}
		if (n < 0)
			break;
		c->out_at += (size_t)n;
		c->out_deadline_ms = c->front->loop.now_ms + SEND_MS;
	}
	if (conn_unsent(c))
		return;
	c->out_at = 0;
	if (c->out.cap > FRONT_SCRATCH)
		strbuf_clear(&c->out);
	else
		c->out.len = 0;
}

void conn_cut(struct conn *c)
{
	flush(c);
	conn_close(c);
}

/* All is sent, and there will be no more. */
static void finish(struct conn *c)
{
	if (c->hung_up && !c->readable) {
		conn_close(c);
	} else if (!c->shut) {
		c->shut = true;
		shutdown(c->watch.fd, SHUT_WR);
		c->deadline_ms = c->front->loop.now_ms + LINGER_MS;
	}
}

/* What there is to do once nothing more can be read or sent now. */
static void settle(struct conn *c)
{
	bool done = c->hung_up && !c->readable;

	if (c->state == CONN_CLOSING && !conn_unsent(c))
		finish(c);
	else if (c->state == CONN_HEAD && !conn_unsent(c) && (done || (c->front->draining && !c->in.len)))
		conn_close(c);
	else if (c->state == CONN_HTTP2 && !conn_unsent(c) && grpc_is_idle(c) && (done || c->front->draining))
		conn_close(c);
	else if (done && (c->state == CONN_BODY || (c->state == CONN_PROXY && proxy_takes_body(c->link))))
		conn_close(c); /* in the middle of its body */
}

/* Moves what there is, all ways; true when that made room for more. */
static bool move(struct conn *c)
{
	if (c->in.len)
		drop_in(c, take(c, c->in.buf, c->in.len));
	while (!c->dead && takes_input(c) && read_more(c))
		;
	bool given = c->state == CONN_HTTP2 && !c->dead && grpc_give(c);
	bool passing = !c->dead && c->link, blocked = passing && !takes_input(c);
	if (passing)
		proxy_run(c->link);
	if (!c->dead)
		flush(c);
	if (c->dead || !passing)
		return !c->dead && given && !conn_unsent(c);
	if (blocked && takes_input(c)) /* also when the answer is complete: for the next request */
		return c->readable || c->in.len;
	return c->link && proxy_has_more(c->link) && !conn_unsent(c);
}

void conn_run(struct conn *c)
{
	if (c->running || c->dead)
		return;
	c->running = true;
	while (move(c))
		;
	if (!c->dead)
		settle(c);
	c->running = false;
}

void conn_tick(struct conn *c)
{
	int64_t now = c->front->loop.now_ms;

	if (conn_unsent(c) && now >= c->out_deadline_ms) {
		conn_close(c);
		return;
	}
	if (c->state == CONN_HTTP2 && !grpc_is_idle(c)) {
		grpc_tick(c);
		conn_run(c);
		return;
	}
	if (now < c->deadline_ms || (c->state == CONN_HEAD && conn_unsent(c)))
		return;
	switch (c->state) {
	case CONN_HEAD:
		if (!c->in.len) {
			conn_close(c);
			return;
		}
		refuse_head(c, 408, "the request did not come in time");
		break;
	case CONN_BODY:
		conn_refuse_unread(c, 408, "the body did not come in time");
		break;
	case CONN_WAIT:
		job_expire(c);
		break;
	case CONN_PROXY:
		proxy_expire(c->link);
		return;
	case CONN_HTTP2:
		if (grpc_is_idle(c))
			conn_close(c);
		return;
	case CONN_CLOSING:
		conn_close(c);
		return;
	}
	conn_run(c);
}

/* ---- answering ---- */

void conn_add_connection(struct conn *c, struct strbuf *head)
{
	c->keep_alive = c->keep_alive && !c->front->draining;
	if (!c->keep_alive)
		strbuf_adds(head, "Connection: close\r\n");
	else if (!c->minor)
		strbuf_adds(head, "Connection: keep-alive\r\n");
}

void conn_end_reply(struct conn *c, int status, bool clean)
{
	int64_t took = clock_mono_ns() - c->started_ns;

	c->answered = true;
	gateway_record(c->front->gateway, c->route, status, took);
	if (c->revision && !(c->route && c->route->own))
		revision_record(c->revision, status, took);
	c->state = c->keep_alive && clean ? CONN_HEAD : CONN_CLOSING;
	c->deadline_ms = c->front->loop.now_ms + IDLE_MS;
	if (conn_unsent(c) && c->out_deadline_ms < c->front->loop.now_ms)
		c->out_deadline_ms = c->front->loop.now_ms + SEND_MS;
	clear_request(c);
}

/* Made once a second. */
static const char *date_field(struct front *f)
{
	time_t now = time(NULL);
	struct tm tm;

	if (now != f->date_s && gmtime_r(&now, &tm)) {
		f->date_s = now;
		strftime(f->date, sizeof(f->date), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
	}
	return f->date;
}

void conn_reply(struct conn *c, int status, const char *type, const char *fields, const void *body,
		size_t n)
{
	char line[128];

	snprintf(line, sizeof(line), "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n", status,
		 conn_reason(status), n);
	strbuf_adds(&c->out, line);
	strbuf_adds(&c->out, date_field(c->front));
	if (type) {
		strbuf_adds(&c->out, "Content-Type: ");
		strbuf_adds(&c->out, type);
		strbuf_adds(&c->out, "\r\n");
	}
	if (fields)
		strbuf_adds(&c->out, fields);
	conn_add_connection(c, &c->out);
	strbuf_adds(&c->out, "\r\n");
	if (!c->head_only)
		strbuf_add(&c->out, body, n);
	conn_end_reply(c, status, true);
}
