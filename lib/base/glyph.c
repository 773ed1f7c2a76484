/* Decoding UTF-8 and asking the C library for widths. */
#include "base/glyph.h"

#include <locale.h>
#include <wchar.h>

static uint32_t decode(const unsigned char *s, size_t n)
{
	uint32_t code = n == 1 ? s[0] : s[0] & (0x7f >> n);

	for (size_t i = 1; i < n; i++)
		code = code << 6 | (s[i] & 0x3f);
	return code;
}

/* The program itself stays in the C locale, which knows no width beyond ASCII. */
static int width_of(uint32_t code)
{
	if (code < 0x80)
		return code >= 0x20 && code != 0x7f ? 1 : -1;
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	if (!utf8)
		return -1;
	locale_t before = uselocale(utf8);
	int width = wcwidth((wchar_t)code);
	uselocale(before);
	freelocale(utf8);
	return width;
}

size_t glyph_next(const char *s, struct glyph *out)
{
	size_t n = utf8_sequence(s, strnlen(s, 4));
	uint32_t code = n ? decode((const unsigned char *)s, n) : GLYPH_UNKNOWN;
	int width = width_of(code);

	if (width <= 0)
		*out = (struct glyph){ GLYPH_UNKNOWN, 1 };
	else
		*out = (struct glyph){ code, (size_t)width };
	return n ? n : 1;
}

size_t glyph_columns(const char *text)
{
	size_t columns = 0;
	struct glyph g;

	while (*text) {
		text += glyph_next(text, &g);
		columns += g.columns;
	}
	return columns;
}

void glyph_add(struct strbuf *out, uint32_t code)
{
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	int n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	strbuf_addc(out, (char)(lead[n] | code >> (6 * (n - 1))));
	for (int i = n - 2; i >= 0; i--)
		strbuf_addc(out, (char)(0x80 | (code >> (6 * i) & 0x3f)));
}

void glyph_add_text(struct strbuf *out, const char *text)
{
	struct glyph g;

	while (*text) {
		text += glyph_next(text, &g);
		glyph_add(out, g.code);
	}
}
