/*
 * The Git LFS server that `mlops server` is: batch API with basic transfers, and locks (docs/api of the
 * git-lfs project), for each repository below /lfs/NAME of a project. Objects are those of its store. Which of
 * them a repository has, and its locks, is below <data>/lfs/NAME/:
 *	objects	a line of 64 hex digits each; a last line without its end is none
 *	locks	{"locks":[{"id","path","owner","locked_ms"}]}
 */
#pragma once

#include "base/map.h"
#include "serve/objects.h"

struct lfs_file_lock {
	char *id, *path, *owner;
	int64_t locked_ms;
};
void lfs_file_lock_clear(struct lfs_file_lock *lock);

struct lfs_repos;
struct lfs_repos *lfs_repos_new(const char *data);
void lfs_repos_free(struct lfs_repos *repos); /* NULL is fine */

/* Whether a repository has an object; one that nobody pushed to has none. */
int lfs_repo_has(struct lfs_repos *repos, const char *name, const struct oid *oid, bool *has,
		 struct mlops_error *err);
/* Durable when it returns. */
int lfs_repo_add(struct lfs_repos *repos, const char *name, const struct oid *oid,
		 struct mlops_error *err);

/* Calls fn with the locks, in the order they were made, until it is not 0; nobody else changes them. */
int lfs_repo_locks(struct lfs_repos *repos, const char *name,
		   int (*fn)(const struct lfs_file_lock *lock, void *arg, struct mlops_error *err),
		   void *arg, struct mlops_error *err);
/* *held, new, is the lock that was made, or when that is MLOPS_EEXISTS the one of another. */
int lfs_repo_lock(struct lfs_repos *repos, const char *name, const char *path, const char *owner,
		  struct lfs_file_lock *held, struct mlops_error *err);
/* MLOPS_ENOTFOUND; MLOPS_ENO for one of another's without `force`. *was, new, is what it was. */
int lfs_repo_unlock(struct lfs_repos *repos, const char *name, const char *id, const char *owner,
		    bool force, struct lfs_file_lock *was, struct mlops_error *err);

/* The repository that a call is about, lent; NULL with err set when it is no name. */
const char *lfs_repo_of(struct http_call *call, struct mlops_error *err);
/* Who makes the call: the name of the token; lent. */
const char *lfs_caller(const struct http_call *call);

/* Route handlers (lfs_locks.c). */
int lfs_list_locks(struct http_call *call, void *arg, struct mlops_error *err);
int lfs_make_lock(struct http_call *call, void *arg, struct mlops_error *err);
int lfs_verify_locks(struct http_call *call, void *arg, struct mlops_error *err);
int lfs_end_lock(struct http_call *call, void *arg, struct mlops_error *err);
