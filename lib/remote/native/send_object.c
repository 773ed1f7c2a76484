/*
 * Sending one object: a small one is a piece as it is; a large one is cut into chunks by what it
 * holds, of which those that the remote has are only named.
 */
#include "base/le.h"
#include "crypto/hash.h"
#include "remote/native/sender.h"
#include "store/gear.h"

#define WINDOW    ((size_t)1 << 20)
#define OPEN      LIST_SELF /* the block that is open now, in lists that are being made */
#define HOOK_MASK 31        /* one chunk in 32 is a hook, and the first of each list */
#define LIST_MASK 511       /* a list ends at one in 512, so that equal data has equal lists */

struct large {
	struct sender *sender;
	struct open_block *b;
	const struct remote_source *from;
	struct list chunks, lists; /* the list that grows, and those that are done */
	VEC(uint32_t) blocks;      /* that lie behind it and hold parts, some more than once */
	VEC(bool) fresh;           /* which of the chunks were sent now */
	struct piece same;         /* the list at the remote that equals `chunks` so far, */
	bool is_same;              /* if one does */
	size_t same_n;             /* with so many chunks in all */
};

static void large_clear(struct large *l)
{
	list_clear(&l->chunks);
	list_clear(&l->lists);
	vec_free(&l->fresh);
	vec_free(&l->blocks);
}

static void name_open_block(struct list *l, uint32_t number)
{
	for (size_t i = 0; i < l->parts.n; i++)
		if (l->parts.v[i].at.block == OPEN)
			l->parts.v[i].at.block = number;
}

/* Room for one more piece. */
static int make_room(struct large *l, struct mlops_error *err)
{
	uint32_t number;

	if (!block_is_full(l->b))
		return 0;
	if (sender_put(l->sender, l->b, &number, err))
		return -1;
	vec_push(&l->blocks, number);
	name_open_block(&l->chunks, number);
	name_open_block(&l->lists, number);
	return 0;
}

static void name_block(struct large *l, uint32_t number)
{
	const struct built_block block = inventory_block(l->sender->inv, number);

	index_builder_block(&l->b->own, &block.name, block.size);
}

/* The blocks that parts of a list lie in have to be in the index of the block with the list. */
static void name_blocks(struct large *l, const struct list *list)
{
	uint32_t last = OPEN;

	for (size_t i = 0; i < list->parts.n; i++) {
		uint32_t number = list->parts.v[i].at.block;

		if (number == OPEN || number == last)
			continue;
		name_block(l, number);
		vec_push(&l->blocks, number);
		last = number;
	}
}

/* Appends a list to the open block. */
static int add_list(struct large *l, const struct list *list, struct piece *at, struct oid *name,
		    struct mlops_error *err)
{
	autobuf bytes = { 0 };

	if (make_room(l, err))
		return -1;
	list_print(list, l->sender->inv, &bytes);
	if (hash_buf(bytes.buf, bytes.len, name, err))
		return -1;
	block_add(l->b, name, bytes.buf, bytes.len, at);
	name_blocks(l, list);
	return 0;
}

/* Hooks lead to what was sent now, and to where a list begins. */
static void add_hooks(struct large *l, const struct piece *at)
{
	struct index_builder *own = &l->b->own;

	vec_push(&own->lists, *at);
	for (size_t i = 0; i < l->chunks.parts.n; i++) {
		uint64_t prefix = le64_get(l->chunks.parts.v[i].oid.sha256);

		if (!i || (l->fresh.v[i] && !(prefix & HOOK_MASK)))
			vec_push(&own->hooks, { prefix, (uint32_t)own->lists.n - 1 });
	}
}

static void add_part(struct large *l, const struct oid *name, struct piece at)
{
	if (at.block == BLOCK_OWN)
		at.block = OPEN;
	vec_push(&l->lists.parts, { *name, l->chunks.size, at });
	l->lists.size += l->chunks.size;
}

static void begin_list(struct large *l)
{
	l->chunks.parts.n = l->fresh.n = 0;
	l->chunks.size = 0;
	l->chunks.kind = LIST_CHUNKS;
	l->is_same = false;
}

/* The list that grows is done: it goes into a block, unless the remote has that very list. */
static int end_list(struct large *l, struct mlops_error *err)
{
	struct piece at;
	struct oid name = { 0 };

	if (!l->chunks.parts.n)
		return 0;
	if (l->is_same && l->same_n == l->chunks.parts.n) {
		name_blocks(l, &l->chunks);
		vec_push(&l->lists.parts, { name, l->chunks.size, l->same });
		l->lists.size += l->chunks.size;
	} else {
		if (add_list(l, &l->chunks, &at, &name, err))
			return -1;
		add_hooks(l, &at);
		add_part(l, &name, at);
	}
	begin_list(l);
	return 0;
}

/* Keeps track of whether all so far is the beginning of one list that is there. */
static void follow(struct large *l, const struct chunk_found *found)
{
	if (!l->chunks.parts.n) {
		l->is_same = found && !found->i;
		if (l->is_same) {
			l->same = found->list;
			l->same_n = found->n;
		}
		return;
	}
	l->is_same = l->is_same && found && found->i == l->chunks.parts.n &&
		     !memcmp(&found->list, &l->same, sizeof(l->same));
}

static int add_chunk(struct large *l, const uint8_t *p, size_t n, struct mlops_error *err)
{
	struct chunk_found found;
	struct placed chunk = { .size = n };
	bool there;

	struct hasher *hasher = l->b->scratch->hasher;
	hasher_reset(hasher);
	hasher_update(hasher, p, n);
	hasher_final(hasher, &chunk.oid);
	if (sender_find_chunk(l->sender, &chunk.oid, &there, &found, err))
		return -1;
	there = there && found.chunk.size == n;
	follow(l, there ? &found : NULL);
	if (there) {
		chunk.at = found.chunk.at;
	} else {
		if (make_room(l, err))
			return -1;
		block_add(l->b, &chunk.oid, p, n, &chunk.at);
		chunk.at.block = OPEN;
	}
	vec_push(&l->chunks.parts, chunk);
	vec_push(&l->fresh, !there);
	l->chunks.size += n;
	size_t have = l->chunks.parts.n;
	bool ends = have >= LIST_LEAST && !(le64_get(chunk.oid.sha256 + 8) & LIST_MASK);
	return ends || have == LIST_MOST ? end_list(l, err) : 0;
}

static int cut(struct large *l, struct mlops_error *err)
{
	uint64_t size = l->from->size, read = 0;
	autofree uint8_t *buf = xmalloc(WINDOW + GEAR_MAX);
	size_t have = 0;

	while (read < size || have) {
		size_t at = 0, more = WINDOW + GEAR_MAX - have;

		more = size - read < more ? (size_t)(size - read) : more;
		if (more && remote_source_read(l->from, read, buf + have, more, err))
			return -1;
		read += more;
		have += more;
		while (at < have && (have - at >= GEAR_MAX || read == size)) {
			size_t n = gear_cut(buf + at, have - at);

			if (add_chunk(l, buf + at, n, err))
				return -1;
			at += n;
		}
		have -= at;
		memmove(buf, buf + at, have);
	}
	return 0;
}

static void add_object(struct open_block *b, const struct oid *oid, uint64_t size,
		       const struct piece *at)
{
	vec_push(&b->own.objects, { *oid, size, *at });
}

/*
 * The list of the whole: that of its chunks when they are few, else of their lists. Indexes may have
 * been published meanwhile: that of this list names all blocks, for gc keeps what one index names.
 */
static int add_top(struct large *l, const struct remote_item *item, struct mlops_error *err)
{
	struct piece at;
	struct oid name;
	bool one = !l->lists.parts.n;
	struct list *top = one ? &l->chunks : &l->lists;

	if (!one && end_list(l, err))
		return -1;
	top->kind = one ? LIST_CHUNKS : LIST_LISTS;
	top->oid = item->oid;
	if (add_list(l, top, &at, &name, err))
		return -1;
	for (size_t i = 0; i < l->blocks.n; i++)
		name_block(l, l->blocks.v[i]);
	if (one)
		add_hooks(l, &at);
	add_object(l->b, &item->oid, l->from->size, &at);
	return 0;
}

static int send_large(struct sender *s, struct open_block *b, const struct remote_item *item,
		      const struct remote_source *from, struct mlops_error *err)
{
	struct large l = { .sender = s, .b = b, .from = from };

	begin_list(&l);
	int rc = cut(&l, err) || add_top(&l, item, err);
	large_clear(&l);
	return rc ? -1 : 0;
}

static int changed(const struct remote_item *item, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];

	err_set(err, MLOPS_ECORRUPT, "object sha256:%s is damaged in the store",
		mlops_oid_hex(&item->oid, hex));
	return err_hint(err, "mend it with: mlops verify --repair");
}

/* What comes from memory was checked when it was read. */
static int check_small(struct open_block *b, const struct remote_item *item, const char *buf,
		       size_t n, struct mlops_error *err)
{
	struct hasher *hasher = b->scratch->hasher;
	struct oid got;

	hasher_reset(hasher);
	hasher_update(hasher, buf, n);
	hasher_final(hasher, &got);
	return mlops_oid_equal(&got, &item->oid) ? 0 : changed(item, err);
}

static int send_small(struct sender *s, struct open_block *b, const struct remote_item *item,
		      const struct remote_source *from, struct mlops_error *err)
{
	size_t n = (size_t)from->size;
	autofree char *copy = from->buf ? NULL : xmalloc(n + 1);
	const char *buf = from->buf ? from->buf : copy;
	uint32_t number;
	struct piece at;

	if (copy && ((n && remote_source_read(from, 0, copy, n, err)) ||
		     check_small(b, item, copy, n, err)))
		return -1;
	if (block_is_full(b) && sender_put(s, b, &number, err))
		return -1;
	block_add(b, &item->oid, buf, n, &at);
	add_object(b, &item->oid, n, &at);
	return 0;
}

int sender_object(struct sender *s, struct open_block *b, const struct remote_item *item,
		  const struct remote_source *from, struct mlops_error *err)
{
	if (from->size < REMOTE_SMALL)
		return send_small(s, b, item, from, err);
	return send_large(s, b, item, from, err);
}
