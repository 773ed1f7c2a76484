/* The transports, one line each, and the settings of the remote that one is opened for. */
#include "remote/transport.h"

#include "mlops/config.h"

extern const struct transport transport_file, transport_http;

static const struct transport *const transports[] = {
	&transport_file, /* also for a URL without a scheme */
	&transport_http,
};

static bool has_scheme(const struct transport *t, struct str scheme)
{
	for (size_t i = 0; i < ARRAY_LEN(t->schemes) && t->schemes[i]; i++)
		if (str_eq(scheme, t->schemes[i]))
			return true;
	return false;
}

static int no_transport(const char *url, struct mlops_error *err)
{
	autobuf known = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(transports); i++)
		for (size_t j = 0; j < ARRAY_LEN(transports[i]->schemes); j++)
			if (transports[i]->schemes[j])
				strbuf_addf(&known, ", %s://", transports[i]->schemes[j]);
	err_set(err, MLOPS_EINVALID, "'%s' is no URL of a kind that is known", url);
	return err_hint(err, "a remote is a path%s", known.buf);
}

int transport_find(const char *url, const struct transport **out, struct mlops_error *err)
{
	const char *mark = strstr(url, "://");
	struct str scheme = mark ? (struct str){ url, (size_t)(mark - url) } : STR("file");

	for (size_t i = 0; i < ARRAY_LEN(transports); i++) {
		if (has_scheme(transports[i], scheme)) {
			*out = transports[i];
			return 0;
		}
	}
	return no_transport(url, err);
}

struct lookup {
	const char *key;
	const char *value;
	bool shared;
};

static int find_setting(enum config_scope scope, const char *key, const char *value, void *arg,
			struct mlops_error *err)
{
	struct lookup *l = arg;

	(void)err;
	if (strcmp(key, l->key))
		return 0;
	l->shared = scope == CONFIG_PROJECT;
	l->value = value;
	return 1;
}

const char *transport_setting(const struct transport_how *how, const char *key, bool *shared)
{
	autofree char *full = xasprintf("remote.%s.%s", how->name, key);
	struct lookup l = { .key = full };
	autoerr ignored = ERR_INIT;

	if (shared)
		*shared = false;
	if (!how->project)
		return NULL;
	const char *value = mlops_config_lookup(how->project, full);
	if (!value || !shared)
		return value;
	/* What the environment says is not what is listed, which is of files. */
	mlops_config_list(how->project, find_setting, &l, &ignored);
	*shared = l.shared && l.value && !strcmp(l.value, value);
	return value;
}

int transport_own_setting(const struct transport_how *how, const char *key, const char **out,
			  struct mlops_error *err)
{
	bool shared;
	const char *value = transport_setting(how, key, &shared);

	if (shared) {
		err_set(err, MLOPS_EINVALID,
			"setting 'remote.%s.%s' is in .mlops/config, which is shared", how->name,
			key);
		return err_hint(err,
				"set it for yourself: mlops config --local remote.%s.%s <value>",
				how->name, key);
	}
	*out = value;
	return 0;
}
