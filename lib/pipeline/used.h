/* What a stage used on another machine, as a script of sh there can tell without any help. */
#pragma once

#include "mlops/tracking.h"

/*
 * Lines of sh that define: used_begin FILE and, once the command was waited for, used_end FILE write
 * what the shell knows of its children to a file; used_watch PID FILE, to be run beside the command
 * until that has ended, keeps the most memory that a process below PID has had.
 */
extern const char used_script[];
/* Reads such a file, also one with "# " before each line, amid other text. What is not told is 0. */
void used_read(const char *text, struct run_usage *out);

/* Between the process that stands for a stage and the run that started it. */
void used_leave(struct project *project, const char *stage, const struct run_usage *usage);
void used_take(struct project *project, const char *stage, struct run_usage *out);
