/* The transports, one line each. */
#include "remote/transport.h"

extern const struct transport transport_file, transport_http, transport_https;

static const struct transport *const transports[] = {
	&transport_file,
	&transport_http,
	&transport_https,
};

int transport_find(const char *url, const struct transport **out, struct mlops_error *err)
{
	const char *mark = strstr(url, "://");
	autobuf known = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(transports); i++) {
		struct str scheme = { url, mark ? (size_t)(mark - url) : 0 };

		if (mark ? str_eq(scheme, transports[i]->scheme) : !i) {
			*out = transports[i];
			return 0;
		}
		strbuf_addf(&known, ", %s://", transports[i]->scheme);
	}
	err_set(err, MLOPS_EINVALID, "'%s' is no URL of a kind that is known", url);
	return err_hint(err, "a remote is a path%s", known.buf);
}
