/*
 * Notes about uploads that are under way, so that one that was killed can go on: small files in the
 * project's own folder, each locked by the process that uploads. What is in one can be a secret.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct upload_note {
	char *path; /* NULL: nowhere, or another process has it */
	int fd;
	struct strbuf text; /* what was noted before; empty when nothing was */
};

/* `what` names the upload (where to, which bytes). Never fails: then there is just no note. */
void note_open(struct upload_note *n, const char *dir, const char *what);
void note_write(struct upload_note *n, const char *text);
/* `keep` leaves it for a later try. */
void note_close(struct upload_note *n, bool keep);
