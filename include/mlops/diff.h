/* How tracked data differs between two revisions, or a revision and the work tree, file by file. */
#pragma once

#include "mlops/listing.h"

enum difference_kind {
	DIFFERENCE_ADDED,
	DIFFERENCE_DELETED,
	DIFFERENCE_MODIFIED, /* the content, or only the executable bit */
	DIFFERENCE_RENAMED,  /* the same content under another path */
	DIFFERENCE_TYPE,     /* a file became a symlink, or the other way round */
};

struct difference_side {
	enum item_kind kind;
	uint64_t size, files;
	struct oid oid;
	bool known;        /* the oid is: of a changed file of the work tree it may not be */
	bool in_work_tree; /* the content is that of the file, not of a stored object */
};

struct difference {
	enum difference_kind kind;
	char *path;     /* relative to the root */
	char *old_path; /* DIFFERENCE_RENAMED, else NULL */
	struct difference_side before, after; /* zeroes for what is not there */
};

struct diff_how {
	const char *from;         /* a revision; NULL: the pointers of the work tree */
	const char *to;           /* a revision; NULL: the data in the work tree */
	const char *const *paths; /* only these, and what is below them; n 0: all */
	size_t n;
};

/*
 * Lists the differences, in the order of a walk. Files are told, and folders only when they are
 * empty, or when the store does not have the trees to tell more. Trees that are equal are not
 * read, nor is content but where the work tree's stat data leaves it open. Data that was never
 * pulled counts as what its pointer says. Free with mlops_diff_free().
 */
MLOPS_API int mlops_diff(struct project *project, const struct diff_how *how,
			 struct difference **out, size_t *n, struct mlops_error *err);
MLOPS_API void mlops_diff_free(struct difference *differences, size_t n);

enum summary_kind {
	SUMMARY_NONE,  /* of another format, not here, or not to be made sense of */
	SUMMARY_TABLE, /* CSV, TSV, JSON lines */
	SUMMARY_KEYS,  /* a JSON object */
};

struct name_list {
	char **v;
	size_t n, cap;
};

/* What of a changed table or document has changed. */
struct diff_summary {
	enum summary_kind kind;
	struct name_list added, removed; /* columns of a table, keys ("a.b") of an object */
	struct name_list changed;        /* keys whose value is another */
	uint64_t rows_before, rows_after;
	uint64_t rows_added, rows_removed; /* a changed row is one of each */
	bool rows_compared;                /* the two numbers above are known */
};

/*
 * Summarizes a DIFFERENCE_MODIFIED. Rows are compared by a hash of the columns that both tables
 * have, whatever their order; memory is bounded, so where some 16 million rows and more differ or
 * moved, they are only counted. Clear *out when it is 0.
 */
MLOPS_API int mlops_diff_summary(struct project *project, const struct difference *d,
				 struct diff_summary *out, struct mlops_error *err);
MLOPS_API void mlops_diff_summary_clear(struct diff_summary *summary);
