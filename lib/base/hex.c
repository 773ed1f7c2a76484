/* Hex digits. */
#include "base/hex.h"

char *hex_encode(char *buf, const void *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *raw = p;

	for (size_t i = 0; i < n; i++) {
		buf[2 * i] = digits[raw[i] >> 4];
		buf[2 * i + 1] = digits[raw[i] & 15];
	}
	buf[2 * n] = '\0';
	return buf;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(void *out, size_t n, const char *s)
{
	unsigned char *raw = out;

	for (size_t i = 0; i < n; i++) {
		int high = digit(s[2 * i]), low = high < 0 ? -1 : digit(s[2 * i + 1]);

		if (low < 0)
			return false;
		raw[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}
