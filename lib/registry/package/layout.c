/*
 * Packages on disk: an OCI image layout (opencontainers/image-spec, image-layout.md) in a folder or
 * a tar archive, and the plain archive of a version's files.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/map.h"
#include "fmt/tar.h"
#include "registry/package/package.h"

#define LAYOUT	 "{\"imageLayoutVersion\":\"1.0.0\"}"
#define REF_NAME "org.opencontainers.image.ref.name"

static void make_index(const struct package *p, const char *tag, struct strbuf *out)
{
	autojson *index = js_obj();
	struct json *list = js_arr(), *annotations = js_obj();
	struct json *d = oci_descriptor(p->manifest_type, &p->oid, p->manifest.len);

	js_set(annotations, REF_NAME, js_str(tag));
	js_set(d, "annotations", annotations);
	js_push(list, d);
	js_set(index, "schemaVersion", js_int(2));
	js_set(index, "mediaType", js_str(OCI_INDEX));
	js_set(index, "manifests", list);
	js_dump(index, JS_COMPACT, out);
}

/* The layout's files, one after the other, each name once, blobs in the order of the manifest. */
struct layout {
	struct package *package;
	const char *tag;
	/* A file with bytes in memory, or of a blob. */
	int (*text)(const char *name, const struct strbuf *text, void *arg, struct mlops_error *err);
	int (*blob)(const char *name, const struct package_blob *b, void *arg,
		    struct mlops_error *err);
	void *arg;
};

static int visit_blob(const struct layout *l, struct map *seen, const struct package_blob *b,
		      struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];
	autofree char *name = xasprintf("blobs/sha256/%s", mlops_oid_hex(&b->shown.oid, hex));

	if (map_put(seen, name, (void *)b))
		return 0;
	return b->made ? l->text(name, &b->bytes, l->arg, err) : l->blob(name, b, l->arg, err);
}

static int visit_layout(const struct layout *l, struct mlops_error *err)
{
	struct package *p = l->package;
	autobuf layout = { 0 }, index = { 0 };
	automap seen = { 0 };
	char hex[MLOPS_OID_HEX + 1];
	autofree char *manifest = xasprintf("blobs/sha256/%s", mlops_oid_hex(&p->oid, hex));

	strbuf_adds(&layout, LAYOUT);
	make_index(p, l->tag, &index);
	if (l->text("oci-layout", &layout, l->arg, err) || visit_blob(l, &seen, &p->config, err) ||
	    l->text(manifest, &p->manifest, l->arg, err))
		return -1;
	for (size_t i = 0; i < p->layers.n; i++)
		if (visit_blob(l, &seen, &p->layers.v[i], err))
			return -1;
	return l->text("index.json", &index, l->arg, err);
}

/* In a folder. */
struct folder {
	struct package *package;
	const char *path;
};

static int folder_text(const char *name, const struct strbuf *text, void *arg,
		       struct mlops_error *err)
{
	const struct folder *f = arg;
	autofree char *path = path_join(f->path, name);

	return fs_write_atomic(path, text->buf, text->len, 0644, err);
}

static int folder_blob(const char *name, const struct package_blob *b, void *arg,
		       struct mlops_error *err)
{
	const struct folder *f = arg;
	autofree char *path = path_join(f->path, name);

	return mlops_store_export(f->package->store, &b->shown.oid, path, 0644, err);
}

static int write_folder(struct package *p, const char *path, const char *tag,
			struct mlops_error *err)
{
	autofree char *blobs = path_join(path, "blobs/sha256");
	struct folder f = { p, path };
	const struct layout l = { p, tag, folder_text, folder_blob, &f };

	return fs_mkdirs(blobs, err) || visit_layout(&l, err) ? -1 : 0;
}

/* In an archive. */
struct archive_out {
	struct package *package;
	struct tar *tar;
	int fd;
	const char *path;
};

static int put_bytes(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	const struct archive_out *a = arg;

	if (FAULT("package.write"))
		return err_sys(err, "cannot write '%s'", a->path);
	return fs_write_all(a->fd, buf, n, a->path, err);
}

static int add_bytes(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	const struct archive_out *a = arg;

	return tar_add(a->tar, buf, n, err);
}

static int archive_text(const char *name, const struct strbuf *text, void *arg,
			struct mlops_error *err)
{
	const struct archive_out *a = arg;

	return tar_file(a->tar, name, false, text->len, err) ||
			       tar_add(a->tar, text->buf, text->len, err) ?
		       -1 :
		       0;
}

static int archive_blob(const char *name, const struct package_blob *b, void *arg,
			struct mlops_error *err)
{
	struct archive_out *a = arg;

	if (tar_file(a->tar, name, false, b->shown.size, err))
		return -1;
	return mlops_store_read(a->package->store, &b->shown.oid, add_bytes, a, err);
}

static int archive_layout(struct archive_out *a, const void *tag, struct mlops_error *err)
{
	const struct layout l = { a->package, tag, archive_text, archive_blob, a };

	return visit_layout(&l, err);
}

/* Makes the archive beside `path` and gives it that name when it is whole. */
static int write_archive(const char *path, struct archive_out *a,
			 int (*fill)(struct archive_out *a, const void *arg, struct mlops_error *err),
			 const void *arg, struct mlops_error *err)
{
	autofree char *tmp = xasprintf("%s.tmp", path);
	autoclose int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_sys(err, "cannot create '%s'", tmp);
	a->fd = fd;
	a->path = tmp;
	int rc = tar_new(put_bytes, a, &a->tar, err);
	if (!rc)
		rc = fill(a, arg, err) || tar_finish(a->tar, err) ? -1 : 0;
	tar_free(a->tar);
	if (!rc && fsync(fd))
		rc = err_sys(err, "cannot write '%s'", tmp);
	if (!rc)
		rc = fs_rename(tmp, path, err);
	if (rc)
		unlink(tmp);
	return rc;
}

static int refuse_existing(const char *path, struct mlops_error *err)
{
	if (!fs_exists(path))
		return 0;
	err_set(err, MLOPS_EEXISTS, "'%s' is there already", path);
	return err_hint(err, "remove it, or name another place");
}

int mlops_package_write(struct package *p, const char *path, const char *tag,
			struct mlops_error *err)
{
	struct archive_out a = { .package = p };

	if (refuse_existing(path, err))
		return -1;
	if (str_ends(path, ".tar"))
		return write_archive(path, &a, archive_layout, tag, err);
	if (!write_folder(p, path, tag, err))
		return 0;
	autoerr ignored = ERR_INIT;
	fs_remove_tree(path, &ignored);
	return -1;
}

static int archive_files(struct archive_out *a, const void *arg, struct mlops_error *err)
{
	const package_files *files = arg;

	for (size_t i = 0; i < files->n; i++) {
		const struct package_file *f = &files->v[i];

		if (tar_file(a->tar, f->path, f->executable, f->size, err) ||
		    mlops_store_read(a->package->store, &f->oid, add_bytes, a, err))
			return -1;
	}
	return 0;
}

int mlops_package_tar(struct project *project, const char *spec, const char *path,
		      struct mlops_error *err)
{
	autopackage *p = NULL;

	if (refuse_existing(path, err) || package_open(project, spec, &p, err))
		return -1;
	struct archive_out a = { .package = p };
	return write_archive(path, &a, archive_files, &p->files, err);
}
