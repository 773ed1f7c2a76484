/* Drift between two tables, and profiles of tables: what `mlops monitor` is made of. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "mlops/error.h"

/* How tables are read. All zero: by the names of the files. */
struct mlops_table_opts {
	const char *format; /* "csv" or "jsonl"; NULL: by the file's name */
	char separator;     /* of CSV; 0: comma, or tab for .tsv */
	const char *const *columns; /* only these; n_columns 0: all */
	size_t n_columns;
};

/* What is compared and what counts as drift. Start from MLOPS_DRIFT_DEFAULTS. */
struct mlops_drift_opts {
	struct mlops_table_opts table;
	const char *test;   /* name of a test for every column, or NULL: by type and size */
	double threshold;   /* of the test; 0: its own */
	double alpha;       /* significance that a distance needs as well */
	double effect;      /* distance that a p-value needs as well */
	double new_share;   /* share of never-seen values that counts as drift */
	double share;       /* share of columns with drift that makes the data set drift; 0: any */
	bool uncorrected;   /* p-values as they are, not adjusted for the number of columns */
};
#define MLOPS_DRIFT_DEFAULTS                                                                       \
	((struct mlops_drift_opts){ .alpha = 0.05, .effect = 0.1, .new_share = 0.01 })

enum drift_type { DRIFT_NUMBER, DRIFT_CATEGORY, DRIFT_TEXT };

/* Why a column drifted; several may hold. */
enum drift_reason {
	DRIFT_TESTED = 1,      /* the test says so */
	DRIFT_NEW_VALUES = 2,  /* values that the reference never had */
	DRIFT_NOT_NUMBERS = 4, /* text where the reference has numbers */
	DRIFT_ABSENT = 8,      /* the column is not there, or has no values */
};

struct drift_column {
	char *name;
	enum drift_type type;
	uint64_t rows[2], missing[2]; /* reference, current */
	const char *test;  /* static; NULL when nothing could be tested */
	bool by_p;         /* the threshold is one of the p-value, not of the statistic */
	double statistic, threshold;
	double p_value, p_adjusted; /* NaN when nothing was tested */
	const char *effect_name;    /* static: the distance that says how large the change is */
	double effect;
	double new_share;  /* of current values that the reference never had; categories only */
	char *new_value;   /* the commonest of these, or NULL */
	unsigned reasons;  /* 0: no drift */
};

struct drift_report {
	struct drift_column *columns;
	size_t n_columns, n_drifted;
	uint64_t rows[2];
	double share; /* of columns that drifted */
	bool drifted; /* the verdict on the data set */
};

/* Compares two tables, or profiles of them. *out is the caller's; free with mlops_drift_free(). */
MLOPS_API int mlops_drift(const char *reference, const char *current,
			  const struct mlops_drift_opts *opts, struct drift_report **out,
			  struct mlops_error *err);
MLOPS_API void mlops_drift_free(struct drift_report *report);

/*
 * A profile: what one pass over a table tells of each column, in bounded memory. Profiles of parts
 * merge into one of the whole. The format of the file is in mlops-profile(5).
 */
struct profile;

/* Makes one of a table ("-": of standard input). Free with mlops_profile_free(). */
MLOPS_API int mlops_profile_table(const char *path, const struct mlops_table_opts *opts,
				  struct profile **out, struct mlops_error *err);
/* True when the file starts like a saved profile; one that can't be read does not. */
MLOPS_API bool mlops_is_profile(const char *path);
/* Reads a saved one; every figure in it is checked. */
MLOPS_API int mlops_profile_load(const char *path, struct profile **out, struct mlops_error *err);
/* Writes a file, whole or not at all. */
MLOPS_API int mlops_profile_save(const struct profile *profile, const char *path,
				 struct mlops_error *err);
/* Adds `other`; a column that one of the two does not have is missing from its rows. */
MLOPS_API void mlops_profile_merge(struct profile *into, const struct profile *other);
MLOPS_API void mlops_profile_free(struct profile *profile); /* NULL is fine */

#define MLOPS_PROFILE_QUANTILES 7 /* at 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99 */
#define MLOPS_PROFILE_TOP 10

/* One column, summed up. Numbers that there are none of are NaN. */
struct profile_view {
	const char *name; /* lent, as all texts here are */
	const char *type; /* "integer", "real", "boolean", "text" or "empty"; static */
	uint64_t rows, missing, infinite;
	double distinct;
	double mean, sd, skewness, kurtosis, min, max;
	struct profile_quantile {
		double share, value;
	} quantiles[MLOPS_PROFILE_QUANTILES];
	double length_mean, length_min, length_max; /* of texts, in bytes */
	bool exact; /* the counts in `top` are */
	uint64_t top_error; /* by which they are too small at most */
	struct profile_top {
		const char *value;
		uint64_t count;
	} top[MLOPS_PROFILE_TOP];
	size_t n_top;
};

/* How many rows the table has. */
MLOPS_API uint64_t mlops_profile_rows(const struct profile *profile);
/* Column i, in the order of the table; false when there is none. */
MLOPS_API bool mlops_profile_column(const struct profile *profile, size_t i, struct profile_view *out);
