/*
 * Lists of the parts that a large object consists of, in their order: chunks, or lists of them. A
 * list is a piece of a block itself (mlops-remote(5)).
 */
#pragma once

#include "remote/native/inventory.h"

#define LIST_LEAST ((size_t)512) /* chunks in a list before it may end by what is in them */
#define LIST_MOST  ((size_t)2048)
#define LIST_SELF  UINT32_MAX /* in place of a block's number: the block that the list lies in */

enum list_kind { LIST_CHUNKS = 1, LIST_LISTS };

struct list {
	enum list_kind kind;
	struct oid oid; /* of the object; of a list in a list, zero */
	uint64_t size;
	VEC(struct placed) parts; /* their blocks are numbers of the inventory, or LIST_SELF */
};
void list_clear(struct list *l);
#define autolist __attribute__((cleanup(list_clear))) struct list

/* The bytes of a list. */
void list_print(const struct list *l, struct inventory *inv, struct strbuf *out);
/* The reverse, of one that lies in the block `self`; MLOPS_ECORRUPT. */
int list_parse(const char *p, size_t n, uint32_t self, struct inventory *inv, struct list *out,
	       struct mlops_error *err);
/* Fetches the list at a place, whose block is a number of the inventory. MLOPS_ENOTFOUND. */
int list_fetch(struct inventory *inv, const struct piece *at, struct list *out,
	       struct mlops_error *err);
