/* Terminals and NO_COLOR (https://no-color.org). */
#include "cli/term.h"

#include <sys/ioctl.h>

#include "base/mem.h"

bool term_is_tty(FILE *f)
{
	return isatty(fileno(f));
}

bool term_has_color(FILE *f)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no_color && *no_color)
		return false;
	return term && strcmp(term, "dumb") && term_is_tty(f);
}

bool term_has_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strcasestr(value, "UTF-8") || strcasestr(value, "UTF8");
	}
	return false;
}

size_t term_columns(FILE *f, size_t fallback)
{
	struct winsize size;

	return !ioctl(fileno(f), TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : fallback;
}

size_t term_rows(FILE *f, size_t fallback)
{
	struct winsize size;

	return !ioctl(fileno(f), TIOCGWINSZ, &size) && size.ws_row ? size.ws_row : fallback;
}
