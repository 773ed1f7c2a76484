/* Reading index files. Nothing that one says is believed before it was checked against its size. */
#include "remote/native/index.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/le.h"
#include "remote/native/index_form.h"

static int bad(struct mlops_error *err, const char *why)
{
	return err_set(err, MLOPS_ECORRUPT, "an index of the remote is damaged: %s", why);
}

static uint64_t objects_at(const struct block_index *x)
{
	return INDEX_HEADER + (uint64_t)x->n_blocks * BLOCK_RECORD;
}

static uint64_t lists_at(const struct block_index *x)
{
	return objects_at(x) + x->n_objects * PLACED_SIZE;
}

static uint64_t hooks_at(const struct block_index *x)
{
	return lists_at(x) + (uint64_t)x->n_lists * PIECE_SIZE;
}

static int check(struct block_index *x, struct mlops_error *err)
{
	if (x->n < INDEX_HEADER || x->n > INDEX_MAX || memcmp(x->p, INDEX_MAGIC, 4))
		return bad(err, "it does not begin as one");
	if (le32_get(x->p + 4) != INDEX_VERSION) {
		err_set(err, MLOPS_EINVALID,
			"an index of the remote has version %u, this program knows %d",
			le32_get(x->p + 4), INDEX_VERSION);
		return err_hint(err, "install a newer mlops");
	}
	x->n_objects = le64_get(x->p + 8);
	x->n_blocks = le32_get(x->p + 16);
	x->n_lists = le32_get(x->p + 20);
	x->n_hooks = le32_get(x->p + 24);
	if (x->n_objects > x->n || hooks_at(x) + (uint64_t)x->n_hooks * HOOK_RECORD != x->n)
		return bad(err, "its size is not the one of what it counts");
	return 0;
}

int block_index_parse(void *bytes, size_t n, struct block_index **out, struct mlops_error *err)
{
	struct block_index *x = xcalloc(1, sizeof(*x));

	x->p = bytes;
	x->n = n;
	if (check(x, err)) {
		block_index_free(x);
		return -1;
	}
	*out = x;
	return 0;
}

int block_index_map(const char *path, struct block_index **out, struct mlops_error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return err_sys(err, "cannot open '%s'", path);
	if (!st.st_size)
		return bad(err, "it is empty");
	void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return err_sys(err, "cannot map '%s'", path);
	struct block_index *x = xcalloc(1, sizeof(*x));
	x->p = at;
	x->n = (size_t)st.st_size;
	x->mapped = true;
	if (check(x, err)) {
		block_index_free(x);
		return -1;
	}
	*out = x;
	return 0;
}

void block_index_free(struct block_index *x)
{
	if (!x)
		return;
	if (x->mapped)
		munmap(x->p, x->n);
	else
		free(x->p);
	free(x->numbers);
	free(x);
}

void block_index_rest(const struct block_index *x)
{
	if (x->mapped)
		madvise(x->p, x->n, MADV_DONTNEED);
}

void block_index_block(const struct block_index *x, uint32_t i, struct oid *name, uint64_t *size)
{
	const uint8_t *p = x->p + INDEX_HEADER + (size_t)i * BLOCK_RECORD;

	memcpy(name->sha256, p, sizeof(name->sha256));
	*size = le64_get(p + 32);
}

static const uint8_t *object_record(const struct block_index *x, uint64_t i)
{
	return x->p + objects_at(x) + i * PLACED_SIZE;
}

void block_index_object(const struct block_index *x, uint64_t i, struct placed *out)
{
	placed_get(object_record(x, i), out);
}

void block_index_list(const struct block_index *x, uint32_t i, struct piece *out)
{
	piece_get(x->p + lists_at(x) + (size_t)i * PIECE_SIZE, out);
}

void block_index_hook_at(const struct block_index *x, uint32_t i, uint64_t *prefix, uint32_t *list)
{
	const uint8_t *p = x->p + hooks_at(x) + (size_t)i * HOOK_RECORD;

	*prefix = le64_get(p);
	*list = le32_get(p + 8);
}

/* Whether it is one, of which nobody can make us look behind the end of its block. */
static bool is_sound(const struct block_index *x, const struct piece *piece)
{
	struct oid name;
	uint64_t size;

	if (piece->block >= x->n_blocks)
		return false;
	block_index_block(x, piece->block, &name, &size);
	return piece_fits(piece, size);
}

bool block_index_find(const struct block_index *x, const struct oid *oid, struct placed *out)
{
	uint64_t low = 0, high = x->n_objects;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		int order = memcmp(oid->sha256, object_record(x, middle), sizeof(oid->sha256));

		if (!order) {
			block_index_object(x, middle, out);
			return is_sound(x, &out->at);
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

bool block_index_hook(const struct block_index *x, uint64_t prefix, struct piece *out)
{
	uint32_t low = 0, high = x->n_hooks, list;
	uint64_t there;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		block_index_hook_at(x, middle, &there, &list);
		if (there == prefix) {
			if (list >= x->n_lists)
				return false;
			block_index_list(x, list, out);
			return is_sound(x, out);
		}
		if (prefix < there)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}
