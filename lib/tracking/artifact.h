/* Files that clients sent, by the path of their mlflow-artifacts: URI; their bytes are objects. */
#pragma once

#include "tracking/tracking.h"

struct artifact {
	char *name; /* in its folder */
	bool is_dir;
	int64_t size;
};

struct artifact_list {
	struct artifact *v;
	size_t n, cap;
};

/* A path as clients give it: relative, without "..", control characters or doubled slashes. */
int artifact_path_check(const char *path, struct mlops_error *err);
/* Replaces what is there. A path where a folder is, or below a file, is MLOPS_EINVALID. */
int artifact_put(struct db *db, const char *path, const struct object_ref *ref,
		 struct mlops_error *err);
/* MLOPS_ENOTFOUND. */
int artifact_get(struct db *db, const char *path, struct object_ref *out, struct mlops_error *err);
/* What a folder ("" is the root) holds, by name; nothing for what is no folder. */
int artifact_list(struct db *db, const char *dir, struct artifact_list *out,
		  struct mlops_error *err);
void artifact_list_clear(struct artifact_list *list);
/* The path that a URI has in the proxy, or NULL: it is somewhere else. Lent. */
const char *artifact_path_of_uri(const char *uri);
/* Calls fn for each file below a folder, with its path in it. */
int artifact_each(struct db *db, const char *dir,
		  int (*fn)(const char *path, const struct object_ref *ref, void *arg,
			    struct mlops_error *err),
		  void *arg, struct mlops_error *err);
/* A file, or a folder with all in it; no error when there is none. */
int artifact_delete(struct db *db, const char *path, struct mlops_error *err);
