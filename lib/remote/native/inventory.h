/*
 * What a client knows of a remote: its index files and the marks of gc. Index files never change, so
 * those that were fetched and checked before are kept in a folder of the project; which of them count
 * is asked of the remote each time.
 */
#pragma once

#include <pthread.h>

#include "remote/native/index.h"

#define MARKS_MAX ((size_t)256 << 20)

enum block_flags {
	BLOCK_CONDEMNED = 1 << 0, /* gc will remove it: not to be relied on */
	BLOCK_BAD = 1 << 1,       /* it is not there, or not what it should be */
	BLOCK_CHECKED = 1 << 2,   /* a part of it was read back, or we have put it */
	BLOCK_NAMED = 1 << 3,     /* an index names it, so that gc lets it be */
};

struct known_block {
	struct built_block block;
	unsigned flags;
};

struct inventory {
	struct remote *remote;
	char *dir;            /* or NULL: nothing is kept */
	pthread_mutex_t lock; /* guards all below */
	bool loaded, resumed;
	VEC(struct block_index *) indexes;
	VEC(struct oid) left_out; /* indexes that are damaged or gone */
	VEC(struct known_block) blocks;
	struct map numbers; /* of blocks by name, plus one */
	struct map marked;  /* names of blocks and indexes that marks condemn */
	struct map marks;   /* names of the marks that were read */
};

void inventory_init(struct inventory *inv, struct remote *remote);
void inventory_clear(struct inventory *inv);
/*
 * Asks the remote which indexes and marks there are, and fetches what is not known. *changed (may be
 * NULL): gc has marked something since it was asked before.
 */
int inventory_load(struct inventory *inv, bool *changed, struct mlops_error *err);
/* Also what a push that was killed had sent and not published; once. */
int inventory_resume(struct inventory *inv, struct mlops_error *err);
/* Adds an index, which it takes. */
void inventory_add(struct inventory *inv, struct block_index *x);
bool inventory_has_pending(const struct inventory *inv);
/* Drops those of resumed pushes, whose objects are published now. */
void inventory_drop_pending(struct inventory *inv);

/*
 * Where an object is; with `to_rely` only where gc will leave it, so that it need not be sent. The
 * place has a number of this inventory. False: nowhere.
 */
bool inventory_find(struct inventory *inv, const struct oid *oid, bool to_rely, struct placed *out);
/* The same for many, one index after the other, so that not all of them have to be in memory. */
void inventory_find_many(struct inventory *inv, const struct remote_item *items, size_t n, bool to_rely,
			 bool *found, struct placed *out);
/* As object_service.has(); a sample of what the answer rests on is read back. */
int inventory_has(struct inventory *inv, const struct remote_item *items, size_t n, bool *present,
		  struct mlops_error *err);
/* The list that a chunk with this prefix of its hash is in, if it may be relied on. */
bool inventory_hook(struct inventory *inv, uint64_t prefix, struct piece *out);

uint32_t inventory_add_block(struct inventory *inv, const struct oid *name, uint64_t size);
struct built_block inventory_block(struct inventory *inv, uint32_t number);
unsigned inventory_flags(struct inventory *inv, uint32_t number);
void inventory_flag(struct inventory *inv, uint32_t number, unsigned flags);

/* A key index/NAME or marks/NAME, as the remote lists it. */
struct listed {
	struct oid name;
	struct key_info info; /* found is false where only the name is known */
};
struct listed_vec {
	struct listed *v;
	size_t n, cap;
};
int inventory_list(struct inventory *inv, const char *prefix, struct listed_vec *out,
		   struct mlops_error *err);
/* Puts a key index/NAME or marks/NAME, and gives its name. */
int inventory_put(struct inventory *inv, const char *prefix, const struct strbuf *bytes,
		  struct oid *name, struct mlops_error *err);
/*
 * Puts an index under a name that no mark condemns: gc removes what it has marked, also when it was
 * put again. The bytes are appended.
 */
int inventory_publish(struct inventory *inv, struct index_builder *b, struct strbuf *bytes,
		      struct oid *name, struct mlops_error *err);
bool inventory_is_marked(struct inventory *inv, const struct oid *name);
/* Puts the list of what there is, for readers of a plain web server, which lists nothing. */
int inventory_put_names(struct inventory *inv, struct mlops_error *err);

/* The file that notes a block which was put and is not published, or NULL; new. */
char *inventory_pending_path(const struct inventory *inv, const struct oid *block);
/*
 * Keeps an index, so that it need not be fetched, and gives it mapped; false when that cannot be, which is
 * no fault.
 */
bool inventory_keep(struct inventory *inv, const struct oid *name, const void *p, size_t n,
		    struct block_index **out);

/* A file of marks (mlops-remote(5)): calls fn for each name in it. MLOPS_ECORRUPT. */
int marks_parse(struct str text,
		int (*fn)(bool is_block, const struct oid *name, void *arg,
			  struct mlops_error *err),
		void *arg, struct mlops_error *err);
