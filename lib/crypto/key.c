/* Secret keys as text. */
#include "crypto/key.h"

#include <ctype.h>
#include <string.h>

#include "base/base64.h"
#include "base/hex.h"

#define BASE64_SIZE 44

static bool parse_hex(struct str text, uint8_t *out)
{
	char lower[2 * KEY_SIZE + 1] = "";

	if (text.n != 2 * KEY_SIZE)
		return false;
	for (size_t i = 0; i < text.n; i++)
		lower[i] = (char)tolower((unsigned char)text.p[i]);
	bool good = hex_decode(out, KEY_SIZE, lower);
	explicit_bzero(lower, sizeof(lower));
	return good;
}

static bool parse_base64(struct str text, uint8_t *out)
{
	autobuf raw = { 0 };

	strbuf_reserve(&raw, BASE64_SIZE); /* so that it does not move, and leave bytes behind */
	bool good =
		text.n == BASE64_SIZE && base64_decode(text.p, text.n, &raw) && raw.len == KEY_SIZE;
	if (good)
		memcpy(out, raw.buf, KEY_SIZE);
	explicit_bzero(raw.buf, raw.cap);
	return good;
}

int key_parse(struct str text, const char *from, uint8_t *out, struct mlops_error *err)
{
	struct str trimmed = str_trim(text);

	if (parse_hex(trimmed, out) || parse_base64(trimmed, out))
		return 0;
	err_set(err, MLOPS_EKEY, "%s holds no key: 32 bytes as 64 hex digits or as base64", from);
	return err_hint(err, "make one with: openssl rand -hex 32");
}
