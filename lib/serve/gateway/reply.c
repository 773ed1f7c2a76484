/* Answers that the gateway itself gives. */
#include "fmt/json.h"
#include "serve/gateway/conn.h"

const char *conn_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" },
		{ 204, "No Content" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
	};

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

void conn_refuse(struct conn *c, int status, const char *fields, const char *why)
{
	autojson *body = js_obj();
	autobuf text = { 0 };

	js_set(body, "error", js_str(why));
	js_dump(body, JS_COMPACT, &text);
	strbuf_addc(&text, '\n');
	conn_reply(c, status, "application/json", fields, text.buf, text.len);
}

void conn_refuse_unread(struct conn *c, int status, const char *why)
{
	c->keep_alive = false;
	conn_refuse(c, status, NULL, why);
}
