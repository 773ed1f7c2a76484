/*
 * Where a remote's token comes from. Never from .mlops/config: that file is shared, and one who
 * can change it could otherwise name any file of the reader's and a server to send it to.
 */
#include <ctype.h>

#include "base/fs.h"
#include "base/path.h"
#include "remote/private.h"

#define MAX_TOKEN 4096

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

/* MLOPS_REMOTE_<NAME>_TOKEN; the general variable is for the default remote alone. */
static const char *from_environment(const struct transport_how *how, char **variable)
{
	*variable = xasprintf("MLOPS_REMOTE_%s_TOKEN", how->name);
	for (char *c = *variable; *c; c++)
		*c = (char)(isalnum((unsigned char)*c) ? toupper((unsigned char)*c) : '_');
	const char *token = getenv(*variable);
	if ((token && *token) || !how->is_default)
		return token;
	free(*variable);
	*variable = xstrdup("MLOPS_REMOTE_TOKEN");
	return getenv(*variable);
}

int remote_token(const struct transport_how *how, char **out, struct mlops_error *err)
{
	autofree char *variable = NULL;
	const char *token = from_environment(how, &variable), *file = NULL;

	if (token && *token) {
		if (check_token(token, variable, err))
			return -1;
		*out = xstrdup(token);
		return 0;
	}
	if (transport_own_setting(how, "tokenfile", &file, err))
		return -1;
	*out = NULL;
	if (!file)
		return 0;
	autofree char *path = path_expand(file);
	return read_token(path, out, err);
}
