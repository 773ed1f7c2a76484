/* What an index holds: the entries of its file, and those learned since, which come before them. */
#pragma once

#include "base/map.h"
#include "store/index_file.h"

/* Of an entry of the file: what this process found out about it. */
enum index_mark { INDEX_UNSEEN, INDEX_SEEN, INDEX_GONE };

struct index_merge {
	struct index_feed feed;
	const struct index_file *file;
	const uint8_t *marks; /* an index_mark an entry of the file; what is gone is left out */
	const struct map *learned;  /* path -> struct index_entry */
	struct map_entry **sorted;  /* those, by path */
	size_t file_at, learned_at; /* what comes next */
};

/* All is borrowed and must not change until index_merge_clear(). */
void index_merge_init(struct index_merge *m, const struct index_file *file, const uint8_t *marks,
		      const struct map *learned);
void index_merge_clear(struct index_merge *m);
