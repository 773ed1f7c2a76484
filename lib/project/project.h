/* What higher parts may ask of a project beyond mlops/project.h. */
#pragma once

#include "base/str.h"
#include "mlops/config.h"
#include "mlops/project.h"

struct db;
struct git_repo;
struct lockfile;
struct object_ref;
struct object_place;
struct yaml_node;
struct yaml_out;

#define SPEC_FILE "mlops.yaml" /* what is to be done with the project: mlops.yaml(5) */

/* mlops.db (shared by worktrees) and the git repository: opened on first use, closed with the project; lent. */
int project_db(struct project *project, struct db **out, struct mlops_error *err);
int project_git(struct project *project, struct git_repo **out, struct mlops_error *err);

/* True when a part of the path is .git or .mlops: what lies there is not the user's data. */
bool project_is_private(const char *path);

/* Absolute path of a path relative to the root, or of one inside .mlops/; new. */
char *project_abspath(const struct project *project, const char *relative);
char *project_file(const struct project *project, const char *name);
/* The same in the .mlops/ that all worktrees of the repository share: that of the main one. New. */
char *project_shared_file(const struct project *project, const char *name);
/* A path of a setting, which when relative is so to the root in the main worktree; new. */
char *project_shared_path(const struct project *project, const char *path);

/* .mlops/tmp, made on first use and rid of what killed processes left in it; lent. */
int project_tmp(struct project *project, const char **dir, struct mlops_error *err);
/* Replaces a file of the work tree atomically, leaving nothing else there even when killed. */
int project_write(struct project *project, const char *relative, const struct strbuf *text,
		  struct mlops_error *err);

/* The folder of the store (core.store); new. */
char *project_store_dir(struct project *project);
/*
 * Shares the store's lock when the project's is held, and it is not held yet: when the store is
 * opened. Locking the project does the same once it is open.
 */
int project_share_store(struct project *project, struct mlops_error *err);

/* A setting with a fallback; a value that does not parse is MLOPS_EINVALID and names the key. */
int project_config_bytes(struct project *project, const char *key, uint64_t fallback, uint64_t *out,
			 struct mlops_error *err);
int project_config_duration(struct project *project, const char *key, int64_t fallback_ms,
			    int64_t *out_ms, struct mlops_error *err);
int project_config_bool(struct project *project, const char *key, bool *out,
			struct mlops_error *err); /* false when not set */
/* As mlops_config_lookup(); *shared tells whether the value is that of .mlops/config. */
const char *project_config_source(struct project *project, const char *key, bool *shared);
/*
 * A setting that names a file or a command of the user's, or NULL; lent. MLOPS_EINVALID when it is
 * in .mlops/config: one who can change that shared file could else have any file read, any command
 * run, on the machine of everyone who pulls.
 */
int project_config_personal(struct project *project, const char *key, const char **out,
			    struct mlops_error *err);
/* The other way round: a rule that binds all who use the project. */
int project_config_shared(struct project *project, const char *key, const char **out,
			  struct mlops_error *err);

/*
 * Slots that higher parts hang their state on, so that it is opened once a project and freed with
 * it. The slot's free function is called by mlops_project_free() before the project goes.
 */
enum project_slot { PROJECT_STORE, PROJECT_INDEX, PROJECT_SLOTS };
void *project_slot(struct project *project, enum project_slot slot);
void project_set_slot(struct project *project, enum project_slot slot, void *value,
		      void (*free_value)(void *));
/* The store in its slot is to hear when the project is locked again: others had it meanwhile. */
void project_on_lock(struct project *project, void (*relocked)(void *store));

/*
 * Refs in YAML, as pointers and mlops.lock have them: keys kind, oid, size, files (trees) and
 * executable (when set) of a map that is being read or written.
 */
#define OBJECT_REF_KEYS "kind", "oid", "size", "files", "executable"
int object_ref_read(const struct yaml_node *map, struct object_ref *out, struct mlops_error *err);
void object_ref_write(struct yaml_out *y, const struct object_ref *ref);
/* The same of a place, which takes no key when it is the usual one. */
#define OBJECT_PLACE_KEYS "remote", "push"
int object_place_read(const struct yaml_node *map, struct object_place *out,
		      struct mlops_error *err);
void object_place_write(struct yaml_out *y, const struct object_place *place);
bool object_place_same(const struct object_place *a, const struct object_place *b);

/* Whether a text may name a remote. */
bool project_is_remote_name(const char *name);

#define LOCKFILE_NAME	 "mlops.lock"
#define LOCKFILE_MAX	 ((size_t)16 << 20) /* bytes: what a YAML document may take */
#define LOCKFILE_COMMENT "# written by mlops run: commit it\n" /* its first line */
/* Appends the text of a lock file, without that line. */
void lockfile_format(const struct lockfile *lock, struct strbuf *out);
