/*
 * The hub that `mlops server` is to huggingface_hub: repositories of models and data sets, their
 * commits, and files by revision. Files are objects of the store, and a commit names a tree of them
 * (mlops-tree(5)). Below <data>/hf/models/ORG/NAME/ and <data>/hf/datasets/ORG/NAME/:
 *	_commits/ID	a line of JSON: version, tree, parent, time, title; ID is of its hash
 *	_refs/BRANCH	the id of its last commit
 *	_objects/HEX	empty: the object was uploaded to this repository, or is in a commit of it
 */
#pragma once

#include "serve/shelf.h"
#include "store/tree_edit.h"

#define HF_COMMITS "_commits"
#define HF_REFS    "_refs"
#define HF_OBJECTS "_objects"
#define HF_ID_SIZE 41
#define HF_BRANCH  "main"

struct hf_repo {
	struct object_server *server;
	const char *kind, *type; /* "hf/models", "model" */
	const char *name;        /* "org/name" */
};

struct hf_commit {
	char id[HF_ID_SIZE];
	char *parent; /* or NULL */
	struct oid tree;
	int64_t time_ms;
	char *title;
};

/* The repository that org and name of the path are; MLOPS_EINVALID, and MLOPS_ENOTFOUND. */
int hf_repo_of(struct http_call *call, struct object_server *s, struct hf_repo *out,
	       struct mlops_error *err);
/* The same by names, whether it is there or not; `names` is kept in the call's arena. */
int hf_repo_named(struct http_call *call, struct object_server *s, bool dataset, const char *org,
		  const char *name, struct hf_repo *out, struct mlops_error *err);
bool hf_repo_exists(const struct hf_repo *r);
/* What its pages are at; new. */
char *hf_repo_url(struct http_call *call, const struct hf_repo *r);

/* The commit that the path's {rev} is: a branch or the id of one. MLOPS_ENOTFOUND. */
int hf_commit_of(struct http_call *call, const struct hf_repo *r, struct hf_commit *out,
		 struct mlops_error *err);
int hf_commit_find(const struct hf_repo *r, const char *rev, struct hf_commit *out,
		   struct mlops_error *err);
/* Durable, and the last of the branch; fills in out->id. All that the tree lists must be flushed. */
int hf_commit_add(const struct hf_repo *r, const char *branch, struct hf_commit *commit,
		  struct mlops_error *err);
void hf_commit_clear(struct hf_commit *c);
#define autocommit __attribute__((cleanup(hf_commit_clear))) struct hf_commit

/* {"error": message} */
struct json *hf_error(const struct mlops_error *err, int status);
/* Tells the client what it was that is not there: "RepoNotFound"; returns -1. */
int hf_missing(struct http_call *call, const char *code, struct mlops_error *err);
/* A file or folder as the listings have it; new. */
struct json *hf_entry(const char *path, bool is_folder, const struct oid *oid, uint64_t size);
