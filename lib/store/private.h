/* Inside of a store, shared by the files that put, find, read and check objects. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/vec.h"
#include "store/pack.h"
#include "store/store.h"

struct store {
	char *dir;
	uint64_t pack_threshold;  /* objects of this size and more are loose */
	bool hard_link;           /* core.link=hardlink */
	bool adopt;               /* large files may become the objects */
	bool twice;               /* one could not, and was copied */
	bool sealed;              /* objects lie sealed (store/sealed.h); plain ones are read too */
	bool strict;              /* what lies in another form does not count: it is to go */
	struct seal_key *key;     /* what they are sealed with; NULL: others did, and have it */
	atomic_bool swept;        /* leftovers in tmp were looked for */
	pthread_mutex_t lock;     /* guards all that follows */
	VEC(struct pack *) packs; /* only ever grows, so a pack that was found stays */
	int64_t packs_mtime_ns;   /* of the folder when it was listed; -1: never */
	struct pack_writer *writer;  /* the open pack, or NULL */
	struct pack_writer *closing; /* one that is being made durable, by one thread alone */
	pthread_cond_t closed;       /* it no longer is */
	unsigned failures;           /* of making one durable */
	bool fans_known;             /* fans was filled */
	atomic_uchar fans[32]; /* a bit a folder of loose/ that was there then, or was made since; not guarded */
	bool lost;             /* an open pack could not be written: the next flush says so */
	struct scratch *spare; /* given back by the last user, or NULL */
	struct quarantine *quarantine; /* what gc has put aside; NULL until it was looked for */
};

struct project;

/* One as it is in the folder, whatever the settings say. */
int store_open_dir(const char *dir, struct store **out, struct mlops_error *err);
int store_scratch(struct store *store, struct scratch **out, struct mlops_error *err);
void store_give_back(struct store *store, struct scratch *s);

/* Where an object lies. */
enum place_kind { PLACE_NONE, PLACE_LOOSE, PLACE_SEALED, PLACE_PACK, PLACE_OPEN };
struct place {
	enum place_kind kind;
	uint64_t size;
	struct pack_entry entry; /* PLACE_PACK, PLACE_OPEN (the pack that is being written) */
	struct oid name;         /* it lies under: its own, or for a sealed one that of the seal */
	int fd;                  /* PLACE_PACK: of that pack, lent */
	struct pack *pack;       /* PLACE_PACK: lent */
};
/* With `fresh`, what another process added meanwhile is looked for before giving up. */
void store_find(struct store *store, const struct oid *oid, bool fresh, struct place *out);
/* Whether something lies under this name, which is an object's or that of a sealed one. */
bool store_has_name(struct store *store, const struct oid *name);
int store_missing(const struct oid *oid, struct mlops_error *err);
int store_damaged(const struct oid *oid, struct mlops_error *err);

/* Loads packs that are not known yet; those that cannot be are passed to `report`. Lock held. */
void store_load_packs(struct store *store, void (*report)(const char *what, void *arg), void *arg);
/* Whether the pack of that name is loaded. Lock held. */
bool store_has_pack(const struct store *store, const char *hex);
int store_count_packs(struct store *store, uint64_t *out, struct mlops_error *err);
/* Puts bytes in memory whose name is known. */
int store_put_named(struct store *store, const void *buf, size_t n, const struct oid *oid,
		    struct mlops_error *err);
/* <dir>/tmp, made when absent and rid of old leftovers; new. */
int store_tmp_dir(struct store *store, char **out, struct mlops_error *err);

/*
 * What gc has put aside. quarantine_restore() brings an object back, with the pack that it is in;
 * false when it is not there. Lock held.
 */
bool quarantine_restore(struct store *store, enum place_kind kind, const struct oid *name);
void quarantine_free(struct quarantine *q); /* NULL is fine */

/* The path of one in a file of its own, plain or sealed; new. */
char *file_path(const struct store *store, enum place_kind kind, const struct oid *name);
char *place_path(const struct store *store, const struct place *place); /* NULL: in a pack */

/* Loose objects. loose_path() is new. */
char *loose_path(const struct store *store, const struct oid *oid);
/*
 * Lock held: whether the folder that it would be in was there when that was looked at, once. Of a
 * store of packs alone this answers for every object, without asking the system.
 */
bool loose_may_have(struct store *store, const struct oid *oid);
/* That this process has made one. */
void loose_note(struct store *store, const struct oid *oid);
bool loose_find(const char *path, uint64_t *size);
/* A new file in tmp/: its descriptor, and its path (new). */
int loose_create(struct store *store, char **path, int *fd, struct mlops_error *err);
/* Makes a complete temporary file the object at `path`, durably. */
int loose_commit(int fd, const char *tmp, const char *path, struct mlops_error *err);
/* Puts bytes in memory there. */
int loose_put(struct store *store, const void *buf, size_t n, const struct oid *name,
	      const char *path, struct mlops_error *err);
/* Streams one, checked; MLOPS_ENOTFOUND. */
typedef int (*store_sink)(const void *buf, size_t n, void *arg, struct mlops_error *err);
int loose_read(struct store *store, const struct oid *oid, store_sink sink, void *arg,
	       struct mlops_error *err);
/* Reads an open file to its end into a fresh writer, as a large object. */
int store_writer_fill(struct store_writer *w, int fd, const char *shown, uint64_t *total,
		      struct mlops_error *err);
/* The name of what an open file holds, which must be as *st says until it was read. */
int store_hash_file(struct store *store, int fd, const char *shown, const struct stat *st,
		    struct oid *out, struct mlops_error *err);
/*
 * As store_take(), for a large file, without copying its bytes; *done: it was possible. Else the
 * file is at its start again, and *st is what it is now.
 */
int store_adopt(struct store *store, int fd, const char *shown, struct stat *st, struct oid *out,
		bool *done, struct mlops_error *err);
/* Streams a file of the store, and gives the hash of what it holds. */
int store_stream_file(struct store *store, const char *path, store_sink sink, void *arg,
		      struct oid *got, struct mlops_error *err);
/* Streams an object that was found; `place` may change when its pack is finished meanwhile. */
int store_stream(struct store *store, const struct oid *oid, struct place *place, store_sink sink,
		 void *arg, struct mlops_error *err);

/* What is damaged: objects that lie loose, and packs. */
typedef VEC(struct oid) oid_vec;
struct store_damage {
	oid_vec loose, sealed;    /* sealed ones by the name of the seal */
	VEC(struct pack *) packs; /* lent; those that cannot be loaded are not among them */
};
void store_damage_clear(struct store_damage *damage);
#define autodamage __attribute__((cleanup(store_damage_clear))) struct store_damage
typedef void (*store_report)(const char *what, void *arg);
/* As mlops_store_verify(). */
int store_check_all(struct store *store, store_report report, void *arg, struct store_check *counts,
		    struct store_damage *damage, struct mlops_error *err);
