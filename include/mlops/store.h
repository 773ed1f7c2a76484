/*
 * The store: immutable objects named by the SHA-256 of their bytes. An object is durable before
 * anything can name it: what was put is safe once mlops_store_flush() has returned.
 */
#pragma once

#include <sys/types.h>

#include "mlops/error.h"
#include "mlops/export.h"
#include "mlops/oid.h"

struct project;
struct store;
struct store_writer;

/* The project's store (core.store, else .mlops/store), opened once and lent by the project. */
MLOPS_API int mlops_store_of(struct project *project, struct store **out, struct mlops_error *err);
/* Where that is; new. */
MLOPS_API char *mlops_store_dir(struct project *project);
/* A store in a folder of its own, made when absent (the server's). */
MLOPS_API int mlops_store_open(const char *dir, struct store **out, struct mlops_error *err);
/*
 * The same, for objects that others sealed and have the key of: they are put and read sealed, under
 * the names of their seals. What is plain in it is read as ever.
 */
MLOPS_API int mlops_store_open_unkeyed(const char *dir, struct store **out,
				       struct mlops_error *err);
MLOPS_API void mlops_store_free(struct store *store); /* for the two above; NULL is fine */

/* How it is encrypted, such as "aes-256-gcm, key 0123456789abcdef"; new, or NULL: it is not. */
MLOPS_API char *mlops_store_encryption(const struct store *store);

/* Whether the object is here; no content is read. */
MLOPS_API bool mlops_store_has(struct store *store, const struct oid *oid);
/* Its size in bytes; MLOPS_ENOTFOUND. */
MLOPS_API int mlops_store_size(struct store *store, const struct oid *oid, uint64_t *out,
			       struct mlops_error *err);

/* Puts bytes that are in memory. */
MLOPS_API int mlops_store_put(struct store *store, const void *buf, size_t n, struct oid *out,
			      struct mlops_error *err);
/*
 * Puts a regular file in one reading pass. A file that changes meanwhile is MLOPS_EINVALID and
 * nothing is stored.
 */
MLOPS_API int mlops_store_put_file(struct store *store, const char *path, struct oid *out,
				   uint64_t *size, struct mlops_error *err);

/*
 * Puts a stream, such as an upload. Nothing is visible before commit, which fails with
 * MLOPS_ECORRUPT when the bytes are not those that `expect` (may be NULL) names.
 */
MLOPS_API int mlops_store_writer_new(struct store *store, const struct oid *expect,
				     struct store_writer **out, struct mlops_error *err);
MLOPS_API int mlops_store_writer_add(struct store_writer *w, const void *buf, size_t n,
				     struct mlops_error *err);
/* The name that commit must find, for one that was not known when the writer was made. */
MLOPS_API void mlops_store_writer_expect(struct store_writer *w, const struct oid *expect);
MLOPS_API int mlops_store_writer_commit(struct store_writer *w, struct oid *out,
					struct mlops_error *err);
MLOPS_API void mlops_store_writer_free(struct store_writer *w); /* drops what was not committed */

/* Makes all that was put durable (small objects wait in an open pack until then). */
MLOPS_API int mlops_store_flush(struct store *store, struct mlops_error *err);

/*
 * Reads a whole object of at most `max` bytes; checked against its name. *buf is the caller's and
 * has a NUL behind its n bytes.
 */
MLOPS_API int mlops_store_get(struct store *store, const struct oid *oid, size_t max, char **buf,
			      size_t *n, struct mlops_error *err);
/*
 * Streams an object to `sink` in pieces; stops when sink returns non-zero. MLOPS_ECORRUPT after
 * the last piece when the bytes do not match the name: act on the data only after 0.
 */
MLOPS_API int mlops_store_read(struct store *store, const struct oid *oid,
			       int (*sink)(const void *buf, size_t n, void *arg,
					   struct mlops_error *err),
			       void *arg, struct mlops_error *err);
/*
 * Writes an object to `path` (replaced atomically; its folder exists) with this mode, by reflink,
 * hard link (core.link=hardlink) or copy.
 */
MLOPS_API int mlops_store_export(struct store *store, const struct oid *oid, const char *path,
				 mode_t mode, struct mlops_error *err);

/* What a name in a pointer, lock, run or model version refers to. */
enum object_kind {
	OBJECT_FILE, /* bytes of one file */
	OBJECT_TREE, /* a folder: see mlops-tree(5) */
};

struct object_ref {
	enum object_kind kind;
	bool executable; /* OBJECT_FILE only */
	struct oid oid;
	uint64_t size;  /* bytes of all files in it */
	uint64_t files; /* 1 for a file */
};

/* At which remote objects lie, when that is another than the default one. */
#define OBJECT_REMOTE_MAX 64 /* bytes of the name of a remote */
struct object_place {
	char remote[OBJECT_REMOTE_MAX + 1]; /* "": the default one */
	bool no_push;                       /* nobody sends them */
};
struct placed_ref {
	struct object_ref ref;
	struct object_place place;
};

/*
 * Visits every object below `ref`, itself first, each tree before what it lists; an object listed
 * twice is visited twice. A tree that is not in the store is visited, and its children cannot be;
 * fn sees `missing`. Stops when fn returns non-zero, which is returned; but what a tree lists is
 * only left out when fn returns OBJECT_VISIT_SKIP for it: who wants each object once must do so with
 * a tree seen before, for a few trees that list each other can make up more paths than time allows.
 */
#define OBJECT_VISIT_SKIP 0x7fffffff
struct object_visit {
	struct oid oid;
	uint64_t size; /* of the object itself; for a tree, of its listing (0 when missing) */
	bool is_tree;
	bool is_symlink; /* the object is the text it points to */
	bool is_executable;
	bool missing;
	const char *path; /* relative to the ref; "" for the ref itself; lent */
};
MLOPS_API int mlops_object_visit(struct store *store, const struct object_ref *ref,
				 int (*fn)(const struct object_visit *v, void *arg,
					   struct mlops_error *err),
				 void *arg, struct mlops_error *err);

/* How many objects of `ref`, itself included and each counted once, are not in the store. */
MLOPS_API int mlops_object_missing(struct store *store, const struct object_ref *ref, uint64_t *out,
				   struct mlops_error *err);

/* Counts of mlops_store_verify(). */
struct store_check {
	uint64_t objects, bytes, damaged;
	uint64_t plain;    /* objects that are not sealed although the store is */
	uint64_t unopened; /* sealed ones of which, without the key, only the form was checked */
};
/*
 * Reads and hashes everything in the store, and checks packs against their indexes. `report` is
 * called for each fault. 0 also when faults were found: see counts->damaged.
 */
MLOPS_API int mlops_store_verify(struct store *store,
				 void (*report)(const char *what, void *arg), void *arg,
				 struct store_check *counts, struct mlops_error *err);
/*
 * The same, and then makes the best of it: what is whole in a damaged pack is put into a new one,
 * also when its index is gone, and what is damaged is moved to the folder damaged/ in the store,
 * so that it counts as absent. For a caller that has the store alone.
 */
MLOPS_API int mlops_store_repair(struct store *store,
				 void (*report)(const char *what, void *arg), void *arg,
				 struct store_check *counts, struct mlops_error *err);
/*
 * The names that were moved to damaged/, ever, and that the store still lacks; sorted, the array is
 * the caller's. What stands there for objects that are here again is removed.
 */
MLOPS_API int mlops_store_lost(struct store *store, struct oid **out, size_t *n,
			       struct mlops_error *err);

struct reseal_how {
	const char *old_key; /* file of the key that objects were sealed with before, or NULL */
	bool dry_run;
};
/* Objects that are in another form than the settings ask for, and the bytes that they take. */
struct reseal_counts {
	uint64_t objects, bytes;
};
/*
 * Seals all objects of the project's store with the key of now, or with core.encryption off makes
 * them plain (mlops-sealed(5)). The project is locked; its store is then too.
 */
MLOPS_API int mlops_store_reseal(struct project *project, const struct reseal_how *how,
				 struct reseal_counts *out, struct mlops_error *err);

/* How garbage is collected (mlops/registry.h), and what came of it. */
struct gc_counts {
	uint64_t objects, bytes; /* collected, or with dry_run to be */
	uint64_t named, young;   /* objects kept: for their names; for their age alone */
	uint64_t left_bytes;     /* garbage in packs that are not worth writing anew */
	uint64_t absent_trees;   /* named, and not here */
	uint64_t packs;          /* that there are now */
	bool quarantined;        /* what is collected is put aside first, and takes space still */
};
struct gc_how {
	int64_t keep_within_ms; /* younger objects stay, whatever names them */
	int64_t quarantine_ms;  /* how long a store of several projects holds what was collected */
	bool dry_run;           /* count only */
	bool allow_absent;      /* go on when a tree that is named is not here */
	/* Asked with the counts before anything is taken away, if that is anything; NULL: yes. */
	bool (*confirm)(const struct gc_counts *counts, void *arg);
	void *arg;
};

struct repack_counts {
	uint64_t packs_before, packs_after;
	uint64_t objects;    /* written into new packs */
	uint64_t duplicates; /* copies dropped */
	int64_t freed;       /* bytes */
};
/*
 * Joins small packs, and loose objects below core.packThreshold, to few packs, each object once.
 * The project is locked alone; nobody else may use its store meanwhile, which is waited for.
 */
MLOPS_API int mlops_repack(struct project *project, bool dry_run, struct repack_counts *counts,
			   struct mlops_error *err);
