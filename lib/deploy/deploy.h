/* What the files of lib/deploy share: the history in the database, and the table of targets. */
#pragma once

#include "fmt/json.h"
#include "mlops/deploy.h"

struct project;

/* The deployment that a target is to act on. */
struct target_call {
	struct project *project;
	const char *name;
	int64_t port;                  /* wanted, or 0 */
	const struct revision *active; /* that serves, or would if it were up; or NULL */
	const struct revision *latest; /* whose config says where the deployment lives; or NULL */
};

struct target_state {
	bool running;
	int64_t revision; /* that serves, or 0 */
	int64_t starting; /* that is being brought up by somebody, or 0 */
	int64_t port;
	char *url;
};

void target_state_clear(struct target_state *state);
#define autostate __attribute__((cleanup(target_state_clear))) struct target_state

/* A place that a model runs. One file in targets/ fills it, one line in target.c registers it. */
struct target {
	const char *name;
	const char *help; /* one line */
	const char *const *keys; /* of a revision's config that it heeds; ends with NULL */
	/* Whether what the keys say goes together; NULL: it always does. */
	int (*check)(const struct json *config, struct mlops_error *err);
	bool goes_over;          /* apply() need not wait for another revision that is still starting */
	/*
	 * Sends the model to where the target gets it from; *out is its name there, which goes into the
	 * history. NULL: apply() needs no more than the store.
	 */
	int (*send)(const struct target_call *call, const struct revision *revision, char **out,
		    struct mlops_error *err);
	/*
	 * What apply() would make there, as an array; with `send` the model goes to where it is got from.
	 * NULL: nothing that others could make.
	 */
	int (*print)(const struct target_call *call, const struct revision *revision, int64_t timeout_ms,
		     bool send, struct json **out, struct mlops_error *err);
	/*
	 * Brings a revision up beside what serves, waits for its gate, moves the traffic. When it
	 * fails (the gate: MLOPS_ENO) what served before serves on.
	 */
	int (*apply)(const struct target_call *call, const struct revision *revision,
		     int64_t timeout_ms, struct mlops_error *err);
	/* 0 also when nothing runs. */
	int (*status)(const struct target_call *call, struct target_state *out,
		      struct mlops_error *err);
	/* Drains and removes all; fine when nothing runs. */
	int (*stop)(const struct target_call *call, struct mlops_error *err);
	/* Drops what revisions other than these two left behind. NULL: nothing is left. */
	int (*tidy)(const struct target_call *call, int64_t revision, int64_t before,
		    struct mlops_error *err);
};

/* MLOPS_EUSAGE with the names when there is none. */
int target_find(const char *name, const struct target **out, struct mlops_error *err);
/* Parses a revision's config; MLOPS_EINVALID when it has keys that the target does not heed. */
int target_config(const struct target *target, const char *config, struct json **out, struct mlops_error *err);
int deploy_check_name(const char *name, struct mlops_error *err);
/* With deploy.requireSignature nothing comes up that nobody trusted has signed. */
int deploy_check_signature(struct project *project, const struct revision *next, struct mlops_error *err);
#define DEPLOY_TIMEOUT_MS 30000 /* of the gate, when nothing else is said */
/*
 * What deploying version `v` would make of `d` (NULL: there is none yet), and the target. The texts of
 * *next are lent by all three.
 */
int deploy_next(const struct deploy_how *how, const struct deployment *d, const struct model_version *v,
		struct revision *next, const struct target **target, struct mlops_error *err);

/* targets/ */
extern const struct target target_local, target_docker, target_kubernetes;

/* MLOPS_ENOTFOUND. Without url and running, which the target knows. */
int history_load(struct project *project, const char *name, struct deployment **out,
		 struct mlops_error *err);
struct strlist;
int history_names(struct project *project, struct strlist *out, struct mlops_error *err);
/*
 * Records a revision as PENDING, and the deployment when it is new; sets its number. `revision`
 * has model, version, ref, workers and rollback_of.
 */
int history_begin(struct project *project, const char *name, const char *target,
		  struct revision *revision, struct mlops_error *err);
/* PENDING becomes ACTIVE, and the one before SUPERSEDED. */
int history_activate(struct project *project, const char *name, int64_t number, int64_t port,
		     struct mlops_error *err);
int history_fail(struct project *project, const char *name, int64_t number, const char *reason,
		 struct mlops_error *err);
/* Nothing is active any more. */
int history_end(struct project *project, const char *name, struct mlops_error *err);
