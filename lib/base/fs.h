/* Files: whole reads, atomic durable writes, folders, locks. Paths are as given (no safety check). */
#pragma once

#include <sys/stat.h>

#include "base/err.h"
#include "base/str.h"

/* Appends the file to `out`; MLOPS_ENOTFOUND when there is none, MLOPS_EINVALID when over `max`. */
int fs_read(const char *path, size_t max, struct strbuf *out, struct mlops_error *err);
/* Reads exactly n bytes at the offset; a short file is MLOPS_ECORRUPT. */
int fs_pread_all(int fd, void *buf, size_t n, uint64_t offset, const char *path,
		 struct mlops_error *err);
/* As read(2), until n bytes are there or the file ends. */
int fs_read_some(int fd, void *buf, size_t n, const char *path, size_t *got,
		 struct mlops_error *err);
int fs_write_all(int fd, const void *buf, size_t n, const char *path, struct mlops_error *err);
/* Fills a new file with what another holds, sharing its blocks where that can be. */
int fs_copy(int from, int to, const char *shown, struct mlops_error *err);
/*
 * Replaces `path` so that after a crash it has the old bytes or the new ones: temporary file in
 * the same folder, fsync, rename, fsync of the folder. Creates no folders.
 */
int fs_write_atomic(const char *path, const void *buf, size_t n, mode_t mode,
		    struct mlops_error *err);
/*
 * The same with the temporary file in tmp_dir, where what a killed process leaves is in nobody's
 * way; beside `path` after all when the two are on different file systems.
 */
int fs_write_atomic_via(const char *tmp_dir, const char *path, const void *buf, size_t n,
			mode_t mode, struct mlops_error *err);
/* Removes the files of a folder of temporary ones that were left there more than `days` ago: one
 * is longer than anyone writes a file. */
void fs_sweep(const char *tmp_dir, int days);
int fs_sync_dir(const char *dir, struct mlops_error *err);
/* Makes durable all that was written to the file system that the folder is on. */
int fs_sync_all(const char *dir, struct mlops_error *err);
/* Renames and makes the new name durable. */
int fs_rename(const char *from, const char *to, struct mlops_error *err);
/* The folder and its parents, mode 0777 less umask; fine when it is there. */
int fs_mkdirs(const char *dir, struct mlops_error *err);
/*
 * The same, durably: for folders of what must be found again after a crash. They are shared with a
 * group that may write to the folder which holds them (fs_share()).
 */
int fs_mkdirs_synced(const char *dir, struct mlops_error *err);
int fs_mkdirs_for(const char *file, struct mlops_error *err); /* the folders above `file` */
/* A file or a whole folder, never following a symlink; fine when there is none. */
int fs_remove_tree(const char *path, struct mlops_error *err);
/* Removes empty folders from `dir` upwards, stopping below `stop`. */
void fs_remove_empty_dirs(const char *dir, const char *stop);
bool fs_exists(const char *path);
bool fs_is_dir(const char *path);
/* Absolute and without symlinks; new. */
int fs_realpath(const char *path, char **out, struct mlops_error *err);
int fs_getcwd(char **out, struct mlops_error *err);
/* Calls fn for each name but "." and ".." until it returns non-zero, which is returned. */
int fs_each_name(const char *dir, int (*fn)(const char *name, void *arg, struct mlops_error *),
		 void *arg, struct mlops_error *err);

/*
 * `path` of a Unix socket, spelled so that it fits into an address of at most 107 bytes: when it
 * is longer, through /proc and its folder, opened as *dir_fd (-1 otherwise), to be kept open while
 * the spelling is used. New.
 */
int fs_socket_path(const char *path, int *dir_fd, char **out, struct mlops_error *err);

struct fs_entry {
	const char *name;
	unsigned char type; /* DT_REG, DT_DIR, DT_LNK, ... of readdir(3), never DT_UNKNOWN */
	uint64_t ino;
};
/* As fs_each_name() for an open folder, with all that listing it tells. */
int fs_each_entry(int dir_fd, const char *shown,
		  int (*fn)(const struct fs_entry *e, void *arg, struct mlops_error *), void *arg,
		  struct mlops_error *err);

enum fs_lock_kind { FS_LOCK_SHARED, FS_LOCK_EXCLUSIVE };
/*
 * Takes a lock on `path` (created when absent) that dies with the process. Waits up to
 * timeout_ms (0: not at all), then fails with MLOPS_ELOCKED. *fd holds the lock until closed.
 */
int fs_lock(const char *path, enum fs_lock_kind kind, int64_t timeout_ms, int *fd,
	    struct mlops_error *err);
/* The same for a file that is open; a lock of the other kind that `fd` holds is given up first. */
int fs_lock_fd(int fd, enum fs_lock_kind kind, int64_t timeout_ms, const char *shown,
	       struct mlops_error *err);

/*
 * Gives the group of a new file or folder the rights that its owner has, whatever the umask, when
 * the folder `dir` that holds it is writable to its group: then several users share it.
 */
void fs_share(int fd, const char *dir);
