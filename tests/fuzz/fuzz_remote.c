/* What remotes answer and settings hold, as text: URLs, listings in XML, ~/.aws, keys. */
#include "fuzz.h"

#include "base/url.h"
#include "fmt/xml.h"
#include "remote/s3/ini.h"
#include "remote/s3/sts.h"
#include "remote/transport.h"

static int see(const char *name, const char *value, const char *parent, void *arg,
	       struct mlops_error *err)
{
	(void)arg, (void)err;
	MUST(name && value && parent);
	return 0;
}

static void try_url(const char *text)
{
	autoerr err = ERR_INIT;
	autobuf plain = { 0 };
	autourl u = { 0 };

	if (url_parse(text, &u, &err))
		return;
	MUST(u.scheme && *u.host && u.port >= 0 && u.port <= 65535);
	MUST(!*u.path || *u.path == '/');
	if (url_decode(&plain, u.path, strlen(u.path)) && plain.len)
		MUST(strlen(plain.buf) == plain.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	autofree char *text = xstrndup((const char *)data, n), *prefix = NULL;
	const struct strbuf file = { text, strlen(text), 0 };
	autoerr err = ERR_INIT, other = ERR_INIT;
	autokey key = { 0 };

	try_url(text);
	xml_each(text, strlen(text), "the text", see, NULL, &err);
	free(ini_get(&file, "default", "region"));
	if (sts_take_json(text, strlen(text), &key))
		MUST(*key.id && *key.secret);
	if (!remote_prefix(text, &prefix, &other))
		MUST(prefix[0] != '/');
	return 0;
}
