/*
 * One line on standard error that tells how far a transfer is: shown on a terminal only, a few
 * times a second, and taken away at the end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct progress {
	const char *verb; /* "sending" */
	int64_t started_ms, shown_ms;
	bool wanted;  /* a terminal, and not --quiet */
	bool visible; /* a line is there now */
};

void progress_start(struct progress *p, const char *verb, bool quiet);
/* Bytes decide the share and the time left; totals of 0 are not known yet. */
void progress_show(struct progress *p, uint64_t objects, uint64_t total_objects, uint64_t bytes,
		   uint64_t total_bytes);
void progress_end(struct progress *p);
/* The line that progress_show() would write, for `elapsed_ms` since the start. */
void progress_format(const struct progress *p, uint64_t objects, uint64_t total_objects,
		     uint64_t bytes, uint64_t total_bytes, int64_t elapsed_ms, struct strbuf *out);
