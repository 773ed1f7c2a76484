/* What the files of lib/tracking share. */
#pragma once

#include "project/project.h"
#include "tracking/tracking.h"

#define RUN_NAME_SIZE 64
#define EXPERIMENT_DEFAULT "Default" /* has row 0, as in MLflow */
#define RUN_LAST "last" /* what people type for the newest run */

/* "adjective-noun-NNN" into buf (RUN_NAME_SIZE bytes); returns buf. */
char *run_name_make(char *buf);

/* The row of the experiment of this name, made when there is none. */
int experiment_id(struct db *db, const char *name, int64_t *out, struct mlops_error *err);
/* The row of the run with exactly this id. */
int run_row(struct db *db, const char *id, int64_t *row, struct mlops_error *err);

/* Text from outside; `what` names it ("name of a metric"). */
int key_check(const char *what, const char *key, struct mlops_error *err);
int value_check(const char *what, const char *value, struct mlops_error *err);
