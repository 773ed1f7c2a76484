/*
 * Requests are written anew, with one form of framing that was understood here, so that what the
 * upstream reads is what was checked.
 */
#include "serve/gateway/proxy.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/socket.h>

#include "base/num.h"
#include "http/listen.h"
#include "http/server.h"
#include "serve/gateway.h"
#include "serve/gateway/keys.h"
#include "serve/gateway/uplink.h"

#define ANSWER_HEAD_MAX 65536
#define UNSENT_MAX      (256u << 10) /* either way; then the sender has to wait */
#define KEEP_MAX        (1u << 20)   /* of a request, to ask again */
#define ATTEMPTS_MAX    3
#define BODY_MS         10000
#define BODY_BYTES_MS   16

/* ---- the request ---- */

static void add_field(struct strbuf *to, struct str name, struct str value)
{
	strbuf_add(to, name.p, name.n);
	strbuf_add(to, ": ", 2);
	strbuf_add(to, value.p, value.n);
	strbuf_add(to, "\r\n", 2);
}

static bool is_ours(const struct http_field *f)
{
	static const char *const names[] = { "Host", "Content-Length", "X-Forwarded-For" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (f->name.n == strlen(names[i]) && !strncasecmp(f->name.p, names[i], f->name.n))
			return true;
	return false;
}

static void add_forwarded(struct strbuf *to, struct conn *c, const struct http_message *m)
{
	const struct str *before = http_message_field(m, "X-Forwarded-For");

	strbuf_adds(to, "X-Forwarded-For: ");
	if (before) {
		strbuf_add(to, before->p, before->n);
		strbuf_adds(to, ", ");
	}
	strbuf_adds(to, conn_peer(c));
	strbuf_adds(to, "\r\n");
}

static void add_framing(struct strbuf *to, const struct http_message *m)
{
	char number[NUM_SIZE];

	if (m->framing == HTTP_BODY_CHUNKED) {
		strbuf_adds(to, "Transfer-Encoding: chunked\r\n");
	} else if (m->framing == HTTP_BODY_LENGTH) {
		strbuf_adds(to, "Content-Length: ");
		strbuf_adds(to, num_format_u64(m->length, number));
		strbuf_adds(to, "\r\n");
	}
}

static void write_head(struct uplink *l, struct conn *c, const struct http_message *m)
{
	struct strbuf *to = &l->out;
	bool has_keys = c->front->gateway->keys;

	strbuf_add(to, m->method.p, m->method.n);
	strbuf_addc(to, ' ');
	strbuf_add(to, m->target.p, m->target.n);
	strbuf_adds(to, " HTTP/1.1\r\nHost: ");
	strbuf_adds(to, l->upstream->authority);
	strbuf_adds(to, "\r\n");
	for (size_t i = 0; i < m->n_fields; i++)
		if (!is_ours(&m->fields[i]) && !http_message_is_hop(m, &m->fields[i]) &&
		    !(has_keys && keys_is_secret(&m->fields[i])))
			add_field(to, m->fields[i].name, m->fields[i].value);
	add_forwarded(to, c, m);
	add_framing(to, m);
	strbuf_adds(to, "\r\n");
}

/* What changes nothing: by its method, or because it asks a model (RFC 9110, 9.2.2). */
static bool is_safe(const struct http_message *m)
{
	static const char *const methods[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS" };
	static const char *const ends[] = { ":predict",     ":classify",   ":regress", "/infer",
					    "/invocations", "/embeddings", "/predict", "/completions",
					    "/generate" };
	struct str query, path = str_split(m->target, '?', &query);

	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (str_eq(m->method, methods[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t n = strlen(ends[i]);

		if (path.n >= n && !memcmp(path.p + path.n - n, ends[i], n))
			return true;
	}
	return false;
}

static void all_asked(struct uplink *l)
{
	l->asked = true;
	l->client->deadline_ms = l->front->loop.now_ms + l->front->gateway->request_timeout_ms;
}

void proxy_start(struct conn *c, const struct http_message *m)
{
	struct upstream *u = c->revision->kind->upstream(c->revision->workers);
	struct uplink *l = c->link = uplink_get(c->front, u, c, false);

	if (!l) {
		c->keep_alive = c->keep_alive && m->framing != HTTP_BODY_CHUNKED && !m->length;
		conn_refuse(c, 502, NULL, "the upstream server cannot be reached");
		return;
	}
	write_head(l, c, m);
	l->framing = m->framing;
	l->left = m->length;
	l->safe = is_safe(m);
	l->whole = true;
	l->asked = false;
	c->deadline_ms = c->front->loop.now_ms + BODY_MS;
	if (m->framing != HTTP_BODY_CHUNKED && !m->length)
		all_asked(l);
	else if (m->expects_continue)
		conn_write(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
}

bool proxy_takes_body(const struct uplink *l)
{
	return !l->asked && uplink_unsent(l) < UNSENT_MAX;
}

static void add_chunk(struct strbuf *to, struct str data)
{
	char head[32];

	if (!data.n) /* which would end the body */
		return;
	strbuf_add(to, head, (size_t)snprintf(head, sizeof(head), "%zx\r\n", data.n));
	strbuf_add(to, data.p, data.n);
	strbuf_add(to, "\r\n", 2);
}

ssize_t proxy_take_body(struct conn *c, const char *p, size_t n)
{
	struct uplink *l = c->link;
	struct str data = { p, l->left < n ? (size_t)l->left : n };
	ssize_t took = (ssize_t)data.n;

	c->deadline_ms += (int64_t)(n / BODY_BYTES_MS);
	if (l->framing == HTTP_BODY_LENGTH) {
		strbuf_add(&l->out, data.p, data.n);
		l->left -= data.n;
		if (!l->left)
			all_asked(l);
		return took;
	}
	took = http_chunks_take(&l->chunks, p, n, &data);
	if (took < 0) {
		conn_refuse_unread(c, 400, "the chunks of the body are malformed");
		return -1;
	}
	add_chunk(&l->out, data);
	if (http_chunks_ended(&l->chunks)) {
		strbuf_add(&l->out, "0\r\n\r\n", 5);
		all_asked(l);
	}
	return took;
}

/* ---- failures ---- */

/* On another connection, a new one: those that are kept may all be as dead as this one. */
static bool ask_again(struct uplink *l)
{
	struct conn *c = l->client;

	if (!l->safe || !l->whole || l->answering || !l->asked || l->attempts + 1 >= ATTEMPTS_MAX)
		return false;
	struct uplink *next = uplink_get(l->front, l->upstream, c, true);
	if (!next)
		return false;
	next->out = l->out;
	l->out = (struct strbuf){ 0 };
	next->asked = next->safe = next->whole = true;
	next->attempts = l->attempts + 1;
	c->link = next;
	uplink_close(l);
	return true;
}

static void fail(struct uplink *l, int status, const char *why)
{
	struct conn *c = l->client;

	if (status == 502)
		atomic_store(&l->upstream->failing, true);
	if (l->answering) {
		conn_cut(c);
		return;
	}
	if (status == 502 && ask_again(l))
		return;
	c->keep_alive = c->keep_alive && l->asked;
	conn_refuse(c, status, NULL, why);
}

void proxy_abandon(struct uplink *l)
{
	uplink_close(l);
}

void proxy_expire(struct uplink *l)
{
	struct conn *c = l->client;

	if (l->asked)
		fail(l, 504, "the upstream server gave no answer in time");
	else
		conn_refuse_unread(c, 408, "the body did not come in time");
	conn_run(c);
}

/* ---- the answer ---- */

static void end_answer(struct uplink *l, bool reusable)
{
	struct conn *c = l->client;
	bool clean = l->asked;

	c->link = NULL;
	if (reusable && clean && !uplink_unsent(l) && l->keep_alive)
		uplink_put(l);
	else
		uplink_close(l);
	conn_end_reply(c, l->status, clean);
}

static void begin_answer(struct uplink *l, const struct http_message *m)
{
	struct conn *c = l->client;
	struct strbuf *to = &c->out;
	char line[64];

	l->answering = true;
	if (atomic_load(&l->upstream->failing))
		atomic_store(&l->upstream->failing, false);
	l->status = m->status;
	l->keep_alive = m->keep_alive;
	l->answer_framing = m->framing;
	l->answer_left = m->length;
	strbuf_add(to, line, (size_t)snprintf(line, sizeof(line), "HTTP/1.1 %d ", m->status));
	strbuf_add(to, m->reason.p, m->reason.n);
	strbuf_adds(to, "\r\n");
	for (size_t i = 0; i < m->n_fields; i++)
		if (!http_message_is_hop(m, &m->fields[i]))
			add_field(to, m->fields[i].name, m->fields[i].value);
	if (m->framing == HTTP_BODY_CHUNKED || m->framing == HTTP_BODY_UNTIL_CLOSE) {
		l->rechunk = c->minor > 0;
		if (l->rechunk)
			strbuf_adds(to, "Transfer-Encoding: chunked\r\n");
		else
			c->keep_alive = false;
	}
	conn_add_connection(c, to);
	strbuf_adds(to, "\r\n");
}

/* Returns how much was taken of the head; -1: it is none. */
static ssize_t take_answer_head(struct uplink *l, const char *p, size_t n)
{
	struct http_message m;
	autoerr err = ERR_INIT;
	ssize_t end = http_message_end(p, n, &l->looked_at);

	if (end < 0 || (end ? (size_t)end : n) > ANSWER_HEAD_MAX)
		return -1;
	if (!end)
		return 0;
	l->looked_at = 0;
	if (http_message_response(p, (size_t)end, l->client->head_only, &m, &err) || m.status == 101)
		return -1;
	if (m.status >= 200) /* the others come before the answer */
		begin_answer(l, &m);
	return end;
}

static void pass_data(struct uplink *l, struct str data)
{
	if (l->rechunk)
		add_chunk(&l->client->out, data);
	else
		strbuf_add(&l->client->out, data.p, data.n);
}

static ssize_t take_answer_body(struct uplink *l, const char *p, size_t n, bool *ended)
{
	struct str data = { p, n };
	ssize_t took = (ssize_t)n;

	switch (l->answer_framing) {
	case HTTP_BODY_NONE:
		*ended = true;
		return 0;
	case HTTP_BODY_LENGTH:
		data.n = l->answer_left < n ? (size_t)l->answer_left : n;
		took = (ssize_t)data.n;
		l->answer_left -= data.n;
		*ended = !l->answer_left;
		break;
	case HTTP_BODY_CHUNKED:
		took = http_chunks_take(&l->answer_chunks, p, n, &data);
		*ended = http_chunks_ended(&l->answer_chunks);
		break;
	case HTTP_BODY_UNTIL_CLOSE:
		break;
	}
	if (took >= 0)
		pass_data(l, data);
	if (took >= 0 && *ended && l->rechunk)
		strbuf_add(&l->client->out, "0\r\n\r\n", 5);
	return took;
}

/* Takes p[0..n); what is left of an incomplete head is kept. */
static void take_answer(struct uplink *l, const char *p, size_t n)
{
	bool ended = false;
	size_t at = 0;

	while (!ended) {
		ssize_t took = l->answering ? take_answer_body(l, p + at, n - at, &ended) :
					      take_answer_head(l, p + at, n - at);
		if (took < 0) {
			l->safe = false;
			fail(l, 502, "the upstream server's answer is malformed");
			return;
		}
		at += (size_t)took;
		if (!ended && (at == n || !took) && !(l->answering && l->answer_framing == HTTP_BODY_NONE) &&
		    !(l->answering && l->answer_framing == HTTP_BODY_LENGTH && !l->answer_left))
			break;
	}
	if (ended) {
		end_answer(l, at == n);
		return;
	}
	struct strbuf rest = { 0 };
	if (at < n)
		strbuf_add(&rest, p + at, n - at);
	strbuf_clear(&l->in);
	l->in = rest;
}

static void take_end(struct uplink *l)
{
	if (!l->answering || l->answer_framing != HTTP_BODY_UNTIL_CLOSE) {
		fail(l, 502, "the upstream server closed the connection without a whole answer");
		return;
	}
	if (l->rechunk)
		strbuf_add(&l->client->out, "0\r\n\r\n", 5);
	end_answer(l, false);
}

/* Whether it was the last there is to read now. */
static bool pull(struct uplink *l)
{
	struct conn *c = l->client;
	char *scratch = l->front->scratch;
	ssize_t n = recv(l->watch.fd, scratch, FRONT_SCRATCH, 0);

	if (n < 0 && errno == EINTR)
		return false;
	if (n < 0 && errno == EAGAIN) {
		l->readable = false;
		return true;
	}
	if (n < 0) {
		fail(l, 502, "the connection to the upstream server broke");
		return true;
	}
	if (!n) {
		take_end(l);
		return true;
	}
	c->deadline_ms = l->front->loop.now_ms + l->front->gateway->request_timeout_ms;
	if (!l->in.len) {
		take_answer(l, scratch, (size_t)n);
	} else {
		struct strbuf whole = l->in;

		l->in = (struct strbuf){ 0 };
		strbuf_add(&whole, scratch, (size_t)n);
		take_answer(l, whole.buf, whole.len);
		strbuf_clear(&whole);
	}
	return c->dead || c->link != l;
}

static bool push(struct uplink *l)
{
	while (uplink_unsent(l)) {
		ssize_t n = send(l->watch.fd, l->out.buf + l->out_at, uplink_unsent(l), MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			/* It may have answered before it hung up. */
			if (!l->readable)
				fail(l, 502, "the connection to the upstream server broke");
			return l->readable;
		}
		l->out_at += (size_t)n;
	}
	if (l->out_at > KEEP_MAX || l->answering) {
		l->whole = false;
		memmove(l->out.buf, l->out.buf + l->out_at, uplink_unsent(l));
		strbuf_trunc(&l->out, uplink_unsent(l));
		l->out_at = 0;
	}
	return true;
}

bool proxy_has_more(const struct uplink *l)
{
	return l->connected && l->readable;
}

void proxy_run(struct uplink *l)
{
	struct conn *c = l->client;

	if (!l->connected || !push(l))
		return;
	while (l->readable && conn_unsent(c) < UNSENT_MAX && !pull(l))
		;
}
