/*
 * SIGINT and SIGTERM while a pipeline runs. The first asks it to stop, the second ends its stage at
 * once, and a third ends the process on the spot (which a run survives, as it does kill -9).
 */
#pragma once

#include <signal.h>

#include "base/err.h"

struct stop {
	struct sigaction old_int, old_term;
};

/* Catches both from here on; an ignored SIGINT stays ignored. One at a time in a process. */
int stop_catch(struct stop *s, struct mlops_error *err);
void stop_release(struct stop *s);

/* The first of the two signals that came, or 0. */
int stop_signal(void);
/* What to fail with once one came. */
enum mlops_error_kind stop_kind(void);
/* How many came. */
int stop_count(void);
/* Readable once one came; stop_drain() makes it wait for the next. */
int stop_fd(void);
void stop_drain(void);
