/* What the files of lib/pipeline/search share. */
#pragma once

#include "fmt/json.h"
#include "mlops/search.h"
#include "pipeline/search/space.h"
#include "project/project.h"
#include "tracking/tracking.h"

#define NEW_FILE_MAX ((uint64_t)16 << 20) /* bytes of a new file that a snapshot takes in */

DEFINE_CLEANUP(search, mlops_search_free)
#define autosearch __attribute__((cleanup(cleanup_search))) struct search
DEFINE_CLEANUP(trial, mlops_trial_free)
#define autotrial __attribute__((cleanup(cleanup_trial))) struct trial

/* Finds as mlops_search_get() does. */
int search_find(struct db *db, const char *which, struct run_key *out, struct mlops_error *err);
int search_load(struct db *db, int64_t row, struct search **out, struct mlops_error *err);
/* Its spaces, parsed. */
int search_spaces(const struct search *search, struct spaces *out, struct mlops_error *err);
/* Pairs as a JSON object, which keeps their order, and back; *out is the caller's. */
char *pairs_text(const struct run_pair *pairs, size_t n);
int pairs_parse(const char *text, struct run_pair **out, size_t *n, struct mlops_error *err);
void pairs_free(struct run_pair *pairs, size_t n);

/* One trial, by its place in the database. */
struct trial_key {
	int64_t search; /* row of its run */
	int64_t number;
};

int trial_find(struct db *db, const char *which, struct trial_key *out, struct mlops_error *err);
int trial_load(struct db *db, const struct trial_key *key, struct trial **out,
	       struct mlops_error *err);

/* Finds one that ended well, and so has a result. */
int trial_finished(struct project *project, const char *which, struct trial **out,
		   struct mlops_error *err);
/* The ref that keeps git from collecting how a trial ended (number 0: what all start from); new. */
char *trial_ref(const char *search_id, int64_t number);
/* "KEY=VALUE", as -P takes them. */
void trial_assignments(const struct trial *trial, struct strlist *out);

/* queue.c: what trials go through. A worker is this process, or with `worker` another of this host. */
int queue_reap(struct db *db, struct mlops_error *err);
/* Takes the next (of one search, or with 0 of all) and chooses its parameters; *found: there was one. */
int queue_claim(struct db *db, int64_t search, struct trial_key *out, bool *found,
		struct mlops_error *err);
int queue_give_back(struct db *db, const struct trial_key *key, struct mlops_error *err);
/* It ended; `error` may be NULL. When it was the last, so has the search. */
int queue_end(struct project *project, const struct trial_key *key, enum trial_status status,
	      const char *error, struct mlops_error *err);
/* Ends the search's run when no trial of it is queued or runs; in the transaction that ended the last. */
int queue_end_search(struct project *project, struct db *db, int64_t search, struct mlops_error *err);

/* suggest.c: chooses the parameters of a trial by those that have ended. */
int suggest_params(struct db *db, const struct search *search, int64_t row, int64_t number,
		   struct run_pair **out, struct mlops_error *err);

/* inherit.c: gives a run the metrics that stages which were not executed for it once logged. */
int inherit_metrics(struct project *project, const char *run_id, struct mlops_error *err);

/* slot.c: a work tree that trials use one after the other. */
struct slot {
	char *dir; /* of the linked work tree; the project may be a folder in it */
	int lock_fd;
};
/* The first that nobody uses. */
int slot_take(struct project *project, struct slot *out, struct mlops_error *err);
void slot_give(struct slot *slot); /* the work tree stays */
/* Takes away those that nobody uses, as killed workers leave them. */
void slots_sweep(struct project *project);
/* Makes it a fresh copy of a commit, with its data; *out is the project in it. */
int slot_prepare(struct project *project, const char *dir, const char *commit, struct project **out,
		 struct mlops_error *err);

/* prune_poll.c: whether the trial is to be stopped, by what was logged since *seen points. */
int prune_poll(struct project *project, const struct search *search, const struct trial_key *key,
	       size_t *seen, bool *stop, struct mlops_error *err);
