/*
 * When a trial is not worth its time any more, by what it and the others logged at each step.
 * Median: Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017, 3.2.1.
 * Halving: Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020 (2018 on
 * arXiv), of which trials that are not promoted are stopped, as they are at Optuna.
 */
#pragma once

#include "mlops/search.h"

#define PRUNE_MIN_FINISHED 4 /* trials that the median is of, at least */
#define HALVING_FACTOR     4 /* one of so many goes on */

/* One metric of one trial. */
struct curve {
	struct run_metric *points; /* by step */
	size_t n;
	bool finished; /* the trial came to its end by itself */
};

bool prune_now(enum search_pruner pruner, const struct curve *own, const struct curve *others,
	       size_t n, bool maximize);
