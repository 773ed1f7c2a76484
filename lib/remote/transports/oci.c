/* oci://HOST/REPOSITORY: a registry is a service of objects, so there are no keys in it. */
#include "remote/oci/private.h"

static int open_repo(const struct transport_how *how, void **conn, struct mlops_error *err)
{
	struct oci *o;

	if (how->sealed) {
		err_set(err, MLOPS_EINVALID,
			"remote '%s' is a registry, which names what it holds by its SHA-256; sealed "
			"objects have other names",
			how->name);
		return err_hint(
			err, "turn it off for this remote: mlops config remote.%s.encryption off",
			how->name);
	}
	if (oci_open(how, &o, err))
		return -1;
	*conn = o;
	return 0;
}

static void close_repo(void *conn)
{
	oci_free(conn);
}

static int check_repo(void *conn, struct mlops_error *err)
{
	return oci_check(conn, err);
}

static int find_service(void *conn, const struct object_service **out, struct mlops_error *err)
{
	(void)conn, (void)err;
	*out = &oci_object_service;
	return 0;
}

const struct transport transport_oci = {
	.schemes = { "oci", "oci+http" },
	.help = "oci://HOST/REPOSITORY, a container registry",
	.open = open_repo,
	.close = close_repo,
	.check = check_repo,
	.objects = find_service,
};
