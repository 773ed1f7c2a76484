/* Text with conflict marks, as git leaves it when a merge needs a person. */
#pragma once

#include "base/str.h"

#define CONFLICT_MARKS 7 /* characters of a mark, unless git wants more of them */

/* Both versions with marks of `size` characters around the lines that differ. */
void conflict_write(struct str ours, struct str theirs, size_t size, struct strbuf *out);
/* Whether a line of the text is the opening mark of a conflict. */
bool conflict_is_in(struct str text);

/*
 * What a conflict is about, as comments in front of it. Only the first are written out, so that a
 * file with a conflict stays small.
 */
struct conflict_notes {
	struct strbuf text;
	size_t n, left_out;
};
/* Begins the next, unless there are enough: false then. */
bool conflict_note_begin(struct conflict_notes *notes);
/* A line of comment; bytes that would end it or that a terminal obeys become '?'. */
__attribute__((format(printf, 2, 3))) void conflict_note(struct conflict_notes *notes,
							 const char *fmt, ...);
/* All of it, into the file. */
void conflict_notes_write(const struct conflict_notes *notes, struct strbuf *out);
