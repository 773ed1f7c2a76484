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
#include "base/path.h"
#include "base/rand.h"
#include "crypto/hash.h"
#include "store/output.h"
#include "store/pack.h"

#define MAX_OBJECTS ((size_t)1 << 20)
#define MAX_BYTES   ((uint64_t)4 << 30)
#define INDEX_PART  1024 /* records of an index formatted at a time */

struct pack_writer {
	int fd;
	char *tmp;
	struct output *out;
	VEC(struct pack_entry) entries;
	/*
	 * Which entry has a name: its place plus one, 0 for none. The name, a hash, says where to
	 * look first. A struct map would take a hundred bytes an object, this takes ten.
	 */
	uint32_t *slots;
	size_t n_slots;        /* a power of two */
	struct timespec mtime; /* to be; 0: when it was written */
	uint64_t size;         /* once `out` is gone */
};

/* The slot of a name, or the free one where it belongs. */
static uint32_t *slot_of(const struct pack_writer *w, const struct oid *oid)
{
	size_t mask = w->n_slots - 1, i = le64_get(oid->sha256) & mask;

	while (w->slots[i] && !mlops_oid_equal(&w->entries.v[w->slots[i] - 1].oid, oid))
		i = (i + 1) & mask;
	return &w->slots[i];
}

/* Room for one more name, with an eighth of the slots free. */
static void grow_slots(struct pack_writer *w)
{
	if (w->entries.n < w->n_slots - w->n_slots / 8)
		return;
	free(w->slots);
	w->n_slots = w->n_slots ? w->n_slots * 2 : 64;
	w->slots = xcalloc(w->n_slots, sizeof(*w->slots));
	for (size_t i = 0; i < w->entries.n; i++)
		*slot_of(w, &w->entries.v[i].oid) = (uint32_t)i + 1;
}

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
	w->out = output_new(fd, w->tmp, false);
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
	free(w->slots);
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
	uint8_t header[PACK_ENTRY_HEADER];

	pack_put_header(header, oid, form);
	grow_slots(w);
	*slot_of(w, oid) = (uint32_t)w->entries.n + 1;
	vec_push(&w->entries, { *oid, (uint32_t)form->raw, (uint32_t)form->n, pack_writer_size(w), form->codec });
	return output_add(w->out, header, sizeof(header), err) ||
			       output_add(w->out, form->data, form->n, err) ?
		       -1 :
		       0;
}

bool pack_writer_find(const struct pack_writer *w, const struct oid *oid, struct pack_entry *out)
{
	uint32_t at = w->n_slots ? *slot_of(w, oid) : 0;

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
	return w->out ? output_size(w->out) : w->size;
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

/* Sorts the entries and writes the index up to its closing hash, which goes into *sum. */
static int write_records(struct pack_writer *w, struct output *out, struct oid *sum,
			 struct mlops_error *err)
{
	const size_t n = w->entries.n;
	struct hasher *hasher;
	autobuf text = { 0 };

	if (hasher_new(&hasher, err))
		return -1;
	vec_sort(&w->entries, by_oid);
	pack_index_head(w->entries.v, n, pack_writer_size(w), &text);
	int rc = 0;
	for (size_t i = 0; !rc && i < n; i += INDEX_PART) {
		size_t part = n - i < INDEX_PART ? n - i : INDEX_PART;

		pack_index_records(&w->entries.v[i], part, &text);
		hasher_update(hasher, text.buf, text.len);
		rc = output_add(out, text.buf, text.len, err);
		strbuf_trunc(&text, 0);
	}
	hasher_final(hasher, sum);
	hasher_free(hasher);
	return rc;
}

/* Writes and syncs the index beside the pack; its closing hash is the name of both. */
static int write_index(struct pack_writer *w, const char *tmp, char *hex, struct mlops_error *err)
{
	autofree char *dir = path_dir(tmp);
	autoclose int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	struct oid sum;

	if (fd < 0)
		return err_sys(err, "cannot write '%s'", tmp);
	fs_share(fd, dir);
	struct output *out = output_new(fd, tmp, false);
	int rc = write_records(w, out, &sum, err);
	if (!rc)
		rc = output_add(out, sum.sha256, sizeof(sum.sha256), err);
	if (!rc)
		rc = output_settle(out, err);
	output_free(out);
	if (!rc && (FAULT("store.idx.sync") || fsync(fd)))
		rc = err_sys(err, "cannot sync '%s'", tmp);
	if (!rc)
		mlops_oid_hex(&sum, hex);
	return rc;
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

void pack_writer_date(struct pack_writer *w, const struct timespec *mtime)
{
	w->mtime = *mtime;
}

/* Writing would change it again, so this comes when nothing is left to write; it need not last. */
static int set_date(struct pack_writer *w, struct mlops_error *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, w->mtime };

	if (w->mtime.tv_sec && futimens(w->fd, times))
		return err_sys(err, "cannot date '%s'", w->tmp);
	return 0;
}

/* All is in the file; what only adding and finding take is given back before the sorting. */
static void close_pack(struct pack_writer *w)
{
	w->size = output_size(w->out);
	output_free(steal_ptr(&w->out));
	free(steal_ptr(&w->slots));
	w->n_slots = 0;
}

int pack_writer_finish(struct pack_writer *w, const char *dir, char *hex, struct mlops_error *err)
{
	autofree char *tmp_index = xasprintf("%s.idx", w->tmp);
	int fd, rc;

	if (pack_writer_sync_out(w, &fd, err))
		return -1;
	if (FAULT("store.pack.sync") || fsync(fd))
		return err_sys(err, "cannot sync '%s'", w->tmp);
	close_pack(w);
	rc = write_index(w, tmp_index, hex, err);
	if (!rc)
		rc = set_date(w, err);
	if (!rc)
		rc = name_both(w, tmp_index, dir, hex, err);
	if (rc)
		unlink(tmp_index);
	return rc;
}
