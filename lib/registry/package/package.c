/* Putting a package together: its files, its blobs and the manifest that names them. */
#include <unistd.h>

#include "base/path.h"
#include "crypto/hash.h"
#include "registry/package/package.h"
#include "store/store.h"

static const struct package_maker *const makers[] = { &package_modelpack, &package_ollama };

static int list_file(const struct object_visit *v, void *arg, struct mlops_error *err)
{
	struct package *p = arg;
	const char *path = *v->path ? v->path : path_base(p->version->path);

	if (v->missing) {
		err_set(err, MLOPS_ENOTFOUND, "'%s' of %s:%lld is not here", path, p->version->model,
			(long long)p->version->version);
		return err_hint(err, "get it with: mlops pull");
	}
	if (v->is_symlink) {
		err_set(err, MLOPS_EINVALID, "'%s' is a symlink, which a package cannot hold", path);
		return err_hint(err, "put a file in its place and register that");
	}
	if (!v->is_tree)
		vec_push(&p->files, (struct package_file){ xstrdup(path), v->oid, v->size,
							  v->is_executable });
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct package_file *)a)->path, ((const struct package_file *)b)->path);
}

static int list_files(struct package *p, struct mlops_error *err)
{
	if (mlops_object_visit(p->store, &p->version->ref, list_file, p, err))
		return -1;
	vec_sort(&p->files, by_path);
	return 0;
}

static void blob_clear(struct package_blob *b)
{
	strbuf_clear(&b->bytes);
	js_free(b->annotations);
}

void mlops_package_free(struct package *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->files.n; i++)
		free(p->files.v[i].path);
	vec_free(&p->files);
	blob_clear(&p->config);
	for (size_t i = 0; i < p->layers.n; i++)
		blob_clear(&p->layers.v[i]);
	vec_free(&p->layers);
	strbuf_clear(&p->manifest);
	mlops_model_version_free(p->version);
	free(p);
}
void package_add_file(struct package *p, const struct package_file *f, const char *type,
		      struct json *annotations)
{
	vec_push(&p->layers, (struct package_blob){ .shown = { f->oid, f->size, type, f->path },
						    .annotations = annotations });
}

/* Names what b->bytes holds. */
static int finish_made(struct package_blob *b, const char *type, struct mlops_error *err)
{
	b->made = true;
	b->shown.type = type;
	b->shown.path = "";
	b->shown.size = b->bytes.len;
	return hash_buf(b->bytes.buf, b->bytes.len, &b->shown.oid, err);
}

int package_add_text(struct package *p, const char *text, const char *type, struct mlops_error *err)
{
	struct package_blob b = { 0 };

	strbuf_adds(&b.bytes, text);
	vec_push(&p->layers, b);
	return finish_made(&p->layers.v[p->layers.n - 1], type, err);
}

int package_set_config(struct package *p, const char *type, struct json *config,
		       struct mlops_error *err)
{
	js_dump(config, JS_COMPACT, &p->config.bytes);
	js_free(config);
	return finish_made(&p->config, type, err);
}

static struct json *descriptor(const struct package_blob *b)
{
	struct json *d = oci_descriptor(b->shown.type, &b->shown.oid, b->shown.size);

	if (b->annotations)
		js_set(d, "annotations", js_ref(b->annotations));
	return d;
}

static int make_manifest(struct package *p, struct mlops_error *err)
{
	autojson *m = js_obj();
	struct json *layers = js_arr();

	for (size_t i = 0; i < p->layers.n; i++)
		js_push(layers, descriptor(&p->layers.v[i]));
	js_set(m, "schemaVersion", js_int(2));
	js_set(m, "mediaType", js_str(p->manifest_type));
	if (p->artifact_type)
		js_set(m, "artifactType", js_str(p->artifact_type));
	js_set(m, "config", descriptor(&p->config));
	js_set(m, "layers", layers);
	js_dump(m, JS_COMPACT, &p->manifest);
	if (p->manifest.len > OCI_MANIFEST_MAX) {
		err_set(err, MLOPS_EINVALID, "%zu files are more than a manifest can list", p->files.n);
		return err_hint(err, "take --format tar");
	}
	return hash_buf(p->manifest.buf, p->manifest.len, &p->oid, err);
}

static int find_maker(const char *name, const struct package_maker **out, struct mlops_error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(makers); i++) {
		if (!strcmp(makers[i]->name, name)) {
			*out = makers[i];
			return 0;
		}
	}
	return err_set(err, MLOPS_ENOTFOUND, "there is no package format '%s'", name);
}

int package_open(struct project *project, const char *spec, struct package **out,
		 struct mlops_error *err)
{
	autopackage *p = xcalloc(1, sizeof(*p));

	p->project = project;
	if (mlops_store_of(project, &p->store, err) ||
	    mlops_model_resolve(project, spec, &p->version, err) ||
	    list_files(p, err))
		return -1;
	*out = steal_ptr(&p);
	return 0;
}

int mlops_package_new(struct project *project, const char *spec, const char *format,
		      struct package **out, struct mlops_error *err)
{
	const struct package_maker *maker;
	autopackage *p = NULL;

	if (find_maker(format, &maker, err) || package_open(project, spec, &p, err) ||
	    maker->make(p, err) || make_manifest(p, err))
		return -1;
	*out = steal_ptr(&p);
	return 0;
}

const struct model_version *mlops_package_version(const struct package *p)
{
	return p->version;
}

const struct oid *mlops_package_oid(const struct package *p)
{
	return &p->oid;
}

const struct package_layer *mlops_package_layer(const struct package *p, size_t i)
{
	return i < p->layers.n ? &p->layers.v[i].shown : NULL;
}

int package_blob_read(struct package *p, const struct package_blob *b,
		      int (*write)(const void *buf, size_t n, void *arg, struct mlops_error *err),
		      void *arg, struct mlops_error *err)
{
	return b->made ? write(b->bytes.buf, b->bytes.len, arg, err) :
			 mlops_store_read(p->store, &b->shown.oid, write, arg, err);
}

int package_inspect(struct package *p, const struct package_file *f, struct model_info **out,
		    struct mlops_error *err)
{
	autoclose int fd = -1;
	autoerr packed = ERR_INIT;
	const char *tmp;
	uint64_t size;

	if (!store_open_loose(p->store, &f->oid, &fd, &size, &packed)) {
		autofree char *path = xasprintf("/proc/self/fd/%d", fd);

		return mlops_inspect(path, out, err);
	}
	if (project_tmp(p->project, &tmp, err))
		return -1;
	autofree char *path = xasprintf("%s/inspect.%ld", tmp, (long)getpid());
	if (mlops_store_export(p->store, &f->oid, path, 0600, err))
		return -1;
	int rc = mlops_inspect(path, out, err);
	unlink(path);
	return rc;
}
