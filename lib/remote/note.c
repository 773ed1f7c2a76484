/* A note is named by the hash of what it is about. */
#include "remote/note.h"

#include <fcntl.h>
#include <sys/file.h>
#include <time.h>

#include "base/fs.h"
#include "base/path.h"
#include "crypto/hash.h"

#define MAX_NOTE 8192
#define KEEP_SECONDS                                                                               \
	(7 * 24 * 60 * 60) /* no service keeps an upload that stands still for longer */

static int remove_old(const char *name, void *arg, struct mlops_error *err)
{
	autofree char *path = path_join(arg, name);
	struct stat st;

	(void)err;
	if (!lstat(path, &st) && S_ISREG(st.st_mode) && st.st_mtime + KEEP_SECONDS < time(NULL))
		unlink(path);
	return 0;
}

void note_open(struct upload_note *n, const char *dir, const char *what)
{
	autoerr ignored = ERR_INIT;
	char hex[MLOPS_OID_HEX + 1];
	struct oid hash;

	*n = (struct upload_note){ .fd = -1 };
	if (!dir || hash_buf(what, strlen(what), &hash, &ignored) || fs_mkdirs(dir, &ignored))
		return;
	fs_each_name(dir, remove_old, (void *)dir, &ignored);
	mlops_error_clear(&ignored);
	autofree char *path = path_join(dir, mlops_oid_hex(&hash, hex));
	autoclose int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB))
		return;
	if (fs_read(path, MAX_NOTE, &n->text, &ignored))
		strbuf_clear(&n->text);
	n->path = steal_ptr(&path);
	n->fd = steal_fd(&fd);
}

/* Not synced: a note that is lost costs a new upload, no more. */
void note_write(struct upload_note *n, const char *text)
{
	autoerr ignored = ERR_INIT;

	if (!n->path)
		return;
	if (ftruncate(n->fd, 0) || lseek(n->fd, 0, SEEK_SET) ||
	    fs_write_all(n->fd, text, strlen(text), n->path, &ignored))
		unlink(n->path);
}

void note_close(struct upload_note *n, bool keep)
{
	if (n->path && !keep)
		unlink(n->path);
	if (n->fd >= 0)
		close(n->fd);
	if (n->text.len)
		explicit_bzero(n->text.buf, n->text.len);
	strbuf_clear(&n->text);
	free(n->path);
}
