/*
 * Predictions that wait for threads which make them, several at a time when they may: as many as
 * wait already, and as could be made within a bound of late.
 */
#pragma once

#include "serve/workers/kind.h"

struct queue;

struct queue_how {
	unsigned threads;
	unsigned max_waiting;
	size_t batch_rows; /* of several predictions together; 0: each by itself */
	int64_t batch_ms;  /* how long several together may take */
	/* Sets the outcome of each of the list, which may be taken apart. */
	void (*work)(struct prediction *list, void *arg);
	void *arg;
};

int queue_start(const struct queue_how *how, struct queue **out, struct mlops_error *err);
/* Refuses what waits, and waits for what is being worked on. NULL is fine. */
void queue_stop(struct queue *q);
/* False when too many wait. */
bool queue_add(struct queue *q, struct prediction *p);
