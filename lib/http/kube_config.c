/* Reading kubeconfig (kubernetes.io, "Organizing Cluster Access Using kubeconfig Files"). */
#include "http/kube_config.h"

#include "base/base64.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/proc.h"
#include "fmt/json.h"
#include "fmt/yaml.h"

#define PEM_MAX   ((size_t)1 << 20)
#define TOKEN_MAX ((size_t)64 << 10)
#define POD_DIR   "/var/run/secrets/kubernetes.io/serviceaccount"

struct reader {
	struct yaml_node *root;
	const char *file;
	struct mlops_error *err;
};

/* The map `kind` of the item of a list that has this name. */
static int find(const struct reader *r, const char *list, const char *kind, const char *name,
		struct yaml_node **out)
{
	const struct yaml_node *items = yaml_get(r->root, list);

	for (size_t i = 0; items && items->kind == YAML_LIST && i < items->n; i++) {
		const char *its = "";

		if (yaml_get_text(items->values[i], "name", &its, r->err))
			return -1;
		*out = yaml_get(items->values[i], kind);
		if (!strcmp(its, name) && *out)
			return 0;
	}
	return err_set(r->err, MLOPS_ENOTFOUND, "'%s' has no %s named '%s'", r->file, kind, name);
}

static int read_text(const char *path, size_t max, char **out, struct mlops_error *err)
{
	autobuf text = { 0 };

	if (fs_read(path, max, &text, err))
		return -1;
	*out = strbuf_steal(&text);
	return 0;
}

/* What a file holds ends with a line end, which is no part of a token. */
static void trim(char *text)
{
	size_t n = text ? strlen(text) : 0;

	while (n && strchr(" \r\n\t", text[n - 1]))
		text[--n] = '\0';
}

static const char **argv_of_list(const struct strlist *list)
{
	const char **argv = xcalloc(list->n + 1, sizeof(*argv));

	for (size_t i = 0; i < list->n; i++)
		argv[i] = list->v[i];
	return argv;
}

/* map[key-data] in base64, or the file of map[key], which is relative to the kubeconfig. */
static int read_pem(const struct reader *r, const struct yaml_node *map, const char *key,
		    char **out)
{
	autofree char *data_key = xasprintf("%s-data", key);
	const char *data = NULL, *file = NULL;
	autobuf pem = { 0 };

	if (yaml_get_text(map, data_key, &data, r->err) || yaml_get_text(map, key, &file, r->err))
		return -1;
	if (data) {
		if (!base64_decode(data, strlen(data), &pem))
			return yaml_error(yaml_get(map, data_key), r->err, "%s is no base64",
					  data_key);
		*out = strbuf_steal(&pem);
		return 0;
	}
	if (!file)
		return 0;
	autofree char *dir = path_dir(r->file);
	autofree char *path = path_join(dir, file);
	return read_text(path, PEM_MAX, out, r->err);
}

static int read_cluster(const struct reader *r, const char *name, struct kube_config *out)
{
	struct yaml_node *cluster;
	const char *server = NULL;
	bool insecure = false;

	if (find(r, "clusters", "cluster", name, &cluster) ||
	    yaml_get_text(cluster, "server", &server, r->err) ||
	    yaml_get_bool(cluster, "insecure-skip-tls-verify", &insecure, r->err) ||
	    read_pem(r, cluster, "certificate-authority", &out->authorities))
		return -1;
	if (!server)
		return yaml_error(cluster, r->err, "cluster '%s' has no server", name);
	if (insecure)
		return yaml_error(cluster, r->err,
				  "cluster '%s' is not to be verified, which would give the token "
				  "to anyone",
				  name);
	out->server = xstrdup(server);
	return 0;
}

static int read_exec(const struct reader *r, const struct yaml_node *exec, struct kube_config *out)
{
	const struct yaml_node *args = yaml_get(exec, "args"), *env = yaml_get(exec, "env");
	const char *command = NULL;

	if (yaml_get_text(exec, "command", &command, r->err))
		return -1;
	if (!command)
		return yaml_error(exec, r->err, "exec has no command");
	strlist_add(&out->exec, command);
	for (size_t i = 0; !yaml_is_null(args) && i < args->n; i++) {
		if (yaml_want(args->values[i], YAML_SCALAR, "an argument", r->err))
			return -1;
		strlist_add(&out->exec, args->values[i]->text);
	}
	for (size_t i = 0; !yaml_is_null(env) && i < env->n; i++) {
		const char *name = "", *value = "";

		if (yaml_get_text(env->values[i], "name", &name, r->err) ||
		    yaml_get_text(env->values[i], "value", &value, r->err))
			return -1;
		strlist_take(&out->exec_env, xasprintf("%s=%s", name, value));
	}
	return 0;
}

static int read_user(const struct reader *r, const char *name, struct kube_config *out)
{
	struct yaml_node *user, *exec;
	const char *token = NULL, *token_file = NULL;

	if (find(r, "users", "user", name, &user) || yaml_get_text(user, "token", &token, r->err) ||
	    yaml_get_text(user, "tokenFile", &token_file, r->err) ||
	    read_pem(r, user, "client-certificate", &out->certificate) ||
	    read_pem(r, user, "client-key", &out->key))
		return -1;
	exec = yaml_get(user, "exec");
	if (token_file) {
		autofree char *dir = path_dir(r->file);

		out->token_file = path_join(dir, token_file);
	} else if (token) {
		out->token = xstrdup(token);
		trim(out->token);
	}
	return yaml_is_null(exec) ? 0 : read_exec(r, exec, out);
}

static int read_context(const struct reader *r, const char *context, struct kube_config *out)
{
	struct yaml_node *node;
	const char *cluster = "", *user = NULL, *namespace = "default";

	if (!context && yaml_get_text(r->root, "current-context", &context, r->err))
		return -1;
	if (!context || !*context)
		return err_set(r->err, MLOPS_ENOTFOUND, "'%s' has no current context", r->file);
	if (find(r, "contexts", "context", context, &node) ||
	    yaml_get_text(node, "cluster", &cluster, r->err) ||
	    yaml_get_text(node, "user", &user, r->err) ||
	    yaml_get_text(node, "namespace", &namespace, r->err))
		return -1;
	out->namespace = xstrdup(namespace);
	return read_cluster(r, cluster, out) || (user && read_user(r, user, out)) ? -1 : 0;
}

/* An ExecCredential (client.authentication.k8s.io). Its variables are given by env(1). */
static int run_login(struct kube_config *c, char **out, struct mlops_error *err)
{
	autostrlist words = { 0 };
	autobuf text = { 0 };
	autojson *answer = NULL;
	struct proc_result result;

	strlist_add(&words, "env");
	for (size_t i = 0; i < c->exec_env.n; i++)
		strlist_add(&words, c->exec_env.v[i]);
	for (size_t i = 0; i < c->exec.n; i++)
		strlist_add(&words, c->exec.v[i]);
	autofree const char **argv = argv_of_list(&words);
	if (proc_read(argv, TOKEN_MAX, &text, &result, err))
		return -1;
	if (result.status)
		return err_set(err, MLOPS_EAUTH,
			       "'%s', which logs in to Kubernetes, failed with status %d",
			       c->exec.v[0], result.status);
	if (js_parse(text.buf ? text.buf : "", text.len, "what logs in to Kubernetes", &answer,
		     err))
		return -1;
	explicit_bzero(text.buf, text.len);
	const char *token = js_get_text(js_get(answer, "status"), "token");
	if (!token)
		return err_set(err, MLOPS_EAUTH, "'%s', which logs in to Kubernetes, gave no token",
			       c->exec.v[0]);
	*out = xstrdup(token);
	return 0;
}

static void clear_secret(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(steal_ptr(text));
}

bool kube_config_renews(const struct kube_config *c)
{
	return c->token_file || c->exec.n;
}

/* The token of a pod is another one each hour, in the same file. */
int kube_config_login(struct kube_config *c, struct mlops_error *err)
{
	char *token = NULL;

	if (c->token_file ? read_text(c->token_file, TOKEN_MAX, &token, err) :
			    run_login(c, &token, err))
		return -1;
	trim(token);
	clear_secret(&c->token);
	c->token = token;
	return 0;
}


static int read_file(const char *file, const char *context, struct kube_config *out,
		     struct mlops_error *err)
{
	autoarena arena = { 0 };
	struct reader r = { .file = file, .err = err };

	if (yaml_load(&arena, file, file, &r.root, err) || read_context(&r, context, out))
		return -1;
	return kube_config_renews(out) && !out->token ? kube_config_login(out, err) : 0;
}

static int read_pod(struct kube_config *out, struct mlops_error *err)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	bool six = host && strchr(host, ':');

	out->server = xasprintf("https://%s%s%s:%s", six ? "[" : "", host, six ? "]" : "",
				port ? port : "443");
	out->token_file = xstrdup(POD_DIR "/token");
	return kube_config_login(out, err) ||
			       read_text(POD_DIR "/ca.crt", PEM_MAX, &out->authorities, err) ||
			       read_text(POD_DIR "/namespace", TOKEN_MAX, &out->namespace, err) ?
		       -1 :
		       0;
}

int kube_config_read(const char *file, const char *context, struct kube_config *out,
		     struct mlops_error *err)
{
	const char *listed = getenv("KUBECONFIG");
	autofree char *home = path_expand("~/.kube/config");
	autofree char *first = NULL;

	if (!file && listed && *listed) {
		first = xstrndup(listed, strcspn(listed, ":"));
		file = first;
	}
	if (!file && fs_exists(home))
		file = home;
	int rc = -1;
	if (file)
		rc = read_file(file, context, out, err);
	else if (getenv("KUBERNETES_SERVICE_HOST"))
		rc = read_pod(out, err);
	else
		err_set(err, MLOPS_ENOTFOUND,
			"there is no Kubernetes cluster: neither KUBECONFIG nor ~/.kube/config");
	trim(out->namespace);
	trim(out->server);
	return rc;
}

void kube_config_clear(struct kube_config *c)
{
	clear_secret(&c->token);
	clear_secret(&c->key);
	free(c->server);
	free(c->namespace);
	free(c->token_file);
	free(c->authorities);
	free(c->certificate);
	strlist_clear(&c->exec);
	strlist_clear(&c->exec_env);
}
