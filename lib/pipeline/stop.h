/*
 * SIGINT, SIGTERM and SIGHUP (of a terminal that was closed: stages lead process groups of their
 * own, which it does not reach) while a pipeline runs. The first asks it to stop, the second ends its stage at
 * once, and a third ends the process on the spot (which a run survives, as it does kill -9).
 */
#pragma once

#include <signal.h>

#include "base/err.h"

#define STOP_SIGNALS 3

struct stop {
	struct sigaction old[STOP_SIGNALS];
};

/* Catches them from here on; an ignored SIGINT or SIGHUP stays ignored. One at a time in a process. */
int stop_catch(struct stop *s, struct mlops_error *err);
void stop_release(struct stop *s);

/* The first of the signals that came, or 0. */
int stop_signal(void);
/* What to fail with once one came. */
enum mlops_error_kind stop_kind(void);
/* How many came. */
int stop_count(void);
/* Readable once one came; stop_drain() makes it wait for the next. */
int stop_fd(void);
void stop_drain(void);
