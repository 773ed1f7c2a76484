/* Fetching, sending and checking out what revisions name. */
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "crypto/hash.h"
#include "lfs/lfs.h"
#include "remote/lfs/lfs.h"

#define SHOWN 10

struct collect {
	struct lfs *lfs;
	const struct lfs_choice *choice; /* or NULL */
	bool lacking;                    /* only what is not here */
	struct lfs_wants *wants;
	struct map *paths; /* a set, or NULL */
};

static int collect(const struct lfs_found *f, void *arg, struct mlops_error *err)
{
	struct collect *c = arg;

	(void)err;
	if (c->paths)
		map_put(c->paths, f->path, c);
	if (c->choice && !lfs_choice_has(c->choice, f->path))
		return 0;
	if (c->lacking &&
	    (lfs_has(c->lfs, &f->pointer.oid, f->pointer.size) || lfs_borrow(c->lfs, &f->pointer)))
		return 0;
	lfs_wants_add(c->wants, f);
	return 0;
}

static int scan_revs(struct lfs *l, const char *const *revs, size_t n, bool all, struct collect *c,
		     struct mlops_error *err)
{
	autobuf text = { 0 };

	if (all) {
		for (size_t i = 0; i < n; i++)
			strbuf_addf(&text, "%s\n", revs[i]);
		return lfs_scan_commits(l, &text, !n, collect, c, err);
	}
	for (size_t i = 0; i < n; i++)
		if (lfs_scan_tree(l, revs[i], collect, c, err))
			return -1;
	if (n)
		return 0;
	return l->top ? lfs_scan_index(l, collect, c, err) :
			lfs_scan_tree(l, "HEAD", collect, c, err);
}

static void count_only(const struct lfs_wants *wants, struct transfer_counts *counts)
{
	counts->objects = wants->by_oid.n;
	for (size_t i = 0; i < wants->by_oid.n; i++)
		counts->bytes += lfs_want_at(wants, i)->pointer.size;
}

static int download(struct lfs *l, const struct lfs_wants *wants, const struct lfs_move_how *how,
		    struct transfer_counts *counts, struct mlops_error *err)
{
	struct lfs_transfer t = { .lfs = l, .how = how };
	autolfsremote *remote = NULL;
	autoerr sync_err = ERR_INIT;

	if (lfs_remote_open(l, how->remote, false, NULL, &remote, err))
		return -1;
	t.remote = remote;
	int rc = lfs_download(&t, wants, counts, err);
	/* What came before it broke off stays, so that the next try starts there. */
	return lfs_objects_sync(l, rc ? &sync_err : err) || rc ? -1 : 0;
}

int mlops_lfs_fetch(struct lfs *l, const char *const *revs, size_t n,
		    const struct lfs_move_how *how, struct transfer_counts *counts,
		    struct mlops_error *err)
{
	struct lfs_choice choice;
	autolfswants wants = { 0 };
	struct collect c = { l, how->all ? NULL : &choice, true, &wants, NULL };

	*counts = (struct transfer_counts){ 0 };
	lfs_choice_init(&choice, l, how->include, how->exclude);
	int rc = scan_revs(l, revs, n, how->all, &c, err);
	lfs_choice_clear(&choice);
	if (rc)
		return -1;
	if (how->dry_run) {
		count_only(&wants, counts);
		return 0;
	}
	return wants.by_oid.n ? download(l, &wants, how, counts, err) : 0;
}

/* ---- sending ---- */

static int exclude_ref(char *line, size_t n, void *arg, struct mlops_error *err)
{
	(void)n, (void)err;
	strbuf_addf(arg, "^%s\n", line);
	return 0;
}

/* What the remote's branches were last seen to have need not be looked at. */
static int exclude_known(struct lfs *l, const char *name, struct strbuf *revs,
			 struct mlops_error *err)
{
	autofree char *below = xasprintf("refs/remotes/%s/", name);
	const char *const argv[] = { "git", "for-each-ref", "--format=%(objectname)", below, NULL };

	return lfs_git_each(l, argv, -1, '\n', exclude_ref, revs, NULL, err);
}

/* Whether locks are to be looked at: 1 yes, 0 no, -1 nobody said. */
static int locks_wanted(struct lfs *l, struct lfs_remote *r)
{
	autofree char *url = NULL;
	autoerr ignored = ERR_INIT;
	const char *set = NULL;

	if (!lfs_server_url(r->server, LFS_UPLOAD, &url, &ignored))
		set = lfs_settingf(l, "lfs.%s.locksverify", url);
	set = set ? set : lfs_setting(l, "lfs.locksverify");
	return set ? lfs_is_true(set) : -1;
}

static int check_locks(struct lfs *l, struct lfs_remote *r, const struct map *paths,
		       struct mlops_error *err)
{
	int wanted = r->server ? locks_wanted(l, r) : 0;
	struct lfs_locks locks = { 0 };
	size_t held = 0;
	bool supported;

	if (!wanted)
		return 0;
	int rc = lfs_locks_verify(r->server, &supported, &locks, err);
	if (rc && wanted < 0 && err->kind != MLOPS_EAUTH) {
		log_warn("cannot tell who has locked what: %s", err->msg);
		mlops_error_clear(err);
		rc = 0;
	}
	for (size_t i = 0; i < locks.n; i++) {
		const struct lfs_lock *lock = &locks.v[i];

		if (!map_get(paths, lock->path))
			continue;
		held += !lock->ours;
		if (lock->ours)
			log_info("'%s' is locked by you; end that with: mlops lfs unlock",
				 lock->path);
		else
			log_warn("'%s' is locked by %s", lock->path,
				 *lock->owner ? lock->owner : "another");
	}
	lfs_locks_clear(&locks);
	if (rc || !held)
		return rc;
	if (wanted < 0) {
		log_warn("with lfs.locksverify set to true that would have stopped the push");
		return 0;
	}
	return err_set(err, MLOPS_ENO, "%zu of the files are locked by others", held);
}

/* What the commits name that `revs` stands for; empty: all there are. */
static int upload(struct lfs *l, const struct strbuf *revs, const char *ref,
		  const struct lfs_move_how *how, struct transfer_counts *counts,
		  struct mlops_error *err)
{
	struct lfs_transfer t = { .lfs = l, .how = how };
	autolfsremote *remote = NULL;
	autolfswants wants = { 0 };
	automap paths = { 0 };
	struct collect c = { l, NULL, false, &wants, &paths };

	*counts = (struct transfer_counts){ 0 };
	if (lfs_scan_commits(l, revs, !revs->len, collect, &c, err))
		return -1;
	if (how->dry_run) {
		count_only(&wants, counts);
		return 0;
	}
	if (!wants.by_oid.n)
		return 0;
	if (lfs_remote_open(l, how->remote, true, ref, &remote, err) ||
	    check_locks(l, remote, &paths, err))
		return -1;
	t.remote = remote;
	t.lax = lfs_setting_bool(l, "lfs.allowincompletepush", false);
	return lfs_upload(&t, &wants, counts, err);
}

static int check_rev(const char *rev, struct mlops_error *err)
{
	return *rev && *rev != '-' && *rev != '^' && !strpbrk(rev, "\n ") ?
		       0 :
		       err_set(err, MLOPS_EINVALID, "'%s' is no revision", rev);
}

int mlops_lfs_push(struct lfs *l, const char *const *revs, size_t n, const struct lfs_move_how *how,
		   struct transfer_counts *counts, struct mlops_error *err)
{
	autofree char *name = lfs_remote_name(l, how->remote, true);
	autobuf text = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (check_rev(revs[i], err))
			return -1;
		strbuf_addf(&text, "%s\n", revs[i]);
	}
	if (!n && !how->all)
		strbuf_adds(&text, "HEAD\n");
	if (!how->all && exclude_known(l, name, &text, err))
		return -1;
	return upload(l, &text, NULL, how, counts, err);
}

/* A remote without a name is told by its URL; one that has this URL has a name after all. */
static char *name_of_url(const struct lfs *l, const char *remote)
{
	for (size_t i = 0; i < l->git.n; i++) {
		const struct lfs_setting *s = &l->git.v[i];

		if (str_starts(s->key, "remote.") && str_ends(s->key, ".url") &&
		    !strcmp(s->value, remote))
			return xstrndup(s->key + 7, strlen(s->key) - 7 - 4);
	}
	return xstrdup(remote);
}

int mlops_lfs_pre_push(struct lfs *l, const struct lfs_pushed *refs, size_t n,
		       const struct lfs_move_how *how, struct transfer_counts *counts,
		       struct mlops_error *err)
{
	autofree char *name = name_of_url(l, how->remote);
	struct lfs_move_how named = *how;
	autobuf text = { 0 };

	*counts = (struct transfer_counts){ 0 };
	named.remote = name;
	for (size_t i = 0; i < n; i++) {
		if (check_rev(refs[i].local_id, err) || check_rev(refs[i].remote_id, err))
			return -1;
		strbuf_addf(&text, "%s\n", refs[i].local_id);
		if (refs[i].remote_id[strspn(refs[i].remote_id, "0")])
			strbuf_addf(&text, "^%s\n", refs[i].remote_id);
	}
	if (!n)
		return 0;
	return exclude_known(l, name, &text, err) ||
			       upload(l, &text, refs[0].remote_ref, &named, counts, err) ?
		       -1 :
		       0;
}

/* ---- the work tree ---- */

struct placing {
	struct lfs *lfs;
	struct lfs_choice *choice;
	struct strlist paths; /* chosen ones; none: all */
	struct strbuf wrote;  /* with a NUL behind each */
	struct transfer_counts *counts;
	const struct lfs_move_how *how;
};

static bool is_chosen(const struct placing *p, const char *path)
{
	for (size_t i = 0; i < p->paths.n; i++)
		if (!*p->paths.v[i] || path_is_below(path, p->paths.v[i]))
			return true;
	return !p->paths.n && lfs_choice_has(p->choice, path);
}

static int place(const struct lfs_found *f, void *arg, struct mlops_error *err)
{
	struct placing *p = arg;
	bool wrote;

	if (!is_chosen(p, f->path))
		return 0;
	if (!lfs_has(p->lfs, &f->pointer.oid, f->pointer.size) &&
	    !lfs_borrow(p->lfs, &f->pointer)) {
		if (p->counts->missing++ < SHOWN)
			log_warn("the object of '%s' is not here", f->path);
		return 0;
	}
	if (f->pointer.extended) {
		log_warn("'%s' stays a pointer: mlops runs no extensions of Git LFS", f->path);
		return 0;
	}
	if (lfs_place(p->lfs, f, &wrote, err))
		return -1;
	if (!wrote)
		return 0;
	strbuf_add(&p->wrote, f->path, strlen(f->path) + 1);
	p->counts->objects++;
	p->counts->bytes += f->pointer.size;
	if (p->how->progress)
		p->how->progress(p->counts, 0, 0, p->how->arg);
	return 0;
}

/* Git takes notice of files that were written beside it. */
static int refresh_index(struct lfs *l, const struct strbuf *paths, struct mlops_error *err)
{
	static const char *const argv[] = { "git", "update-index", "-q", "-z", "--stdin", NULL };
	autoclose int fd = paths->len ? lfs_memory_file(err) : -1;
	struct lfs_git g = { 0 };

	if (!paths->len)
		return 0;
	if (fd < 0 || fs_write_all(fd, paths->buf, paths->len, "a file in memory", err) ||
	    lfs_rewind(fd, err) || lfs_git_start(l, argv, fd, &g, err))
		return -1;
	return lfs_git_end(&g, argv, NULL, err);
}

int mlops_lfs_checkout(struct lfs *l, const char *const *paths, size_t n,
		       const struct lfs_move_how *how, struct transfer_counts *counts,
		       struct mlops_error *err)
{
	struct lfs_choice choice;
	struct placing p = { .lfs = l, .choice = &choice, .counts = counts, .how = how };
	autoerr refresh_err = ERR_INIT;
	int rc = l->top ? 0 : err_set(err, MLOPS_EINVALID, "this repository has no work tree");

	*counts = (struct transfer_counts){ 0 };
	for (size_t i = 0; !rc && i < n; i++) {
		char *path;

		rc = lfs_path_of(l, paths[i], &path, err);
		if (!rc)
			strlist_take(&p.paths, path);
	}
	lfs_choice_init(&choice, l, how->include, how->exclude);
	if (!rc)
		rc = lfs_scan_index(l, place, &p, err);
	/* Also when it broke off: git takes those that were written for changes else. */
	if (refresh_index(l, &p.wrote, rc ? &refresh_err : err))
		rc = -1;
	lfs_choice_clear(&choice);
	strlist_clear(&p.paths);
	strbuf_clear(&p.wrote);
	return rc;
}

/* ---- listing ---- */

struct listing {
	struct lfs *lfs;
	bool staged;
	bool check; /* only what is damaged */
	struct hasher *hasher;
	lfs_file_fn fn;
	void *arg;
};

static bool is_out(const struct lfs *l, const struct lfs_found *f)
{
	autofree char *full = l->top ? path_join(l->top, f->path) : NULL;
	struct stat st;

	return full && !lstat(full, &st) && S_ISREG(st.st_mode) &&
	       (uint64_t)st.st_size == f->pointer.size;
}

static int list_one(const struct lfs_found *f, void *arg, struct mlops_error *err)
{
	const struct listing *s = arg;
	const struct lfs_file file = {
		.path = f->path,
		.oid = f->pointer.oid,
		.size = f->pointer.size,
		.here = lfs_has(s->lfs, &f->pointer.oid, f->pointer.size),
		.checked_out = s->staged && is_out(s->lfs, f),
	};

	return s->fn(&file, s->arg, err);
}

int mlops_lfs_files(struct lfs *l, const char *rev, lfs_file_fn fn, void *arg,
		    struct mlops_error *err)
{
	struct listing s = { .lfs = l, .staged = !rev, .fn = fn, .arg = arg };

	return rev ? lfs_scan_tree(l, rev, list_one, &s, err) :
		     lfs_scan_index(l, list_one, &s, err);
}

static int check_one(const struct lfs_found *f, void *arg, struct mlops_error *err)
{
	struct listing *s = arg;
	struct oid got;
	autoclose int fd = -1;

	if (!f->pointer.size)
		return 0;
	if (!lfs_open_object(s->lfs, &f->pointer, &fd, err)) {
		if (hasher_read(s->hasher, fd, "an object of Git LFS", &got, err))
			return -1;
		return mlops_oid_equal(&got, &f->pointer.oid) ? 0 : list_one(f, s, err);
	}
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return list_one(f, s, err);
}

int mlops_lfs_check(struct lfs *l, lfs_file_fn fn, void *arg, struct mlops_error *err)
{
	struct listing s = { .lfs = l, .staged = true, .fn = fn, .arg = arg };

	if (hasher_new(&s.hasher, err))
		return -1;
	int rc = lfs_scan_index(l, check_one, &s, err);
	hasher_free(s.hasher);
	return rc;
}
