/* What push and pull share: progress on the terminal, and counts in words and as JSON. */
#pragma once

#include "cli/progress.h"
#include "cmd.h"
#include "mlops/remote.h"

/* A transfer_how whose progress is shown; `p` must be started before and ended after. */
void cmd_transfer_how(struct transfer_how *how, struct progress *p);
/* Adds the counts of one transfer to those of another. */
void cmd_add_counts(struct transfer_counts *to, const struct transfer_counts *counts);
/* "3 objects, 1.2 MiB sent; 4 were there already" */
void cmd_print_counts(const struct transfer_counts *counts, const char *done);
/* Adds "objects", "bytes" and "present". */
void cmd_set_counts(struct json *v, const struct transfer_counts *counts);
