/* libarchive writes; what its callback ran into is kept until it has come back to us. */
#include "fmt/tar.h"

#include <sys/stat.h>

#include "base/mem.h"
#include "gen/archive_lazy.h"

struct tar {
	struct archive *a;
	int (*write)(const void *buf, size_t n, void *arg, struct mlops_error *err);
	void *arg;
	struct mlops_error err; /* of `write` */
};

static la_ssize_t pass_on(struct archive *a, void *arg, const void *buf, size_t n)
{
	struct tar *t = arg;

	(void)a;
	return t->write(buf, n, t->arg, &t->err) ? -1 : (la_ssize_t)n;
}

void tar_free(struct tar *t)
{
	if (!t)
		return;
	
	archive_write_free(t->a);
	mlops_error_clear(&t->err);
	free(t);
}

static int fail(struct tar *t, struct mlops_error *err)
{
	const char *why = archive_error_string(t->a);

	if (t->err.kind)
		return err_move(err, &t->err);
	return err_set(err, MLOPS_EFAIL, "cannot write the archive: %s", why ? why : "?");
}

int tar_new(int (*write)(const void *buf, size_t n, void *arg, struct mlops_error *err), void *arg,
	    struct tar **out, struct mlops_error *err)
{
	if (archive_lazy_load(err))
		return -1;
	struct tar *t = xcalloc(1, sizeof(*t));
	t->write = write;
	t->arg = arg;
	t->a = archive_write_new();
	if (!t->a)
		abort();
	if (archive_write_set_format_pax_restricted(t->a) || archive_write_set_bytes_per_block(t->a, 0) ||
	    archive_write_open(t->a, t, NULL, pass_on, NULL)) {
		fail(t, err);
		tar_free(t);
		return -1;
	}
	*out = t;
	return 0;
}

int tar_file(struct tar *t, const char *path, bool executable, uint64_t size,
	     struct mlops_error *err)
{
	struct archive_entry *e = archive_entry_new();

	if (!e)
		abort();
	archive_entry_set_pathname(e, path);
	archive_entry_set_mode(e, S_IFREG | (executable ? 0755 : 0644));
	archive_entry_set_size(e, (int64_t)size);
	archive_entry_set_mtime(e, 0, 0);
	int rc = archive_write_header(t->a, e);
	archive_entry_free(e);
	return rc == ARCHIVE_OK ? 0 : fail(t, err);
}

int tar_add(struct tar *t, const void *buf, size_t n, struct mlops_error *err)
{
	return archive_write_data(t->a, buf, n) == (la_ssize_t)n ? 0 : fail(t, err);
}

int tar_finish(struct tar *t, struct mlops_error *err)
{
	return archive_write_close(t->a) == ARCHIVE_OK ? 0 : fail(t, err);
}
