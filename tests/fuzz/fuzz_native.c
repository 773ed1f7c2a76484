/*
 * What remotes with blocks hold. The first byte of the input says what the rest is: an index, a list
 * of chunks, marks, or a piece. Whatever they tell of lies within what is there.
 */
#include "fuzz.h"

#include "remote/native/list.h"

#define RAW_MAX ((uint32_t)1 << 20)

static struct remote far = { .name = (char *)"far" };

static void look_up(struct inventory *inv, const struct block_index *x)
{
	struct placed object, found;
	struct piece at;
	uint64_t prefix;
	uint32_t list;

	for (uint64_t i = 0; i < x->n_objects; i++) {
		block_index_object(x, i, &object);
		for (unsigned to_rely = 0; to_rely < 2; to_rely++)
			if (inventory_find(inv, &object.oid, to_rely, &found))
				MUST(piece_fits(&found.at,
						inventory_block(inv, found.at.block).size));
	}
	for (uint32_t i = 0; i < x->n_hooks; i++) {
		block_index_hook_at(x, i, &prefix, &list);
		if (inventory_hook(inv, prefix, &at))
			MUST(piece_fits(&at, inventory_block(inv, at.block).size));
	}
}

static void take_index(struct inventory *inv, const uint8_t *data, size_t n)
{
	struct index_builder b = { 0 };
	struct block_index *x, *again;
	autobuf bytes = { 0 };
	autoerr err = ERR_INIT;

	if (refused(block_index_parse(xmemdup(data, n), n, &x, &err), &err))
		return;
	index_builder_add(&b, x);
	inventory_add(inv, x);
	look_up(inv, x);
	index_builder_print(&b, &bytes);
	size_t len = bytes.len;
	MUST(!block_index_parse(strbuf_steal(&bytes), len, &again, &err));
	MUST(again->n_objects <= x->n_objects && again->n_blocks <= x->n_blocks);
	block_index_free(again);
	index_builder_clear(&b);
}

static void check_parts(struct inventory *inv, const struct list *l)
{
	uint64_t total = 0;

	for (size_t i = 0; i < l->parts.n; i++) {
		const struct placed *part = &l->parts.v[i];

		MUST(piece_fits(&part->at, inventory_block(inv, part->at.block).size));
		MUST(part->size && (l->kind == LIST_LISTS || part->size == part->at.raw));
		total += part->size;
	}
	MUST(total == l->size);
}

static void take_list(struct inventory *inv, const uint8_t *data, size_t n)
{
	uint32_t self = inventory_add_block(inv, &(struct oid){ .sha256 = "self" }, BLOCK_MAX);
	autolist l = { 0 }, again = { 0 };
	autobuf bytes = { 0 };
	autoerr err = ERR_INIT;

	if (refused(list_parse((const char *)data, n, self, inv, &l, &err), &err))
		return;
	check_parts(inv, &l);
	list_print(&l, inv, &bytes);
	MUST(!list_parse(bytes.buf, bytes.len, self, inv, &again, &err));
	check_parts(inv, &again);
	MUST(again.parts.n == l.parts.n && again.kind == l.kind);
}

static int count(bool is_block, const struct oid *name, void *arg, struct mlops_error *err)
{
	(void)is_block, (void)name, (void)err;
	++*(unsigned *)arg;
	return 0;
}

static void take_marks(const uint8_t *data, size_t n)
{
	unsigned marks = 0;
	autoerr err = ERR_INIT;

	refused(marks_parse((struct str){ (const char *)data, n }, count, &marks, &err), &err);
	MUST(marks <= n / MLOPS_OID_HEX);
}

static void take_piece(const uint8_t *data, size_t n)
{
	struct pack_entry e;
	struct scratch *s;
	struct oid name;
	autoerr err = ERR_INIT;

	if (n < PACK_ENTRY_HEADER || refused(pack_get_header(data, "it", &e, &err), &err) ||
	    e.stored > n - PACK_ENTRY_HEADER || e.raw > RAW_MAX)
		return;
	const struct piece piece = { .stored = e.stored, .raw = e.raw };
	autofree char *raw = xmalloc((size_t)e.raw + 1);
	MUST(!scratch_new(&s, &err));
	refused(piece_decode(&piece, (const char *)data, s, raw, &name, &err), &err);
	scratch_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct inventory inv;

	if (n < 2)
		return 0;
	inventory_init(&inv, &far);
	switch (data[0] % 4) {
	case 0:
		take_index(&inv, data + 1, n - 1);
		break;
	case 1:
		take_list(&inv, data + 1, n - 1);
		break;
	case 2:
		take_marks(data + 1, n - 1);
		break;
	case 3:
		take_piece(data + 1, n - 1);
		break;
	}
	inventory_clear(&inv);
	return 0;
}
