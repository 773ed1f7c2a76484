/*
 * DVC's cache: whole files under <cache>/files/md5/ab/cdef..., read-only; those that DVC 2 put there are
 * in <cache>/ab/cdef....
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/hex.h"
#include "base/path.h"
#include "base/rand.h"
#include "crypto/md5.h"
#include "project/project.h"
#include "store/dvc/dvc.h"

#define PIECE       ((size_t)256 << 10)
#define TEXT_PIECE  ((size_t)1 << 20) /* of which DVC 2 mended the ends of lines, one by one */
#define TEXT_SAMPLE ((size_t)512)
#define TMP_HEX     8 /* random bytes of a name */

char *dvc_hex(const struct oid *oid, char *buf)
{
	return hex_encode(buf, oid->sha256, MD5_SIZE);
}

bool dvc_parse_hex(const char *hex, size_t n, struct oid *out)
{
	char text[MD5_HEX_SIZE];

	*out = (struct oid){ 0 };
	if (n != sizeof(text) - 1)
		return false;
	memcpy(text, hex, n);
	text[n] = '\0';
	return hex_decode(out->sha256, MD5_SIZE, text);
}

char *dvc_object_key(const struct oid *oid, bool is_listing)
{
	char hex[MD5_HEX_SIZE];

	dvc_hex(oid, hex);
	return xasprintf("%s%.2s/%s%s", dvc_is_legacy(oid) ? "" : "files/md5/", hex, hex + 2,
			 is_listing ? ".dir" : "");
}

char *dvc_object_path(const struct dvc *d, const struct oid *oid, bool is_listing)
{
	autofree char *key = dvc_object_key(oid, is_listing);

	return path_join(d->cache, key);
}

/* An empty file of another name than that of nothing is what a crash has left. */
bool dvc_has_object(const struct dvc *d, const struct oid *oid, bool is_listing)
{
	autofree char *path = dvc_object_path(d, oid, is_listing);
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* Hashes what is left to read, and with `to` not -1 writes it there. */
static int pump(int from, int to, const char *shown, struct oid *out, struct mlops_error *err)
{
	autofree char *piece = xmalloc(PIECE);
	struct md5 *md5;
	size_t n;

	*out = (struct oid){ 0 };
	if (md5_new(&md5, err))
		return -1;
	do {
		if (fs_read_some(from, piece, PIECE, shown, &n, err) ||
		    (to >= 0 && fs_write_all(to, piece, n, shown, err))) {
			md5_free(md5);
			return -1;
		}
		md5_update(md5, piece, n);
	} while (n == PIECE);
	md5_final(md5, out->sha256);
	return 0;
}

/* As DVC 2 told text from other bytes, by the start of a file. */
static bool is_text(const char *s, size_t n)
{
	size_t other = 0;

	n = n < TEXT_SAMPLE ? n : TEXT_SAMPLE;
	for (size_t i = 0; i < n; i++) {
		if (!s[i])
			return false;
		other += (s[i] < ' ' || s[i] > '~') && !strchr("\n\r\t\f\b", s[i]);
	}
	return other * 10 <= n * 3;
}

static size_t to_unix(char *s, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (s[i] != '\r' || i + 1 == n || s[i + 1] != '\n')
			s[kept++] = s[i];
	return kept;
}

/* The hash of DVC 2. */
static int hash_legacy(int fd, const char *shown, struct oid *out, struct mlops_error *err)
{
	autofree char *piece = xmalloc(TEXT_PIECE);
	bool first = true, text = false;
	struct md5 *md5;
	size_t n;

	*out = (struct oid){ 0 };
	if (md5_new(&md5, err))
		return -1;
	do {
		if (fs_read_some(fd, piece, TEXT_PIECE, shown, &n, err)) {
			md5_free(md5);
			return -1;
		}
		text = first ? is_text(piece, n) : text;
		first = false;
		md5_update(md5, piece, text ? to_unix(piece, n) : n);
	} while (n);
	md5_final(md5, out->sha256);
	out->sha256[MD5_SIZE] = 1;
	return 0;
}

/* The hash is that of what is kept: behind a clone the file itself may change. */
static int take_and_save(struct dvc *d, int fd, const char *path, struct oid *out,
			 struct mlops_error *err)
{
	autofree char *tmp = NULL;
	autoclose int to = dvc_tmp_open(d, &tmp, err);

	if (to < 0)
		return -1;
	bool shared = !ioctl(to, FICLONE, fd);
	if (pump(shared ? to : fd, shared ? -1 : to, path, out, err)) {
		unlink(tmp);
		return -1;
	}
	dvc_tmp_keep(d, &tmp, path, out, false);
	return 0;
}

int dvc_take_file(struct dvc *d, int fd, const char *path, enum dvc_how how, struct oid *out,
		  struct mlops_error *err)
{
	if (how == DVC_HASH_LEGACY)
		return hash_legacy(fd, path, out, err);
	return how == DVC_SAVE ? take_and_save(d, fd, path, out, err) :
				 pump(fd, -1, path, out, err);
}

int dvc_hash_buf(const void *buf, size_t n, struct oid *out, struct mlops_error *err)
{
	*out = (struct oid){ 0 };
	return md5_buf(buf, n, out->sha256, err);
}

int dvc_take_listing(struct dvc *d, const struct strbuf *text, bool save, struct oid *out,
		     struct mlops_error *err)
{
	autofree char *tmp = NULL;

	if (dvc_hash_buf(text->buf, text->len, out, err))
		return -1;
	if (!save || dvc_has_object(d, out, true))
		return 0;
	autoclose int to = dvc_tmp_open(d, &tmp, err);
	if (to < 0)
		return -1;
	if (fs_write_all(to, text->buf, text->len, tmp, err)) {
		unlink(tmp);
		return -1;
	}
	dvc_tmp_keep(d, &tmp, NULL, out, true);
	return 0;
}

/* A new file of that name with the object's bytes, which are checked where they are copied. */
static int copy_object(const char *object, const struct oid *oid, bool share, int dir_fd,
		       const char *tmp, bool executable, struct mlops_error *err)
{
	autoclose int from = open(object, O_RDONLY | O_CLOEXEC);
	autoclose int to = openat(dir_fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				  executable ? 0777 : 0666);
	struct oid got;

	if (from < 0 || to < 0)
		return err_sys(err, "cannot copy '%s'", object);
	if (share && !ioctl(to, FICLONE, from))
		return 0;
	if (pump(from, to, object, &got, err))
		return -1;
	if (dvc_is_legacy(oid) &&
	    (lseek(from, 0, SEEK_SET) || hash_legacy(from, object, &got, err)))
		return err->kind ? -1 : err_sys(err, "cannot read '%s'", object);
	if (!mlops_oid_equal(&got, oid))
		return err_set(err, MLOPS_ECORRUPT, "'%s' is damaged: it holds something else",
			       object);
	return 0;
}

/* False: this kind of link cannot be made here. */
static bool link_object(enum dvc_link kind, const char *object, int dir_fd, const char *tmp)
{
	struct stat st;

	if (kind == DVC_SYMLINK)
		return !symlinkat(object, dir_fd, tmp);
	/* as DVC has it: the links to one empty file would be too many */
	return kind == DVC_HARDLINK && !stat(object, &st) && st.st_size &&
	       !linkat(AT_FDCWD, object, dir_fd, tmp, 0);
}

static int make(struct dvc *d, const struct oid *oid, int dir_fd, const char *tmp, bool executable,
		struct mlops_error *err)
{
	autofree char *object = dvc_object_path(d, oid, false);
	bool share = false;

	for (size_t i = 0; i < d->n_links && d->links[i] != DVC_COPY; i++) {
		share |= d->links[i] == DVC_REFLINK;
		if (link_object(d->links[i], object, dir_fd, tmp))
			return 0;
	}
	return copy_object(object, oid, share, dir_fd, tmp, executable, err);
}

int dvc_place(struct dvc *d, const struct oid *oid, int dir_fd, const char *name, bool executable,
	      const char *shown, struct mlops_error *err)
{
	char random[RAND_HEX_SIZE(TMP_HEX)];
	autofree char *tmp = xasprintf(".mlops-%s.tmp", rand_hex(random, TMP_HEX));

	int rc = make(d, oid, dir_fd, tmp, executable, err);
	if (!rc && renameat(dir_fd, tmp, dir_fd, name))
		rc = err_sys(err, "cannot write '%s'", shown);
	if (rc)
		unlinkat(dir_fd, tmp, 0);
	return rc;
}
