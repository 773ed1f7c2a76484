/*
 * Variables whose values no one else is to see: a stage that does not name one does not get it, and
 * in what stages print their values are replaced.
 */
#pragma once

#include "pipeline/spec.h"

struct secrets {
	struct strlist names; /* of all stages */
	struct strlist masks; /* the values, a line each */
};

/* Finds the names of the pipeline, and the values that the environment has for them. */
void secrets_find(struct secrets *s, const struct pipeline *p);
/* MLOPS_EFAIL when the environment lacks one that the stage names. */
int secrets_check(const struct spec_stage *stage, struct mlops_error *err);
bool secrets_has(const struct spec_stage *stage, const char *name);
void secrets_clear(struct secrets *s);
