/* The public keys that are trusted. */
#include "base/fs.h"
#include "base/path.h"
#include "project/project.h"
#include "registry/sign/sign.h"

#define MAX_PEM ((size_t)64 << 10)

void mlops_trust_free(struct trust *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		signer_free(t->v[i]);
	vec_free(t);
	free(t);
}

static int add_file(struct trust *t, const char *path, struct mlops_error *err)
{
	autobuf pem = { 0 };
	struct signer *key;

	if (fs_read(path, MAX_PEM, &pem, err) || signer_public(pem.buf, path, &key, err))
		return -1;
	vec_push(t, key);
	return 0;
}

struct folder {
	struct trust *trust;
	const char *path;
};

static int add_name(const char *name, void *arg, struct mlops_error *err)
{
	struct folder *f = arg;
	autofree char *path = path_join(f->path, name);

	return str_ends(name, ".pem") || str_ends(name, ".pub") ? add_file(f->trust, path, err) : 0;
}

static int add_path(struct trust *t, const char *path, struct mlops_error *err)
{
	struct folder f = { t, path };
	size_t before = t->n;

	if (!fs_is_dir(path))
		return add_file(t, path, err);
	if (fs_each_name(path, add_name, &f, err))
		return -1;
	return t->n > before ? 0 :
			       err_set(err, MLOPS_EINVALID,
				       "the folder '%s' holds no key: no file named *.pem or *.pub", path);
}

static int add_configured(struct trust *t, struct project *project, struct mlops_error *err)
{
	const char *setting = mlops_config_lookup(project, "sign.trustedKeys");

	if (!setting) {
		err_set(err, MLOPS_EUSAGE, "it is not known whose signatures are to be trusted");
		return err_hint(err, "give public keys with --key, or set sign.trustedKeys to a folder of them");
	}
	autofree char *path = project ? project_shared_path(project, setting) : xstrdup(setting);
	return add_path(t, path, err);
}

int mlops_trust_open(struct project *project, const char *const *paths, size_t n,
		     struct trust **out, struct mlops_error *err)
{
	struct trust *t = xcalloc(1, sizeof(*t));
	int rc = n ? 0 : add_configured(t, project, err);

	for (size_t i = 0; !rc && i < n; i++)
		rc = add_path(t, paths[i], err);
	if (!rc)
		*out = t;
	else
		mlops_trust_free(t);
	return rc;
}
