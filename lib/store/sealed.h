/*
 * A store whose objects lie sealed (mlops-sealed(5)): under names of their own, encrypted with the
 * store's key. Without the key (store->key NULL) it holds what others sealed: names and bytes pass
 * through as they are, and only their form is checked.
 */
#pragma once

#include "crypto/sealed.h"
#include "store/output.h"
#include "store/private.h"

/* Reads what the settings say and what is in the folder, and makes the store ready for it. */
int sealed_unlock(struct store *store, struct project *project, struct mlops_error *err);
/* Whether it has the mark of a sealed store; giving it that of its key, or with none taking it away. */
bool sealed_is_marked(const struct store *store);
int sealed_change_mark(struct store *store, struct mlops_error *err);

/* The name under which an object lies, and the path of one in a file of its own; new. */
void sealed_name(const struct store *store, const struct oid *oid, struct oid *out);
char *sealed_path(const struct store *store, const struct oid *name);
/* The size of the object whose sealed form has this one. */
uint64_t sealed_object_size(const struct store *store, uint64_t stored);
/* What is to be written for n bytes, and its name; form->data is lent by `buf` or `scratch`. */
int sealed_encode(struct store *store, const void *buf, size_t n, const struct oid *oid,
		  struct scratch *scratch, struct oid *name, struct pack_form *form,
		  struct mlops_error *err);
/* The reverse, checked against the object's name: *buf, of n bytes, is replaced. */
int sealed_decode(struct store *store, const struct oid *oid, const struct oid *name, char **buf,
		  size_t n, struct mlops_error *err);
/* As loose_read(), of what lies under `name`. */
int sealed_read(struct store *store, const struct oid *oid, const struct oid *name, store_sink sink,
		void *arg, struct mlops_error *err);
/* Streams what lies under `name` in a file of its own, opened, and gives the hash of it. */
int sealed_stream(struct store *store, const struct oid *name, store_sink sink, void *arg,
		  struct oid *got, struct mlops_error *err);
/* Whether what lies under `name`, in a file of its own or in memory, is whole; *bytes of it. */
int sealed_check(struct store *store, const struct oid *name, uint64_t *bytes,
		 struct mlops_error *err);
int sealed_check_buf(struct store *store, const struct oid *name, const void *buf, size_t n,
		     uint64_t *bytes, struct mlops_error *err);
/* Whether these are the first bytes of, and the whole has the size of, what was sealed so named. */
int sealed_check_form(const void *header, uint64_t size, const struct oid *name,
		      struct mlops_error *err);

/* Sealing a stream into a file; the name comes last. */
struct sealed_file;
int sealed_file_new(struct store *store, struct output *to, struct sealed_file **out,
		    struct mlops_error *err);
int sealed_file_add(struct sealed_file *f, const void *buf, size_t n, struct mlops_error *err);
/* Instead of that: where the next bytes go, NULL for a failure, and that n of them are there. */
char *sealed_file_space(struct sealed_file *f, size_t *room, struct mlops_error *err);
void sealed_file_advance(struct sealed_file *f, size_t n);
/* Everything is in the file then, which `fd` is. */
int sealed_file_finish(struct sealed_file *f, int fd, const struct oid *name,
		       struct mlops_error *err);
void sealed_file_free(struct sealed_file *f); /* NULL is fine */

/* The file that lies under this name (see store/store.h for more). */
int sealed_reader_new(struct store *store, const struct oid *name, struct sealed_reader **out,
		      struct mlops_error *err);
