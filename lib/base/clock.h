/* Time: wall clock for what is recorded (MLOPS_NOW freezes it), monotonic for what is measured. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mlops/error.h"

/* Wall clock, milliseconds since 1970 UTC. MLOPS_NOW=<ms> in the environment freezes it (tests). */
int64_t clock_now_ms(void);
/* Monotonic; for durations and deadlines only. */
int64_t clock_mono_ms(void);
int64_t clock_mono_ns(void);
void clock_sleep_ms(int64_t ms);

#define CLOCK_ISO_SIZE 32
/* "2026-11-24T20:18:03.125Z" into buf (CLOCK_ISO_SIZE bytes); returns buf. */
char *clock_format_iso(int64_t ms, char *buf);
/* Such a text, with any digits of a fraction and "Z" or an offset; false for another. */
bool clock_parse_iso(const char *text, int64_t *ms);
/* "2 minutes ago", or the date when long ago; returns buf. */
char *clock_format_ago(int64_t ms, int64_t now_ms, char *buf);
/* "812 ms", "4.2 s", "3 m 20 s"; returns buf. */
char *clock_format_duration(int64_t ms, char *buf);
