/* Terminals and NO_COLOR (https://no-color.org). */
#include "cli/term.h"

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
