/* Versions: ours, and through their wrappers those of the libraries that are not linked in plainly. */
#include "mlops/version.h"

#include "base/err.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "db/db.h"
#include "git/git.h"
#include "http/client.h"
#include "http/server.h"

const char *mlops_version(void)
{
	return MLOPS_VERSION;
}

static int sqlite_version(char *buf, size_t n, struct mlops_error *err)
{
	(void)err;
	snprintf(buf, n, "%s", db_version());
	return 0;
}

static const struct {
	const char *name;
	int (*version)(char *buf, size_t n, struct mlops_error *err);
} libraries[MLOPS_LIBRARIES] = {
	{ "libgit2", git_version },
	{ "libcurl", http_client_version },
	{ "libmicrohttpd", http_server_version },
	{ "libcrypto", crypto_version },
	{ "sqlite", sqlite_version },
};

int mlops_library_version(size_t i, struct library_version *out, struct mlops_error *err)
{
	out->name = libraries[i].name;
	return libraries[i].version(out->version, sizeof(out->version), err);
}
