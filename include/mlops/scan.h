/*
 * Looks for what must not be in a model file: code that runs when it is loaded, programs hidden in
 * archives, tricks with zip files, secrets in text. Nothing is loaded, imported or run. Pickles
 * are judged by a list of names that are known to be safe; all else is reported.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "mlops/error.h"

enum scan_severity { SCAN_LOW, SCAN_MEDIUM, SCAN_HIGH, SCAN_CRITICAL };

struct scan_rule {
	const char *id; /* "pickle-dangerous-import"; stable */
	enum scan_severity severity;
	const char *title; /* one line */
};

struct scan_finding {
	const struct scan_rule *rule;
	const char *file;
	const char *member; /* of an archive, "inner.zip!data.pkl" when nested; NULL: the file itself */
	uint64_t offset;    /* in the member, unpacked, or in the file */
	const char *message;
};

struct scan_report {
	struct scan_finding *findings; /* in the order of the paths, files sorted by name */
	size_t n;
	uint64_t files, members, bytes; /* that were looked at; bytes: sizes of the files */
	struct arena *arena; /* private: holds all of the above */
};

/* Scans files, and folders with all below them (no symlinks, no .git, no .mlops). */
MLOPS_API int mlops_scan(const char *const *paths, size_t n, struct scan_report **out,
			 struct mlops_error *err);
MLOPS_API void mlops_scan_report_free(struct scan_report *report); /* NULL is fine */
/* Findings of at least this severity. */
MLOPS_API size_t mlops_scan_count(const struct scan_report *report, enum scan_severity least);
/* All rules; ends with an id of NULL. */
MLOPS_API const struct scan_rule *mlops_scan_rules(void);
MLOPS_API const char *mlops_scan_severity_name(enum scan_severity severity);
