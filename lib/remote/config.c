/* Remotes as settings: remote.<name>.url, and core.remote for the default one. */
#include <ctype.h>

#include "mlops/config.h"
#include "project/project.h"
#include "remote/private.h"

static int check_name(const char *name, struct mlops_error *err)
{
	if (project_is_remote_name(name))
		return 0;
	err_set(err, MLOPS_EINVALID, "'%s' is no name for a remote", name);
	return err_hint(err, "letters, digits, '.', '_' and '-', such as: origin");
}

/* What is in the URL is in .mlops/config, and so in git. */
int remote_check_secrets(const char *url, struct mlops_error *err)
{
	const char *host = strstr(url, "://");
	size_t n = host ? strcspn(host + 3, "/?#") : 0;

	const char *at = host ? memchr(host + 3, '@', n) : NULL;
	/* Of a machine that is logged in to, the user is part of the address. */
	bool plain_user =
		at && str_starts(url, "sftp://") && !memchr(host + 3, ':', (size_t)(at - host - 3));
	if (!at || plain_user)
		return 0;
	err_set(err, MLOPS_EINVALID,
		"the URL holds a user name or password, which git would share");
	return err_hint(err, "leave it out, and put a token into MLOPS_REMOTE_TOKEN or ~/.netrc");
}

static int check_url(const char *url, struct mlops_error *err)
{
	const struct transport *ignored;

	for (const char *p = url; *p; p++)
		if (iscntrl((unsigned char)*p))
			return err_set(err, MLOPS_EINVALID, "the URL holds a control character");
	if (!*url)
		return err_set(err, MLOPS_EINVALID, "the URL is empty");
	return remote_check_secrets(url, err) || transport_find(url, &ignored, err) ? -1 : 0;
}

static const char *url_of(struct project *project, const char *name)
{
	autofree char *key = xasprintf("remote.%s.url", name);

	return mlops_config_lookup(project, key);
}

int mlops_remote_add(struct project *project, const char *name, const char *url,
		     struct mlops_error *err)
{
	autofree char *key = xasprintf("remote.%s.url", name);

	if (check_name(name, err) || check_url(url, err))
		return -1;
	if (url_of(project, name)) {
		err_set(err, MLOPS_EEXISTS, "there is a remote named '%s' already", name);
		return err_hint(err, "remove it first: mlops remote remove %s", name);
	}
	return mlops_config_set(project, CONFIG_PROJECT, key, url, err);
}

int remote_no_such(const char *name, struct mlops_error *err)
{
	err_set(err, MLOPS_ENOTFOUND, "no remote named '%s'", name);
	return err_hint(err, "add one with: mlops remote add %s <url>", name);
}

int mlops_remote_remove(struct project *project, const char *name, struct mlops_error *err)
{
	static const enum config_scope scopes[] = { CONFIG_LOCAL, CONFIG_PROJECT };
	autofree char *section = xasprintf("remote.%s", name);
	const char *chosen = mlops_config_lookup(project, "core.remote");
	bool was_default = chosen && !strcmp(chosen, name), found = false;

	if (check_name(name, err))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
		if (!mlops_config_remove_section(project, scopes[i], section, err))
			found = true;
		else if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		if (was_default && mlops_config_set(project, scopes[i], "core.remote", NULL, err)) {
			if (err->kind != MLOPS_ENOTFOUND)
				return -1;
			mlops_error_clear(err);
		}
	}
	return found ? 0 : remote_no_such(name, err);
}

typedef VEC(struct remote_info) remote_vec;

static int add_remote(enum config_scope scope, const char *key, const char *value, void *arg,
		      struct mlops_error *err)
{
	remote_vec *list = arg;
	size_t n = strlen(key);

	(void)scope, (void)err;
	if (!str_starts(key, "remote.") || !str_ends(key, ".url") || n <= strlen("remote..url"))
		return 0;
	vec_push(list, { .name = xstrndup(key + strlen("remote."), n - strlen("remote..url")),
			 .url = xstrdup(value) });
	return 0;
}

/* core.remote, else the only one, else "origin"; in the list of all. */
static void mark_default(struct project *project, remote_vec *list)
{
	const char *chosen = mlops_config_lookup(project, "core.remote");

	for (size_t i = 0; i < list->n; i++)
		list->v[i].is_default = chosen ? !strcmp(list->v[i].name, chosen) :
						 list->n == 1 || !strcmp(list->v[i].name, "origin");
}

int mlops_remotes_list(struct project *project, struct remote_info **out, size_t *n,
		       struct mlops_error *err)
{
	remote_vec list = { 0 };

	if (mlops_config_list(project, add_remote, &list, err)) {
		mlops_remotes_free(list.v, list.n);
		return -1;
	}
	mark_default(project, &list);
	*out = list.v;
	*n = list.n;
	return 0;
}

void mlops_remotes_free(struct remote_info *remotes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(remotes[i].name);
		free(remotes[i].url);
	}
	free(remotes);
}
