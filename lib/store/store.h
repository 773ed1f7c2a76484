/* What the files of this part, and parts above it, may ask of a store beyond mlops/store.h. */
#pragma once

#include <sys/stat.h>

#include "mlops/store.h"

/*
 * Reads a regular file that is open at its start, in one pass, and gives its name; with `save` it
 * is stored too. *st is what fstat(2) said of it before: when it changed meanwhile, MLOPS_EINVALID.
 * `shown` is the path for messages.
 */
int store_take(struct store *store, int fd, const char *shown, bool save, struct stat *st,
	       struct oid *out, struct mlops_error *err);
/*
 * From now on large files that are taken share their bytes with the object where they can: their
 * blocks, or with core.link=hardlink all of them, so that *st is no longer what they were.
 */
void store_move_in(struct store *store);
/* Whether one could not, and is no link later either, so that its bytes are there twice. */
bool store_holds_twice(const struct store *store);
/* The name of bytes in memory; with `save` they are stored too. */
int store_take_buf(struct store *store, const void *buf, size_t n, bool save, struct oid *out,
		   struct mlops_error *err);
/*
 * As mlops_store_writer_new(), for an object of `size` bytes, those of a large one being kept when
 * it is not committed, also when the process is killed: *have first bytes are there from a former
 * try, and count as added. When they turn out to be others, mlops_store_writer_commit() drops them.
 */
int store_writer_resume(struct store *store, const struct oid *expect, uint64_t size,
			struct store_writer **out, uint64_t *have, struct mlops_error *err);
/* How many first bytes of an object are kept for another try; 0 while another process is at it. */
int store_part_size(struct store *store, const struct oid *oid, uint64_t size, uint64_t *out,
		    struct mlops_error *err);
/* A name in an open folder that is to be replaced. */
struct store_dest {
	int dir_fd;
	const char *name;
	int stage_fd; /* the folder that the new file is made in first, when renaming from it works */
	const char *shown; /* the path for messages */
	bool own;          /* never a link to the object: it is to be written to */
};
/* As mlops_store_export(). */
int store_export_at(struct store *store, const struct oid *oid, const struct store_dest *to,
		    mode_t mode, struct mlops_error *err);
/* The same as a symlink to what the object holds. */
int store_export_symlink(struct store *store, const struct oid *oid, const struct store_dest *to,
			 struct mlops_error *err);
/*
 * The file of an object that lies loose (whole and plain), open at its start, for sending without
 * copying; what it holds is not hashed here. MLOPS_ENOTFOUND when it is not here or in a pack.
 */
int store_open_loose(struct store *store, const struct oid *oid, int *fd, uint64_t *size,
		     struct mlops_error *err);
/*
 * An object that lies sealed in a file of its own: any part of it, decrypted and found to be what
 * was sealed; it is not hashed. MLOPS_ENOTFOUND when it does not lie so. One thread at a time.
 */
struct sealed_reader;
int store_open_sealed(struct store *store, const struct oid *oid, struct sealed_reader **out,
		      struct mlops_error *err);
uint64_t sealed_reader_size(const struct sealed_reader *r);
int sealed_reader_read(struct sealed_reader *r, uint64_t at, void *buf, size_t n,
		       struct mlops_error *err);
void sealed_reader_free(struct sealed_reader *r); /* NULL is fine */
/*
 * As mlops_store_has(), for one who wants to store the object: when it is here, gc spares it from
 * now on as if it had just been stored. False also when that cannot be done, since its file is
 * another user's: then store it anew. A file that shares it by hard link would seem changed: the
 * object is left as old as it is, unless `linked_too`.
 */
bool store_renew(struct store *store, const struct oid *oid, bool linked_too);

/*
 * Collecting garbage: gc_new() when mlops_project_lock_store() has made the store ours alone,
 * gc_name() for all that any of gc_projects() names, gc_collect().
 */
struct gc;
struct strlist;
int gc_new(struct store *store, const struct gc_how *how, struct gc **out, struct mlops_error *err);
void gc_free(struct gc *gc); /* NULL is fine */
/* The roots of the projects that use the store. */
const struct strlist *gc_projects(const struct gc *gc);
int gc_name(struct gc *gc, const struct object_ref *ref, struct mlops_error *err);
/* Trees that were named and are not here, so far. */
uint64_t gc_absent(const struct gc *gc);
int gc_collect(struct gc *gc, struct gc_counts *counts, struct mlops_error *err);
