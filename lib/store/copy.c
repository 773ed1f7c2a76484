/* Reading copies by the names under which they lie. */
#include "store/copy.h"

#include <fcntl.h>

#include "base/fs.h"
#include "store/sealed.h"
#include "store/tree.h"

#define FIRST ((size_t)64) /* bytes that tell a tree */

/* What is damaged is no tree for us: `mlops verify` is there to tell. */
static int pass_damaged(struct mlops_error *err)
{
	if (err->kind != MLOPS_ECORRUPT)
		return -1;
	mlops_error_clear(err);
	return 0;
}

static int plain_text(struct store *s, const struct oid *name, struct strbuf *text,
		      struct mlops_error *err)
{
	autofree char *path = loose_path(s, name);
	autoclose int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char first[FIRST];
	size_t n;

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	if (fs_read_some(fd, first, sizeof(first), path, &n, err))
		return -1;
	return tree_is_text(first, n) ? fs_read(path, TREE_BYTES_MAX, text, err) : 0;
}

static int unseal(struct sealed_reader *r, struct strbuf *text, struct mlops_error *err)
{
	uint64_t size = sealed_reader_size(r);
	char first[FIRST];
	size_t n = size < FIRST ? (size_t)size : FIRST;

	if (sealed_reader_read(r, 0, first, n, err))
		return -1;
	if (!tree_is_text(first, n) || size > TREE_BYTES_MAX)
		return 0;
	strbuf_reserve(text, (size_t)size);
	if (sealed_reader_read(r, 0, text->buf, (size_t)size, err))
		return -1;
	text->len = (size_t)size;
	text->buf[text->len] = '\0';
	return 0;
}

static int sealed_text(struct store *s, const struct oid *name, struct strbuf *text,
		       struct mlops_error *err)
{
	struct sealed_reader *r;

	if (sealed_reader_new(s, name, &r, err))
		return pass_damaged(err);
	int rc = unseal(r, text, err);
	sealed_reader_free(r);
	return rc ? pass_damaged(err) : 0;
}

int copy_text_file(struct store *s, enum place_kind kind, const struct oid *name,
		   struct strbuf *text, struct mlops_error *err)
{
	return kind == PLACE_SEALED ? sealed_text(s, name, text, err) :
				      plain_text(s, name, text, err);
}

static int check_plain(struct scratch *scratch, const char *bytes, size_t n, const struct oid *name,
		       struct mlops_error *err)
{
	struct oid got;

	hasher_reset(scratch->hasher);
	hasher_update(scratch->hasher, bytes, n);
	hasher_final(scratch->hasher, &got);
	return mlops_oid_equal(&got, name) ? 0 : store_damaged(name, err);
}

/* *text (new) is what was sealed. */
static int open_sealed(struct store *s, const char *bytes, size_t n, const struct oid *name,
		       char **text, struct mlops_error *err)
{
	autofree char *plain = xmemdup(bytes, n + 1);

	if (sealed_decode(s, name, name, &plain, n, err))
		return -1;
	*text = steal_ptr(&plain);
	return 0;
}

int copy_check(struct store *s, enum place_kind kind, const struct oid *name,
	       const struct strbuf *bytes, struct scratch *scratch, struct mlops_error *err)
{
	autofree char *plain = NULL;

	return kind == PLACE_SEALED ? open_sealed(s, bytes->buf, bytes->len, name, &plain, err) :
				      check_plain(scratch, bytes->buf, bytes->len, name, err);
}

int copy_read_entry(struct store *s, int fd, const struct pack *p, const struct pack_entry *e,
		    struct scratch *scratch, char **out, struct mlops_error *err)
{
	autofree char *raw = NULL, *plain = NULL;

	if (pack_read(fd, p->path, e, scratch, &raw, err) ||
	    (e->codec == PACK_SEALED ? open_sealed(s, raw, e->raw, &e->oid, &plain, err) :
				       check_plain(scratch, raw, e->raw, &e->oid, err)))
		return -1;
	*out = steal_ptr(&raw);
	return 0;
}

static int entry_text(struct store *s, const struct pack *p, const struct pack_entry *e,
		      struct scratch *scratch, struct strbuf *text, struct mlops_error *err)
{
	autoclose int fd = open(p->path, O_RDONLY | O_CLOEXEC);
	autofree char *raw = NULL, *plain = NULL;
	uint64_t n = e->codec == PACK_SEALED ? sealed_object_size(s, e->raw) : e->raw;

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", p->path);
	if (pack_read(fd, p->path, e, scratch, &raw, err) ||
	    (e->codec == PACK_SEALED && open_sealed(s, raw, e->raw, &e->oid, &plain, err)))
		return pass_damaged(err);
	const char *bytes = plain ? plain : raw;
	if (tree_is_text(bytes, n))
		strbuf_add(text, bytes, n);
	return 0;
}

int copy_text_entry(struct store *s, const struct pack *p, uint32_t i, struct strbuf *text,
		    struct mlops_error *err)
{
	struct scratch *scratch;
	struct pack_entry e;

	if (pack_entry(p, i, &e, err) || store_scratch(s, &scratch, err))
		return -1;
	int rc = entry_text(s, p, &e, scratch, text, err);
	store_give_back(s, scratch);
	return rc;
}
