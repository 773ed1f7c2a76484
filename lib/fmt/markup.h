/* Text inside XML and HTML. */
#pragma once

#include "base/str.h"

/*
 * Appends text for an element or a quoted attribute: "&<>'\"" as entities, and U+FFFD for what XML
 * can't hold.
 */
void markup_add(struct strbuf *out, const char *text);
