/*
 * One copy of an object, by where it lies: for who goes through a store without knowing which
 * object a sealed copy is of.
 */
#pragma once

#include "store/private.h"

/*
 * The plain text of a copy that begins as a tree does; of another, or a damaged one, nothing is
 * added to *text.
 */
int copy_text_file(struct store *store, enum place_kind kind, const struct oid *name,
		   struct strbuf *text, struct mlops_error *err);
int copy_text_entry(struct store *store, const struct pack *pack, uint32_t i, struct strbuf *text,
		    struct mlops_error *err);
/* Reads an entry as it is stored (see pack_read()), having proved that its bytes are of its name. */
int copy_read_entry(struct store *store, int fd, const struct pack *pack,
		    const struct pack_entry *e, struct scratch *scratch, char **raw,
		    struct mlops_error *err);
/* Whether the bytes of a file are those of its name. */
int copy_check(struct store *store, enum place_kind kind, const struct oid *name,
	       const struct strbuf *bytes, struct scratch *scratch, struct mlops_error *err);
