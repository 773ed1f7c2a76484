/* Base64. */
#include "base/base64.h"

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four digits to as many bytes as there are without padding; false for a digit that is none. */
static bool decode_quad(const char *s, size_t padding, struct strbuf *out)
{
	uint32_t bits = 0;
	char bytes[3];

	for (size_t i = 0; i < 4; i++) {
		int d = i < 4 - padding ? digit(s[i]) : 0;

		if (d < 0)
			return false;
		bits = bits << 6 | (uint32_t)d;
	}
	if (padding && bits & (padding == 1 ? 0xffu : 0xffffu))
		return false; /* bits that no encoder sets */
	for (size_t i = 0; i < 3; i++)
		bytes[i] = (char)(bits >> (16 - 8 * i));
	strbuf_add(out, bytes, 3 - padding);
	return true;
}

bool base64_decode(const char *s, size_t n, struct strbuf *out)
{
	size_t len = out->len;

	if (n % 4)
		return false;
	for (size_t i = 0; i < n; i += 4) {
		size_t padding = i + 4 < n || s[n - 1] != '=' ? 0 : s[n - 2] == '=' ? 2 : 1;

		if (!decode_quad(s + i, padding, out)) {
			strbuf_trunc(out, len);
			return false;
		}
	}
	return true;
}

static void encode(struct strbuf *out, const uint8_t *p, size_t n, const char *digits, bool pad)
{
	for (; n; p += n < 3 ? n : 3, n -= n < 3 ? n : 3) {
		uint32_t bits = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) |
				(n > 2 ? p[2] : 0);

		for (size_t i = 0; i < 4; i++) {
			if (i <= n)
				strbuf_addc(out, digits[bits >> (18 - 6 * i) & 63]);
			else if (pad)
				strbuf_addc(out, '=');
		}
	}
}

void base64_encode(struct strbuf *out, const void *p, size_t n)
{
	encode(out, p, n, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true);
}

void base64_encode_url(struct strbuf *out, const void *p, size_t n)
{
	encode(out, p, n, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
	       false);
}
