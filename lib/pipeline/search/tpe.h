/*
 * The tree-structured Parzen estimator: Bergstra, Bardenet, Bengio, Kégl, "Algorithms for
 * Hyper-Parameter Optimization", NeurIPS 24 (2011), with the bandwidths of its authors' program,
 * hyperopt. Each parameter is looked at for itself.
 */
#pragma once

#include "pipeline/search/space.h"

#define TPE_STARTUP 10 /* trials that are drawn at random first */

/* What is known of a trial that has ended. */
struct tpe_trial {
	const double *places; /* one a space; NaN: unknown */
	double loss;          /* less is better; infinite for one that was pruned */
};

/*
 * Puts the places to try next, one a space, into `out`. The order of trials with equal losses
 * matters; nothing else but the arguments does.
 */
void tpe_suggest(const struct spaces *spaces, const struct tpe_trial *trials, size_t n,
		 struct rng *rng, double *out);
