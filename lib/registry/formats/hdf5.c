/* HDF5: the superblock, which says the version and how long the file must be. */
#include "registry/formats/format.h"

static const uint8_t signature[8] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };

static bool match(const struct probe *p)
{
	return !p->is_dir && p->n_head >= 8 && !memcmp(p->head, signature, 8);
}

static int read_addresses(struct cursor *c, uint64_t version, uint64_t *end, struct mlops_error *err)
{
	uint64_t size, skipped;

	c->at = version < 2 ? 13 : 9;
	if (cursor_uint(c, "size of offsets", 1, &size, err))
		return -1;
	if (size != 2 && size != 4 && size != 8)
		return cursor_fail(c, "size of offsets", err, "%u is none of 2, 4 and 8", (unsigned)size);
	c->at = version == 0 ? 24 : version == 1 ? 28 : 12;
	return cursor_uint(c, "base address", size, &skipped, err) ||
	       cursor_uint(c, "free space or extension address", size, &skipped, err) ||
	       cursor_uint(c, "end of file address", size, end, err) ? -1 : 0;
}

static int read_file(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err)
{
	struct cursor c = cursor_of(src);
	uint64_t version, end;

	(void)p;
	c.at = sizeof(signature);
	if (cursor_uint(&c, "superblock version", 1, &version, err))
		return -1;
	if (version > 3)
		return cursor_fail(&c, "superblock version", err, "%u is none of 0 to 3", (unsigned)version);
	if (read_addresses(&c, version, &end, err))
		return -1;
	if (end > src->size)
		return cursor_fail(&c, "end of file address", err, "%llu bytes are announced, the file has %llu",
				   (unsigned long long)end, (unsigned long long)src->size);
	b->info.version = arena_printf(&b->arena, "%u", (unsigned)version);
	return 0;
}

const struct format format_hdf5 = {
	.name = "hdf5", .help = "HDF5, as older Keras writes it: superblock only",
	.match = match, .read = read_file,
};
