/* Index files and lists of chunks: what was written is read again, what cannot be true is refused. */
#include "unit.h"

#include "crypto/hash.h"
#include "remote/layout.h"
#include "remote/native/receive.h"
#include "remote/native/sender.h"
#include "store/gear.h"

static struct oid name_of(unsigned i)
{
	autoerr err = ERR_INIT;
	struct oid oid;

	assert_success(hash_buf(&i, sizeof(i), &oid, &err));
	return oid;
}

enum { OBJECTS = 1000, BLOCKS = 3 };

static void fill(struct index_builder *b, unsigned from)
{
	for (unsigned i = 0; i < BLOCKS; i++) {
		const struct oid name = name_of(1000000 + i);

		index_builder_block(b, &name, 1 << 20);
	}
	for (unsigned i = from; i < from + OBJECTS; i++)
		vec_push(&b->objects, { name_of(i), i, { i % BLOCKS, 8 + i, i / 2, i } });
	vec_push(&b->lists, { 2, 100, 200, 300 });
	vec_push(&b->hooks, { 77 + from, 0 });
	vec_push(&b->hooks, { 5 + from, 0 });
}

static struct block_index *build(struct index_builder *b)
{
	autobuf bytes = { 0 };
	autoerr err = ERR_INIT;
	struct block_index *x;

	index_builder_print(b, &bytes);
	size_t n = bytes.len;
	assert_success(block_index_parse(strbuf_steal(&bytes), n, &x, &err));
	return x;
}

static void check_objects(const struct block_index *x, unsigned n)
{
	struct placed found;
	struct oid block;
	uint64_t size;

	for (unsigned i = 0; i < n; i++) {
		const struct oid oid = name_of(i), want = name_of(1000000 + i % BLOCKS);

		assert_true(block_index_find(x, &oid, &found));
		assert_int_equal(found.size, i);
		assert_int_equal(found.at.offset, 8 + i);
		block_index_block(x, found.at.block, &block, &size);
		assert_true(mlops_oid_equal(&block, &want));
	}
	const struct oid none = name_of(n);
	assert_false(block_index_find(x, &none, &found));
}

static void test_index(void **state)
{
	struct index_builder b = { 0 };
	struct piece list;

	(void)state;
	fill(&b, 0);
	fill(&b, 0); /* the same again counts once */
	struct block_index *x = build(&b);
	assert_int_equal(x->n_objects, OBJECTS);
	assert_int_equal(x->n_blocks, BLOCKS);
	check_objects(x, OBJECTS);
	assert_true(block_index_hook(x, 5, &list) && list.offset == 100 && list.block == 2);
	assert_true(block_index_hook(x, 77, &list));
	assert_false(block_index_hook(x, 6, &list));
	block_index_free(x);
	index_builder_clear(&b);
}

static void test_joining(void **state)
{
	struct index_builder a = { 0 }, b = { 0 }, all = { 0 };
	const struct oid other = name_of(2000000);
	struct piece list;

	(void)state;
	fill(&a, 0);
	index_builder_block(&all, &other, 1 << 20); /* the others get other numbers */
	fill(&b, OBJECTS);
	struct block_index *x = build(&a);
	index_builder_add(&all, x);
	index_builder_join(&all, &b);
	struct block_index *joined = build(&all);
	assert_int_equal(joined->n_blocks, BLOCKS + 1);
	for (unsigned i = 0; i < 2 * OBJECTS; i++) {
		const struct oid oid = name_of(i);
		struct placed found;

		assert_true(block_index_find(joined, &oid, &found));
		assert_int_equal(found.at.block, 1 + i % BLOCKS);
	}
	assert_true(block_index_hook(joined, 5 + OBJECTS, &list) && list.block == 3);
	block_index_free(joined);
	block_index_free(x);
	index_builder_clear(&a);
	index_builder_clear(&b);
	index_builder_clear(&all);
}

/* What an index says of a block that it does not have is not taken from it. */
static void test_dangling_hook(void **state)
{
	struct index_builder b = { 0 }, taken = { 0 };

	(void)state;
	fill(&b, 0);
	vec_push(&b.lists, { BLOCKS, 100, 200, 300 });
	vec_push(&b.hooks, { 99, 1 });
	struct block_index *x = build(&b);
	index_builder_add(&taken, x);
	assert_int_equal(taken.hooks.n, 2);
	for (size_t i = 0; i < taken.hooks.n; i++)
		assert_int_equal(taken.lists.v[taken.hooks.v[i].list].block, 2);
	block_index_free(x);
	index_builder_clear(&b);
	index_builder_clear(&taken);
}

/* Any bytes of it changed, or it cut: no more than wrong answers come of it. */
static void test_hostile_index(void **state)
{
	struct index_builder b = { 0 };
	autobuf bytes = { 0 };

	(void)state;
	fill(&b, 0);
	index_builder_print(&b, &bytes);
	for (size_t i = 0; i < bytes.len; i += i < 200 ? 1 : 97) {
		for (unsigned how = 0; how < 2; how++) {
			size_t n = how ? i : bytes.len;
			char *copy = xmemdup(bytes.buf, bytes.len);
			autoerr err = ERR_INIT;
			struct block_index *x;
			struct placed found;
			struct piece list;

			copy[i] = (char)(copy[i] ^ 0xff);
			if (block_index_parse(copy, n, &x, &err))
				continue;
			for (unsigned j = 0; j < OBJECTS; j += 50) {
				const struct oid oid = name_of(j);

				if (block_index_find(x, &oid, &found))
					assert_true(found.at.block < x->n_blocks);
			}
			if (block_index_hook(x, 77, &list))
				assert_true(list.block < x->n_blocks);
			struct index_builder again = { 0 };
			index_builder_add(&again, x);
			index_builder_clear(&again);
			block_index_free(x);
		}
	}
	index_builder_clear(&b);
}

static void make_list(struct inventory *inv, struct list *l, uint32_t self)
{
	for (unsigned i = 0; i < 100; i++) {
		const struct oid block = name_of(i % 4);
		uint32_t number = i % 5 ? inventory_add_block(inv, &block, 1 << 20) : self;

		vec_push(&l->parts,
			 { name_of(5000 + i), 9000, { number, 8 + i * 10, 8000, 9000 } });
		l->size += 9000;
	}
	l->kind = LIST_CHUNKS;
	l->oid = name_of(9);
}

static struct remote far = { .name = (char *)"far" };

static void test_list(void **state)
{
	struct inventory inv, other;
	autolist l = { 0 }, got = { 0 };
	const struct oid self = name_of(77);
	autobuf bytes = { 0 };
	autoerr err = ERR_INIT;

	(void)state;
	inventory_init(&inv, &far);
	inventory_init(&other, &far);
	make_list(&inv, &l, LIST_SELF);
	list_print(&l, &inv, &bytes);
	uint32_t number = inventory_add_block(&other, &self, 1 << 20);
	assert_success(list_parse(bytes.buf, bytes.len, number, &other, &got, &err));
	assert_int_equal(got.parts.n, 100);
	assert_int_equal(got.size, l.size);
	for (unsigned i = 0; i < 100; i++) {
		const struct oid want = i % 5 ? name_of(i % 4) : self;
		const struct built_block block = inventory_block(&other, got.parts.v[i].at.block);

		assert_true(mlops_oid_equal(&block.name, &want));
		assert_true(mlops_oid_equal(&got.parts.v[i].oid, &l.parts.v[i].oid));
	}
	inventory_clear(&inv);
	inventory_clear(&other);
}

static void test_hostile_list(void **state)
{
	struct inventory inv;
	const struct oid self = name_of(77);
	autolist l = { 0 };
	autobuf bytes = { 0 };

	(void)state;
	inventory_init(&inv, &far);
	make_list(&inv, &l, LIST_SELF);
	list_print(&l, &inv, &bytes);
	uint32_t number = inventory_add_block(&inv, &self, 1 << 20);
	for (size_t i = 0; i < bytes.len; i++) {
		autoerr err = ERR_INIT;
		autolist got = { 0 };
		uint64_t total = 0;

		assert_error(list_parse(bytes.buf, i, number, &inv, &got, &err), MLOPS_ECORRUPT,
			     "damaged");
		mlops_error_clear(&err);
		bytes.buf[i] = (char)(bytes.buf[i] ^ 0xff);
		if (!list_parse(bytes.buf, bytes.len, number, &inv, &got, &err)) {
			for (size_t j = 0; j < got.parts.n; j++)
				total += got.parts.v[j].size;
			assert_int_equal(total, got.size);
		}
		bytes.buf[i] = (char)(bytes.buf[i] ^ 0xff);
	}
	inventory_clear(&inv);
}

static int count(bool is_block, const struct oid *name, void *arg, struct mlops_error *err)
{
	(void)name, (void)err;
	((unsigned *)arg)[is_block]++;
	return 0;
}

static void test_marks(void **state)
{
	static const char *const bad[] = { "", "mlops marks 2\n", "mlops marks 1\nblock 12\n",
					   "mlops marks 1\nother\n" };
	char hex[MLOPS_OID_HEX + 1];
	const struct oid name = name_of(1);
	autobuf text = { 0 };
	autoerr err = ERR_INIT;
	unsigned counts[2] = { 0 };

	(void)state;
	mlops_oid_hex(&name, hex);
	strbuf_addf(&text, "mlops marks 1\nindex %s\nblock %s\nblock %s\n", hex, hex, hex);
	assert_success(marks_parse((struct str){ text.buf, text.len }, count, counts, &err));
	assert_int_equal(counts[0], 1);
	assert_int_equal(counts[1], 2);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_error(marks_parse(str_of(bad[i]), count, counts, &err), MLOPS_ECORRUPT,
			     "marks");
		mlops_error_clear(&err);
	}
}

/* ---- a remote in memory, and objects whose chunks and lists are many although they are small ---- */

struct memory {
	struct map keys; /* -> struct strbuf * */
};

static void free_value(void *value)
{
	strbuf_clear(value);
	free(value);
}

static int memory_put(void *conn, const struct key_put *put, struct mlops_error *err)
{
	struct strbuf *value = xcalloc(1, sizeof(*value));
	struct memory *m = conn;

	strbuf_reserve(value, (size_t)put->from->size);
	value->len = (size_t)put->from->size;
	assert_int_equal(remote_source_read(put->from, 0, value->buf, value->len, err), 0);
	struct strbuf *old = map_put(&m->keys, put->key, value);
	if (old)
		free_value(old);
	return 0;
}

static int memory_get(void *conn, const char *key, struct byte_range range,
		      const struct byte_sink *sink, struct mlops_error *err)
{
	const struct strbuf *value = map_get(&((struct memory *)conn)->keys, key);

	assert_non_null(value);
	assert_true(range.from + range.n <= value->len);
	return sink->piece(value->buf + range.from, (size_t)range.n, sink->arg, err);
}

static int memory_list(void *conn, const char *prefix,
		       int (*fn)(const char *, const struct key_info *, void *,
				 struct mlops_error *),
		       void *arg, struct mlops_error *err)
{
	(void)conn, (void)prefix, (void)fn, (void)arg, (void)err;
	return 0;
}

enum { CHUNKS = 3000 };

/* Chunks that are as short as can be: each ends in bytes that make the cut. */
static char *make_data(void)
{
	static uint8_t probe[GEAR_MIN + 64];
	char *data = xmalloc(CHUNKS * GEAR_MIN);
	uint64_t state = 88172645463325252u;

	for (size_t i = 0; i < CHUNKS * GEAR_MIN; i += sizeof(state)) {
		state ^= state << 13, state ^= state >> 7, state ^= state << 17;
		memcpy(data + i, &state, sizeof(state));
	}
	uint8_t *tail = probe + GEAR_MIN - 64;
	do {
		state ^= state << 13, state ^= state >> 7, state ^= state << 17;
		memcpy(tail, &state, sizeof(state));
		memcpy(tail + 56, &state, sizeof(state));
	} while (gear_cut(probe, sizeof(probe)) != GEAR_MIN);
	for (size_t i = 0; i < CHUNKS; i++)
		memcpy(data + i * GEAR_MIN + GEAR_MIN - 64, tail, 64);
	return data;
}

static struct oid send_bytes(struct sender *s, char *data, size_t n)
{
	const struct remote_source from = { .buf = data, .fd = -1, .size = n };
	struct remote_item item = { .size = n };
	struct open_block *b;
	autoerr err = ERR_INIT;

	assert_success(hash_buf(data, n, &item.oid, &err));
	assert_success(sender_take(s, &b, &err));
	assert_success(sender_object(s, b, &item, &from, &err));
	sender_give(s, b);
	assert_success(sender_flush(s, &err));
	return item.oid;
}

static bool names(const struct block_index *x, uint32_t block)
{
	for (uint32_t i = 0; i < x->n_blocks; i++)
		if (x->numbers[i] == block)
			return true;
	return false;
}

/* The list of the lists of an object in the newest index. */
static void find_lists(struct inventory *inv, const struct oid *oid, struct list *out)
{
	const struct block_index *x = inv->indexes.v[inv->indexes.n - 1];
	struct placed object;
	autoerr err = ERR_INIT;

	assert_true(block_index_find(x, oid, &object));
	object.at.block = x->numbers[object.at.block];
	assert_success(list_fetch(inv, &object.at, out, &err));
	assert_int_equal(out->kind, LIST_LISTS);
}

/* Of an object whose first lists were there, the index names the blocks of their chunks as well. */
static void check_named(struct inventory *inv, const struct list *lists)
{
	const struct block_index *x = inv->indexes.v[inv->indexes.n - 1];

	for (size_t i = 0; i < lists->parts.n; i++) {
		autolist l = { 0 };
		autoerr err = ERR_INIT;

		assert_true(names(x, lists->parts.v[i].at.block));
		assert_success(list_fetch(inv, &lists->parts.v[i].at, &l, &err));
		for (size_t k = 0; k < l.parts.n; k++)
			assert_true(names(x, l.parts.v[k].at.block));
	}
}

struct taken {
	uint64_t have;
	struct strbuf bytes;
};

static int take_resume(const struct oid *oid, uint64_t size, uint64_t *have, void *arg,
		       struct mlops_error *err)
{
	(void)oid, (void)size, (void)err;
	*have = ((struct taken *)arg)->have;
	return 0;
}

static int take_begin(const struct oid *oid, uint64_t size, void *arg, struct mlops_error *err)
{
	(void)oid, (void)size, (void)arg, (void)err;
	return 0;
}

static int take_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	(void)err;
	strbuf_add(&((struct taken *)arg)->bytes, buf, n);
	return 0;
}

static int take_end(void *arg, struct mlops_error *err)
{
	(void)arg, (void)err;
	return 0;
}

/* Going on within the last chunk of a list, before one that is shorter than what is left of it. */
static void check_resume(struct inventory *inv, const struct oid *oid, const char *data, size_t n,
			 uint64_t have)
{
	struct taken t = { .have = have };
	const struct frame_sink sink = { .begin = take_begin,
					 .piece = take_piece,
					 .end = take_end,
					 .arg = &t,
					 .resume = take_resume };
	const struct remote_item item = { *oid, n };
	autoerr err = ERR_INIT;

	assert_success(receive_objects(inv, &item, 1, &sink, &err));
	assert_int_equal(t.bytes.len, n - have);
	assert_memory_equal(t.bytes.buf, data + have, n - have);
	strbuf_clear(&t.bytes);
}

static void test_lists_again(void **state)
{
	static const struct transport transport = { .put = memory_put,
						    .get = memory_get,
						    .list = memory_list };
	struct memory memory = { 0 };
	struct remote remote = { .name = (char *)"memory",
				 .transport = &transport,
				 .conn = &memory };
	autofree char *data = make_data();
	struct inventory inv;
	struct sender *sender;
	autolist lists = { 0 };
	autoerr err = ERR_INIT;

	(void)state;
	inventory_init(&inv, &remote);
	assert_success(sender_new(&inv, &sender, &err));
	send_bytes(sender, data, CHUNKS / 10 * GEAR_MIN); /* first chunks in a block of theirs */
	struct oid oid = send_bytes(sender, data, CHUNKS * GEAR_MIN);
	find_lists(&inv, &oid, &lists);
	check_named(&inv, &lists);
	size_t end = (size_t)lists.parts.v[0].size;
	list_clear(&lists);

	sender_free(sender); /* another push, which finds the newest list */
	assert_success(sender_new(&inv, &sender, &err));
	oid = send_bytes(sender, data, end + 100);
	find_lists(&inv, &oid, &lists);
	assert_int_equal(lists.parts.n, 2);
	assert_int_equal(lists.parts.v[1].size, 100);
	check_named(&inv, &lists);
	check_resume(&inv, &oid, data, end + 100, 0);
	check_resume(&inv, &oid, data, end + 100, end - 4096);
	sender_free(sender);
	inventory_clear(&inv);
	map_clear_values(&memory.keys, free_value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index),         cmocka_unit_test(test_joining),
		cmocka_unit_test(test_hostile_index), cmocka_unit_test(test_list),
		cmocka_unit_test(test_hostile_list),  cmocka_unit_test(test_marks),
		cmocka_unit_test(test_lists_again),   cmocka_unit_test(test_dangling_hook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
