/* The tracking server's state: its database, and the store that artifacts lie in. */
#pragma once

#include "base/err.h"

struct db_shared;
struct store;

struct tracker {
	struct db_shared *db;
	struct store *store; /* lent */
	/*
	 * The run that was started for the one client there is, or NULL: while nothing is in it, it goes to
	 * the experiment that the client chooses, as mlflow.set_experiment() does before any run.
	 */
	const char *run;
};

/* Opens <data>/mlops.db. */
int tracker_open(const char *data, struct store *store, struct tracker **out,
		 struct mlops_error *err);
void tracker_free(struct tracker *t); /* NULL is fine */

struct http_route;
/* MLflow's API and its artifact proxy; the handlers take a struct object_server. */
extern const struct http_route mlflow_routes[];
