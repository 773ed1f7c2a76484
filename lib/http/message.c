/* Heads of messages. */
#include "http/message.h"

#include <string.h>
#include <strings.h>

static int refuse(struct mlops_error *err, const char *why)
{
	return err_set(err, MLOPS_EINVALID, "%s", why);
}

ssize_t http_message_end(const char *p, size_t n, size_t *looked_at)
{
	size_t line = *looked_at; /* where the line that is looked at starts */
	const char *end;

	while ((end = memchr(p + line, '\n', n - line))) {
		size_t at = (size_t)(end - p);

		if (at == line || end[-1] != '\r')
			return -1;
		if (at == line + 1)
			return (ssize_t)at + 1;
		line = at + 1;
	}
	*looked_at = line;
	return 0;
}

/* tchar of RFC 9110, 5.6.2. */
static bool is_token(struct str s)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      (c && strchr(marks, c))))
			return false;
	}
	return s.n > 0;
}

static bool is_text(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool is_name(struct str s, const char *name)
{
	return strlen(name) == s.n && !strncasecmp(s.p, name, s.n);
}

static struct str trim(struct str s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
		s.p++, s.n--;
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* The line at *p without its CR LF; *p is moved behind it. */
static struct str take_line(const char **p, const char *end)
{
	const char *lf = memchr(*p, '\n', (size_t)(end - *p));
	struct str line = { *p, (size_t)(lf - 1 - *p) };

	*p = lf + 1;
	return line;
}

static int read_field(struct http_message *m, struct str line, struct mlops_error *err)
{
	struct str value, name = str_split(line, ':', &value);

	if (m->n_fields == HTTP_FIELDS_MAX)
		return refuse(err, "the message has too many header fields");
	if (name.n == line.n || !is_token(name))
		return refuse(err, "a header field has no proper name");
	if (!is_text(value))
		return refuse(err, "a header field has control characters");
	m->fields[m->n_fields++] = (struct http_field){ name, trim(value) };
	return 0;
}

static int read_fields(struct http_message *m, const char *p, const char *end, struct mlops_error *err)
{
	while (p < end - 2)
		if (read_field(m, take_line(&p, end), err))
			return -1;
	return 0;
}

static bool parse_length(struct str s, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, (uint64_t)(s.p[i] - '0'), out))
			return false;
	return s.n > 0;
}

/* Whether a list of words has that one. */
static bool has_word(struct str list, const char *word)
{
	while (list.n) {
		struct str first = str_split(list, ',', &list);

		if (is_name(trim(first), word))
			return true;
	}
	return false;
}

static void read_connection(struct http_message *m)
{
	m->keep_alive = m->minor > 0;
	for (size_t i = 0; i < m->n_fields; i++) {
		if (!is_name(m->fields[i].name, "Connection"))
			continue;
		if (has_word(m->fields[i].value, "close"))
			m->keep_alive = false;
		else if (has_word(m->fields[i].value, "keep-alive"))
			m->keep_alive = true;
	}
}

/* Fields that say how long the body is: one of them, once, and in one form only. */
static int read_framing(struct http_message *m, struct mlops_error *err)
{
	bool lengths = false, codings = false;

	for (size_t i = 0; i < m->n_fields; i++) {
		const struct http_field *f = &m->fields[i];

		if (is_name(f->name, "Content-Length")) {
			if (lengths || !parse_length(f->value, &m->length))
				return refuse(err, "the message has no proper Content-Length");
			lengths = true;
		} else if (is_name(f->name, "Transfer-Encoding")) {
			if (codings || !is_name(f->value, "chunked") || !m->minor)
				return refuse(err, "the message has a Transfer-Encoding other than chunked");
			codings = true;
		}
	}
	if (lengths && codings)
		return refuse(err, "the message has both Content-Length and Transfer-Encoding");
	m->framing = codings ? HTTP_BODY_CHUNKED : lengths ? HTTP_BODY_LENGTH : HTTP_BODY_NONE;
	return 0;
}

static bool read_version(struct str s, struct http_message *m)
{
	if (s.n != 8 || memcmp(s.p, "HTTP/1.", 7) || (s.p[7] != '0' && s.p[7] != '1'))
		return false;
	m->minor = s.p[7] - '0';
	return true;
}

/* "/path", "*", or "http://host/path", of which the path is taken. */
static bool read_target(struct str s, struct http_message *m)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	if (s.n > 7 && !strncasecmp(s.p, "http://", 7)) {
		const char *slash = memchr(s.p + 7, '/', s.n - 7);

		s = slash ? (struct str){ slash, (size_t)(s.p + s.n - slash) } : STR("/");
	}
	m->target = s;
	return s.n && (s.p[0] == '/' || (s.n == 1 && s.p[0] == '*'));
}

static int check_host(const struct http_message *m, struct mlops_error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_fields; i++)
		n += is_name(m->fields[i].name, "Host");
	return n > 1 || (!n && m->minor) ? refuse(err, "the request has not one Host") : 0;
}

int http_message_request(const char *p, size_t n, struct http_message *m, struct mlops_error *err)
{
	const char *end = p + n;
	struct str rest, line = take_line(&p, end), target;

	m->n_fields = 0;
	m->length = 0;
	m->method = str_split(line, ' ', &rest);
	target = str_split(rest, ' ', &rest);
	if (!is_token(m->method) || !read_target(target, m) || !read_version(rest, m))
		return refuse(err, "the request line is not one of HTTP/1.1");
	if (read_fields(m, p, end, err) || read_framing(m, err) || check_host(m, err))
		return -1;
	const struct str *expect = http_message_field(m, "Expect");
	m->expects_continue = expect && is_name(*expect, "100-continue") && m->minor;
	read_connection(m);
	return 0;
}

static bool read_status(struct str s, struct http_message *m)
{
	m->status = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		m->status = m->status * 10 + (s.p[i] - '0');
		if (m->status > 999)
			return false;
	}
	return s.n == 3 && m->status >= 100;
}

int http_message_response(const char *p, size_t n, bool bodyless, struct http_message *m,
			  struct mlops_error *err)
{
	const char *end = p + n;
	struct str rest, line = take_line(&p, end), version = str_split(line, ' ', &rest);
	struct str status = str_split(rest, ' ', &m->reason);

	m->n_fields = 0;
	m->length = 0;
	if (!read_version(version, m) || !read_status(status, m) || !is_text(m->reason))
		return refuse(err, "the status line is not one of HTTP/1.1");
	if (read_fields(m, p, end, err) || read_framing(m, err))
		return -1;
	read_connection(m);
	if (bodyless || m->status < 200 || m->status == 204 || m->status == 304)
		m->framing = HTTP_BODY_NONE;
	else if (m->framing == HTTP_BODY_NONE)
		m->framing = HTTP_BODY_UNTIL_CLOSE;
	if (m->framing == HTTP_BODY_UNTIL_CLOSE)
		m->keep_alive = false;
	return 0;
}

const struct str *http_message_field(const struct http_message *m, const char *name)
{
	for (size_t i = 0; i < m->n_fields; i++)
		if (is_name(m->fields[i].name, name))
			return &m->fields[i].value;
	return NULL;
}

bool http_message_is_hop(const struct http_message *m, const struct http_field *field)
{
	static const char *const names[] = { "Connection",        "Keep-Alive", "Proxy-Connection",
					     "Transfer-Encoding", "TE",         "Trailer",
					     "Upgrade",           "Expect" };
	autofree char *name = NULL;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (is_name(field->name, names[i]))
			return true;
	const struct str *connection = http_message_field(m, "Connection");
	if (!connection || is_name(*connection, "keep-alive") || is_name(*connection, "close"))
		return false;
	name = xstrndup(field->name.p, field->name.n);
	return has_word(*connection, name);
}
