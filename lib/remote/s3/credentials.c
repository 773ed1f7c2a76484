/* Each source is one function; the first that has a key gives it. */
#include "remote/s3/credentials.h"

#include <pthread.h>
#include <time.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/proc.h"
#include "fmt/json.h"
#include "http/engine.h"
#include "remote/s3/ini.h"
#include "remote/s3/sts.h"

#define MAX_FILE      ((size_t)1 << 20)
#define RENEW_S       300 /* before it ends */
#define METADATA_MS   1500
#define INSTANCE_HOST "http://169.254.169.254"
#define TASK_HOST     "http://169.254.170.2"

struct aws_chain {
	struct http_engine *engine;
	char *profile;
	struct strbuf config, credentials; /* the files */
	bool fixed;
	pthread_mutex_t lock; /* guards what follows */
	struct aws_key key;
	bool known;
};

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static void read_file(const char *chosen, const char *variable, const char *usual,
		      struct strbuf *out)
{
	const char *home = env("HOME");
	autofree char *path = chosen        ? path_expand(chosen) :
			      env(variable) ? xstrdup(env(variable)) :
					      path_join(home ? home : "/", usual);
	autoerr ignored = ERR_INIT;

	fs_read(path, MAX_FILE, out, &ignored);
}

struct aws_chain *aws_chain_new(struct http_engine *engine, const struct aws_places *places)
{
	struct aws_chain *c = xcalloc(1, sizeof(*c));
	const char *profile = places->profile ? places->profile : env("AWS_PROFILE");

	c->engine = engine;
	c->profile = xstrdup(profile ? profile : "default");
	read_file(places->config, "AWS_CONFIG_FILE", ".aws/config", &c->config);
	read_file(places->credentials, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials",
		  &c->credentials);
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

static void copy_key(const struct aws_key *from, struct aws_key *to)
{
	*to = (struct aws_key){ .id = xstrdup(from->id),
				.secret = xstrdup(from->secret),
				.token = from->token ? xstrdup(from->token) : NULL,
				.expires_s = from->expires_s };
}

struct aws_chain *aws_chain_fixed(const struct aws_key *key)
{
	struct aws_chain *c = aws_chain_new(NULL, &(struct aws_places){ 0 });

	if (key)
		copy_key(key, &c->key);
	c->known = c->fixed = true;
	return c;
}

bool aws_chain_is_anonymous(const struct aws_chain *c)
{
	return c->fixed && !c->key.id;
}

void aws_chain_free(struct aws_chain *c)
{
	if (!c)
		return;
	aws_key_clear(&c->key);
	if (c->credentials.len)
		explicit_bzero(c->credentials.buf, c->credentials.len);
	strbuf_clear(&c->credentials);
	strbuf_clear(&c->config);
	pthread_mutex_destroy(&c->lock);
	free(c->profile);
	free(c);
}

/* In ~/.aws/config all profiles but the default one have the word in their heading. */
static char *setting_of(const struct aws_chain *c, const char *profile, const char *key)
{
	autofree char *section =
		strcmp(profile, "default") ? xasprintf("profile %s", profile) : xstrdup("default");
	char *value = ini_get(&c->credentials, profile, key);

	return value ? value : ini_get(&c->config, section, key);
}

char *aws_profile_setting(struct aws_chain *c, const char *key)
{
	return setting_of(c, c->profile, key);
}

static bool take(struct aws_key *out, char *id, char *secret, char *token)
{
	if (token && !*token)
		free(steal_ptr(&token));
	*out = (struct aws_key){ .id = id, .secret = secret, .token = token };
	if (id && secret && *id && *secret)
		return true;
	aws_key_clear(out);
	return false;
}

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static int from_environment(struct aws_chain *c, struct aws_key *out, struct mlops_error *err)
{
	(void)c, (void)err;
	return take(out, copy(env("AWS_ACCESS_KEY_ID")), copy(env("AWS_SECRET_ACCESS_KEY")),
		    copy(env("AWS_SESSION_TOKEN")));
}

static int from_web_identity(struct aws_chain *c, struct aws_key *out, struct mlops_error *err)
{
	autofree char *file = copy(env("AWS_WEB_IDENTITY_TOKEN_FILE")),
		      *role = copy(env("AWS_ROLE_ARN"));
	autofree char *region = copy(env("AWS_REGION"));
	autobuf token = { 0 };

	if (!file)
		file = aws_profile_setting(c, "web_identity_token_file");
	if (!role)
		role = aws_profile_setting(c, "role_arn");
	if (!region)
		region = aws_profile_setting(c, "region");
	if (!file || !role)
		return 0;
	if (fs_read(file, MAX_FILE, &token, err))
		return -1;
	const struct sts_how how = { c->engine, region, role, env("AWS_ROLE_SESSION_NAME") };
	int rc = sts_web_identity(
		&how, str_trim((struct str){ token.buf ? token.buf : "", token.len }), out, err);
	if (token.len)
		explicit_bzero(token.buf, token.len);
	return rc ? -1 : 1;
}

/* What credential_process prints, which is the user's own command. */
static int from_process(const char *command, struct aws_key *out, struct mlops_error *err)
{
	const char *argv[] = { "sh", "-c", command, NULL };
	struct proc_result result;
	autobuf text = { 0 };

	if (proc_read(argv, MAX_FILE, &text, &result, err))
		return -1;
	int rc = result.status || !text.len || !sts_take_json(text.buf, text.len, out);
	if (text.len)
		explicit_bzero(text.buf, text.len);
	if (!rc)
		return 1;
	return err_set(err, MLOPS_EAUTH, "the credential_process of ~/.aws gave no key");
}

static bool keys_of(const struct aws_chain *c, const char *profile, struct aws_key *out)
{
	return take(out, setting_of(c, profile, "aws_access_key_id"),
		    setting_of(c, profile, "aws_secret_access_key"),
		    setting_of(c, profile, "aws_session_token"));
}

static int from_role(struct aws_chain *c, const char *role, struct aws_key *out,
		     struct mlops_error *err)
{
	autofree char *source = aws_profile_setting(c, "source_profile"),
		      *region = aws_profile_setting(c, "region"),
		      *name = aws_profile_setting(c, "role_session_name"),
		      *external = aws_profile_setting(c, "external_id");
	autokey base = { 0 };

	if (!source || !keys_of(c, source, &base))
		return err_set(
			err, MLOPS_EAUTH,
			"profile '%s' of ~/.aws has a role_arn and no source_profile with keys",
			c->profile);
	const struct sts_how how = { c->engine, region, role, name };
	return sts_assume_role(&how, &base, external, out, err) ? -1 : 1;
}

static int from_profile(struct aws_chain *c, struct aws_key *out, struct mlops_error *err)
{
	autofree char *role = aws_profile_setting(c, "role_arn"),
		      *command = aws_profile_setting(c, "credential_process");

	if (role)
		return from_role(c, role, out, err);
	if (keys_of(c, c->profile, out))
		return 1;
	return command ? from_process(command, out, err) : 0;
}

/* One exchange with an endpoint of this machine; false when it does not answer well. */
static bool ask_metadata(struct aws_chain *c, const char *method, const char *url,
			 const char *header, struct strbuf *out)
{
	const char *headers[] = { header, NULL };
	const struct http_request req = { .method = method,
					  .url = url,
					  .headers = headers,
					  .bare = true,
					  .direct = true,
					  .timeout_ms = METADATA_MS };
	autoerr ignored = ERR_INIT;
	auto_response r = { 0 };

	if (http_engine_exchange(c->engine, &req, &r, &ignored) || r.status != 200 || !r.body.len)
		return false;
	strbuf_add(out, r.body.buf, r.body.len);
	return true;
}

/* The full address is only taken when it is encrypted or of this machine or link. */
static bool is_safe_address(const char *text)
{
	autoerr ignored = ERR_INIT;
	autourl u = { 0 };

	if (url_parse(text, &u, &ignored))
		return false;
	return !strcmp(u.scheme, "https") || url_is_loopback(&u) ||
	       !strcmp(u.host, "169.254.170.2") || !strcmp(u.host, "169.254.170.23");
}

static int from_container(struct aws_chain *c, struct aws_key *out, struct mlops_error *err)
{
	const char *relative = env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
		   *full = env("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
		   *token = env("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
		   *file = env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	autobuf text = { 0 }, header = { 0 }, reply = { 0 };

	if (!relative && !full)
		return 0;
	if (!relative && !is_safe_address(full))
		return err_set(err, MLOPS_EAUTH,
			       "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that is not taken");
	if (file && fs_read(file, MAX_FILE, &text, err))
		return -1;
	struct str value = file ? str_trim((struct str){ text.buf ? text.buf : "", text.len }) :
				  str_of(token ? token : "");
	if (value.n)
		strbuf_addf(&header, "Authorization: " STR_FMT, STR_ARG(value));
	autofree char *url = relative ? xasprintf("%s%s", TASK_HOST, relative) : xstrdup(full);
	if (ask_metadata(c, "GET", url, header.buf, &reply) &&
	    sts_take_json(reply.buf, reply.len, out))
		return 1;
	return err_set(err, MLOPS_EAUTH, "the container's endpoint for credentials gave no key");
}

/* The instance's role, by a session token first (IMDSv2). */
static int from_instance(struct aws_chain *c, struct aws_key *out, struct mlops_error *err)
{
	const char *off = env("AWS_EC2_METADATA_DISABLED"),
		   *host = env("AWS_EC2_METADATA_SERVICE_ENDPOINT");
	autobuf token = { 0 }, role = { 0 }, reply = { 0 };

	(void)err;
	if (off && !strcasecmp(off, "true"))
		return 0;
	autofree char *root = xasprintf("%s/latest", host ? host : INSTANCE_HOST);
	autofree char *session = xasprintf("%s/api/token", root),
		      *roles = xasprintf("%s/meta-data/iam/security-credentials/", root);
	if (!ask_metadata(c, "PUT", session, "X-aws-ec2-metadata-token-ttl-seconds: 21600", &token))
		return 0;
	autofree char *header = xasprintf("X-aws-ec2-metadata-token: %s", token.buf);
	if (!ask_metadata(c, "GET", roles, header, &role))
		return 0;
	autofree char *url = xasprintf("%s%.*s", roles, (int)strcspn(role.buf, "\r\n"), role.buf);
	return ask_metadata(c, "GET", url, header, &reply) &&
	       sts_take_json(reply.buf, reply.len, out);
}

static int look_everywhere(struct aws_chain *c, struct aws_key *out, struct mlops_error *err)
{
	static int (*const sources[])(struct aws_chain *, struct aws_key *,
				      struct mlops_error *) = {
		from_environment, from_web_identity, from_profile, from_container, from_instance,
	};

	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		int rc = sources[i](c, out, err);

		if (rc)
			return rc < 0 ? -1 : 0;
	}
	err_set(err, MLOPS_EAUTH, "no AWS credentials are set up");
	return err_hint(err, "run 'aws configure', or set AWS_ACCESS_KEY_ID and "
			     "AWS_SECRET_ACCESS_KEY");
}

int aws_chain_key(struct aws_chain *c, struct aws_key *out, struct mlops_error *err)
{
	int rc = 0;

	pthread_mutex_lock(&c->lock);
	bool old = c->known && c->key.expires_s && c->key.expires_s - RENEW_S < time(NULL);
	if (!c->known || old) {
		aws_key_clear(&c->key);
		rc = look_everywhere(c, &c->key, err);
		c->known = !rc;
	}
	if (!rc)
		copy_key(&c->key, out);
	pthread_mutex_unlock(&c->lock);
	return rc;
}

void aws_chain_expire(struct aws_chain *c)
{
	pthread_mutex_lock(&c->lock);
	c->known = c->known && c->fixed;
	pthread_mutex_unlock(&c->lock);
}
