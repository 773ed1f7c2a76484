/* The index on disk: fixed-size records sorted by path, then the paths (mlops-index(5)). */
#pragma once

#include "store/index.h"

struct index_entry {
	enum tree_kind kind;
	bool racy; /* learned so soon after a change that another one could not be told */
	uint64_t size;
	int64_t mtime_ns, ctime_ns;
	uint64_t ino;
	struct oid oid;
	struct fingerprint print; /* TREE_FOLDER, which has none of the above but kind and oid */
};

struct index_named {
	struct str path; /* borrowed */
	bool seen;       /* not in the file: it is as the work tree is */
	struct index_entry e;
};
struct index_file {
	const uint8_t *map;
	size_t size;
	size_t n; /* entries; 0 for a file that is absent, damaged or of another version */
};

void index_file_map(const char *path, struct index_file *out);
void index_file_unmap(struct index_file *f);
struct str index_file_path(const struct index_file *f, size_t i);
void index_file_entry(const struct index_file *f, size_t i, struct index_entry *out);
/* The entry of a path, tried at `hint` first; SIZE_MAX when there is none. */
size_t index_file_find(const struct index_file *f, const char *path, size_t hint);
/* Lets go of the memory that reading the file has brought in; it can be read on. */
void index_file_forget(const struct index_file *f);

/* Entries sorted by path, as often as they are asked for. */
struct index_feed {
	void (*rewind)(struct index_feed *feed);
	bool (*next)(struct index_feed *feed, struct index_named *out);
};
/* Writes a new file of them at `path`. It is not synced: one that a crash tears counts as none. */
int index_file_write(const char *path, struct index_feed *feed, struct mlops_error *err);
