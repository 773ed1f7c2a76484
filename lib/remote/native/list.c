/* The bytes of lists of chunks. */
#include "remote/native/list.h"

#include "base/le.h"

#define MAGIC   "MLCL"
#define VERSION 1
#define HEADER  64 /* magic, version, kind, blocks, parts, zero, name and size of the object */

void list_clear(struct list *l)
{
	vec_free(&l->parts);
}

/* The blocks that its parts lie in, and the parts with numbers of these. */
static void number_blocks(const struct list *l, struct inventory *inv, struct index_builder *blocks,
			  struct strbuf *parts)
{
	uint8_t record[PLACED_SIZE];

	for (size_t i = 0; i < l->parts.n; i++) {
		struct placed part = l->parts.v[i];

		if (part.at.block != LIST_SELF) {
			const struct built_block block = inventory_block(inv, part.at.block);

			part.at.block = index_builder_block(blocks, &block.name, block.size);
		}
		placed_put(record, &part);
		strbuf_add(parts, record, sizeof(record));
	}
}

void list_print(const struct list *l, struct inventory *inv, struct strbuf *out)
{
	struct index_builder blocks = { 0 };
	uint8_t h[HEADER] = MAGIC;
	autobuf parts = { 0 };

	number_blocks(l, inv, &blocks, &parts);
	le32_put(h + 4, VERSION);
	le32_put(h + 8, l->kind);
	le32_put(h + 12, (uint32_t)blocks.blocks.n);
	le32_put(h + 16, (uint32_t)l->parts.n);
	memcpy(h + 24, l->oid.sha256, 32);
	le64_put(h + 56, l->size);
	strbuf_add(out, h, sizeof(h));
	for (size_t i = 0; i < blocks.blocks.n; i++) {
		uint8_t record[BLOCK_RECORD];

		memcpy(record, blocks.blocks.v[i].name.sha256, 32);
		le64_put(record + 32, blocks.blocks.v[i].size);
		strbuf_add(out, record, sizeof(record));
	}
	strbuf_add(out, parts.buf, parts.len);
	index_builder_clear(&blocks);
}

static int bad(struct mlops_error *err)
{
	return err_set(err, MLOPS_ECORRUPT, "a list of chunks is damaged");
}

static int parse_parts(const uint8_t *p, size_t n_blocks, size_t n, uint32_t self,
		       struct inventory *inv, struct list *out, struct mlops_error *err)
{
	autofree uint32_t *numbers = xcalloc(n_blocks, sizeof(*numbers));
	struct oid name;
	uint64_t total = 0;

	for (size_t i = 0; i < n_blocks; i++, p += BLOCK_RECORD) {
		memcpy(name.sha256, p, sizeof(name.sha256));
		numbers[i] = inventory_add_block(inv, &name, le64_get(p + 32));
	}
	for (size_t i = 0; i < n; i++, p += PLACED_SIZE) {
		struct placed part;

		placed_get(p, &part);
		if (part.at.block != LIST_SELF && part.at.block >= n_blocks)
			return bad(err);
		part.at.block = part.at.block == LIST_SELF ? self : numbers[part.at.block];
		if (!piece_fits(&part.at, inventory_block(inv, part.at.block).size) ||
		    __builtin_add_overflow(total, part.size, &total) || !part.size ||
		    (out->kind == LIST_CHUNKS && part.size != part.at.raw))
			return bad(err);
		vec_push(&out->parts, part);
	}
	return total == out->size ? 0 : bad(err);
}

int list_parse(const char *bytes, size_t n, uint32_t self, struct inventory *inv, struct list *out,
	       struct mlops_error *err)
{
	const uint8_t *p = (const uint8_t *)bytes;
	struct list l = { 0 };

	if (n < HEADER || memcmp(p, MAGIC, 4) || le32_get(p + 4) != VERSION)
		return bad(err);
	uint32_t kind = le32_get(p + 8), blocks = le32_get(p + 12), parts = le32_get(p + 16);
	if ((kind != LIST_CHUNKS && kind != LIST_LISTS) ||
	    n != HEADER + (uint64_t)blocks * BLOCK_RECORD + (uint64_t)parts * PLACED_SIZE)
		return bad(err);
	l.kind = kind;
	memcpy(l.oid.sha256, p + 24, sizeof(l.oid.sha256));
	l.size = le64_get(p + 56);
	if (parse_parts(p + HEADER, blocks, parts, self, inv, &l, err)) {
		list_clear(&l);
		return -1;
	}
	*out = l;
	return 0;
}

int list_fetch(struct inventory *inv, const struct piece *at, struct list *out,
	       struct mlops_error *err)
{
	const struct built_block block = inventory_block(inv, at->block);
	autofree char *raw = NULL;
	struct oid name;

	if (piece_fetch(inv->remote, &block.name, at, &name, &raw, err))
		return -1;
	return list_parse(raw, at->raw, at->block, inv, out, err);
}
