/* Summaries of what changed inside a file, one function a form. */
#pragma once

#include "base/vec.h"
#include "mlops/diff.h"

/* Two versions of one file, open at their start. */
struct versions {
	const char *name; /* for messages, and its ending tells the form */
	int before, after;
};

/* CSV, TSV and JSON lines. */
int summarize_table(const struct versions *v, struct diff_summary *out, struct mlops_error *err);
/* JSON. */
int summarize_json(const struct versions *v, struct diff_summary *out, struct mlops_error *err);

static inline void name_list_add(struct name_list *list, const char *name)
{
	vec_push(list, xstrdup(name));
}
