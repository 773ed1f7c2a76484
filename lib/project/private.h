/* What the files of this part share. */
#pragma once

#include "project/project.h"

struct config;

struct project {
	char *root, *dir;
	char *tmp;   /* NULL until asked for */
	int lock_fd; /* -1: not held */
	struct config *config;
	struct git_repo *git; /* NULL until asked for */
	struct db *db;        /* likewise */
	struct {
		void *value;
		void (*free_value)(void *);
	} slots[PROJECT_SLOTS];
};

/* `dir` is the project's .mlops folder, or NULL for the user's and the system's files alone. */
struct config *config_new(const char *dir);
void config_free(struct config *config);
