/* Taking URLs apart, and making text fit for them. */
#include "base/url.h"

#include <ctype.h>

#include "base/hex.h"
#include "base/num.h"

static bool is_scheme(struct str s)
{
	bool good = s.n > 0 && isalpha((unsigned char)s.p[0]);

	for (size_t i = 1; i < s.n && good; i++)
		good = isalnum((unsigned char)s.p[i]) || memchr("+-.", s.p[i], 3);
	return good;
}

static bool is_host(struct str s)
{
	bool v6 = s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']', good = s.n > 0 && s.n <= 255;

	for (size_t i = v6; i < s.n - v6 && good; i++)
		good = isalnum((unsigned char)s.p[i]) ? !v6 || isxdigit((unsigned char)s.p[i]) :
		       v6                             ? s.p[i] == ':' || s.p[i] == '.' :
							memchr(".-_", s.p[i], 3) != NULL;
	return good;
}

static char *lower(struct str s)
{
	char *text = xstrndup(s.p, s.n);

	for (char *c = text; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return text;
}

static bool parse_authority(struct str s, struct url *out)
{
	const char *at = s.n ? memchr(s.p, '@', s.n) : NULL;
	uint64_t port;

	if (at) {
		struct str user = { s.p, (size_t)(at - s.p) };

		if (!user.n || memchr(user.p, ':', user.n))
			return false;
		out->user = xstrndup(user.p, user.n);
		s = (struct str){ at + 1, s.n - user.n - 1 };
	}
	const char *end = s.n && s.p[0] == '[' ? memchr(s.p, ']', s.n) : s.p;
	const char *colon = end ? memchr(end, ':', s.n - (size_t)(end - s.p)) : NULL;
	struct str host = { s.p, colon ? (size_t)(colon - s.p) : s.n };
	if (colon) {
		autofree char *digits = xstrndup(colon + 1, s.n - host.n - 1);

		if (!num_parse_u64(digits, &port) || !port || port > 65535)
			return false;
		out->port = (int)port;
	}
	if (!is_host(host))
		return false;
	out->host = lower(host);
	return true;
}

static bool parse(const char *text, struct url *out)
{
	const char *mark = strstr(text, "://");

	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == '#' || *p == '\\')
			return false;
	if (!mark || !is_scheme((struct str){ text, (size_t)(mark - text) }))
		return false;
	out->scheme = lower((struct str){ text, (size_t)(mark - text) });
	const char *rest = mark + 3;
	size_t n = strcspn(rest, "/?");
	if (!parse_authority((struct str){ rest, n }, out))
		return false;
	size_t path = strcspn(rest + n, "?");
	out->path = xstrndup(rest + n, path);
	if (rest[n + path])
		out->query = xstrdup(rest + n + path + 1);
	return true;
}

int url_parse(const char *text, struct url *out, struct mlops_error *err)
{
	const char *at = strrchr(text, '@');

	*out = (struct url){ 0 };
	if (parse(text, out))
		return 0;
	url_clear(out);
	return err_set(err, MLOPS_EINVALID, "'%s' is no valid URL", at ? at + 1 : text);
}

void url_clear(struct url *u)
{
	free(u->scheme);
	free(u->user);
	free(u->host);
	free(u->path);
	free(u->query);
	*u = (struct url){ 0 };
}

void url_encode(struct strbuf *out, const char *s, const char *keep)
{
	for (; *s; s++) {
		if (isalnum((unsigned char)*s) || strchr("-._~", *s) || strchr(keep, *s))
			strbuf_addc(out, *s);
		else
			strbuf_addf(out, "%%%02X", (unsigned char)*s);
	}
}

bool url_decode(struct strbuf *out, const char *s, size_t n)
{
	size_t start = out->len;
	uint8_t byte;

	for (size_t i = 0; i < n; i++) {
		if (s[i] != '%') {
			strbuf_addc(out, s[i]);
			continue;
		}
		char digits[3] = { i + 1 < n ? (char)tolower(s[i + 1]) : 0,
				   i + 2 < n ? (char)tolower(s[i + 2]) : 0, 0 };

		if (!digits[0] || !digits[1] || !hex_decode(&byte, 1, digits) || !byte) {
			strbuf_trunc(out, start);
			return false;
		}
		strbuf_addc(out, (char)byte);
		i += 2;
	}
	return true;
}

bool url_is_loopback(const struct url *u)
{
	return !strcmp(u->host, "localhost") || !strncmp(u->host, "127.", 4) ||
	       !strcmp(u->host, "[::1]");
}
