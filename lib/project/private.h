/* What the files of this part share. */
#pragma once

#include "project/project.h"

struct config;
struct git_repo;

struct project {
	char *root, *dir;
	char *home;        /* .mlops of the main worktree, or dir */
	char *tmp;         /* NULL until asked for */
	bool is_dvc;       /* dir is in a DVC repository's own folder */
	int lock_fd;       /* -1: not held */
	int store_lock_fd; /* likewise */
	struct config *config;
	struct git_repo *git; /* NULL until asked for */
	struct db *db;        /* likewise */
	void (*store_relocked)(void *store);
	struct {
		void *value;
		void (*free_value)(void *);
	} slots[PROJECT_SLOTS];
};

/*
 * `dir` is the project's .mlops folder, `home` that of its main worktree; NULL for the user's and
 * the system's files alone.
 */
struct config *config_new(const char *dir, const char *home);
void config_free(struct config *config);

/* The .mlops folder that keeps what is not committed of the project at `root`; new. */
char *worktree_home(const char *root);

/* Makes git merge pointers and mlops.lock with `mlops merge-driver`: .gitattributes and setting. */
int gitsetup_merge(struct git_repo *repo, const char *root, struct mlops_error *err);
