/*
 * HTTP messages, as the gateway reads them: the first byte says how much comes at a time. Reading in
 * pieces gives the same as reading at once.
 */
#include "fuzz.h"

#include "http/message.h"

/* The content of a chunked body; how much was taken, or -1. */
static ssize_t read_chunks(const char *p, size_t n, size_t step, struct strbuf *out)
{
	struct http_chunks c = { 0 };
	size_t at = 0;

	while (at < n && !http_chunks_ended(&c)) {
		size_t part = n - at < step ? n - at : step;
		struct str data;
		ssize_t took = http_chunks_take(&c, p + at, part, &data);

		if (took < 0)
			return -1;
		MUST(took > 0 && (size_t)took <= part && data.n <= (size_t)took);
		strbuf_add(out, data.p, data.n);
		at += (size_t)took;
	}
	return (ssize_t)at;
}

static ssize_t read_head(const char *p, size_t n, size_t step)
{
	size_t looked_at = 0;

	for (size_t have = step; have < n; have += step) {
		ssize_t end = http_message_end(p, have, &looked_at);
		if (end)
			return end;
	}
	return http_message_end(p, n, &looked_at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct http_message m;
	autoerr err = ERR_INIT, ignored = ERR_INIT;
	autobuf whole = { 0 }, parts = { 0 };

	if (!n)
		return 0;
	const char *p = (const char *)data + 1;
	size_t step = data[0] % 16 + 1;
	n--;
	ssize_t end = read_head(p, n, n + 1);
	MUST((read_head(p, n, step) < 0) == (end < 0) && (end < 0 || read_head(p, n, step) == end));
	if (end > 0 && !http_message_request(p, (size_t)end, &m, &err))
		for (size_t i = 0; i < m.n_fields; i++)
			http_message_is_hop(&m, &m.fields[i]);
	if (end > 0)
		(void)http_message_response(p, (size_t)end, false, &m, &ignored);
	ssize_t took = read_chunks(p, n, n + 1, &whole);
	MUST(read_chunks(p, n, step, &parts) == took);
	MUST(took < 0 || (whole.len == parts.len && !memcmp(whole.buf ? whole.buf : "", parts.buf ? parts.buf : "", whole.len)));
	return 0;
}
