/* What a reply's status means to the caller, and text that goes into URLs. */
#include "fmt/json.h"
#include "http/client.h"

#define MAX_MESSAGE 500

bool http_status_is_transient(int status)
{
	return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

static enum mlops_error_kind kind_of(int status)
{
	switch (status) {
	case 401:
	case 403:
		return MLOPS_EAUTH;
	case 404:
		return MLOPS_ENOTFOUND;
	default:
		return MLOPS_EREMOTE;
	}
}

/* The server's own words, as one line that is safe to print; NULL when it gave none. */
static char *server_message(const struct http_response *r)
{
	autoerr ignored = ERR_INIT;
	autojson *body = NULL;
	autobuf line = { 0 };

	if (!r->body.len || js_parse(r->body.buf, r->body.len, "reply", &body, &ignored))
		return NULL;
	const char *msg = js_get_text(js_get(body, "error"), "message");
	if (!msg)
		msg = js_get_text(body, "message");
	for (const char *p = msg; p && *p && line.len < MAX_MESSAGE; p++)
		strbuf_addc(&line, (unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p);
	return line.len ? strbuf_steal(&line) : NULL;
}

static const char *default_reason(int status)
{
	switch (status) {
	case 401:
		return "the token was refused";
	case 403:
		return "the token does not allow this";
	case 404:
		return "there is no such thing";
	case 413:
		return "too large for the server";
	case 429:
		return "too many requests";
	default:
		return status >= 500 ? "the server failed" : "the server refused";
	}
}

int http_status_error(const struct http_response *r, const char *what, struct mlops_error *err)
{
	autofree char *msg = server_message(r);

	return err_set(err, kind_of(r->status), "%s: %s (HTTP %d)", what,
		       msg ? msg : default_reason(r->status), r->status);
}
