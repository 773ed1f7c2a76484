/* Making index files. */
#include "base/le.h"
#include "remote/native/index.h"
#include "remote/native/index_form.h"

static void forget_slots(struct index_builder *b)
{
	free(steal_ptr(&b->slots));
	b->n_slots = b->n_slotted = 0;
}

void index_builder_clear(struct index_builder *b)
{
	vec_free(&b->blocks);
	map_clear(&b->numbers);
	vec_free(&b->objects);
	vec_free(&b->lists);
	vec_free(&b->hooks);
	forget_slots(b);
}

uint32_t index_builder_block(struct index_builder *b, const struct oid *name, uint64_t size)
{
	uintptr_t there = (uintptr_t)map_getn(&b->numbers, name->sha256, sizeof(name->sha256));

	if (there)
		return (uint32_t)there - 1;
	vec_push(&b->blocks, { *name, size });
	map_putn(&b->numbers, name->sha256, sizeof(name->sha256), (void *)(uintptr_t)b->blocks.n);
	return (uint32_t)b->blocks.n - 1;
}

static struct piece moved(struct piece at, const uint32_t *numbers)
{
	at.block = numbers[at.block];
	return at;
}

void index_builder_join(struct index_builder *b, const struct index_builder *from)
{
	autofree uint32_t *numbers = xcalloc(from->blocks.n, sizeof(*numbers));
	uint32_t lists = (uint32_t)b->lists.n;

	for (size_t i = 0; i < from->blocks.n; i++)
		numbers[i] =
			index_builder_block(b, &from->blocks.v[i].name, from->blocks.v[i].size);
	for (size_t i = 0; i < from->objects.n; i++) {
		const struct placed *o = &from->objects.v[i];

		vec_push(&b->objects, { o->oid, o->size, moved(o->at, numbers) });
	}
	for (size_t i = 0; i < from->lists.n; i++)
		vec_push(&b->lists, moved(from->lists.v[i], numbers));
	for (size_t i = 0; i < from->hooks.n; i++)
		vec_push(&b->hooks, { from->hooks.v[i].prefix, from->hooks.v[i].list + lists });
}

/* What names a block that the index does not have is left out. */
void index_builder_add(struct index_builder *b, const struct block_index *from)
{
	autofree uint32_t *numbers = xcalloc(from->n_blocks, sizeof(*numbers));
	uint32_t lists = (uint32_t)b->lists.n, list;
	struct placed object;
	uint64_t prefix, size;
	struct piece at;
	struct oid name;

	for (uint32_t i = 0; i < from->n_blocks; i++) {
		block_index_block(from, i, &name, &size);
		numbers[i] = index_builder_block(b, &name, size);
	}
	for (uint64_t i = 0; i < from->n_objects; i++) {
		block_index_object(from, i, &object);
		if (object.at.block < from->n_blocks)
			vec_push(&b->objects,
				 { object.oid, object.size, moved(object.at, numbers) });
	}
	for (uint32_t i = 0; i < from->n_lists; i++) {
		block_index_list(from, i, &at);
		if (at.block >= from->n_blocks) /* keeps its number, and leads nowhere */
			vec_push(&b->lists, { UINT32_MAX, 0, 0, 0 });
		else
			vec_push(&b->lists, moved(at, numbers));
	}
	for (uint32_t i = 0; i < from->n_hooks; i++) {
		block_index_hook_at(from, i, &prefix, &list);
		if (list < from->n_lists && b->lists.v[list + lists].block < b->blocks.n)
			vec_push(&b->hooks, { prefix, list + lists });
	}
}

static uint32_t *slot_of(const struct index_builder *b, const struct oid *object)
{
	size_t mask = b->n_slots - 1, i = le64_get(object->sha256) & mask;

	while (b->slots[i] && !mlops_oid_equal(&b->objects.v[b->slots[i] - 1].oid, object))
		i = (i + 1) & mask;
	return &b->slots[i];
}

/* At most half of the slots are taken. */
static void slot_all(struct index_builder *b)
{
	size_t n = 64;

	while (n < 2 * b->objects.n)
		n *= 2;
	if (n != b->n_slots) {
		forget_slots(b);
		b->slots = xcalloc(n, sizeof(*b->slots));
		b->n_slots = n;
	}
	for (size_t i = b->n_slotted; i < b->objects.n; i++)
		*slot_of(b, &b->objects.v[i].oid) = (uint32_t)i + 1;
	b->n_slotted = b->objects.n;
}

bool index_builder_has(struct index_builder *b, const struct oid *object)
{
	if (b->n_slotted != b->objects.n)
		slot_all(b);
	return b->n_slots && *slot_of(b, object);
}

static int by_oid(const void *a, const void *b)
{
	return mlops_oid_compare(&((const struct placed *)a)->oid,
				 &((const struct placed *)b)->oid);
}

static int by_prefix(const void *a, const void *b)
{
	uint64_t x = ((const struct built_hook *)a)->prefix;
	uint64_t y = ((const struct built_hook *)b)->prefix;

	return x < y ? -1 : x > y;
}

/* Each name once, whichever of them. */
static void sort_all(struct index_builder *b)
{
	size_t n = 0;

	forget_slots(b);
	vec_sort(&b->objects, by_oid);
	for (size_t i = 0; i < b->objects.n; i++)
		if (!n || !mlops_oid_equal(&b->objects.v[n - 1].oid, &b->objects.v[i].oid))
			b->objects.v[n++] = b->objects.v[i];
	b->objects.n = n;
	n = 0;
	vec_sort(&b->hooks, by_prefix);
	for (size_t i = 0; i < b->hooks.n; i++)
		if (!n || b->hooks.v[n - 1].prefix != b->hooks.v[i].prefix)
			b->hooks.v[n++] = b->hooks.v[i];
	b->hooks.n = n;
}

static void print_header(const struct index_builder *b, struct strbuf *out)
{
	uint8_t h[INDEX_HEADER] = INDEX_MAGIC;

	le32_put(h + 4, INDEX_VERSION);
	le64_put(h + 8, b->objects.n);
	le32_put(h + 16, (uint32_t)b->blocks.n);
	le32_put(h + 20, (uint32_t)b->lists.n);
	le32_put(h + 24, (uint32_t)b->hooks.n);
	le32_put(h + 28, b->salt);
	strbuf_add(out, h, sizeof(h));
}

void index_builder_print(struct index_builder *b, struct strbuf *out)
{
	uint8_t record[PLACED_SIZE];

	sort_all(b);
	strbuf_reserve(out, INDEX_HEADER + b->blocks.n * BLOCK_RECORD + b->objects.n * PLACED_SIZE +
				    b->lists.n * PIECE_SIZE + b->hooks.n * HOOK_RECORD);
	print_header(b, out);
	for (size_t i = 0; i < b->blocks.n; i++) {
		memcpy(record, b->blocks.v[i].name.sha256, 32);
		le64_put(record + 32, b->blocks.v[i].size);
		strbuf_add(out, record, BLOCK_RECORD);
	}
	for (size_t i = 0; i < b->objects.n; i++) {
		placed_put(record, &b->objects.v[i]);
		strbuf_add(out, record, PLACED_SIZE);
	}
	for (size_t i = 0; i < b->lists.n; i++) {
		piece_put(record, &b->lists.v[i]);
		strbuf_add(out, record, PIECE_SIZE);
	}
	for (size_t i = 0; i < b->hooks.n; i++) {
		le64_put(record, b->hooks.v[i].prefix);
		le32_put(record + 8, b->hooks.v[i].list);
		strbuf_add(out, record, HOOK_RECORD);
	}
}
