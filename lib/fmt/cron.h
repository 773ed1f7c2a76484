/*
 * Schedules as crontab(5) has them: minute, hour, day, month and weekday, of numbers, ranges, steps
 * and lists; months and weekdays by name too; and @hourly, @daily, @weekly, @monthly, @yearly. In UTC.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct cron {
	uint64_t minutes;
	uint32_t hours, days, months, weekdays; /* bit n: n; Sunday is 0 */
	bool any_day, any_weekday; /* a '*': with neither, either of the two is enough */
};

int cron_parse(const char *text, struct cron *out, struct mlops_error *err);
/* The first time behind `after` (Unix seconds) that it names; -1: none in the next eight years. */
int64_t cron_next(const struct cron *cron, int64_t after);
