/* Trying requests until they are answered, and the bytes on their way in and out. */
#include "remote/web.h"

#include <time.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/num.h"
#include "base/rand.h"
#include "fmt/xml.h"
#include "http/engine.h"

#define TRIES         5
#define FIRST_WAIT_MS 250
#define MAX_WAIT_MS   30000

void web_init(struct web *w, const struct transport_how *how)
{
	w->name = xstrdup(how->name);
	w->engine = how->engine;
	w->timeout_ms = how->timeout_ms;
	w->moved = how->moved;
}

void web_clear(struct web *w)
{
	free(w->name);
	if (w->bearer)
		explicit_bzero(w->bearer, strlen(w->bearer));
	free(w->bearer);
}

static void wipe(struct strlist *list)
{
	for (size_t i = 0; i < list->n; i++)
		explicit_bzero(list->v[i], strlen(list->v[i]));
	strlist_clear(list);
}

void web_call_clear(struct web_call *call)
{
	free(call->url);
	free(call->etag);
	free(call->body_hash);
	free(call->range_value);
	strlist_clear(&call->headers);
	wipe(&call->signed_headers);
	http_response_clear(&call->r);
}

void web_header(struct web_call *call, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strlist_take(&call->headers, xvasprintf(fmt, ap));
	va_end(ap);
}

void web_sign(struct web_call *call, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strlist_take(&call->signed_headers, xvasprintf(fmt, ap));
	va_end(ap);
}

static ssize_t read_source(void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct web_call *c = arg;

	if (n > c->n - c->sent)
		n = (size_t)(c->n - c->sent);
	if (remote_source_read(c->from, c->at + c->sent, buf, n, err))
		return -1;
	c->sent += n;
	*c->web->moved += n;
	return (ssize_t)n;
}

/* Where the bytes of this try start, and whether they are still of the same thing. */
static int check_start(struct web_call *c, struct mlops_error *err)
{
	uint64_t want = c->range.from + c->received, start = 0;
	struct str etag = http_response_header(&c->r, "ETag"),
		   range = http_response_header(&c->r, "Content-Range");

	c->started = true;
	if (range.n > 6 && !strncasecmp(range.p, "bytes ", 6)) {
		autofree char *from = xstrndup(range.p + 6, strcspn(range.p + 6, "-/\r\n"));

		if (!num_parse_u64(from, &start) || start > want)
			return err_set(err, MLOPS_ECORRUPT,
				       "remote '%s' answered with another part than was asked for",
				       c->web->name);
	}
	c->skip = want - start;
	if (c->etag && !str_eq(etag, c->etag))
		return err_set(err, MLOPS_EFAIL, "it changed at remote '%s' while it was read",
			       c->web->name);
	if (!c->etag)
		c->etag = xstrndup(etag.p, etag.n);
	return 0;
}

static int write_sink(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct web_call *c = arg;
	const char *p = buf;

	*c->web->moved += n;
	if (c->restart)
		return c->sink->piece(p, n, c->sink->arg, err);
	if (!c->started && check_start(c, err))
		return -1;
	size_t skip = c->skip < n ? (size_t)c->skip : n;
	c->skip -= skip;
	p += skip;
	n -= skip;
	if (n > c->range.n - c->received)
		n = (size_t)(c->range.n - c->received);
	if (!n)
		return 0;
	c->received += n;
	return c->sink->piece(p, n, c->sink->arg, err);
}

static void set_range(struct web_call *c)
{
	unsigned long long from = c->range.from + c->received;

	free(steal_ptr(&c->range_value));
	if (!c->sink || c->restart || (!from && c->range.n == UINT64_MAX))
		return;
	if (c->range.n == UINT64_MAX)
		c->range_value = xasprintf("bytes=%llu-", from);
	else
		c->range_value = xasprintf("bytes=%llu-%llu", from,
					   (unsigned long long)(c->range.from + c->range.n - 1));
}

/* All header lines of a try, NULL-terminated; lent from the lists. */
static const char **join_headers(const struct web_call *c, const struct strlist *range)
{
	const struct strlist *lists[] = { &c->headers, &c->signed_headers, range };
	const char **all = xcalloc(c->headers.n + c->signed_headers.n + range->n + 1, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (size_t j = 0; j < lists[i]->n; j++)
			all[n++] = lists[i]->v[j];
	return all;
}

static int try_once(struct web *w, struct web_call *c, struct mlops_error *err)
{
	autostrlist range = { 0 };

	wipe(&c->signed_headers);
	http_response_clear(&c->r);
	c->started = false;
	c->sent = 0;
	if (c->restart)
		c->restart(c, c->restart_arg);
	set_range(c);
	if (w->sign && w->sign(w->self, c, err))
		return -1;
	if (c->range_value)
		strlist_take(&range, xasprintf("Range: %s", c->range_value));
	autofree const char **headers = join_headers(c, &range);
	const struct http_request req = {
		.method = c->method,
		.url = c->url,
		.headers = headers,
		.bearer = w->bearer,
		.bare = !c->follow,
		.body = c->from ? NULL : c->body,
		.body_len = (size_t)c->n,
		.read = c->from && c->n ? read_source : NULL,
		.read_arg = c,
		.write = c->sink ? write_sink : NULL,
		.write_arg = c,
		.timeout_ms = w->timeout_ms,
	};
	if (FAULT("remote.request"))
		return err_set(err, MLOPS_EREMOTE, "a fault was asked for");
	return http_engine_exchange(w->engine, &req, &c->r, err);
}

static int64_t wait_before(int try, const struct http_response *r)
{
	int64_t ms = (int64_t)FIRST_WAIT_MS << (try - 1);

	ms += (int64_t)(rand_u64() % (uint64_t)ms);
	if (r->retry_after_ms > ms)
		ms = r->retry_after_ms;
	return ms < MAX_WAIT_MS ? ms : MAX_WAIT_MS;
}

/* What was asked `once` is asked again only when nothing of it can have been heard. */
static bool is_transient(const struct web_call *c, int rc, const struct mlops_error *err)
{
	if (rc)
		return err->kind == MLOPS_EREMOTE && (!c->once || c->r.why == HTTP_UNREACHED);
	if (c->once)
		return c->r.status == 429 || c->r.status == 503;
	return http_status_is_transient(c->r.status);
}

static int try_often(struct web *w, struct web_call *c, struct mlops_error *err)
{
	for (int try = 1;; try++) {
		int rc = try_once(w, c, err);

		if (!is_transient(c, rc, err) || try == TRIES)
			return rc;
		log_debug("remote '%s': %s; trying again", w->name,
			  rc ? err->msg : "the server is busy or failed");
		clock_sleep_ms(wait_before(try, &c->r));
		mlops_error_clear(err);
	}
}

/* The address without what may be secret in its query. */
static int unreachable(const struct web *w, const struct web_call *c, struct mlops_error *err)
{
	err_wrap(err, "cannot reach remote '%s' at '%.*s'", w->name, (int)strcspn(c->url, "?"),
		 c->url);
	return err_hint(err, "see whether it answers: mlops remote check");
}

int web_run(struct web *w, struct web_call *c, struct mlops_error *err)
{
	c->web = w;
	int rc = try_often(w, c, err);
	if (!rc && !web_succeeded(c) && w->reconsider) {
		rc = w->reconsider(w->self, c, err);
		rc = rc > 0 ? try_often(w, c, err) : rc;
	}
	return rc && err->kind == MLOPS_EREMOTE ? unreachable(w, c, err) : rc;
}

int web_refused(const struct web *w, const struct web_call *c, const char *message,
		struct mlops_error *err)
{
	autofree char *what = xasprintf("remote '%s'", w->name);

	http_status_error(&c->r, what, err);
	if (!message || !*message)
		return -1;
	autofree char *text = xasprintf("remote '%s': %s (HTTP %d)", w->name, message, c->r.status);
	return err_set(err, err->kind, "%s", text);
}

struct refusal {
	char *code, *message;
};

static int take_refusal(const char *name, const char *value, const char *parent, void *arg,
			struct mlops_error *err)
{
	struct refusal *r = arg;
	char **part = !strcmp(name, "Code")    ? &r->code :
		      !strcmp(name, "Message") ? &r->message :
						 NULL;

	(void)err;
	if (strcmp(parent, "Error") || !part)
		return 0;
	free(*part);
	*part = xstrndup(value, strcspn(value, "\r\n"));
	for (char *c = *part; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	return 0;
}

char *web_refused_xml(const struct web *w, const struct web_call *c, struct mlops_error *err)
{
	struct refusal r = { 0 };
	autoerr ignored = ERR_INIT;

	if (c->r.body.len)
		xml_each(c->r.body.buf, c->r.body.len, "the reply", take_refusal, &r, &ignored);
	char *code = r.code ? r.code : xstrdup("");
	autofree char *message = r.message,
		      *text = message ? xasprintf("%.300s (%.60s)", message, code) : NULL;
	web_refused(w, c, text, err);
	return code;
}

int64_t web_parse_date(const char *text)
{
	struct tm tm = { 0 };

	return strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm) ? (int64_t)timegm(&tm) * 1000 : 0;
}

void web_key_info(const struct web_call *c, struct key_info *out)
{
	struct str modified = http_response_header(&c->r, "Last-Modified");
	autofree char *text = xstrndup(modified.p, modified.n);

	*out = (struct key_info){ .found = true, .mtime_ms = web_parse_date(text) };
	if (c->r.length > 0)
		out->size = (uint64_t)c->r.length;
}
