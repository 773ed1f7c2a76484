/*
 * Fetching a revision. A file of LFS has the name that its object has; of others the hub tells the
 * name that git has for them. Both are checked before the store has the file.
 */
#include "base/fs.h"
#include "base/pool.h"
#include "base/url.h"
#include "crypto/sha1.h"
#include "remote/hf/hf.h"
#include "store/store.h"
#include "store/tree_edit.h"

#define MAX_PLAIN ((uint64_t)256 << 20) /* of a file that is not of LFS: it is taken into memory */
#define JOBS      8

struct import {
	struct hub *hub;
	struct store *store;
	const char *commit;
	struct hub_files files;
};

static int damaged(const struct hub_file *f, struct mlops_error *err)
{
	return err_set(err, MLOPS_ECORRUPT, "the hub gave other bytes than those of '%s'", f->path);
}

static char *file_url(const struct import *im, const struct hub_file *f)
{
	autobuf suffix = { 0 };

	strbuf_addf(&suffix, "/resolve/%s/", im->commit);
	url_encode(&suffix, f->path, "/");
	return hub_page(im->hub, suffix.buf);
}

struct incoming {
	struct store_writer *writer;
	uint64_t left; /* bytes that may still come */
};

static int write_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct incoming *in = arg;

	if (n > in->left)
		return err_set(err, MLOPS_ECORRUPT, "a file is longer than it is said to be");
	in->left -= n;
	return mlops_store_writer_add(in->writer, buf, n, err);
}

static int fetch_lfs(struct import *im, struct hub_file *f, struct mlops_error *err)
{
	struct incoming in = { 0 };
	struct oid got;
	uint64_t have;

	if (store_writer_resume(im->store, &f->oid, f->size, &in.writer, &have, err))
		return -1;
	in.left = have < f->size ? f->size - have : 0;
	const struct byte_sink sink = { write_piece, &in };
	autocall c =
		WEB_CALL(.method = "GET", .url = file_url(im, f), .sink = &sink, .follow = true);
	c.range.from = have;
	int rc = have < f->size ? hub_run(im->hub, &c, 0, err) : 0;
	if (!rc && mlops_store_writer_commit(in.writer, &got, err))
		rc = err->kind == MLOPS_ECORRUPT ? damaged(f, err) : -1;
	mlops_store_writer_free(in.writer);
	return rc;
}

static int add_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct strbuf *b = arg;

	if (n > MAX_PLAIN - b->len)
		return err_set(err, MLOPS_ECORRUPT, "a file is longer than it is said to be");
	strbuf_add(b, buf, n);
	return 0;
}

static int keep_plain(struct import *im, struct hub_file *f, const struct strbuf *bytes,
		      struct mlops_error *err)
{
	const char *p = bytes->buf ? bytes->buf : "";
	char name[SHA1_HEX_SIZE];

	if (sha1_git_blob(p, bytes->len, name, err))
		return -1;
	if (strcmp(name, f->hash))
		return damaged(f, err);
	return mlops_store_put(im->store, p, bytes->len, &f->oid, err);
}

static int fetch_plain(struct import *im, struct hub_file *f, struct mlops_error *err)
{
	autobuf bytes = { 0 };
	const struct byte_sink sink = { add_piece, &bytes };
	autocall c =
		WEB_CALL(.method = "GET", .url = file_url(im, f), .sink = &sink, .follow = true);

	if (f->size > MAX_PLAIN)
		return err_set(err, MLOPS_EINVALID,
			       "'%s' is too long for a file that is not of LFS", f->path);
	return hub_run(im->hub, &c, 0, err) || keep_plain(im, f, &bytes, err) ? -1 : 0;
}

/* What huggingface_hub has is taken from there, when it is what it should be. */
static bool take_cached(struct import *im, struct hub_file *f)
{
	autofree char *path = hub_cache_find(im->hub, f->hash);
	autoerr ignored = ERR_INIT;
	autobuf bytes = { 0 };
	struct oid oid;
	uint64_t size;

	if (!path)
		return false;
	if (f->lfs)
		return !mlops_store_put_file(im->store, path, &oid, &size, &ignored) &&
		       mlops_oid_equal(&oid, &f->oid);
	return !fs_read(path, MAX_PLAIN, &bytes, &ignored) && !keep_plain(im, f, &bytes, &ignored);
}

static int import_one(size_t i, void *arg, struct mlops_error *err)
{
	struct import *im = arg;
	struct hub_file *f = &im->files.v[i];
	bool here = (f->lfs && mlops_store_has(im->store, &f->oid)) || take_cached(im, f);
	uint64_t size;

	if (!here && (f->lfs ? fetch_lfs(im, f, err) : fetch_plain(im, f, err)))
		return err_wrap(err, "cannot fetch '%s'", f->path);
	if (mlops_store_size(im->store, &f->oid, &size, err))
		return -1;
	if (size != f->size) /* which the folder's tree would say too */
		return err_set(err, MLOPS_ECORRUPT, "the hub lists '%s' with a size that it has not", f->path);
	hub_count(im->hub, f->size, !here);
	return 0;
}

/* Leaves out what is not wanted. */
static void choose(struct import *im)
{
	size_t n = 0;

	for (size_t i = 0; i < im->files.n; i++) {
		if (hub_wants(im->hub, im->files.v[i].path))
			im->files.v[n++] = im->files.v[i];
		else
			free(im->files.v[i].path);
	}
	im->files.n = n;
}

static int make_tree(struct import *im, struct object_ref *out, struct mlops_error *err)
{
	size_t n = im->files.n;
	autofree struct tree_entry *entries = xcalloc(n, sizeof(*entries));
	autofree struct tree_edit *edits = xcalloc(n, sizeof(*edits));
	struct tree_entry root;

	for (size_t i = 0; i < n; i++) {
		const struct hub_file *f = &im->files.v[i];

		entries[i] = (struct tree_entry){
			.kind = TREE_FILE, .oid = f->oid, .size = f->size, .files = 1
		};
		edits[i] = (struct tree_edit){ f->path, &entries[i] };
	}
	if (tree_edit(im->store, NULL, "", edits, n, &root, err) ||
	    mlops_store_flush(im->store, err))
		return -1;
	*out = (struct object_ref){
		.kind = OBJECT_TREE, .oid = root.oid, .size = root.size, .files = root.files
	};
	return 0;
}

static int import_all(struct import *im, struct object_ref *out, struct mlops_error *err)
{
	struct hub *h = im->hub;
	unsigned jobs = h->how->jobs > 0 ? (unsigned)h->how->jobs : JOBS;

	if (hub_list(h, im->commit, &im->files, err))
		return -1;
	choose(im);
	if (!im->files.n)
		return err_set(err, MLOPS_ENOTFOUND, "'%s' has no such files", h->id);
	int rc = pool_each(jobs < 64 ? jobs : 64, im->files.n, import_one, im, err);
	autoerr ignored = ERR_INIT;
	if (rc) {
		/* What came is kept, so that the next try starts there. */
		mlops_store_flush(im->store, &ignored);
		return -1;
	}
	if (make_tree(im, out, err))
		return -1;
	return h->how->cache ? hub_cache_fill(h, im->store, im->commit, &im->files, err) : 0;
}

int mlops_hub_fetch(struct project *project, const char *url, const struct hub_how *how, struct object_ref *out,
	      struct hub_result *result, struct mlops_error *err)
{
	struct import im = { .commit = result->commit };
	autohub *h = NULL;

	if (hub_open(project, url, how, result, &h, err) ||
	    mlops_store_of(project, &im.store, err) || hub_commit(h, h->rev, result->commit, err))
		return -1;
	im.hub = h;
	int rc = import_all(&im, out, err);
	hub_files_clear(&im.files);
	return rc;
}
