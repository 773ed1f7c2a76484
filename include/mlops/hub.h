/*
 * Models and data sets of a Hugging Face hub: https://huggingface.co, or what HF_ENDPOINT names, such
 * as an mlops server. The token is that of HF_TOKEN, or of the file where `hf auth login` puts it.
 * URLs are hf://ORG/NAME[@REVISION] and hf://datasets/ORG/NAME[@REVISION].
 */
#pragma once

#include "mlops/store.h"

struct hub_how {
	const char *const *include; /* patterns of paths there, NULL-terminated; NULL: all */
	bool cache;                 /* import: huggingface_hub finds the files in its cache too */
	const char *message;        /* export: of the commit; NULL: one is made */
	int64_t jobs;               /* files at a time; 0: chosen here */
	/* Progress, called from any thread, one call at a time; may be NULL. */
	void (*progress)(uint64_t files, uint64_t bytes, void *arg);
	void *arg;
};

struct hub_result {
	char commit[65];       /* the revision that was read, or made */
	uint64_t files, bytes; /* in all */
	uint64_t moved_files, moved_bytes; /* of those, over the network */
};

/* Whether it is an hf:// URL. */
MLOPS_API bool mlops_hub_is_url(const char *url);
/* The last part of the repository's name, new; MLOPS_EINVALID for a URL that is none. */
MLOPS_API int mlops_hub_name(const char *url, char **out, struct mlops_error *err);
/* Fetches the files of a revision into the project's store, as below, and gives the tree of them. */
MLOPS_API int mlops_hub_fetch(struct project *project, const char *url, const struct hub_how *how,
			      struct object_ref *out, struct hub_result *result, struct mlops_error *err);
/*
 * Fetches the files to `path` (relative to the root, where nothing is yet), each checked against the hash
 * that the hub lists, tracks it, and has its pointer say where it came from, for mlops_update(). What the
 * store or huggingface_hub's cache has is not fetched. The project is locked alone.
 */
MLOPS_API int mlops_hub_import(struct project *project, const char *url, const char *path,
			       const struct hub_how *how, struct object_ref *out,
			       struct hub_result *result, struct mlops_error *err);
/*
 * Sends the files of a tree, or one file named `name`, as one commit to the branch, and makes the
 * repository when there is none. Files that are there and not in the tree stay. Nothing is made
 * when all is there: then *result names the commit that has it.
 */
MLOPS_API int mlops_hub_export(struct project *project, const struct object_ref *ref,
			       const char *name, const char *url, const struct hub_how *how,
			       struct hub_result *result, struct mlops_error *err);
