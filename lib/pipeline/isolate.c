/* A view of the project that holds only what it should, made of bind mounts in a namespace. */
#include "mlops/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/path.h"

static int write_text(const char *path, const char *text, struct mlops_error *err)
{
	autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "cannot write '%s'", path);
	return fs_write_all(fd, text, strlen(text), path, err);
}

/* Who we are stays the same inside. */
static int map_user(uid_t uid, gid_t gid, struct mlops_error *err)
{
	autofree char *users = xasprintf("%u %u 1", (unsigned)uid, (unsigned)uid);
	autofree char *groups = xasprintf("%u %u 1", (unsigned)gid, (unsigned)gid);

	return write_text("/proc/self/setgroups", "deny", err) ||
			       write_text("/proc/self/uid_map", users, err) ||
			       write_text("/proc/self/gid_map", groups, err) ?
		       -1 :
		       0;
}

static int enter_namespace(struct mlops_error *err)
{
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (!unshare(CLONE_NEWNS))
		return 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS)) {
		err_sys(err, "cannot make a sandbox");
		return err_hint(err, "user namespaces may be off here, as in some containers");
	}
	return map_user(uid, gid, err);
}

static int make_place(const char *place, bool folder, struct mlops_error *err)
{
	if (folder)
		return fs_mkdirs(place, err);
	if (fs_mkdirs_for(place, err))
		return -1;
	int fd = open(place, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_sys(err, "cannot make '%s'", place);
	close(fd);
	return 0;
}

static int show_path(const struct isolation *how, const char *path, bool writable,
		     struct mlops_error *err)
{
	autofree char *from = path_join(how->root, path);
	autofree char *to = path_join(how->stage, path);
	struct stat st;

	if (stat(from, &st))
		return errno == ENOENT ? 0 : err_sys(err, "cannot look at '%s'", from);
	if (make_place(to, S_ISDIR(st.st_mode), err))
		return -1;
	if (mount(from, to, NULL, MS_BIND | MS_REC, NULL))
		return err_sys(err, "cannot mount '%s'", path);
	if (!writable && mount(NULL, to, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL))
		return err_sys(err, "cannot protect '%s'", path);
	return 0;
}

static int show_paths(const struct isolation *how, struct mlops_error *err)
{
	for (size_t i = 0; i < how->n_read; i++)
		if (show_path(how, how->read[i], false, err))
			return -1;
	for (size_t i = 0; i < how->n_write; i++)
		if (show_path(how, how->write[i], true, err))
			return -1;
	return 0;
}

int mlops_isolate(const struct isolation *how, const char *const *argv, struct mlops_error *err)
{
	autofree char *wdir = path_join(how->root, how->wdir);
	autofree char *inside = path_join(how->stage, how->wdir);

	if (enter_namespace(err))
		return -1;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return err_sys(err, "cannot make a sandbox");
	if (fs_mkdirs(inside, err) || show_paths(how, err))
		return -1;
	if (mount(how->stage, how->root, NULL, MS_BIND | MS_REC, NULL))
		return err_sys(err, "cannot mount a sandbox over '%s'", how->root);
	if (chdir(wdir))
		return err_sys(err, "cannot change to '%s'", wdir);
	execvp(argv[0], (char *const *)argv);
	return err_sys(err, "cannot start '%s'", argv[0]);
}
