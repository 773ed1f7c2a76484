/* Monitors of mlops.yaml, and the alerts that they raise. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "mlops/export.h"
#include "mlops/error.h"

struct project;

/* Kept in the database by number. */
enum alert_state {
	ALERT_OK,
	ALERT_PENDING,  /* the value is too high, but not for long enough */
	ALERT_FIRING,
	ALERT_RESOLVED, /* it fired, and the value came back; OK at the next check */
};

/* A monitor as mlops.yaml(5) has it, what was measured, and what that makes of its alert. */
struct alert {
	const char *name, *reference, *current, *watch, *column; /* reference, column: may be NULL */
	const char *severity, *owner, *runbook;                  /* the last two may be NULL */
	double above, clear; /* fires when higher, ends when not higher */
	int64_t for_ms;      /* how long it must be too high */
	double value;
	enum alert_state state;
	int64_t since_ms;    /* when it came into that state */
	int64_t silenced_ms; /* until when it is silenced; 0: it is not, or no longer */
};

struct alerts {
	struct alert *v;
	size_t n;
	struct arena *arena;
};

/* "ok", "pending", "firing" or "resolved"; static. */
MLOPS_API const char *mlops_alert_state_name(enum alert_state state);
/*
 * Measures the monitors of these names (n 0: all) and keeps the new states of their alerts: of all
 * or, when one can't be measured, of none. Free *out with mlops_alerts_free().
 */
MLOPS_API int mlops_monitors_check(struct project *project, const char *const *names, size_t n,
				   struct alerts **out, struct mlops_error *err);
/* What the last check of each found; monitors that were never checked are left out. */
MLOPS_API int mlops_alerts_last(struct project *project, struct alerts **out,
				struct mlops_error *err);
/* Silences the alert of a monitor of mlops.yaml for so long from now; 0 ends a silence. */
MLOPS_API int mlops_monitor_silence(struct project *project, const char *name, int64_t for_ms,
				    struct mlops_error *err);
MLOPS_API void mlops_alerts_free(struct alerts *alerts); /* NULL is fine */
