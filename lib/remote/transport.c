/* The transports, one line each, and the settings of the remote that one is opened for. */
#include "remote/transport.h"

#include "project/project.h"

extern const struct transport transport_file, transport_http, transport_s3, transport_az,
	transport_gs, transport_sftp, transport_oci, transport_lfs;

static const struct transport *const transports[] = {
	&transport_file, /* also for a URL without a scheme */
	&transport_http, &transport_s3,  &transport_az,  &transport_gs,
	&transport_sftp, &transport_oci, &transport_lfs,
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

static int stop_at_first(const char *key, const struct key_info *info, void *arg,
			 struct mlops_error *err)
{
	(void)key, (void)info, (void)arg, (void)err;
	return 1;
}

int transport_check_by_list(int (*list)(void *conn, const char *prefix,
					int (*fn)(const char *key, const struct key_info *info,
						  void *arg, struct mlops_error *err),
					void *arg, struct mlops_error *err),
			    void *conn, struct mlops_error *err)
{
	return list(conn, "", stop_at_first, NULL, err) < 0 ? -1 : 0;
}

const char *transport_given(const struct transport_how *how, const char *key)
{
	for (size_t i = 0; i < how->n_sets; i++)
		if (!strcmp(how->sets[i].key, key))
			return how->sets[i].value;
	return NULL;
}

const char *transport_setting(const struct transport_how *how, const char *key, bool *shared)
{
	autofree char *full = xasprintf("remote.%s.%s", how->name, key);
	bool ignored;

	if (shared)
		*shared = false;
	if (!how->project)
		return transport_given(how, key);
	return project_config_source(how->project, full, shared ? shared : &ignored);
}

int transport_own_setting(const struct transport_how *how, const char *key, const char **out,
			  struct mlops_error *err)
{
	autofree char *full = xasprintf("remote.%s.%s", how->name, key);

	*out = transport_given(how, key);
	return how->project ? project_config_personal(how->project, full, out, err) : 0;
}

int limited_buf_add(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	const struct limited_buf *l = arg;

	if (n > l->max - l->out->len)
		return err_set(err, MLOPS_ECORRUPT, "it is longer than %zu bytes", l->max);
	strbuf_add(l->out, buf, n);
	return 0;
}
