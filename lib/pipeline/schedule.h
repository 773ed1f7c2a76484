/* Which stage can be looked at next: those whose needs are done, in the order of the pipeline. */
#pragma once

#include "pipeline/spec.h"

struct schedule {
	const struct pipeline *pipeline;
	size_t *blockers;  /* wanted needs that are not done; one a stage */
	size_t *users;     /* the wanted stages that need stage i: users[first[i] .. first[i + 1]) */
	size_t *first;
	size_t *rank;      /* place of a stage in the order */
	VEC(size_t) ready; /* ranks, a heap with the least on top */
};

/* `wanted`: a flag a stage. */
void schedule_init(struct schedule *s, const struct pipeline *pipeline, const bool *wanted);
void schedule_clear(struct schedule *s);
/* Takes the next stage; false when none is ready. */
bool schedule_next(struct schedule *s, size_t *stage);
void schedule_return(struct schedule *s, size_t stage); /* it could not begin yet */
bool schedule_has_next(const struct schedule *s);
/* The stage came to its end, whatever that was. */
void schedule_done(struct schedule *s, size_t stage);
