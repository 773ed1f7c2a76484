/*
 * Objects that are elsewhere on this machine: in the repositories that this one has as references
 * (git-clone(1), objects/info/alternates), and in the store of the project, when it is one, which many
 * clones may share. They are linked or copied, never used in place: there they may be collected.
 */
#include <fcntl.h>
#include <pthread.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "base/fs.h"
#include "base/path.h"
#include "lfs/lfs.h"
#include "mlops/project.h"

#define MAX_ALTERNATES ((size_t)1 << 20)

/* Several threads send at a time; it guards what is loaded on first use. */
static pthread_mutex_t borrowing = PTHREAD_MUTEX_INITIALIZER;

/* ".../.git/objects" is the repository whose objects of Git LFS are in ".../.git/lfs/objects". */
static void load_references(struct lfs *l)
{
	autofree char *path = path_join(l->common_dir, "objects/info/alternates");
	autofree char *objects = path_join(l->common_dir, "objects");
	autoerr ignored = ERR_INIT;
	autobuf text = { 0 };
	struct str rest;

	l->references_loaded = true;
	if (!fs_read(path, MAX_ALTERNATES, &text, &ignored))
		for (rest = (struct str){ text.buf, text.len }; rest.n;) {
			struct str line = str_split(rest, '\n', &rest);
			autofree char *one = xstrndup(line.p, line.n);
			autofree char *full = path_join(objects, one);
			autofree char *dir = path_dir(full);

			if (line.n && *one != '#')
				strlist_take(&l->references, path_join(dir, "lfs/objects"));
		}
	mlops_error_clear(&ignored);
	autofree char *project = l->top ? path_join(l->top, ".mlops") : NULL;
	if (project && fs_is_dir(project) && mlops_project_open(l->top, &l->project, &ignored))
		l->project = NULL;
}

void lfs_borrow_end(struct lfs *l)
{
	strlist_clear(&l->references);
	mlops_project_free(l->project);
}

/* A new file in tmp/ with the same bytes, by a link where that can be made. */
static bool take_file(const struct lfs *l, const char *from, const struct lfs_pointer *p)
{
	autoclose int source = open(from, O_RDONLY | O_CLOEXEC);
	autofree char *tmp = NULL;
	autoerr ignored = ERR_INIT;
	struct stat st;

	if (source < 0 || fstat(source, &st) || (uint64_t)st.st_size != p->size)
		return false;
	autoclose int fd = lfs_tmp_open(l, &tmp, &ignored);
	if (fd < 0)
		return false;
	if (!ioctl(fd, FICLONE, source))
		return !lfs_tmp_keep(l, tmp, p, &ignored) || (unlink(tmp), false);
	unlink(tmp);
	return !link(from, tmp) && (!lfs_tmp_keep(l, tmp, p, &ignored) || (unlink(tmp), false));
}

static bool borrow_reference(struct lfs *l, const struct lfs_pointer *p)
{
	char hex[MLOPS_OID_HEX + 1];

	mlops_oid_hex(&p->oid, hex);
	for (size_t i = 0; i < l->references.n; i++) {
		autofree char *from =
			xasprintf("%s/%.2s/%.2s/%s", l->references.v[i], hex, hex + 2, hex);

		if (take_file(l, from, p))
			return true;
	}
	return false;
}

static bool borrow_from_store(struct lfs *l, const struct lfs_pointer *p)
{
	autoerr ignored = ERR_INIT;
	autofree char *tmp = NULL;
	struct store *store;
	uint64_t size;

	if (!l->project || mlops_store_of(l->project, &store, &ignored) ||
	    mlops_store_size(store, &p->oid, &size, &ignored) || size != p->size)
		return false;
	autoclose int fd = lfs_tmp_open(l, &tmp, &ignored);
	if (fd < 0)
		return false;
	if (!mlops_store_export(store, &p->oid, tmp, 0644, &ignored) &&
	    !lfs_tmp_keep(l, tmp, p, &ignored))
		return true;
	unlink(tmp);
	return false;
}

bool lfs_borrow(struct lfs *l, const struct lfs_pointer *p)
{
	pthread_mutex_lock(&borrowing);
	if (!l->references_loaded)
		load_references(l);
	bool found = borrow_reference(l, p) || borrow_from_store(l, p);
	pthread_mutex_unlock(&borrowing);
	return found;
}
