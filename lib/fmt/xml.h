/* XML as services answer it: read element by element, through expat. */
#pragma once

#include "base/err.h"

#include <stddef.h>

#define XML_MAX_DEPTH 32
#define XML_MAX_TEXT  ((size_t)64 << 10) /* of one element */

/*
 * Calls fn for each element when it ends, innermost first, with its name (without a namespace
 * prefix), the text directly in it, and that of the element around it ("" for the root), until it
 * is not 0, which is returned. A document type is refused, and so are more depth and longer texts;
 * MLOPS_ECORRUPT, in which `what` names the document.
 */
int xml_each(const char *text, size_t n, const char *what,
	     int (*fn)(const char *name, const char *value, const char *parent, void *arg,
		       struct mlops_error *err),
	     void *arg, struct mlops_error *err);
