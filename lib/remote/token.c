/*
 * Where a remote's token comes from. Never from .mlops/config: that file is shared, and one who
 * can change it could otherwise name any file of the reader's and a server to send it to.
 */
#include <ctype.h>

#include "base/fs.h"
#include "base/path.h"
#include "mlops/config.h"
#include "remote/private.h"

#define MAX_TOKEN 4096

struct lookup {
	const char *key;
	char *path;
	bool shared;
};

static int find_path(enum config_scope scope, const char *key, const char *value, void *arg,
		     struct mlops_error *err)
{
	struct lookup *l = arg;

	(void)err;
	if (strcmp(key, l->key))
		return 0;
	l->shared = scope == CONFIG_PROJECT;
	if (!l->shared)
		l->path = xstrdup(value);
	return 1;
}

static int check_token(const char *token, const char *from, struct mlops_error *err)
{
	for (const char *p = token; *p; p++)
		if (!isgraph((unsigned char)*p))
			return err_set(err, MLOPS_EINVALID, "%s holds no token", from);
	return *token ? 0 : err_set(err, MLOPS_EINVALID, "%s is empty", from);
}

static int read_token(const char *path, char **out, struct mlops_error *err)
{
	autofree char *from = xasprintf("token file '%s'", path);
	autobuf text = { 0 };

	if (fs_read(path, MAX_TOKEN, &text, err))
		return -1;
	struct str trimmed = str_trim((struct str){ text.buf ? text.buf : "", text.len });
	char *token = xstrndup(trimmed.p, trimmed.n);
	explicit_bzero(text.buf, text.len);
	if (check_token(token, from, err)) {
		free(token);
		return -1;
	}
	*out = token;
	return 0;
}

/* "~/x" is in the home folder. */
static char *expand(const char *path)
{
	const char *home = getenv("HOME");

	return str_starts(path, "~/") && home ? path_join(home, path + 2) : xstrdup(path);
}

int remote_token(struct project *project, const char *name, char **out, struct mlops_error *err)
{
	const char *env = getenv("MLOPS_REMOTE_TOKEN");
	autofree char *key = xasprintf("remote.%s.tokenfile", name);
	struct lookup l = { .key = key };

	if (env && *env) {
		if (check_token(env, "MLOPS_REMOTE_TOKEN", err))
			return -1;
		*out = xstrdup(env);
		return 0;
	}
	if (mlops_config_list(project, find_path, &l, err) < 0)
		return -1;
	if (l.shared) {
		err_set(err, MLOPS_EINVALID, "setting '%s' is in .mlops/config, which is shared",
			key);
		return err_hint(err, "set it for yourself: mlops config --local %s <path>", key);
	}
	*out = NULL;
	if (!l.path)
		return 0;
	autofree char *typed = l.path, *path = expand(typed);
	return read_token(path, out, err);
}
