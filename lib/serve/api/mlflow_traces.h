/* What the files of the traces' methods share. */
#pragma once

#include "serve/api/mlflow_registry.h"
#include "tracking/trace.h"

#define MAX_TRACE_KEY	250
#define MAX_TRACE_VALUE 8000

/* The trace that trace_id (or request_id) says. */
int call_trace(struct db *db, struct mlflow_call *c, int64_t *row, struct mlops_error *err);
/* A trace's fields as a TraceInfoV3; new. */
int json_trace_info(struct db *db, int64_t row, struct json **out, struct mlops_error *err);
int trace_read_state(const struct json *v, enum trace_state *out, struct mlops_error *err);
const char *trace_state_name(enum trace_state state);
/* Pairs of a client into its tags, but for the server's own, and its metadata. */
int trace_put_tags(struct db *db, int64_t row, const struct run_pair *pairs, size_t n, struct mlops_error *err);
int trace_put_metadata(struct db *db, int64_t row, const struct run_pair *pairs, size_t n,
		       struct mlops_error *err);
/* An assessment as a client sends it; its id goes into `id` (ASSESSMENT_ID_SIZE). */
int trace_put_assessment(struct db *db, int64_t trace, const struct json *in, char *id, struct mlops_error *err);
/* The traces of trace_ids that are there, and in experiment_ids when these are given, in that order. */
struct trace_batch {
	const char *const *ids, *const *experiments;
	size_t n, n_experiments, at;
};
int trace_batch_read(struct mlflow_call *c, struct trace_batch *batch, struct mlops_error *err);
/* 1 with a row, 0 at the end, -1. */
int trace_batch_next(struct db *db, struct trace_batch *batch, int64_t *row, struct mlops_error *err);
/* The form of MLflow 2.x of POST traces (mlflow_traces_v2.c). */
int trace_start_v2(struct db *db, struct mlflow_call *c, struct mlops_error *err);
