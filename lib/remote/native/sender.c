/* Blocks on their way, and the index that names what they hold. */
#include "remote/native/sender.h"

#include "base/fault.h"
#include "base/fs.h"
#include "base/rand.h"
#include "crypto/hash.h"

#define MAX_BLOCKS 4096 /* in one index: 64 GiB of data */

static void open_block_free(struct open_block *b)
{
	if (!b)
		return;
	strbuf_clear(&b->bytes);
	index_builder_clear(&b->own);
	scratch_free(b->scratch);
	free(b);
}

static void begin_block(struct open_block *b)
{
	static const uint8_t header[PACK_HEADER] = { 'M', 'L', 'P', 'K', PACK_VERSION };

	index_builder_clear(&b->own);
	vec_push(&b->own.blocks, { { { 0 } }, 0 }); /* BLOCK_OWN; its name is known at the end */
	strbuf_trunc(&b->bytes, 0);
	strbuf_add(&b->bytes, header, sizeof(header));
}

static int open_block_new(struct open_block **out, struct mlops_error *err)
{
	struct scratch *scratch;

	if (scratch_new(&scratch, err))
		return -1;
	struct open_block *b = xcalloc(1, sizeof(*b));
	b->scratch = scratch;
	begin_block(b);
	*out = b;
	return 0;
}

int sender_new(struct inventory *inv, struct sender **out, struct mlops_error *err)
{
	struct sender *s = xcalloc(1, sizeof(*s));

	(void)err;
	s->inv = inv;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->returned, NULL);
	s->chunks = chunk_cache_new();
	*out = s;
	return 0;
}

static void free_blocks(struct sender *s)
{
	while (s->n_idle)
		open_block_free(s->idle[--s->n_idle]);
}

void sender_free(struct sender *s)
{
	if (!s)
		return;
	free_blocks(s);
	index_builder_clear(&s->built);
	vec_free(&s->pending);
	chunk_cache_free(s->chunks);
	free(s->hooks);
	pthread_cond_destroy(&s->returned);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* The one that has most in it, so that few are left half full. */
static struct open_block *fullest(struct sender *s)
{
	size_t best = 0;

	if (!s->n_idle)
		return NULL;
	for (size_t i = 1; i < s->n_idle; i++)
		if (s->idle[i]->bytes.len > s->idle[best]->bytes.len)
			best = i;
	struct open_block *b = s->idle[best];
	s->idle[best] = s->idle[--s->n_idle];
	return b;
}

int sender_take(struct sender *s, struct open_block **out, struct mlops_error *err)
{
	pthread_mutex_lock(&s->lock);
	while (!s->n_idle && s->n_out == ARRAY_LEN(s->idle))
		pthread_cond_wait(&s->returned, &s->lock);
	*out = fullest(s);
	s->n_out++;
	pthread_mutex_unlock(&s->lock);
	if (*out || !open_block_new(out, err))
		return 0;
	pthread_mutex_lock(&s->lock);
	s->n_out--;
	pthread_mutex_unlock(&s->lock);
	return -1;
}

void sender_give(struct sender *s, struct open_block *b)
{
	pthread_mutex_lock(&s->lock);
	s->idle[s->n_idle++] = b;
	s->n_out--;
	pthread_cond_signal(&s->returned);
	pthread_mutex_unlock(&s->lock);
}

void block_add(struct open_block *b, const struct oid *name, const void *buf, size_t n,
	       struct piece *out)
{
	uint8_t header[PACK_ENTRY_HEADER];
	struct pack_form form;

	pack_encode(buf, n, b->scratch, &form);
	pack_put_header(header, name, &form);
	*out = (struct piece){ BLOCK_OWN, (uint32_t)b->bytes.len, (uint32_t)form.n, (uint32_t)n };
	strbuf_add(&b->bytes, header, sizeof(header));
	strbuf_add(&b->bytes, form.data, form.n);
}

static struct hook_slot *slot_of(const struct sender *s, uint64_t prefix)
{
	size_t mask = s->n_hooks - 1, i = (prefix >> 16) & mask;

	while (s->hooks[i].list && s->hooks[i].prefix != prefix)
		i = (i + 1) & mask;
	return &s->hooks[i];
}

/* Makes the hooks from the i-th on findable. */
static void add_hooks(struct sender *s, size_t i)
{
	size_t n = s->built.hooks.n;

	if (n * 2 > s->n_hooks) {
		free(s->hooks);
		for (s->n_hooks = s->n_hooks ? s->n_hooks : 256; s->n_hooks < n * 4;)
			s->n_hooks *= 2;
		s->hooks = xcalloc(s->n_hooks, sizeof(*s->hooks));
		i = 0;
	}
	for (; i < n; i++) {
		const struct built_hook *h = &s->built.hooks.v[i];

		*slot_of(s, h->prefix) = (struct hook_slot){ h->prefix, h->list + 1 };
	}
}

/* Notes locally what was put, so that a push that is killed need not send it again. */
static void note_pending(struct sender *s, struct open_block *b)
{
	const struct oid *name = &b->own.blocks.v[BLOCK_OWN].name;
	autofree char *path = inventory_pending_path(s->inv, name);
	autobuf bytes = { 0 };
	autoerr ignored = ERR_INIT;

	if (!path || fs_mkdirs_for(path, &ignored))
		return;
	index_builder_print(&b->own, &bytes);
	if (!fs_write_atomic(path, bytes.buf, bytes.len, 0666, &ignored))
		vec_push(&s->pending, *name);
}

/* It is there now: others in this push may refer to what is in it. */
static int settle(struct sender *s, struct open_block *b, uint32_t *number)
{
	struct built_block *own = &b->own.blocks.v[BLOCK_OWN];
	size_t hooks = s->built.hooks.n;

	*number = inventory_add_block(s->inv, &own->name, own->size);
	inventory_flag(s->inv, *number, BLOCK_CHECKED | BLOCK_NAMED);
	note_pending(s, b);
	index_builder_join(&s->built, &b->own);
	add_hooks(s, hooks);
	begin_block(b);
	return s->built.objects.n >= INDEX_OBJECTS || s->built.blocks.n >= MAX_BLOCKS;
}

/* Publishes what has settled. Lock held: nothing settles meanwhile. */
static int publish(struct sender *s, struct mlops_error *err)
{
	struct inventory *inv = s->inv;
	autobuf bytes = { 0 };
	struct block_index *x;
	struct oid name;

	for (size_t i = 0; i < inv->indexes.n; i++)
		if (inv->indexes.v[i]->pending)
			index_builder_add(&s->built, inv->indexes.v[i]);
	if (!s->built.blocks.n)
		return 0;
	if (FAULT("remote.publish"))
		return err_sys(err, "cannot write to remote '%s'", inv->remote->name);
	if (inventory_publish(inv, &s->built, &bytes, &name, err))
		return -1;
	size_t n = bytes.len;
	/* From the file that it is kept in, it takes no memory that the system cannot have back. */
	if (inventory_keep(inv, &name, bytes.buf, n, &x))
		strbuf_clear(&bytes);
	else if (block_index_parse(strbuf_steal(&bytes), n, &x, err))
		return -1;
	x->name = name;
	inventory_drop_pending(inv);
	inventory_add(inv, x);
	s->published++;
	return 0;
}

static void forget_built(struct sender *s)
{
	for (size_t i = 0; i < s->pending.n; i++) {
		autofree char *path = inventory_pending_path(s->inv, &s->pending.v[i]);

		unlink(path);
	}
	vec_free(&s->pending);
	index_builder_clear(&s->built);
	s->built.salt = 0;
	free(steal_ptr(&s->hooks));
	s->n_hooks = 0;
}

static int publish_built(struct sender *s, struct mlops_error *err)
{
	if (publish(s, err))
		return -1;
	forget_built(s);
	return 0;
}

/* A block with the bytes of one that gc will remove gets some more, and so another name. */
static int name_block(struct sender *s, struct open_block *b, struct mlops_error *err)
{
	struct built_block *own = &b->own.blocks.v[BLOCK_OWN];
	uint8_t salt[16];
	struct piece ignored;
	struct oid name;

	if (hash_buf(b->bytes.buf, b->bytes.len, &own->name, err))
		return -1;
	if (inventory_is_marked(s->inv, &own->name)) {
		rand_bytes(salt, sizeof(salt));
		if (hash_buf(salt, sizeof(salt), &name, err))
			return -1;
		block_add(b, &name, salt, sizeof(salt), &ignored);
		if (hash_buf(b->bytes.buf, b->bytes.len, &own->name, err))
			return -1;
	}
	own->size = b->bytes.len;
	return 0;
}

int sender_put(struct sender *s, struct open_block *b, uint32_t *number, struct mlops_error *err)
{
	struct remote *r = s->inv->remote;
	struct built_block *own = &b->own.blocks.v[BLOCK_OWN];
	char key[BLOCK_KEY];

	if (name_block(s, b, err))
		return -1;
	const struct remote_source from = { .buf = b->bytes.buf, .fd = -1, .size = b->bytes.len };
	block_key(&own->name, key);
	const struct key_put put = { .key = key, .from = &from, .oid = &own->name };
	if (r->transport->put(r->conn, &put, err))
		return -1;
	pthread_mutex_lock(&s->lock);
	int rc = settle(s, b, number) ? publish_built(s, err) : 0;
	pthread_mutex_unlock(&s->lock);
	return rc;
}

/* A block that a thread has may tell later what is in it. */
static bool is_on_its_way(struct sender *s, const struct oid *object)
{
	bool found = index_builder_has(&s->built, object);

	for (size_t i = 0; i < s->n_idle && !found; i++)
		found = index_builder_has(&s->idle[i]->own, object);
	return found;
}

void sender_has(struct sender *s, const struct remote_item *items, size_t n, bool *present)
{
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < n; i++)
		present[i] = present[i] || is_on_its_way(s, &items[i].oid);
	pthread_mutex_unlock(&s->lock);
}

static int put_left(struct remote *r, size_t i, void *arg, struct mlops_error *err)
{
	struct sender *s = arg;
	uint32_t number;

	(void)r;
	return s->idle[i]->bytes.len > PACK_HEADER ? sender_put(s, s->idle[i], &number, err) : 0;
}

int sender_flush(struct sender *s, struct mlops_error *err)
{
	if (remote_each(s->inv->remote, s->n_idle, put_left, s, err))
		return -1;
	pthread_mutex_lock(&s->lock);
	free_blocks(s);
	int rc = publish_built(s, err);
	bool news = s->published;
	s->published = 0;
	pthread_mutex_unlock(&s->lock);
	return rc || (news && inventory_put_names(s->inv, err)) ? -1 : 0;
}
