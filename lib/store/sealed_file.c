/* Sealed objects in files of their own: written as a stream, read in any part. */
#include <errno.h>
#include <fcntl.h>

#include "base/fault.h"
#include "base/fs.h"
#include "store/sealed.h"

struct sealed_file {
	struct output *out;
	struct sealed *seal;
	uint64_t chunk; /* that is being filled */
	size_t have;
	uint8_t plain[SEALED_CHUNK], block[SEALED_BLOCK];
};

/* The place of the header is kept free: what it holds is known at the end. */
int sealed_file_new(struct store *s, struct output *to, struct sealed_file **out,
		    struct mlops_error *err)
{
	static const uint8_t header[SEALED_HEADER];
	struct sealed_file *f = xmalloc(sizeof(*f));

	f->out = to;
	f->chunk = f->have = 0;
	if (sealed_new(s->key, &f->seal, err)) {
		free(f);
		return -1;
	}
	*out = f;
	return output_add(to, header, sizeof(header), err);
}

static int flush_chunk(struct sealed_file *f, bool last, struct mlops_error *err)
{
	size_t n = f->have + CIPHER_TAG;

	sealed_put_chunk(f->seal, f->chunk++, last, f->plain, f->have, f->block);
	f->have = 0;
	return output_add(f->out, f->block, n, err);
}

/* A full chunk waits for more: it may be the last, which is sealed as such. */
char *sealed_file_space(struct sealed_file *f, size_t *room, struct mlops_error *err)
{
	if (f->have == SEALED_CHUNK && flush_chunk(f, false, err))
		return NULL;
	*room = SEALED_CHUNK - f->have;
	return (char *)f->plain + f->have;
}

void sealed_file_advance(struct sealed_file *f, size_t n)
{
	f->have += n;
}

int sealed_file_add(struct sealed_file *f, const void *buf, size_t n, struct mlops_error *err)
{
	const char *p = buf;

	while (n) {
		size_t room;
		char *to = sealed_file_space(f, &room, err);
		size_t part = n < room ? n : room;

		if (!to)
			return -1;
		memcpy(to, p, part);
		sealed_file_advance(f, part);
		p += part;
		n -= part;
	}
	return 0;
}

int sealed_file_finish(struct sealed_file *f, int fd, const struct oid *name,
		       struct mlops_error *err)
{
	uint8_t header[SEALED_HEADER];

	if (flush_chunk(f, true, err) || output_settle(f->out, err) ||
	    sealed_put_header(f->seal, name, header, err))
		return -1;
	if (FAULT("store.sealed.header") || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot write a sealed object");
	return fs_write_all(fd, header, sizeof(header), "a sealed object", err);
}

void sealed_file_free(struct sealed_file *f)
{
	if (!f)
		return;
	sealed_free(f->seal);
	explicit_bzero(f->plain, sizeof(f->plain));
	free(f);
}

struct sealed_reader {
	int fd;
	struct sealed *seal;
	uint64_t size;
	uint64_t chunk; /* that is in `plain` */
	bool filled;
	uint8_t plain[SEALED_CHUNK], block[SEALED_BLOCK];
};

static int read_header(struct sealed_reader *r, const struct seal_key *key, const struct oid *name,
		       struct mlops_error *err)
{
	uint8_t header[SEALED_HEADER];
	struct stat st;

	if (fstat(r->fd, &st))
		return err_sys(err, "cannot read a sealed object");
	if (!sealed_plain_size((uint64_t)st.st_size, &r->size))
		return err_set(err, MLOPS_ECORRUPT, "the sealed object is cut short or longer");
	if (fs_pread_all(r->fd, header, sizeof(header), 0, "a sealed object", err))
		return -1;
	return sealed_open(key, header, name, &r->seal, err);
}

int sealed_reader_new(struct store *s, const struct oid *name, struct sealed_reader **out,
		      struct mlops_error *err)
{
	autofree char *path = sealed_path(s, name);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	struct sealed_reader *r = xcalloc(1, sizeof(*r));
	r->fd = fd;
	if (read_header(r, s->key, name, err)) {
		sealed_reader_free(r);
		return -1;
	}
	*out = r;
	return 0;
}

int store_open_sealed(struct store *s, const struct oid *oid, struct sealed_reader **out,
		      struct mlops_error *err)
{
	struct place place;

	store_find(s, oid, true, &place);
	if (place.kind != PLACE_SEALED || !s->key)
		return store_missing(oid, err);
	return sealed_reader_new(s, &place.name, out, err);
}

uint64_t sealed_reader_size(const struct sealed_reader *r)
{
	return r->size;
}

static int fill(struct sealed_reader *r, uint64_t chunk, struct mlops_error *err)
{
	uint64_t from = chunk * SEALED_CHUNK, left = r->size - from;
	bool last = left <= SEALED_CHUNK;
	size_t n = (last ? (size_t)left : SEALED_CHUNK) + CIPHER_TAG;

	if (r->filled && r->chunk == chunk)
		return 0;
	r->filled = false;
	if (fs_pread_all(r->fd, r->block, n, SEALED_HEADER + chunk * SEALED_BLOCK,
			 "a sealed object", err) ||
	    sealed_get_chunk(r->seal, chunk, last, r->block, n, r->plain, err))
		return -1;
	r->chunk = chunk;
	r->filled = true;
	return 0;
}

/* Also an empty object has a chunk that can be wrong. */
int sealed_reader_read(struct sealed_reader *r, uint64_t at, void *buf, size_t n,
		       struct mlops_error *err)
{
	uint8_t *to = buf;

	if (at > r->size || n > r->size - at)
		return err_set(err, MLOPS_ECORRUPT, "the sealed object is too short");
	do {
		size_t skip = at % SEALED_CHUNK, take = SEALED_CHUNK - skip;

		if ((at < r->size || !r->size) && fill(r, at / SEALED_CHUNK, err))
			return -1;
		take = take < n ? take : n;
		memcpy(to, r->plain + skip, take);
		to += take;
		at += take;
		n -= take;
	} while (n);
	return 0;
}

void sealed_reader_free(struct sealed_reader *r)
{
	if (!r)
		return;
	close(r->fd);
	sealed_free(r->seal);
	explicit_bzero(r->plain, sizeof(r->plain));
	free(r);
}
