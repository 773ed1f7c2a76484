/*
 * A protocol turns a request into rows for predict(), and predictions into a reply. It knows
 * nothing of workers or of the HTTP server: its route handlers only name it to gateway_infer().
 */
#pragma once

#include "base/err.h"
#include "fmt/json.h"

/* What is being served. */
struct served_model {
	const char *name;
	int64_t version, revision;
};

struct protocol {
	const char *name;
	/* *rows is the caller's. What is wrong with the request is MLOPS_EINVALID. */
	int (*parse)(const struct json *request, struct json **rows, struct mlops_error *err);
	/*
	 * Predictions are an array, one for each row. *reply is the caller's. MLOPS_EINVALID: the
	 * request asked for what there is not; MLOPS_EFAIL: predictions that have no form here.
	 */
	int (*format)(const struct json *request, struct json *predictions,
		      const struct served_model *model, struct json **reply,
		      struct mlops_error *err);
};

/* protocols/, one file each. */
extern const struct protocol protocol_tfserving, protocol_oip, protocol_mlflow;

/* {"a":[1,2],"b":[3,4]} to [{"a":1,"b":3},{"a":2,"b":4}], and back. */
int rows_from_columns(struct json *columns, struct json **rows, struct mlops_error *err);
/*
 * Refuses what would take far more memory as rows of named values than it took as a request:
 * `names` is the length of all names together.
 */
int rows_check_size(size_t rows, size_t columns, size_t names, struct mlops_error *err);
int columns_from_rows(const struct json *rows, struct json **columns, struct mlops_error *err);
