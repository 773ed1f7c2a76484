/* Opening a project, its lock, and the state that parts keep with it. */
#include "project/private.h"

#include <assert.h>

#include "base/fs.h"
#include "base/num.h"
#include "base/path.h"
#include "db/db.h"
#include "git/git.h"

#define FORMAT_MAJOR    1
#define LOCK_TIMEOUT_MS 60000

/* Reads "1" or "1.7": of a newer major we know nothing, a newer minor only adds. */
static int check_format(const char *dir, struct mlops_error *err)
{
	autofree char *path = path_join(dir, "format");
	autobuf text = { 0 };
	struct str rest;
	int64_t major;

	if (fs_read(path, 64, &text, err))
		return -1;
	struct str line = str_split(str_of(text.buf), '\n', &rest);
	struct str number = str_split(line, '.', &rest);
	autofree char *digits = xstrndup(number.p, number.n);
	if (!num_parse_i64(digits, &major) || major < 1)
		return err_set(err, MLOPS_EINVALID, "'%s' holds no format number", path);
	if (major <= FORMAT_MAJOR)
		return 0;
	err_set(err, MLOPS_EINVALID, "project '%s' has format %lld, this program knows up to %d",
		dir, (long long)major, FORMAT_MAJOR);
	return err_hint(err, "install a newer mlops");
}

/* A .mlops that is a symlink would make us write wherever it leads. */
static bool is_project(const char *root)
{
	autofree char *dir = path_join(root, ".mlops");
	autofree char *format = path_join(dir, "format");
	struct stat st;

	return !lstat(dir, &st) && S_ISDIR(st.st_mode) && fs_exists(format);
}

/* Of a DVC repository; none of the folders that ours will be in is a symlink. */
static bool is_dvc(const char *root)
{
	autofree char *dir = path_join(root, ".dvc");
	autofree char *config = path_join(dir, "config"), *tmp = path_join(dir, "tmp"),
		      *own = path_join(tmp, "mlops");
	struct stat st;

	return !lstat(dir, &st) && S_ISDIR(st.st_mode) && fs_exists(config) &&
	       (lstat(tmp, &st) || S_ISDIR(st.st_mode)) && (lstat(own, &st) || S_ISDIR(st.st_mode));
}

static bool find_root(char *path, bool (*is_root)(const char *))
{
	for (;;) {
		char *slash = strrchr(path, '/');

		if (is_root(path))
			return true;
		if (!slash[1])
			return false;
		slash[slash == path] = '\0';
	}
}

/* Takes what it is given. */
static struct project *make(char *root, char *dir, char *home)
{
	struct project *p = xcalloc(1, sizeof(*p));

	p->root = root;
	p->dir = dir;
	p->home = home;
	p->config = config_new(dir, home);
	p->lock_fd = p->store_lock_fd = -1;
	return p;
}

int mlops_project_open(const char *start, struct project **out, struct mlops_error *err)
{
	autofree char *root = NULL;

	if (fs_realpath(start, &root, err))
		return -1;
	if (!find_root(root, is_project)) {
		err_set(err, MLOPS_ENOTFOUND, "'%s' lies in no mlops project", start);
		return err_hint(err, "make one with: mlops init");
	}
	autofree char *dir = path_join(root, ".mlops");
	if (check_format(dir, err))
		return -1;
	char *home = worktree_home(root);
	*out = make(steal_ptr(&root), steal_ptr(&dir), home);
	return 0;
}

static bool is_either(const char *root)
{
	return is_project(root) || is_dvc(root);
}

/* The nearer one counts: a DVC repository in a folder of a project is by itself. */
int mlops_project_open_dvc(const char *start, struct project **out, struct mlops_error *err)
{
	autofree char *root = NULL;

	if (fs_realpath(start, &root, err))
		return -1;
	if (!find_root(root, is_either) || is_project(root))
		return mlops_project_open(start, out, err);
	autofree char *dir = path_join(root, ".dvc/tmp/mlops");
	if (fs_mkdirs(dir, err))
		return -1;
	char *home = xstrdup(dir);
	*out = make(steal_ptr(&root), steal_ptr(&dir), home);
	(*out)->is_dvc = true;
	return 0;
}

bool mlops_project_is_dvc(const struct project *p)
{
	return p->is_dvc;
}

void mlops_project_free(struct project *p)
{
	if (!p)
		return;
	for (int i = 0; i < PROJECT_SLOTS; i++)
		if (p->slots[i].value)
			p->slots[i].free_value(p->slots[i].value);
	if (p->db)
		db_free(p->db);
	git_free(p->git);
	config_free(p->config);
	mlops_project_unlock(p);
	free(p->root);
	free(p->dir);
	free(p->home);
	free(p->tmp);
	free(p);
}

const char *mlops_project_root(const struct project *p)
{
	return p->root;
}

const char *mlops_project_dir(const struct project *p)
{
	return p->dir;
}

char *project_abspath(const struct project *p, const char *relative)
{
	return *relative ? path_join(p->root, relative) : xstrdup(p->root);
}

char *project_file(const struct project *p, const char *name)
{
	return path_join(p->dir, name);
}

char *project_shared_file(const struct project *p, const char *name)
{
	return path_join(p->home, name);
}

char *project_shared_path(const struct project *p, const char *path)
{
	autofree char *root = path_dir(p->home);

	return path_join(root, path);
}

int project_tmp(struct project *p, const char **dir, struct mlops_error *err)
{
	if (!p->tmp) {
		autofree char *tmp = project_file(p, "tmp");

		if (fs_mkdirs(tmp, err))
			return -1;
		fs_sweep(tmp, 1);
		p->tmp = steal_ptr(&tmp);
	}
	*dir = p->tmp;
	return 0;
}

int project_write(struct project *p, const char *relative, const struct strbuf *text,
		  struct mlops_error *err)
{
	autofree char *path = project_abspath(p, relative);
	const char *tmp;

	if (project_tmp(p, &tmp, err))
		return -1;
	return fs_write_atomic_via(tmp, path, text->buf, text->len, 0666, err);
}

/* Waits as long as core.lockTimeout says; `what` is named to the user when that is not enough. */
static int wait_for_lock(struct project *p, const char *path, enum fs_lock_kind kind,
			 const char *what, int *fd, struct mlops_error *err)
{
	int64_t timeout_ms;

	if (project_config_duration(p, "core.lockTimeout", LOCK_TIMEOUT_MS, &timeout_ms, err))
		return -1;
	int rc = *fd < 0 ? fs_lock(path, kind, timeout_ms, fd, err) :
			   fs_lock_fd(*fd, kind, timeout_ms, path, err);
	if (!rc || err->kind != MLOPS_ELOCKED)
		return rc;
	err_set(err, MLOPS_ELOCKED, "%s is in use by another mlops process", what);
	return err_hint(err, "try again when it has ended, or wait longer with core.lockTimeout");
}

char *project_store_dir(struct project *p)
{
	const char *set = mlops_config_lookup(p, "core.store");

	return set ? project_shared_path(p, set) : project_shared_file(p, "store");
}

static int lock_store(struct project *p, bool alone, struct mlops_error *err)
{
	autofree char *dir = project_store_dir(p);
	autofree char *path = path_join(dir, "lock");
	autofree char *what = xasprintf("the store '%s'", dir);

	return wait_for_lock(p, path, alone ? FS_LOCK_EXCLUSIVE : FS_LOCK_SHARED, what,
			     &p->store_lock_fd, err);
}

/* A folder that is not there yet, or that we cannot write to, is nothing that we could collect. */
int project_share_store(struct project *p, struct mlops_error *err)
{
	if (p->lock_fd < 0 || p->store_lock_fd >= 0 || !lock_store(p, false, err))
		return 0;
	if (err->kind != MLOPS_EIO)
		return -1;
	mlops_error_clear(err);
	return 0;
}

int mlops_project_lock_store(struct project *p, struct mlops_error *err)
{
	assert(p->lock_fd >= 0);
	return lock_store(p, true, err);
}

int mlops_project_lock(struct project *p, bool alone, struct mlops_error *err)
{
	autofree char *path = project_file(p, "lock");
	autofree char *what = xasprintf("project '%s'", p->root);

	assert(p->lock_fd < 0);
	if (wait_for_lock(p, path, alone ? FS_LOCK_EXCLUSIVE : FS_LOCK_SHARED, what, &p->lock_fd,
			  err))
		return -1;
	if (!p->slots[PROJECT_STORE].value)
		return 0;
	if (project_share_store(p, err)) {
		mlops_project_unlock(p);
		return -1;
	}
	p->store_relocked(p->slots[PROJECT_STORE].value);
	return 0;
}

void mlops_project_unlock(struct project *p)
{
	if (p->store_lock_fd >= 0)
		close(steal_fd(&p->store_lock_fd));
	if (p->lock_fd >= 0)
		close(steal_fd(&p->lock_fd));
}

int project_git(struct project *p, struct git_repo **out, struct mlops_error *err)
{
	if (!p->git && git_open(p->root, &p->git, err))
		return -1;
	*out = p->git;
	return 0;
}

static int open_db(struct project *p, struct mlops_error *err)
{
	autofree char *path = project_shared_file(p, "mlops.db");
	int64_t timeout_ms;

	if (project_config_duration(p, "core.lockTimeout", LOCK_TIMEOUT_MS, &timeout_ms, err) ||
	    db_open(path, &p->db, err))
		return -1;
	db_set_timeout(p->db, timeout_ms);
	return 0;
}

int project_db(struct project *p, struct db **out, struct mlops_error *err)
{
	if (!p->db && open_db(p, err))
		return -1;
	*out = p->db;
	return 0;
}

void *project_slot(struct project *p, enum project_slot slot)
{
	return p->slots[slot].value;
}

void project_set_slot(struct project *p, enum project_slot slot, void *value,
		      void (*free_value)(void *))
{
	p->slots[slot].value = value;
	p->slots[slot].free_value = free_value;
}

void project_on_lock(struct project *p, void (*relocked)(void *store))
{
	p->store_relocked = relocked;
}
