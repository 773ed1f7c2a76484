/*
 * Remotes of DVC's settings: their URLs and keys (those of DVC's documentation of `dvc remote modify`)
 * become ours. A key that would change what is done, and that we do not heed, is refused.
 */
#include "base/num.h"
#include "base/path.h"
#include "base/url.h"
#include "project/project.h"
#include "remote/dvc/dvc.h"

#define TIMEOUT_MS 60000
#define REFERS_MAX 8 /* remotes that refer to one another by remote:// */

enum use {
	PASSED,    /* to the transport, under the name `ours` */
	HANDLED,   /* here */
	IGNORED,   /* it changes nothing but speed or what is shown */
	FOR_WRITE, /* it says how objects are to be written, which we cannot */
	WHEN_TRUE, /* refused when it is on */
	WHEN_FALSE,
};

struct key_use {
	const char *key;
	enum use use;
	const char *ours;
};

static const struct key_use common[] = {
	{ "url", HANDLED, NULL },
	{ "jobs", HANDLED, NULL },
	{ "checksum_jobs", IGNORED, NULL },
	{ "verify", IGNORED, NULL },
	{ "no_traverse", IGNORED, NULL },
	{ "connect_timeout", IGNORED, NULL },
	{ "read_timeout", IGNORED, NULL },
	{ "timeout", IGNORED, NULL },
	{ "worktree", WHEN_TRUE, NULL },
	{ "version_aware", WHEN_TRUE, NULL },
	{ NULL, HANDLED, NULL },
};

static const struct key_use of_s3[] = {
	{ "endpointurl", PASSED, "endpoint" },
	{ "region", PASSED, "region" },
	{ "profile", PASSED, "profile" },
	{ "credentialpath", PASSED, "credentialsfile" },
	{ "configpath", PASSED, "configfile" },
	{ "access_key_id", PASSED, "accesskeyid" },
	{ "secret_access_key", PASSED, "secretaccesskey" },
	{ "session_token", PASSED, "sessiontoken" },
	{ "allow_anonymous_login", PASSED, "anonymous" },
	{ "use_ssl", IGNORED, NULL }, /* the endpoint's scheme says it */
	{ "ssl_verify", WHEN_FALSE, NULL },
	{ "listobjects", IGNORED, NULL },
	{ "cache_regions", IGNORED, NULL },
	{ "sse", FOR_WRITE, NULL },
	{ "sse_kms_key_id", FOR_WRITE, NULL },
	{ "acl", FOR_WRITE, NULL },
	{ "grant_read", FOR_WRITE, NULL },
	{ "grant_read_acp", FOR_WRITE, NULL },
	{ "grant_write_acp", FOR_WRITE, NULL },
	{ "grant_full_control", FOR_WRITE, NULL },
	{ NULL, HANDLED, NULL },
};

static const struct key_use of_gs[] = {
	{ "credentialpath", PASSED, "credentialfile" },
	{ "endpointurl", PASSED, "endpoint" },
	{ "projectname", IGNORED, NULL },
	{ "allow_anonymous_login", PASSED, "anonymous" },
	{ NULL, HANDLED, NULL },
};

static const struct key_use of_azure[] = {
	{ "account_name", PASSED, "account" },
	{ "account_key", PASSED, "accountkey" },
	{ "connection_string", PASSED, "connectionstring" },
	{ "sas_token", PASSED, "sastoken" },
	{ "exclude_environment_credential", IGNORED, NULL },
	{ "exclude_visual_studio_code_credential", IGNORED, NULL },
	{ "exclude_shared_token_cache_credential", IGNORED, NULL },
	{ "exclude_managed_identity_credential", IGNORED, NULL },
	{ NULL, HANDLED, NULL },
};

static const struct key_use of_ssh[] = {
	{ "user", HANDLED, NULL },
	{ "port", HANDLED, NULL },
	{ "keyfile", PASSED, "identityfile" },
	{ "password", PASSED, "password" },
	{ "ask_password", WHEN_TRUE, NULL },
	{ "ask_passphrase", WHEN_TRUE, NULL },
	{ "gss_auth", WHEN_TRUE, NULL },
	{ "allow_agent", IGNORED, NULL },
	{ "max_sessions", IGNORED, NULL },
	{ NULL, HANDLED, NULL },
};

static const struct key_use of_http[] = {
	{ "auth", HANDLED, NULL },           { "custom_auth_header", PASSED, "header" },
	{ "user", PASSED, "user" },          { "password", PASSED, "password" },
	{ "ask_password", WHEN_TRUE, NULL }, { "ssl_verify", WHEN_FALSE, NULL },
	{ "method", PASSED, "method" },      { NULL, HANDLED, NULL },
};

static const struct key_use of_webdav[] = {
	{ "user", PASSED, "user" },          { "password", PASSED, "password" },
	{ "ask_password", WHEN_TRUE, NULL }, { "custom_auth_header", PASSED, "header" },
	{ "ssl_verify", WHEN_FALSE, NULL },  { NULL, HANDLED, NULL },
};

static const struct key_use of_folder[] = {
	{ "type", IGNORED, NULL },
	{ "shared", IGNORED, NULL },
	{ NULL, HANDLED, NULL },
};

/* How DVC's URLs begin, and ours. */
static const struct kind {
	const char *theirs, *ours;
	const struct key_use *keys;
	bool lists;
} kinds[] = {
	{ "s3", "s3", of_s3, true },           { "gs", "gs", of_gs, true },
	{ "gcs", "gs", of_gs, true },          { "azure", "az", of_azure, true },
	{ "ssh", "sftp", of_ssh, true },       { "sftp", "sftp", of_ssh, true },
	{ "http", "http", of_http, false },    { "https", "https", of_http, false },
	{ "webdav", "http", of_webdav, true }, { "webdavs", "https", of_webdav, true },
	{ "file", "file", of_folder, false },
};

struct place {
	const struct dvc *dvc;
	const char *name; /* of the remote, for messages */
	char *section;    /* of DVC's settings */
	const struct kind *kind;
	char *url; /* ours */
	bool to_write;
	VEC(struct transport_set) sets;
};

static const char *value_of(const struct place *p, const char *key)
{
	const struct dvc_setting *s = dvc_setting(p->dvc, p->section, key);

	return s ? s->value : NULL;
}

static bool is_on(const char *value)
{
	return !strcasecmp(value, "true") || !strcasecmp(value, "yes") ||
	       !strcasecmp(value, "on") || !strcmp(value, "1");
}

static int refuse(const struct place *p, const struct dvc_setting *s, struct mlops_error *err)
{
	err_set(err, MLOPS_EINVALID,
		"remote '%s' of DVC has '%s' set, which this program does not heed", p->name,
		s->key);
	return err_hint(err, "see mlops-dvc(7); use dvc for this remote");
}

static const struct key_use *find_key(const struct key_use *keys, const char *key)
{
	for (; keys->key; keys++)
		if (!strcasecmp(keys->key, key))
			return keys;
	return NULL;
}

/* The value of a path, or of anything else. */
static void pass(struct place *p, const struct dvc_setting *s, const char *ours)
{
	bool is_path = str_ends(s->key, "path") || !strcasecmp(s->key, "keyfile");

	vec_push(&p->sets, { ours, is_path ? dvc_setting_path(s) : xstrdup(s->value) });
}

static int take_key(struct place *p, const struct dvc_setting *s, struct mlops_error *err)
{
	const struct key_use *k = find_key(common, s->key);

	k = k ? k : find_key(p->kind->keys, s->key);
	if (!k)
		return refuse(p, s, err);
	switch (k->use) {
	case PASSED:
		if (strcmp(k->ours, "anonymous") != 0 || is_on(s->value))
			pass(p, s, k->ours);
		return 0;
	case WHEN_TRUE:
		return is_on(s->value) ? refuse(p, s, err) : 0;
	case WHEN_FALSE:
		return is_on(s->value) ? 0 : refuse(p, s, err);
	case FOR_WRITE:
		return p->to_write ? refuse(p, s, err) : 0;
	case HANDLED:
	case IGNORED:
		return 0;
	}
	return 0;
}

/* Of the files that have it, the last says what a key is. */
static int take_keys(struct place *p, struct mlops_error *err)
{
	for (size_t i = 0; i < p->dvc->settings.n; i++) {
		const struct dvc_setting *s = &p->dvc->settings.v[i];

		if (!strcasecmp(s->section, p->section) &&
		    s == dvc_setting(p->dvc, p->section, s->key) && take_key(p, s, err))
			return -1;
	}
	return 0;
}

/* DVC posts, unless it is told to put; its authentication may be off. */
static int finish_http(struct place *p, struct mlops_error *err)
{
	const char *auth = value_of(p, "auth"), *method = value_of(p, "method");

	if (auth && strcasecmp(auth, "basic") && strcasecmp(auth, "custom"))
		return err_set(err, MLOPS_EINVALID, "remote '%s' of DVC wants '%s' authentication",
			       p->name, auth);
	if (method && strcmp(method, "PUT") && strcmp(method, "POST"))
		return err_set(err, MLOPS_EINVALID, "remote '%s' of DVC wants the method '%s'",
			       p->name, method);
	if (!method)
		vec_push(&p->sets, { "method", xstrdup("POST") });
	return 0;
}

/* The user and port of the settings go before those of the URL. */
static int make_ssh_url(struct place *p, const char *text, struct mlops_error *err)
{
	autofree char *url = xasprintf("sftp%s", strstr(text, "://"));
	const char *user = value_of(p, "user"), *port = value_of(p, "port");
	struct strbuf out = { 0 };
	uint64_t number;
	autourl u = { 0 };

	if (url_parse(url, &u, err))
		return -1;
	number = (uint64_t)u.port;
	if (port && (!num_parse_u64(port, &number) || number > 65535))
		return err_set(err, MLOPS_EINVALID, "remote '%s' of DVC has the port '%s'", p->name,
			       port);
	strbuf_adds(&out, "sftp://");
	if (user)
		url_encode(&out, user, "");
	else if (u.user)
		strbuf_adds(&out, u.user);
	strbuf_addf(&out, "%s%s", out.len > strlen("sftp://") ? "@" : "", u.host);
	if (number)
		strbuf_addf(&out, ":%u", (unsigned)number);
	strbuf_adds(&out, u.path);
	p->url = strbuf_steal(&out);
	return 0;
}

static const struct kind *find_kind(struct str scheme)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq(scheme, kinds[i].theirs))
			return &kinds[i];
	return NULL;
}

static int make_url(struct place *p, const char *text, struct mlops_error *err)
{
	const char *mark = strstr(text, "://");

	p->kind = find_kind((struct str){ text, (size_t)(mark - text) });
	if (!p->kind) {
		err_set(err, MLOPS_EINVALID,
			"remote '%s' of DVC is of a kind that is not known: %.*s", p->name,
			(int)(mark - text), text);
		return err_hint(err, "see mlops-dvc(7); use dvc for this remote");
	}
	if (p->kind->keys == of_ssh)
		return make_ssh_url(p, text, err);
	p->url = xasprintf("%s%s", p->kind->ours, mark);
	return 0;
}

static void set_section(struct place *p, const char *name)
{
	free(p->section);
	p->section = xasprintf("remote \"%s\"", name);
}

static int no_url(const char *name, struct mlops_error *err)
{
	err_set(err, MLOPS_ENOTFOUND, "DVC has no remote named '%s'", name);
	return err_hint(err, "add one with: dvc remote add %s <url>", name);
}

/* Follows remote://NAME/PATH to the remote that has a URL; PATH goes behind that. */
static int find_url(struct place *p, struct mlops_error *err)
{
	autofree char *name = xstrdup(p->name), *below = xstrdup("");

	for (int i = 0; i < REFERS_MAX; i++) {
		set_section(p, name);
		const struct dvc_setting *url = dvc_setting(p->dvc, p->section, "url");
		if (!url)
			return no_url(name, err);
		if (!str_starts(url->value, "remote://")) {
			bool is_url = strstr(url->value, "://");
			autofree char *start = is_url ? xstrdup(url->value) : dvc_setting_path(url);
			autofree char *full =
				xasprintf("%s%s%s", is_url ? "" : "file://", start, below);
			return make_url(p, full, err);
		}
		const char *rest = url->value + strlen("remote://");
		size_t n = strcspn(rest, "/");
		char *longer = xasprintf("%s%s", rest + n, below);
		free(below);
		below = longer;
		free(name);
		name = xstrndup(rest, n);
	}
	return err_set(err, MLOPS_EINVALID, "remotes of DVC refer to one another for ever");
}

static int connect_to(struct place *p, const struct transfer_how *how, struct dvc_remote *out,
		      struct mlops_error *err)
{
	autofree char *state = project_file(p->dvc->project, "run/uploads");
	const char *jobs = value_of(p, "jobs");
	int64_t timeout_ms;

	if (project_config_duration(p->dvc->project, "http.timeout", TIMEOUT_MS, &timeout_ms, err))
		return -1;
	struct transport_how full = { .name = p->name,
				      .url = p->url,
				      .sets = p->sets.v,
				      .n_sets = p->sets.n,
				      .state_dir = state,
				      .timeout_ms = timeout_ms,
				      .jobs = how->jobs,
				      .rate = how->rate };

	if (jobs && !how->jobs && !num_parse_i64(jobs, &full.jobs))
		return err_set(err, MLOPS_EINVALID, "remote '%s' of DVC has 'jobs = %s'", p->name,
			       jobs);
	if (remote_connect(&full, &out->remote, err))
		return -1;
	out->lists = p->kind->lists;
	return 0;
}

static void place_clear(struct place *p)
{
	for (size_t i = 0; i < p->sets.n; i++) {
		char *value = (char *)p->sets.v[i].value;

		explicit_bzero(value, strlen(value));
		free(value);
	}
	vec_free(&p->sets);
	free(p->section);
	free(p->url);
}

static int open_named(struct place *p, const struct transfer_how *how, struct dvc_remote *out,
		      struct mlops_error *err)
{
	if (find_url(p, err) || take_keys(p, err) ||
	    (p->kind->keys == of_http && finish_http(p, err)))
		return -1;
	return connect_to(p, how, out, err);
}

int dvc_remote_open(struct dvc *d, const char *name, const struct transfer_how *how, bool to_write,
		    struct dvc_remote *out, struct mlops_error *err)
{
	const struct dvc_setting *usual = dvc_setting(d, "core", "remote");
	struct place p = { .dvc = d,
			   .name = name  ? name :
				   usual ? usual->value :
					   NULL,
			   .to_write = to_write };

	if (!p.name) {
		err_set(err, MLOPS_ENOTFOUND, "DVC has no default remote here");
		return err_hint(err,
				"choose one with: dvc remote default <name>, or name it with -r");
	}
	int rc = open_named(&p, how, out, err);
	place_clear(&p);
	return rc;
}
