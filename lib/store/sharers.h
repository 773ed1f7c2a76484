/*
 * The projects that use a store, which gc keeps the objects of. A project whose store is not its
 * own .mlops/store, or that of its main worktree, is written down in it, in projects/
 * (mlops-pack(5)).
 */
#pragma once

#include "base/vec.h"
#include "mlops/error.h"

struct project;
struct store;

/* Writes the project down in its store when it is not there yet. */
int sharers_join(struct store *store, struct project *project, struct mlops_error *err);
/*
 * Adds the roots of all of them to *roots, sorted and each once. One that is no more is left out,
 * and with `forget` struck off; one that cannot be looked at is an error.
 */
int sharers_list(struct store *store, bool forget, struct strlist *roots, struct mlops_error *err);
/* Whether any project was ever written down in it. */
bool sharers_any(const struct store *store);
