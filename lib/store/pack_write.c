/*
 * Writing a pack: entries are appended through store/output.h, and nothing is synced before the
 * end, when pack and index get their names in this order: sync pack, sync index, rename pack,
 * rename index, sync folder. A pack without an index is not part of the store.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/le.h"
#include "base/map.h"
#include "base/path.h"
#include "base/rand.h"
#include "store/output.h"
#include "store/pack.h"

#define MAX_OBJECTS ((size_t)1 << 20)
#define MAX_BYTES   ((uint64_t)4 << 30)

struct pack_writer {
	int fd;
	char *tmp;
	struct output *out;
	VEC(struct pack_entry) entries;
	struct map by_oid; /* name -> its index in entries, plus one */
};

int pack_writer_new(const char *tmp_dir, struct pack_writer **out, struct mlops_error *err)
{
	char suffix[RAND_HEX_SIZE(8)], header[PACK_HEADER] = "MLPK";
	autofree char *tmp = xasprintf("%s/pack-%s", tmp_dir, rand_hex(suffix, 8));
	int fd = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0444);

	if (fd < 0)
		return err_sys(err, "cannot write '%s'", tmp);
	fs_share(fd, tmp_dir);
	struct pack_writer *w = xcalloc(1, sizeof(*w));
	w->fd = fd;
	w->tmp = steal_ptr(&tmp);
	w->out = output_new(fd, w->tmp, true);
	le32_put(header + 4, PACK_VERSION);
	if (output_add(w->out, header, sizeof(header), err)) {
		pack_writer_free(w);
		return -1;
	}
	*out = w;
	return 0;
}

void pack_writer_free(struct pack_writer *w)
{
	if (!w)
		return;
	output_free(w->out);
	close(w->fd);
	if (w->tmp)
		unlink(w->tmp);
	free(w->tmp);
	vec_free(&w->entries);
	map_clear(&w->by_oid);
	free(w);
}

int pack_writer_sync_out(struct pack_writer *w, int *fd, struct mlops_error *err)
{
	if (output_settle(w->out, err))
		return -1;
	*fd = w->fd;
	return 0;
}

int pack_writer_add(struct pack_writer *w, const struct oid *oid, const struct pack_form *form,
		    struct mlops_error *err)
{
	uint8_t header[PACK_ENTRY_HEADER] = { 0 };

	memcpy(header, oid->sha256, sizeof(oid->sha256));
	le64_put(header + 32, form->raw);
	le64_put(header + 40, form->n);
	header[48] = (uint8_t)form->codec;
	vec_push(&w->entries, { *oid, pack_writer_size(w), form->raw, form->n, form->codec });
	map_putn(&w->by_oid, oid->sha256, sizeof(oid->sha256), (void *)(uintptr_t)w->entries.n);
	return output_add(w->out, header, sizeof(header), err) ||
			       output_add(w->out, form->data, form->n, err) ?
		       -1 :
		       0;
}

bool pack_writer_find(const struct pack_writer *w, const struct oid *oid, struct pack_entry *out)
{
	size_t at = (uintptr_t)map_getn(&w->by_oid, oid->sha256, sizeof(oid->sha256));

	if (!at)
		return false;
	*out = w->entries.v[at - 1];
	return true;
}

void pack_writer_first(const struct pack_writer *w, struct pack_entry *out)
{
	*out = w->entries.v[0];
}

size_t pack_writer_count(const struct pack_writer *w)
{
	return w->entries.n;
}

uint64_t pack_writer_size(const struct pack_writer *w)
{
	return output_size(w->out);
}

bool pack_writer_is_full(const struct pack_writer *w)
{
	return w->entries.n >= MAX_OBJECTS || pack_writer_size(w) >= MAX_BYTES;
}

static int by_oid(const void *a, const void *b)
{
	return mlops_oid_compare(&((const struct pack_entry *)a)->oid,
				 &((const struct pack_entry *)b)->oid);
}

/* Writes and syncs the index beside the pack; its closing hash is the name of both. */
static int write_index(struct pack_writer *w, const char *tmp, char *hex, struct mlops_error *err)
{
	autofree char *dir = path_dir(tmp);
	autobuf text = { 0 };
	struct oid sum;
	autoclose int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);

	if (fd < 0)
		return err_sys(err, "cannot write '%s'", tmp);
	fs_share(fd, dir);
	vec_sort(&w->entries, by_oid);
	pack_index_format(w->entries.v, w->entries.n, pack_writer_size(w), &text);
	if (hash_buf(text.buf, text.len, &sum, err))
		return -1;
	strbuf_add(&text, sum.sha256, sizeof(sum.sha256));
	mlops_oid_hex(&sum, hex);
	if (fs_write_all(fd, text.buf, text.len, tmp, err))
		return -1;
	if (FAULT("store.idx.sync") || fsync(fd))
		return err_sys(err, "cannot sync '%s'", tmp);
	return 0;
}

static int name_both(struct pack_writer *w, const char *tmp_index, const char *dir, const char *hex,
		     struct mlops_error *err)
{
	autofree char *pack = xasprintf("%s/%s.pack", dir, hex);
	autofree char *index = xasprintf("%s/%s.idx", dir, hex);

	if (FAULT("store.pack.rename") || rename(w->tmp, pack))
		return err_sys(err, "cannot write '%s'", pack);
	free(steal_ptr(&w->tmp));
	int rc = 0;
	if (FAULT("store.idx.rename") || rename(tmp_index, index))
		rc = err_sys(err, "cannot write '%s'", index);
	else
		rc = fs_sync_dir(dir, err);
	/* What is not surely durable must not count as being there when this is tried again. */
	if (rc) {
		unlink(index);
		unlink(pack);
	}
	return rc;
}

int pack_writer_date(struct pack_writer *w, const struct timespec *mtime, struct mlops_error *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, *mtime };
	int fd;

	if (pack_writer_sync_out(w, &fd, err)) /* writing later would change it again */
		return -1;
	return futimens(fd, times) ? err_sys(err, "cannot date '%s'", w->tmp) : 0;
}

int pack_writer_finish(struct pack_writer *w, const char *dir, char *hex, struct mlops_error *err)
{
	autofree char *tmp_index = xasprintf("%s.idx", w->tmp);
	int fd, rc;

	if (pack_writer_sync_out(w, &fd, err))
		return -1;
	if (FAULT("store.pack.sync") || fsync(fd))
		return err_sys(err, "cannot sync '%s'", w->tmp);
	rc = write_index(w, tmp_index, hex, err);
	if (!rc)
		rc = name_both(w, tmp_index, dir, hex, err);
	if (rc)
		unlink(tmp_index);
	return rc;
}
