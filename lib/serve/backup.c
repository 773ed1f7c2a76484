/*
 * A copy of a server's folder while the server runs. What names objects is copied before them, for
 * whatever names an object was made after it: so none that the copy names is missing there. Objects
 * never change; they are gone through twice, so that a pack that was written or repacked meanwhile is
 * there with its index.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "base/rand.h"
#include "base/vec.h"
#include "db/db.h"
#include "mlops/serve.h"
#include "mlops/store.h"

#define DATABASE "mlops.db"
#define PROJECTS "projects"
#define SHELF_TMP "_tmp"

static const char *const stores[] = { "store", "sealed" };
static const char *const kept[] = { "loose", "packs" }; /* of a store */
/* In the folders of names: these name others beside them, and come first, in this order. */
static const char *const naming[] = { "_refs", "_tags", "_referrers", "_commits", "_manifests" };

static int add_name(const char *name, void *arg, struct mlops_error *err)
{
	(void)err;
	strlist_add(arg, name);
	return 0;
}

/* As bytes, or as another link of a file that never changes. One that is gone by now is passed by. */
static int copy_file(const char *from, const char *to, bool linked, struct mlops_error *err)
{
	struct stat st;

	if (linked && (!link(from, to) || errno == EEXIST || errno == ENOENT))
		return 0;
	autoclose int source = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (source < 0)
		return errno == ENOENT ? 0 : err_sys(err, "cannot read '%s'", from);
	if (fstat(source, &st))
		return err_sys(err, "cannot read '%s'", from);
	autoclose int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "cannot write '%s'", to);
	if (fs_copy(source, fd, to, err))
		return -1;
	return fchmod(fd, st.st_mode & 0777) ? err_sys(err, "cannot write '%s'", to) : 0;
}

static int copy_folder(const char *from, const char *to, const char *leave_out, bool linked,
		       struct mlops_error *err);

/* Files and folders; sockets and the like are of a process, and links lead elsewhere. */
static int copy_any(const char *from_dir, const char *to_dir, const char *name, const char *leave_out,
		    bool linked, struct mlops_error *err)
{
	autofree char *from = path_join(from_dir, name), *to = path_join(to_dir, name);
	struct stat st;

	if (lstat(from, &st))
		return errno == ENOENT ? 0 : err_sys(err, "cannot read '%s'", from);
	if (S_ISDIR(st.st_mode))
		return copy_folder(from, to, leave_out, linked, err);
	return S_ISREG(st.st_mode) ? copy_file(from, to, linked, err) : 0;
}

static size_t rank_of(const char *name)
{
	size_t i = 0;

	while (i < ARRAY_LEN(naming) && strcmp(naming[i], name))
		i++;
	return i;
}

/* `leave_out`: the name in this folder that is not copied, or NULL. */
static int copy_folder(const char *from, const char *to, const char *leave_out, bool linked,
		       struct mlops_error *err)
{
	autostrlist names = { 0 };

	if (fs_mkdirs(to, err) || fs_each_name(from, add_name, &names, err))
		return -1;
	for (size_t rank = 0; rank <= ARRAY_LEN(naming); rank++)
		for (size_t i = 0; i < names.n; i++)
			if (rank_of(names.v[i]) == rank &&
			    (!leave_out || strcmp(names.v[i], leave_out)) &&
			    copy_any(from, to, names.v[i], NULL, linked, err))
				return -1;
	return 0;
}

static bool is_store(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(stores); i++)
		if (!strcmp(name, stores[i]))
			return true;
	return false;
}

/* What a project has but its objects. */
static int copy_names(const char *from, const char *to, struct mlops_error *err)
{
	autostrlist names = { 0 };

	if (fs_mkdirs(to, err) || fs_each_name(from, add_name, &names, err))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i];
		autofree char *database = path_join(from, name), *copy = path_join(to, name);

		if (!strcmp(name, DATABASE) ? db_copy(database, copy, err) :
		    is_store(name) || !strcmp(name, PROJECTS) || str_starts(name, DATABASE) ||
				    str_ends(name, ".lock") ?
					    0 :
					    copy_any(from, to, name, SHELF_TMP, false, err))
			return -1;
	}
	return 0;
}

static int copy_store(const char *from, const char *to, struct mlops_error *err)
{
	if (fs_mkdirs(to, err))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (copy_any(from, to, kept[i], NULL, true, err))
			return -1;
	return 0;
}

static int copy_objects(const char *from, const char *to, struct mlops_error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(stores); i++) {
		autofree char *store = path_join(from, stores[i]), *copy = path_join(to, stores[i]);

		if (fs_is_dir(store) && (copy_store(store, copy, err) || copy_store(store, copy, err)))
			return -1;
	}
	return 0;
}

static void report(const char *what, void *arg)
{
	log_warn("in '%s': %s", (const char *)arg, what);
}

static int verify(const char *dir, struct server_copy *out, struct mlops_error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(stores); i++) {
		autofree char *path = path_join(dir, stores[i]);
		struct store_check counts = { 0 };
		struct store *store;

		if (!fs_is_dir(path))
			continue;
		if ((i ? mlops_store_open_unkeyed : mlops_store_open)(path, &store, err))
			return -1;
		int rc = mlops_store_verify(store, report, path, &counts, err);
		mlops_store_free(store);
		if (rc)
			return -1;
		out->objects += counts.objects;
		out->bytes += counts.bytes;
		out->damaged += counts.damaged;
	}
	return 0;
}

/* Projects are folders; the default one is the folder itself, "". */
static int list_projects(const char *from, struct strlist *out, struct mlops_error *err)
{
	autofree char *dir = path_join(from, PROJECTS);
	autostrlist names = { 0 };

	strlist_add(out, "");
	if (fs_is_dir(dir) && fs_each_name(dir, add_name, &names, err))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		autofree char *name = path_join(PROJECTS, names.v[i]);

		strlist_add(out, name);
	}
	return 0;
}

static int copy_all(const char *from, const char *to, struct server_copy *out, struct mlops_error *err)
{
	autostrlist projects = { 0 };

	if (mkdir(to, 0700))
		return err_sys(err, "cannot make '%s'", to);
	if (list_projects(from, &projects, err))
		return -1;
	for (size_t i = 0; i < projects.n; i++) {
		autofree char *source = path_join(from, projects.v[i]);
		autofree char *copy = path_join(to, projects.v[i]);

		if (copy_names(source, copy, err) || copy_objects(source, copy, err) ||
		    verify(copy, out, err))
			return -1;
	}
	out->projects = projects.n;
	return fs_sync_all(to, err);
}

/* Neither there with something in it, nor within what is copied. */
static int check_target(const char *from, const char *to, struct mlops_error *err)
{
	autofree char *database = path_join(from, DATABASE), *parent = path_dir(to);
	autofree char *real_from = NULL, *real_parent = NULL;
	autostrlist names = { 0 };

	if (!fs_exists(database))
		return err_set(err, MLOPS_ENOTFOUND, "'%s' has no data of a server", from);
	if (fs_exists(to) && fs_each_name(to, add_name, &names, err))
		return -1;
	if (names.n)
		return err_set(err, MLOPS_EEXISTS, "'%s' is there already, and not empty", to);
	if (fs_mkdirs_for(to, err) || fs_realpath(from, &real_from, err) ||
	    fs_realpath(parent, &real_parent, err))
		return -1;
	if (path_is_below(real_parent, real_from))
		return err_set(err, MLOPS_EINVALID, "'%s' is within '%s'", to, from);
	return 0;
}

static int copy_server(const char *from, const char *given, struct server_copy *out,
		       struct mlops_error *err)
{
	char suffix[RAND_HEX_SIZE(6)];
	struct server_copy counts = { 0 };
	autoerr ignored = ERR_INIT;
	autofree char *to = path_normalize(given);
	autofree char *partial = xasprintf("%s.%s.partial", to, rand_hex(suffix, 6));

	if (check_target(from, to, err))
		return -1;
	if (copy_all(from, partial, &counts, err) || fs_rename(partial, to, err)) {
		fs_remove_tree(partial, &ignored);
		return -1;
	}
	*out = counts;
	if (!counts.damaged)
		return 0;
	err_set(err, MLOPS_ENO, "'%s' is made, and %llu of its objects are damaged as in '%s'", to,
		(unsigned long long)counts.damaged, from);
	return err_hint(err, "who still has them can push them again");
}

int mlops_server_backup(const char *data, const char *folder, struct server_copy *out,
			struct mlops_error *err)
{
	return copy_server(data, folder, out, err) ?
		       err_wrap(err, "cannot back up '%s'", data) : 0;
}

int mlops_server_restore(const char *folder, const char *data, struct server_copy *out,
			 struct mlops_error *err)
{
	return copy_server(folder, data, out, err) ?
		       err_wrap(err, "cannot restore '%s'", folder) : 0;
}
