/* The transports, one line each. */
#include "remote/transport.h"

extern const struct transport transport_file, transport_http;

static const struct transport *const transports[] = {
	&transport_file, /* also for a URL without a scheme */
	&transport_http,
};

static bool has_scheme(const struct transport *t, struct str scheme)
{
	for (size_t i = 0; t->schemes[i]; i++)
		if (str_eq(scheme, t->schemes[i]))
			return true;
	return false;
}

static int no_transport(const char *url, struct mlops_error *err)
{
	autobuf known = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(transports); i++)
		for (size_t j = 0; transports[i]->schemes[j]; j++)
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
