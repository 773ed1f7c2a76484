/* Full blocks are appended to the file as they come; a column knows where its own lie. */
#include "monitor/spill.h"

#include <fcntl.h>

#include "base/fs.h"

#define SHOWN "the temporary file" /* it has no name */

void spill_init(struct spill *s)
{
	*s = (struct spill){ .fd = -1 };
}

void spill_clear(struct spill *s)
{
	if (s->fd >= 0)
		close(s->fd);
	spill_init(s);
}

static int open_file(struct spill *s, struct mlops_error *err)
{
	const char *dir = getenv("TMPDIR");
	autofree char *path = xasprintf("%s/mlops-XXXXXX", dir && *dir ? dir : "/tmp");

	s->fd = mkostemp(path, O_CLOEXEC);
	if (s->fd < 0)
		return err_sys(err, "cannot make a temporary file '%s'", path);
	if (unlink(path))
		return err_sys(err, "cannot remove '%s'", path);
	return 0;
}

int spill_write(struct spill *s, const double *v, size_t n, uint64_t *at, struct mlops_error *err)
{
	if (s->fd < 0 && open_file(s, err))
		return -1;
	if (fs_write_all(s->fd, v, n * sizeof(*v), SHOWN, err))
		return -1;
	*at = s->used;
	s->used += n * sizeof(*v);
	return 0;
}

int spill_read_at(const struct spill *s, uint64_t at, size_t n, double *v, struct mlops_error *err)
{
	return fs_pread_all(s->fd, v, n * sizeof(*v), at, SHOWN, err);
}

static int flush_block(struct spill *s, struct spill_column *c, struct mlops_error *err)
{
	uint64_t at;

	if (spill_write(s, c->block, SPILL_BLOCK, &at, err))
		return -1;
	vec_push(&c->at, at);
	c->n_block = 0;
	return 0;
}

int spill_add(struct spill *s, struct spill_column *c, const double *v, size_t n,
	      struct mlops_error *err)
{
	if (!c->block)
		c->block = xmalloc(SPILL_BLOCK * sizeof(*c->block));
	while (n) {
		size_t room = SPILL_BLOCK - c->n_block, part = n < room ? n : room;

		if (!room) {
			if (flush_block(s, c, err))
				return -1;
			continue;
		}
		memcpy(c->block + c->n_block, v, part * sizeof(*v));
		c->n_block += part;
		c->n += part;
		v += part;
		n -= part;
	}
	return 0;
}

int spill_read(const struct spill *s, const struct spill_column *c, uint64_t first, size_t n,
	       double *v, struct mlops_error *err)
{
	while (n) {
		uint64_t block = first / SPILL_BLOCK, skip = first % SPILL_BLOCK;
		size_t part = SPILL_BLOCK - skip < n ? (size_t)(SPILL_BLOCK - skip) : n;

		if (block == c->at.n)
			memcpy(v, c->block + skip, part * sizeof(*v));
		else if (spill_read_at(s, c->at.v[block] + skip * sizeof(*v), part, v, err))
			return -1;
		v += part;
		first += part;
		n -= part;
	}
	return 0;
}

void spill_column_clear(struct spill_column *c)
{
	free(c->block);
	vec_free(&c->at);
	*c = (struct spill_column){ 0 };
}
