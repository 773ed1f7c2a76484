/*
 * Making the work tree equal to what is stored, in two steps: a plan of everything that has to
 * change, which changes nothing and finds what stands in the way, and then its execution.
 */
#pragma once

#include "store/diff.h"

enum plan_policy {
	PLAN_KEEP,    /* content that is stored nowhere stands in the way */
	PLAN_SAVE,    /* it is stored before it goes */
	PLAN_DISCARD, /* it goes */
	PLAN_FILL,    /* nothing goes: only what is not there is written */
};

enum plan_verb {
	PLAN_REMOVE,
	PLAN_WRITE,
	PLAN_TREE, /* a folder that is not there, with all that it holds: one step, however much */
};

struct plan_step {
	enum plan_verb verb;
	enum tree_kind kind; /* of what goes, or comes */
	bool partial;        /* PLAN_TREE: what is not in the store is left out */
	char *path;
	struct oid oid;
};

struct plan {
	struct scan *scan;
	enum plan_policy policy;
	bool partial; /* what was never pulled is left out */
	bool named; /* PLAN_FILL: git's history names the tracked content, so it may go from here */
	VEC(struct plan_step) steps; /* a folder before what it holds */
	char *whole;                 /* of the PLAN_TREE step that is being looked into, or NULL */
	int stage_fd; /* an open folder to make files in first, or -1: beside their place */
	struct strlist in_the_way;
	char *passed; /* PLAN_FILL: a path of another type; what is below it is left alone; or NULL */
	struct strlist absent;               /* paths whose objects are not in the store */
	uint64_t written, removed, left_out; /* files */
};

/* Adds what `path` needs to become `want`. */
int plan_path(struct plan *p, const char *path, const struct tree_entry *want,
	      struct mlops_error *err);
/* The same where nothing is there. */
int plan_absent(struct plan *p, const char *path, const struct tree_entry *want,
		struct mlops_error *err);
/* All that is there goes; nothing is there after: fine. */
int plan_nothing(struct plan *p, const char *path, struct mlops_error *err);
/* MLOPS_ENO and MLOPS_ENOTFOUND for what stands in the way and what is not in the store. */
int plan_check(const struct plan *p, struct mlops_error *err);
/* Executes it below `root`; the scan's index, if any, learns what was written. */
int plan_execute(struct plan *p, struct beneath *root, struct mlops_error *err);
/* Checks it, makes safe what it has saved, executes it in the work tree, and writes the index. */
int plan_carry_out(struct plan *p, struct project *project, struct mlops_error *err);
/* A folder to make files in: what a killed process leaves of them must not lie among the data. */
int plan_open_stage(struct project *project, int *fd, struct mlops_error *err);
void plan_clear(struct plan *p);
#define autoplan __attribute__((cleanup(plan_clear))) struct plan
