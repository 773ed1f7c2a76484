/* The list of projects that use a store: a file each, named by a random id that the project has. */
#include "store/sharers.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/path.h"
#include "base/rand.h"
#include "project/project.h"
#include "store/private.h"
#include "store/tree.h"

#define ID_BYTES   16
#define MAX_FILE   ((size_t)64 << 10)
#define FIRST_LINE "mlops-clone 1"

struct sharer {
	char *host, *root;
};

static void sharer_clear(struct sharer *s)
{
	free(s->host);
	free(s->root);
}
#define autosharer __attribute__((cleanup(sharer_clear))) struct sharer

static char *host_name(void)
{
	char name[256] = "";

	gethostname(name, sizeof(name) - 1);
	return xstrdup(name);
}

/* The value behind "key " in a line; false when it is another line. */
static bool take_value(struct str line, const char *key, char **out)
{
	size_t n = strlen(key);
	autobuf value = { 0 };

	if (line.n <= n || memcmp(line.p, key, n) ||
	    !name_unescape(line.p + n, line.n - n, true, &value))
		return false;
	*out = strbuf_steal(&value);
	return true;
}

/* MLOPS_ENOTFOUND when there is none. */
static int read_sharer(const char *file, struct sharer *out, struct mlops_error *err)
{
	autobuf text = { 0 };
	struct str rest;

	if (fs_read(file, MAX_FILE, &text, err))
		return -1;
	struct str first = str_split((struct str){ text.buf, text.len }, '\n', &rest);
	if (str_eq(first, FIRST_LINE) &&
	    take_value(str_split(rest, '\n', &rest), "host ", &out->host) &&
	    take_value(str_split(rest, '\n', &rest), "root ", &out->root) && *out->root == '/')
		return 0;
	err_set(err, MLOPS_ECORRUPT, "'%s' does not say which project it stands for", file);
	return err_hint(err, "delete it, then use every project of this store once");
}

static int write_sharer(struct store *s, const char *dir, const char *file, const char *root,
			struct mlops_error *err)
{
	autofree char *tmp = NULL, *host = host_name();
	autobuf text = { 0 };

	strbuf_adds(&text, FIRST_LINE "\nhost ");
	name_escape(host, strlen(host), true, &text);
	strbuf_adds(&text, "\nroot ");
	name_escape(root, strlen(root), true, &text);
	strbuf_addc(&text, '\n');
	if (fs_mkdirs_synced(dir, err) || store_tmp_dir(s, &tmp, err) ||
	    fs_write_atomic_via(tmp, file, text.buf, text.len, 0666, err))
		return -1;
	autoclose int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		fs_share(fd, dir);
	return 0;
}

/* Whether the project at `root` has this id; -1 with errno when that cannot be told. */
static int has_id(const char *root, const char *id)
{
	autofree char *path = path_join(root, ".mlops/clone");
	char text[2 * ID_BYTES];
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	ssize_t n = read(fd, text, sizeof(text));
	if (n < 0)
		return -1;
	return (size_t)n == strlen(id) && !memcmp(text, id, (size_t)n);
}

static int read_id(const char *path, char *id, struct mlops_error *err)
{
	uint8_t bytes[ID_BYTES];
	autobuf text = { 0 };

	if (fs_read(path, 2 * ID_BYTES + 1, &text, err))
		return -1;
	autofree char *digits = xstrndup(text.buf, 2 * ID_BYTES);
	if (strlen(digits) != 2 * ID_BYTES || !hex_decode(bytes, ID_BYTES, digits))
		return err_set(err, MLOPS_ENOTFOUND, "'%s' holds no id", path);
	memcpy(id, digits, 2 * ID_BYTES + 1);
	return 0;
}

static int make_id(struct project *p, const char *path, char *id, struct mlops_error *err)
{
	autobuf text = { 0 };
	const char *tmp;

	strbuf_addf(&text, "%s\n", rand_hex(id, ID_BYTES));
	if (project_tmp(p, &tmp, err))
		return -1;
	return fs_write_atomic_via(tmp, path, text.buf, text.len, 0666, err);
}

/* Only a project that was moved keeps its id: a copy needs its own. */
static bool was_moved(const struct sharer *from, const char *id)
{
	autofree char *host = host_name();

	return !strcmp(from->host, host) && !has_id(from->root, id);
}

static int join_as(struct store *s, struct project *p, const char *id, bool *copied,
		   struct mlops_error *err)
{
	autofree char *dir = path_join(s->dir, "projects");
	autofree char *file = path_join(dir, id);
	const char *root = mlops_project_root(p);
	autosharer known = { 0 };

	*copied = false;
	if (read_sharer(file, &known, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
	} else if (!strcmp(known.root, root)) {
		return 0;
	} else if (!was_moved(&known, id)) {
		*copied = true;
		return 0;
	}
	return write_sharer(s, dir, file, root, err);
}

static int join(struct store *s, struct project *p, struct mlops_error *err)
{
	autofree char *path = project_file(p, "clone");
	char id[RAND_HEX_SIZE(ID_BYTES)];
	bool copied;

	if (read_id(path, id, err)) {
		mlops_error_clear(err);
		if (make_id(p, path, id, err))
			return -1;
	}
	if (join_as(s, p, id, &copied, err))
		return -1;
	if (!copied)
		return 0;
	return make_id(p, path, id, err) || join_as(s, p, id, &copied, err) ? -1 : 0;
}

/* Who cannot write to the store puts nothing there that could be lost. */
int sharers_join(struct store *s, struct project *p, struct mlops_error *err)
{
	autofree char *own = project_shared_file(p, "store");

	if (!strcmp(own, s->dir) || access(s->dir, W_OK))
		return 0;
	return join(s, p, err);
}

static int refuse(const char *file, const struct sharer *sharer, const char *why,
		  struct mlops_error *err)
{
	err_set(err, MLOPS_ENO, "project '%s' of host '%s', which uses this store too, %s",
		sharer->root, sharer->host, why);
	return err_hint(err,
			"collect as a user, and on a host, that can read it; when it is no "
			"more, delete '%s'",
			file);
}

struct list {
	struct store *store;
	const char *dir, *host;
	bool forget;
	struct strlist *roots;
};

static int add_sharer(const char *id, void *arg, struct mlops_error *err)
{
	struct list *l = arg;
	autofree char *file = path_join(l->dir, id);
	autosharer sharer = { 0 };

	if (*id == '.') /* left by one who was killed while writing it */
		return 0;
	if (read_sharer(file, &sharer, err))
		return -1;
	int there = has_id(sharer.root, id);
	if (there < 0) {
		autofree char *why = xasprintf("cannot be read: %s", strerror(errno));

		return refuse(file, &sharer, why, err);
	}
	if (there) {
		if (!strlist_has(l->roots, sharer.root))
			strlist_add(l->roots, sharer.root);
		return 0;
	}
	if (strcmp(sharer.host, l->host))
		return refuse(file, &sharer, "is not to be found on this one", err);
	log_info("project '%s', which used this store, is no more", sharer.root);
	if (l->forget && unlink(file) && errno != ENOENT)
		return err_sys(err, "cannot remove '%s'", file);
	return 0;
}

/*
 * A store that is some project's own .mlops/store is used by that one, which is not written down.
 * Its main worktree may have a commit checked out that has no project.
 */
static int add_owner(const struct store *s, struct strlist *roots, struct mlops_error *err)
{
	autofree char *real = NULL;

	if (fs_realpath(s->dir, &real, err))
		return -1;
	if (!str_ends(real, "/.mlops/store"))
		return 0;
	real[strlen(real) - strlen("/.mlops/store")] = '\0';
	autofree char *format = path_join(real, ".mlops/format");
	if (fs_exists(format))
		strlist_add(roots, real);
	else if (sharers_any(s))
		return err_set(err, MLOPS_ENO, "'%s', whose store this is, has no project checked out",
			       real);
	return 0;
}

int sharers_list(struct store *s, bool forget, struct strlist *roots, struct mlops_error *err)
{
	autofree char *dir = path_join(s->dir, "projects"), *host = host_name();
	struct list l = { s, dir, host, forget, roots };

	if (add_owner(s, roots, err))
		return -1;
	if (fs_is_dir(dir) && fs_each_name(dir, add_sharer, &l, err))
		return -1;
	strlist_sort(roots);
	return 0;
}

bool sharers_any(const struct store *s)
{
	autofree char *dir = path_join(s->dir, "projects");

	return fs_is_dir(dir);
}
