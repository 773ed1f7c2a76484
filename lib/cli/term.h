/* What the other end of a stream can show. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

bool term_is_tty(FILE *f);
/* Whether colour is wanted there: a terminal that is not dumb, and no NO_COLOR. */
bool term_has_color(FILE *f);
