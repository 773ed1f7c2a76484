/*
 * What docker and podman wrote down about registries, read in their order: $REGISTRY_AUTH_FILE,
 * config.json of docker, auth.json of podman. A file names a helper program for the registry, or
 * holds the password itself.
 */
#include <ctype.h>

#include "base/base64.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/proc.h"
#include "remote/bearer.h"
#include "remote/oci/private.h"

#define MAX_FILE  ((size_t)1 << 20)
#define MAX_REPLY ((size_t)64 << 10)
#define HUB       "docker.io"
#define HUB_KEY   "https://index.docker.io/v1/"

void oci_login_clear(struct oci_login *login)
{
	secret_free(steal_ptr(&login->basic));
	secret_free(steal_ptr(&login->identity));
}

static void take_pair(struct oci_login *out, const char *user, const char *password)
{
	autofree char *pair = xasprintf("%s:%s", user, password);
	struct strbuf text = { 0 };

	base64_encode(&text, pair, strlen(pair));
	explicit_bzero(pair, strlen(pair));
	out->basic = strbuf_steal(&text);
}

/* "user:password", or a token, which goes as the password of a user whose name does not count. */
static int from_settings(const struct transport_how *how, struct oci_login *out,
			 struct mlops_error *err)
{
	char *token;

	if (remote_token(how, &token, err) || !token)
		return -1;
	char *colon = strchr(token, ':');
	if (colon)
		*colon = '\0';
	take_pair(out, colon ? token : "mlops", colon ? colon + 1 : token);
	explicit_bzero(token, strlen(token) + 1 + (colon ? strlen(colon + 1) : 0));
	free(token);
	return 0;
}

static bool is_helper(const char *name)
{
	const char *p = name;

	while (isalnum((unsigned char)*p) || (*p && strchr("._-", *p)))
		p++;
	return p > name && !*p;
}

/* {"Username","Secret"}; the user "<token>" tells that the secret is an identity token. */
static bool take_reply(const struct strbuf *reply, struct oci_login *out)
{
	autojson *v = NULL;
	autoerr ignored = ERR_INIT;

	if (!reply->len || js_parse(reply->buf, reply->len, "the reply", &v, &ignored))
		return false;
	const char *user = js_get_text(v, "Username"), *secret = js_get_text(v, "Secret");
	if (!user || !secret || !*secret)
		return false;
	if (strcmp(user, "<token>"))
		take_pair(out, user, secret);
	else
		out->identity = xstrdup(secret);
	return true;
}

static bool ask_helper(const char *helper, const char *key, struct oci_login *out)
{
	autofree char *program = xasprintf("docker-credential-%s", helper);
	const char *const argv[] = { program, "get", NULL };
	struct proc_result result = { .status = 1 };
	autobuf question = { 0 }, reply = { 0 };
	autoerr ignored = ERR_INIT;

	if (!is_helper(helper))
		return false;
	strbuf_adds(&question, key);
	bool found = !proc_ask(argv, NULL, &question, MAX_REPLY, &reply, &result, &ignored) &&
		     !result.status && take_reply(&reply, out);
	if (reply.len)
		explicit_bzero(reply.buf, reply.len);
	return found;
}

static bool take_entry(const struct json *entry, struct oci_login *out)
{
	const char *auth = js_get_text(entry, "auth"),
		   *identity = js_get_text(entry, "identitytoken");
	autobuf plain = { 0 };

	if (identity && *identity)
		out->identity = xstrdup(identity);
	else if (auth && *auth && base64_decode(auth, strlen(auth), &plain) && plain.len)
		out->basic = xstrdup(auth);
	if (plain.len)
		explicit_bzero(plain.buf, plain.len);
	return out->identity || out->basic;
}

static bool from_config(const struct json *config, const char *key, struct oci_login *out)
{
	const char *helper = js_get_text(js_get(config, "credHelpers"), key);

	if (!helper)
		helper = js_get_text(config, "credsStore");
	return (helper && ask_helper(helper, key, out)) ||
	       take_entry(js_get(js_get(config, "auths"), key), out);
}

/* A file may name the registry with a scheme, and podman's also a part of the repository. */
static bool from_any_key(const struct json *config, const char *host, const char *repo,
			 struct oci_login *out)
{
	static const char *const around[][2] = {
		{ "", "" }, { "https://", "" }, { "https://", "/v1/" }, { "http://", "" }
	};
	autofree char *path = xasprintf("%s/%s", host, repo);

	for (char *end = path + strlen(path); end > path + strlen(host); *end = '\0') {
		if (take_entry(js_get(js_get(config, "auths"), path), out))
			return true;
		while (*--end != '/')
			;
	}
	if (!strcmp(host, HUB) && from_config(config, HUB_KEY, out))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(around); i++) {
		autofree char *key = xasprintf("%s%s%s", around[i][0], host, around[i][1]);

		if (from_config(config, key, out))
			return true;
	}
	return false;
}

static bool from_file(const char *path, const char *host, const char *repo, struct oci_login *out)
{
	autobuf text = { 0 };
	autojson *config = NULL;
	autoerr ignored = ERR_INIT;

	if (fs_read(path, MAX_FILE, &text, &ignored) || !text.len)
		return false;
	bool found = !js_parse(text.buf, text.len, path, &config, &ignored) &&
		     from_any_key(config, host, repo, out);
	explicit_bzero(text.buf, text.len);
	return found;
}

/* A file below the folder that a variable names, or else below another. */
static char *file_in(const char *variable, const char *otherwise, const char *name)
{
	const char *dir = getenv(variable);
	autofree char *usual = otherwise ? path_expand(otherwise) : NULL;

	return dir && *dir ? path_join(dir, name) : usual ? path_join(usual, name) : NULL;
}

int oci_login_find(const struct transport_how *how, const char *host, const char *repo,
		   struct oci_login *out, struct mlops_error *err)
{
	const char *named = getenv("REGISTRY_AUTH_FILE");
	autofree char *docker = file_in("DOCKER_CONFIG", "~/.docker", "config.json"),
		      *podman = file_in("XDG_RUNTIME_DIR", NULL, "containers/auth.json"),
		      *kept = file_in("XDG_CONFIG_HOME", "~/.config", "containers/auth.json");
	const char *const files[] = { named, docker, podman, kept };

	*out = (struct oci_login){ 0 };
	if (!from_settings(how, out, err))
		return 0;
	if (err->kind)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (files[i] && from_file(files[i], host, repo, out))
			break;
	return 0;
}
