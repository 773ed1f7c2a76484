/* Remotes: named URLs that objects are pushed to and pulled from. */
#pragma once

#include "mlops/store.h"

struct remote_info {
	char *name, *url;
	bool is_default;
};

/*
 * Adds to and removes from .mlops/config; MLOPS_EEXISTS and MLOPS_ENOTFOUND. The list is sorted by
 * name; free it with mlops_remotes_free().
 */
MLOPS_API int mlops_remote_add(struct project *project, const char *name, const char *url,
			       struct mlops_error *err);
MLOPS_API int mlops_remote_remove(struct project *project, const char *name,
				  struct mlops_error *err);
MLOPS_API int mlops_remotes_list(struct project *project, struct remote_info **out, size_t *n,
				 struct mlops_error *err);
MLOPS_API void mlops_remotes_free(struct remote_info *remotes, size_t n);

struct transfer_counts {
	uint64_t objects, bytes;    /* sent or received */
	uint64_t present;           /* already there */
	uint64_t moved;             /* bytes over the network or disk for it, both ways */
	uint64_t missing;           /* push: not in the local store; fetch: not whole at the remote */
};

struct transfer_how {
	const char *remote; /* name; NULL: core.remote, else the only one, else "origin" */
	int64_t jobs;       /* transfers at a time; 0: chosen here */
	uint64_t rate;      /* bytes a second over a network; 0: no limit */
	bool dry_run;
	bool keep_going; /* fetch: what the remote lacks or holds damaged is counted as missing only */
	bool verify;    /* push: all that the refs lead to is read back and hashed */
	bool list_only; /* fetch: trees, not the files that they list */
	/* Progress, called from this thread; may be NULL. Totals grow as they become known. */
	void (*progress)(const struct transfer_counts *done, uint64_t total_objects,
			 uint64_t total_bytes, void *arg);
	void *arg;
};

/* Sends the objects below `refs` that the remote lacks; trees last, so that a tree there is whole. */
MLOPS_API int mlops_push(struct project *project, const struct object_ref *refs, size_t n,
			 const struct transfer_how *how, struct transfer_counts *counts,
			 struct mlops_error *err);
/* Fetches the objects below `refs` that the local store lacks, each checked against its name. */
MLOPS_API int mlops_fetch(struct project *project, const struct object_ref *refs, size_t n,
			  const struct transfer_how *how, struct transfer_counts *counts,
			  struct mlops_error *err);
/*
 * The same for refs that may each have a remote of their own; that of `how` is for the others.
 * Those that nobody sends are left out.
 */
MLOPS_API int mlops_push_placed(struct project *project, const struct placed_ref *refs, size_t n,
				const struct transfer_how *how, struct transfer_counts *counts,
				struct mlops_error *err);
MLOPS_API int mlops_fetch_placed(struct project *project, const struct placed_ref *refs, size_t n,
				 const struct transfer_how *how, struct transfer_counts *counts,
				 struct mlops_error *err);
/* Whether there is a remote where the objects may be. */
MLOPS_API bool mlops_place_has_remote(const struct object_place *place);
/* What is known of cleaning a remote up, or with dry_run would be done. */
struct remote_gc_counts {
	uint64_t objects; /* that nothing names, dropped from the indexes */
	uint64_t kept;    /* for their names, or since they were pushed lately */
	uint64_t moved;   /* of these, put again out of blocks that are mostly garbage */
	uint64_t blocks, bytes;                 /* marked now: to be removed when grace_ms have passed */
	uint64_t removed_blocks, removed_bytes; /* that were marked as long ago */
};
#define REMOTE_LEAST_GRACE_MS ((int64_t)24 * 60 * 60 * 1000)
struct remote_gc_how {
	const char *remote;     /* as in struct transfer_how */
	int64_t keep_within_ms; /* what was pushed so lately stays, whatever names it */
	int64_t grace_ms;       /* between marking and removing; longer than any push takes */
	bool dry_run;
	/* Asked with the counts before anything is marked, if anything is; NULL: yes. */
	bool (*confirm)(const struct remote_gc_counts *counts, void *arg);
	void *arg;
};
/*
 * Cleans up a remote with blocks (mlops-remote(5)): what `refs` do not lead to is marked, and what
 * was marked long enough ago is removed. Pushes may go on meanwhile. MLOPS_EINVALID for another kind
 * of remote.
 */
MLOPS_API int mlops_remote_gc(struct project *project, const struct object_ref *refs, size_t n,
			      const struct remote_gc_how *how, struct remote_gc_counts *counts,
			      struct mlops_error *err);

struct remote_check_counts {
	uint64_t objects, blocks, bytes;
	uint64_t damaged; /* faults that were found */
};
struct remote_verify_how {
	const char *remote;
	bool read_data; /* read every byte of it, not only the listing and the lists of chunks */
	bool repair;    /* mark what is damaged, so that the next push sends it again */
	void (*report)(const char *what, void *arg); /* for each fault; may be NULL */
	void *arg;
};
/*
 * Whether what the indexes of a remote with blocks name is there and whole. 0 also when faults were
 * found: see counts->damaged. MLOPS_EINVALID for another kind of remote.
 */
MLOPS_API int mlops_remote_verify(struct project *project, const struct remote_verify_how *how,
				  struct remote_check_counts *counts, struct mlops_error *err);

/* Whether the remote answers (mlops doctor); MLOPS_EREMOTE or MLOPS_EAUTH when not. */
MLOPS_API int mlops_remote_check(struct project *project, const char *name,
				 struct mlops_error *err);
/* The same, and puts a small file there, reads it, finds it in the listing, and removes it. */
MLOPS_API int mlops_remote_probe(struct project *project, const char *name,
				 struct mlops_error *err);
