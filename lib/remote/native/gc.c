/*
 * mlops remote gc: marks what nothing names, after what stays was put elsewhere; removes it when the
 * marks are old. The steps are those of mlops-remote(5), and their order is what makes them safe.
 */
#include "remote/native/gc.h"

#include <time.h>

#include "base/fault.h"
#include "base/fs.h"
#include "crypto/hash.h"
#include "project/project.h"
#include "remote/layout.h"
#include "remote/native/receive.h"

#define SMALL_BLOCK  (BLOCK_BYTES / 4) /* so many of these are joined */
#define MANY_SMALL   16
#define MANY_INDEXES 32

int gc_check_indexes(const struct cleaning *c, struct mlops_error *err)
{
	if (!c->inv->left_out.n)
		return 0;
	err_set(err, MLOPS_ECORRUPT,
		"an index of remote '%s' cannot be read: what it names would be taken for garbage",
		c->remote->name);
	return err_hint(err, "mend it with: mlops remote verify --repair, and: mlops push");
}

/* A mark's age is told by the remote's clock: so is now, by what is put now. */
static int find_now(struct cleaning *c, struct mlops_error *err)
{
	struct key_info info = { 0 };

	struct timespec now; /* not clock_now_ms(): it is compared with times of files */

	clock_gettime(CLOCK_REALTIME, &now);
	c->now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (c->how->dry_run)
		return 0;
	if (inventory_put_names(c->inv, err) ||
	    c->remote->transport->stat(c->remote->conn, "names", &info, err))
		return -1;
	if (info.found && info.mtime_ms)
		c->now_ms = info.mtime_ms;
	return 0;
}

/* Blocks of which little is in use go, and many small ones. */
static void choose_blocks(struct cleaning *c)
{
	autofree bool *old = xcalloc(c->n_blocks, sizeof(*old));
	size_t small = 0;

	for (size_t i = 0; i < c->old.n; i++)
		for (uint32_t j = 0; j < c->old.v[i]->n_blocks; j++)
			old[c->old.v[i]->numbers[j]] = true;
	for (uint32_t i = 0; i < c->n_blocks; i++)
		small +=
			!c->needed[i] && c->used[i] && c->inv->blocks.v[i].block.size < SMALL_BLOCK;
	for (uint32_t i = 0; i < c->n_blocks; i++) {
		const struct known_block *b = &c->inv->blocks.v[i];
		bool join = b->block.size < SMALL_BLOCK && small >= MANY_SMALL;

		if (c->needed[i] || (b->flags & BLOCK_CONDEMNED) || !old[i] ||
		    (!join && c->used[i] >= b->block.size / 2))
			continue;
		c->going[i] = true;
		c->counts->blocks++;
		c->counts->bytes += b->block.size;
	}
}

/* Whether an object that stays lies in what goes. */
static bool is_to_move(const struct cleaning *c, const struct staying *s)
{
	for (uint32_t i = 0; i < s->n_blocks; i++) {
		uint32_t number = c->blocks.v[s->blocks + i];

		if (c->going[number] || (c->inv->blocks.v[number].flags & BLOCK_CONDEMNED))
			return true;
	}
	return false;
}

/* An object on its way from its old place to its new one, in a file without a name. */
struct moving {
	struct cleaning *cleaning;
	struct open_block *block;
	const char *tmp_dir;
	struct remote_source from;
	struct hasher *hasher;
	struct oid oid;
};

static int move_begin(const struct oid *oid, uint64_t size, void *arg, struct mlops_error *err)
{
	struct moving *m = arg;
	autofree char *path = xasprintf("%s/move-XXXXXX", m->tmp_dir);

	(void)size;
	remote_source_close(&m->from);
	m->from = (struct remote_source){ .fd = mkstemp(path) };
	if (m->from.fd < 0)
		return err_sys(err, "cannot write '%s'", path);
	unlink(path);
	m->oid = *oid;
	hasher_reset(m->hasher);
	return 0;
}

static int move_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct moving *m = arg;

	hasher_update(m->hasher, buf, n);
	m->from.size += n;
	return fs_write_all(m->from.fd, buf, n, "a temporary file", err);
}

static int move_end(void *arg, struct mlops_error *err)
{
	struct moving *m = arg;
	const struct remote_item item = { m->oid, m->from.size };
	struct oid got;

	hasher_final(m->hasher, &got);
	if (!mlops_oid_equal(&got, &m->oid))
		return remote_damaged(m->cleaning->remote, &m->oid, err);
	m->cleaning->counts->moved++;
	return sender_object(m->cleaning->native->sender, m->block, &item, &m->from, err);
}

static int move_all(struct moving *m, struct mlops_error *err)
{
	const struct frame_sink sink = {
		.begin = move_begin, .piece = move_piece, .end = move_end, .arg = m
	};
	struct cleaning *c = m->cleaning;
	VEC(struct remote_item) items = { 0 };

	for (size_t i = 0; i < c->staying.n; i++)
		if (is_to_move(c, &c->staying.v[i]))
			vec_push(&items, { c->staying.v[i].at.oid, c->staying.v[i].at.size });
	int rc = receive_objects(c->inv, items.v, items.n, &sink, err);
	vec_free(&items);
	return rc;
}

/* Puts what stays out of blocks that go. */
static int move_out(struct cleaning *c, struct mlops_error *err)
{
	struct moving m = { .cleaning = c, .from = { .fd = -1 } };
	struct sender *s = c->native->sender;
	int rc = -1;

	for (uint32_t i = 0; i < c->inv->blocks.n; i++)
		if (c->going[i])
			inventory_flag(c->inv, i, BLOCK_CONDEMNED);
	if (project_tmp(c->project, &m.tmp_dir, err) || hasher_new(&m.hasher, err))
		return -1;
	if (!sender_take(s, &m.block, err)) {
		rc = move_all(&m, err);
		sender_give(s, m.block);
	}
	remote_source_close(&m.from);
	hasher_free(m.hasher);
	return rc || sender_flush(s, err) ? -1 : 0;
}

static uint32_t number_in(struct cleaning *c, struct index_builder *b, uint32_t number)
{
	const struct built_block block = inventory_block(c->inv, number);

	return index_builder_block(b, &block.name, block.size);
}

static void add_staying(struct cleaning *c, struct index_builder *b, const struct staying *s,
			struct map *lists)
{
	struct placed object = s->at;

	object.at.block = number_in(c, b, object.at.block);
	vec_push(&b->objects, object);
	for (uint32_t i = 0; i < s->n_blocks; i++)
		number_in(c, b, c->blocks.v[s->blocks + i]);
	for (uint32_t i = 0; i < s->n_lists; i++) {
		struct piece at = c->lists.v[s->lists + i];

		if (map_getn(lists, &at, sizeof(at)))
			continue;
		vec_push(&b->lists, { number_in(c, b, at.block), at.offset, at.stored, at.raw });
		map_putn(lists, &at, sizeof(at), (void *)(uintptr_t)b->lists.n);
	}
}

/* Hooks that lead to lists which stay. */
static void add_hooks(struct index_builder *b, const struct block_index *x, const struct map *lists)
{
	for (uint32_t i = 0; i < x->n_hooks; i++) {
		uint64_t prefix;
		uint32_t list;
		struct piece at;

		block_index_hook_at(x, i, &prefix, &list);
		if (list >= x->n_lists)
			continue;
		block_index_list(x, list, &at);
		if (at.block >= x->n_blocks)
			continue;
		at.block = x->numbers[at.block];
		uintptr_t there = (uintptr_t)map_getn(lists, &at, sizeof(at));
		if (there)
			vec_push(&b->hooks, { prefix, (uint32_t)there - 1 });
	}
}

/* One index in place of the old ones. */
static int put_index(struct cleaning *c, struct oid *name, struct mlops_error *err)
{
	struct index_builder b = { 0 };
	struct map lists = { 0 };
	autobuf bytes = { 0 };

	for (size_t i = 0; i < c->staying.n; i++)
		if (!is_to_move(c, &c->staying.v[i]))
			add_staying(c, &b, &c->staying.v[i], &lists);
	for (size_t i = 0; i < c->old.n; i++)
		add_hooks(&b, c->old.v[i], &lists);
	int rc = b.objects.n ? inventory_publish(c->inv, &b, &bytes, name, err) : 0;
	index_builder_clear(&b);
	map_clear(&lists);
	return rc;
}

static int put_marks(struct cleaning *c, const struct oid *kept, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];
	autobuf text = { 0 };
	struct oid ignored;

	strbuf_adds(&text, "mlops marks 1\n");
	for (size_t i = 0; i < c->old.n; i++)
		if (!mlops_oid_equal(&c->old.v[i]->name, kept))
			strbuf_addf(&text, "index %s\n", mlops_oid_hex(&c->old.v[i]->name, hex));
	for (uint32_t i = 0; i < c->inv->blocks.n; i++)
		if (i < c->n_blocks && c->going[i])
			strbuf_addf(&text, "block %s\n",
				    mlops_oid_hex(&c->inv->blocks.v[i].block.name, hex));
	if (FAULT("remote.mark"))
		return err_sys(err, "cannot write to remote '%s'", c->remote->name);
	return inventory_put(c->inv, "marks/", &text, &ignored, err);
}

/* Whether an object that is named is only where gc has marked everything. */
static bool is_any_to_move(const struct cleaning *c)
{
	for (size_t i = 0; i < c->staying.n; i++)
		if (is_to_move(c, &c->staying.v[i]))
			return true;
	return false;
}

/* Whether an index names a block that was marked before: as long as one does, it is not removed. */
static bool is_any_in_the_way(const struct cleaning *c)
{
	for (size_t i = 0; i < c->old.n; i++)
		for (uint32_t j = 0; j < c->old.v[i]->n_blocks; j++)
			if (c->inv->blocks.v[c->old.v[i]->numbers[j]].flags & BLOCK_CONDEMNED)
				return true;
	return false;
}

static int rewrite(struct cleaning *c, struct mlops_error *err)
{
	struct oid name = { 0 };

	if (!c->counts->objects && !c->counts->blocks && c->old.n < MANY_INDEXES &&
	    !is_any_to_move(c) && !is_any_in_the_way(c))
		return 0;
	return move_out(c, err) || put_index(c, &name, err) || put_marks(c, &name, err) ? -1 : 0;
}

static int clean(struct cleaning *c, const struct object_ref *refs, size_t n,
		 struct mlops_error *err)
{
	if (gc_check_indexes(c, err) || find_now(c, err) ||
	    inventory_list(c->inv, "marks/", &c->marks, err) ||
	    inventory_list(c->inv, "index/", &c->indexes, err) || gc_find_named(c, refs, n, err) ||
	    gc_find_staying(c, err))
		return -1;
	choose_blocks(c);
	if (c->how->dry_run)
		return 0;
	if ((c->counts->objects || c->counts->blocks) && c->how->confirm &&
	    !c->how->confirm(c->counts, c->how->arg))
		return err_set(err, MLOPS_ENO, "nothing was removed");
	return rewrite(c, err) || gc_sweep(c, err) ? -1 : 0;
}

int mlops_remote_gc(struct project *project, const struct object_ref *refs, size_t n,
		    const struct remote_gc_how *how, struct remote_gc_counts *counts,
		    struct mlops_error *err)
{
	const struct transfer_how transfer = { .remote = how->remote };
	struct cleaning c = { .project = project, .how = how, .counts = counts };
	autoremote *r = NULL;

	*counts = (struct remote_gc_counts){ 0 };
	if (how->grace_ms < REMOTE_LEAST_GRACE_MS)
		return err_set(err, MLOPS_EUSAGE,
			       "--grace is a day at least: pushes may take as long");
	if (remote_open(project, &transfer, &r, err) ||
	    native_open_blocks(r, !how->dry_run, &c.native, err))
		return -1;
	c.remote = r;
	c.inv = &c.native->inv;
	int rc = clean(&c, refs, n, err);
	vec_free(&c.indexes);
	vec_free(&c.marks);
	vec_free(&c.named);
	vec_free(&c.staying);
	vec_free(&c.blocks);
	vec_free(&c.lists);
	vec_free(&c.old);
	free(c.used);
	free(c.needed);
	free(c.going);
	return rc;
}
