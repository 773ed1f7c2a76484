/* What the two files of the registry's methods share. */
#pragma once

#include "registry/record.h"
#include "serve/api/mlflow.h"

#define MAX_REGISTRY_TAG_KEY   250
#define MAX_REGISTRY_TAG_VALUE 100000

/* A version as MLflow has it; new. */
int json_version(struct db *db, int64_t row, struct json **out, struct mlops_error *err);
/* The version that name and version say. */
int call_version(struct db *db, struct mlflow_call *c, struct version_key *out, const char **name,
		 struct mlops_error *err);
int call_model(struct db *db, struct mlflow_call *c, int64_t *out, const char **name,
	       struct mlops_error *err);
/* key and value of a tag. */
int registry_tag(struct mlflow_call *c, const char **key, const char **value,
		 struct mlops_error *err);
/* Highest first, of each stage (NULL: of any) the newest. */
int json_latest(struct db *db, int64_t model, const char *const *stages, size_t n,
		struct json *out, struct mlops_error *err);
/* Answers with the rows of a search in the list `name`, a page of at most `max`. */
int search_page(struct db *db, struct mlflow_call *c, const struct search_kind *kind,
		const struct search_query *where, const char *name, int64_t fallback, int64_t max,
		int (*json)(struct db *db, int64_t row, struct json **out, struct mlops_error *err),
		struct mlops_error *err);
