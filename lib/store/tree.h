/* Tree objects: the listing of one folder, one entry a line, sorted by name (mlops-tree(5)). */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "mlops/store.h"

#define TREE_DEPTH_MAX 256
#define TREE_BYTES_MAX ((size_t)512 << 20) /* of one listing */

enum tree_kind {
	TREE_FILE = 'f',
	TREE_EXECUTABLE = 'x',
	TREE_FOLDER = 'd',  /* the object is its tree */
	TREE_SYMLINK = 'l', /* the object is the text it points to */
	TREE_OTHER = '?',   /* in the work tree only: a socket, fifo or device */
};

struct tree_entry {
	enum tree_kind kind;
	struct oid oid;
	uint64_t size;  /* bytes: of all files below, for a folder */
	uint64_t files; /* 1, or of all below */
	const char *name;
	bool unknown; /* in the work tree only: not read, so oid (and a folder's totals) is not set */
};

struct tree {
	VEC(struct tree_entry) entries; /* sorted by name, bytewise */
	struct arena names;
};

/* Names that a tree may hold: one component of a path, and no ".git" that git would take for its own. */
bool tree_name_is_safe(const char *name, size_t n);
/* `what` names the tree in messages. Strict: each tree has one text. Clear *out when 0. */
int tree_parse(const char *text, size_t n, const char *what, struct tree *out,
	       struct mlops_error *err);
/* Whether bytes begin as a tree does. */
bool tree_is_text(const char *text, size_t n);
void tree_format(const struct tree *tree, struct strbuf *out);
/* Size and number of files of the whole; false when they overflow. */
bool tree_totals(const struct tree *tree, uint64_t *size, uint64_t *files);
void tree_clear(struct tree *tree);
/* The entry named so, or NULL. */
const struct tree_entry *tree_find(const struct tree *tree, const char *name);

int tree_load(struct store *store, const struct oid *oid, struct tree *out,
	      struct mlops_error *err);

/*
 * Bytes below 0x20, 0x7f and '%' as %xx (lower case); with `text` also what is not valid UTF-8.
 * unescape: false unless the text is exactly what escape gives.
 */
void name_escape(const char *name, size_t n, bool text, struct strbuf *out);
bool name_unescape(const char *s, size_t n, bool text, struct strbuf *out);
