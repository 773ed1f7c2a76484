/* Escaping for XML 1.0 and HTML alike. */
#include "fmt/markup.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* Of the characters (XML 1.0, 2.2): no controls but tab and line ends, no U+FFFE and U+FFFF. */
static bool is_allowed(const char *s, size_t n)
{
	if (n == 1)
		return (unsigned char)*s >= 0x20 || strchr("\t\n\r", *s);
	return n && !(n == 3 && (!memcmp(s, "\xef\xbf\xbe", 3) || !memcmp(s, "\xef\xbf\xbf", 3)));
}

void markup_add(struct strbuf *out, const char *text)
{
	static const char special[] = "&<>'\"";
	static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&#39;", "&quot;" };

	while (*text) {
		size_t n = utf8_sequence(text, strnlen(text, 4));
		const char *found = strchr(special, *text);

		if (found)
			strbuf_adds(out, entities[found - special]);
		else if (is_allowed(text, n))
			strbuf_add(out, text, n);
		else
			strbuf_adds(out, REPLACEMENT);
		text += n ? n : 1;
	}
}
