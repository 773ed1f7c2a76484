/*
 * A document of objects, arrays, numbers and text that is read alike whether it is JSON or UBJSON,
 * piece by piece: XGBoost writes the same model in either, and a model can be large.
 */
#pragma once

#include "base/vec.h"
#include "registry/formats/ubjson.h"

#define DOC_MAX_DEPTH 32

struct doc {
	struct cursor c;
	const char *what; /* for messages */
	bool binary;
	uint64_t marker; /* of the value under the cursor, in UBJSON */
	struct ubjson_container levels[DOC_MAX_DEPTH];
	unsigned depth;
	struct strbuf text; /* of the last number or array of numbers */
};

struct doc_numbers {
	double *v;
	size_t n, cap;
};

/* At the start of the source, which outlives the document. Clear it. */
int doc_open(struct doc *d, struct source *src, bool binary, struct mlops_error *err);
void doc_clear(struct doc *d);
#define autodoc __attribute__((cleanup(doc_clear))) struct doc

/* Each of these is about the value under the cursor. */
int doc_object(struct doc *d, struct mlops_error *err);
/* 1 with the next key of the object entered last, 0 at its end (which is left), -1. */
int doc_key(struct doc *d, struct strbuf *key, struct mlops_error *err);
int doc_array(struct doc *d, struct mlops_error *err);
/* 1 at the next item of the array entered last, 0 at its end (which is left), -1. */
int doc_item(struct doc *d, struct mlops_error *err);
/* The whole array of numbers, at most `max`, in place of what `out` held; booleans are 0 and 1. */
int doc_numbers(struct doc *d, size_t max, struct doc_numbers *out, struct mlops_error *err);
/* Text, or a number as text, in place of what `out` held. */
int doc_text(struct doc *d, size_t max, struct strbuf *out, struct mlops_error *err);
int doc_skip(struct doc *d, struct mlops_error *err);
