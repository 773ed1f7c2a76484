/* What starts a pipeline beside a person: `on` of mlops.yaml(5). */
#pragma once

#include "pipeline/spec.h"

/* Reads it into p->triggers; `node` may be NULL. */
int triggers_read(struct pipeline *p, const struct yaml_node *node, struct mlops_error *err);
void triggers_clear(struct spec_triggers *triggers);
