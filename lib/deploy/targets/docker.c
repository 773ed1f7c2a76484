/*
 * Target docker: a container of the user's image, which gets the model's files copied in, behind the
 * gateway of this machine. A revision is a container of its own, so that the next one starts beside it.
 */
#include <fcntl.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/path.h"
#include "base/url.h"
#include "base/user.h"
#include "base/xxh.h"
#include "deploy/canary.h"
#include "deploy/front.h"
#include "deploy/runtime.h"
#include "fmt/tar.h"
#include "http/docker.h"
#include "http/server.h"
#include "http/listen.h"
#include "mlops/package.h"
#include "mlops/project.h"

#define LABEL_PROJECT  "mlops.project"
#define LABEL_NAME     "mlops.deployment"
#define LABEL_REVISION "mlops.revision"
#define POLL_MS        100
#define PROBE_MS       2000
#define LOG_LINES      5
#define NANO           1e9

static const char *const keys[] = { "strategy", "gates",   "runtime", "resources",
				    "env",      "secrets", "docker",  NULL };

/* One call of the target: the engine, and what the revision is to be. */
struct session {
	const struct target_call *call;
	const struct revision *r;
	struct docker *docker;
	struct json *config;
	char project[17]; /* tells deployments of several projects apart that have one engine */
	char *container;  /* its name */
};

static void session_close(struct session *s)
{
	docker_free(s->docker);
	js_free(s->config);
	free(s->container);
}
#define autosession __attribute__((cleanup(session_close))) struct session

static int session_open(struct session *s, const struct target_call *call, const struct revision *r,
			struct mlops_error *err)
{
	*s = (struct session){ .call = call, .r = r };
	if (target_config(&target_docker, r && r->config ? r->config : "{}", &s->config, err))
		return -1;
	autofree char *host = host_name();
	autofree char *whole = xasprintf("%s:%s", host, mlops_project_root(call->project));
	snprintf(s->project, sizeof(s->project), "%016llx",
		 (unsigned long long)xxh_64(whole, strlen(whole)));
	if (r)
		s->container =
			xasprintf("mlops-%.8s-%s-%" PRId64, s->project, call->name, r->number);
	return docker_open(js_get_text(js_get(s->config, "docker"), "host"), &s->docker, err);
}

static const char *runtime(const struct session *s, const char *key, const char *fallback)
{
	return runtime_text(s->config, "runtime", key, fallback);
}

static int64_t port_inside(const struct session *s)
{
	int64_t port = RUNTIME_PORT;

	js_get_int(js_get(s->config, "runtime"), "port", &port);
	return port;
}

static int check(const struct json *config, struct mlops_error *err)
{
	const char *path = js_get_text(js_get(config, "runtime"), "model_path");

	if (path && (*path != '/' || !path_is_safe(path + 1)))
		return err_set(err, MLOPS_EINVALID, "'%s' is no absolute path in a container",
			       path);
	return canary_check(config, err);
}

/* The model goes with the container; but an image that cannot be had makes no revision. */
static int docker_send(const struct target_call *call, const struct revision *r, char **out,
		       struct mlops_error *err)
{
	static const char *const places[] = { "host", NULL };
	autosession s = { 0 };
	const char *image;

	*out = NULL;
	if (session_open(&s, call, r, err) ||
	    runtime_check_place(&target_docker, call, s.config, "docker", places, err) ||
	    runtime_image(call, s.config, &image, err))
		return -1;
	autofree char *address = xasprintf("%s:1", docker_address(s.docker));
	if (!http_listen_is_loopback(address)) {
		err_set(err, MLOPS_EINVALID, "the Docker Engine is on '%s', and the gateway would be here",
			docker_address(s.docker));
		return err_hint(err, "deploy on that machine");
	}
	return docker_pull(s.docker, image, err);
}

/* ---- the container ---- */

static void add_variable(const char *name, const char *value, void *arg)
{
	autofree char *text = xasprintf("%s=%s", name, value);

	js_push(arg, js_str(text));
}

static int environment(const struct session *s, struct json **out, struct mlops_error *err)
{
	const struct json *secrets = js_get(s->config, "secrets");

	*out = js_arr();
	runtime_each_variable(s->r, s->config, add_variable, *out);
	for (size_t i = 0; i < js_len(secrets); i++) {
		const char *name = js_text(js_at(secrets, i));

		if (!getenv(name))
			return runtime_no_secret(s->call, name, err);
		add_variable(name, getenv(name), *out);
	}
	return 0;
}

static struct json *host_config(const struct session *s, int port)
{
	const struct json *said = js_get(s->config, "resources");
	const char *memory = js_get_text(said, "memory"),
		   *network = js_get_text(js_get(s->config, "docker"), "network");
	autofree char *inside = xasprintf("%" PRId64 "/tcp", port_inside(s)),
		      *outside = xasprintf("%d", port);
	struct json *v =
		js_pack("{s:{s:s}, s:{s:[{s:s, s:s}]}}", "RestartPolicy", "Name", "unless-stopped",
			"PortBindings", inside, "HostIp", "127.0.0.1", "HostPort", outside);
	int64_t gpus = 0;
	uint64_t bytes;
	double cpus;

	if (js_get_num(said, "cpus", &cpus))
		js_set(v, "NanoCpus", js_int((int64_t)(cpus * NANO)));
	if (memory && num_parse_bytes(memory, &bytes))
		js_set(v, "Memory", js_int((int64_t)bytes));
	if (js_get_int(said, "gpus", &gpus) && gpus)
		js_set(v, "DeviceRequests",
		       js_pack("[{s:I, s:[[s]]}]", "Count", (long long)gpus, "Capabilities",
			       "gpu"));
	if (network)
		js_set(v, "NetworkMode", js_str(network));
	return v;
}

/* One that keeps its port over restarts of the engine, which takes others where it may choose. */
static int free_port(int *port, struct mlops_error *err)
{
	autofree char *address = NULL;
	autoclose int fd = -1;

	return listen_tcp("127.0.0.1:0", &fd, port, &address, err);
}

static int remove_container(struct session *s, const char *name, struct mlops_error *err)
{
	autofree char *path = xasprintf("/containers/%s?force=1&v=1", name);

	if (!docker_call(s->docker, "DELETE", path, NULL, NULL, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

static int create(struct session *s, int port, struct mlops_error *err)
{
	autofree char *path = xasprintf("/containers/create?name=%s", s->container);
	autofree char *inside = xasprintf("%" PRId64 "/tcp", port_inside(s));
	autofree char *number = xasprintf("%" PRId64, s->r->number);
	struct json *command = js_get(js_get(s->config, "runtime"), "command"), *env = NULL;
	int rc = environment(s, &env, err);
	autojson *v = js_pack("{s:o, s:o, s:{s:{}}, s:{s:s, s:s, s:s}, s:o}", "Image",
			      js_str(runtime(s, "image", "")), "Env", env, "ExposedPorts", inside,
			      "Labels", LABEL_PROJECT, s->project, LABEL_NAME, s->call->name,
			      LABEL_REVISION, number, "HostConfig", host_config(s, port));

	if (command)
		js_set(v, "Cmd", js_ref(command));
	return rc || remove_container(s, s->container, err) ||
			       docker_call(s->docker, "POST", path, v, NULL, err) ?
		       -1 :
		       0;
}

/* ---- the model ---- */

static int write_file(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	return fs_write_all(*(const int *)arg, buf, n, "model.tar", err);
}

/* The folder that the model goes to: what is copied to a folder that is not there is refused. */
static int write_place(const char *path, int fd, const char *note, struct mlops_error *err)
{
	autofree char *file = xasprintf("%s/.mlops", path + 1);
	struct tar *t;

	if (tar_new(write_file, &fd, &t, err))
		return -1;
	int rc = tar_file(t, file, false, strlen(note), err) ||
				 tar_add(t, note, strlen(note), err) || tar_finish(t, err) ?
			 -1 :
			 0;
	tar_free(t);
	return rc;
}

static int send(struct session *s, const char *to, int fd, struct mlops_error *err)
{
	autobuf encoded = { 0 };
	off_t n = lseek(fd, 0, SEEK_END);

	if (n < 0 || lseek(fd, 0, SEEK_SET))
		return err_sys(err, "cannot read an archive");
	url_encode(&encoded, to, "/");
	autofree char *path =
		xasprintf("/containers/%s/archive?path=%s", s->container, encoded.buf);
	return docker_put(s->docker, path, fd, (uint64_t)n, err);
}

static int copy_in(struct session *s, const char *archive, struct mlops_error *err)
{
	const char *to = runtime(s, "model_path", RUNTIME_MODEL_PATH);
	autofree char *spec = xasprintf("%s:%" PRId64, s->r->model, s->r->version),
		      *note = xasprintf("%s\n", spec);
	autoclose int place = open(archive, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (place < 0)
		return err_sys(err, "cannot write '%s'", archive);
	if (write_place(to, place, note, err) || send(s, "/", place, err) ||
	    fs_remove_tree(archive, err) || mlops_package_tar(s->call->project, spec, archive, err))
		return -1;
	autoclose int model = open(archive, O_RDONLY | O_CLOEXEC);
	return model < 0 ? err_sys(err, "cannot read '%s'", archive) : send(s, to, model, err);
}

static int copy_model(struct session *s, struct mlops_error *err)
{
	autofree char *archive = front_file(s->call, "model.tar");
	autoerr ignored = ERR_INIT;
	int rc = fs_mkdirs_for(archive, err) ? -1 : copy_in(s, archive, err);

	fs_remove_tree(archive, &ignored);
	return rc;
}

/* ---- the gate ---- */

/* With what it printed last, which mostly says why. */
static int ended(struct session *s, const struct json *state, struct mlops_error *err)
{
	autobuf logs = { 0 };
	autoerr ignored = ERR_INIT;
	int64_t code = 0;

	js_get_int(state, "ExitCode", &code);
	docker_logs(s->docker, s->container, LOG_LINES, &logs, &ignored);
	struct str said = str_trim((struct str){ logs.buf, logs.len });
	return err_set(err, MLOPS_ENO, "its container ended with status %" PRId64 "%s%s%.*s", code,
		       js_get_bool(state, "OOMKilled", false) ? ", out of memory" : "",
		       said.n ? ": " : "", (int)said.n, said.n ? said.p : "");
}

static int check_running(struct session *s, struct mlops_error *err)
{
	autofree char *path = xasprintf("/containers/%s/json", s->container);
	autojson *v = NULL;
	int64_t restarts = 0;

	if (docker_call(s->docker, "GET", path, NULL, &v, err))
		return -1;
	js_get_int(v, "RestartCount", &restarts);
	const struct json *state = js_get(v, "State");
	return restarts || !js_get_bool(state, "Running", false) ? ended(s, state, err) : 0;
}

static bool is_healthy(struct http_client *client, const char *url)
{
	const struct http_request req = {
		.method = "GET", .url = url, .bare = true, .direct = true, .timeout_ms = PROBE_MS
	};
	auto_response reply = { 0 };
	autoerr ignored = ERR_INIT;

	return !http_exchange(client, &req, &reply, &ignored) && reply.status == 200;
}

static int wait_healthy(struct session *s, const char *url, int64_t timeout_ms,
			struct mlops_error *err)
{
	autofree char *probe = xasprintf("%s%s", url, runtime(s, "health", RUNTIME_HEALTH));
	int64_t deadline = clock_mono_ms() + timeout_ms;
	struct http_client *client;
	int rc = 1;

	if (http_client_new(&client, err))
		return -1;
	while (rc > 0) {
		if (check_running(s, err))
			rc = -1;
		else if (is_healthy(client, probe))
			rc = 0;
		else if (clock_mono_ms() >= deadline)
			rc = err_set(err, MLOPS_ENO, "'%s' does not answer with 200 in time",
				     runtime(s, "health", RUNTIME_HEALTH));
		else
			clock_sleep_ms(POLL_MS);
	}
	http_client_free(client);
	return rc;
}

/* ---- the target ---- */

static int start(struct session *s, int64_t timeout_ms, char **url, struct mlops_error *err)
{
	autofree char *path = xasprintf("/containers/%s/start", s->container);
	int port;

	if (free_port(&port, err) || create(s, port, err) || copy_model(s, err) ||
	    docker_call(s->docker, "POST", path, NULL, NULL, err))
		return -1;
	*url = xasprintf("http://%s:%d", docker_address(s->docker), port);
	return wait_healthy(s, *url, timeout_ms, err);
}

static int docker_apply(const struct target_call *call, const struct revision *r,
			int64_t timeout_ms, struct mlops_error *err)
{
	autosession s = { 0 };
	autofree char *url = NULL;
	autoerr ignored = ERR_INIT;

	if (session_open(&s, call, r, err))
		return -1;
	if (!start(&s, timeout_ms, &url, err) &&
	    !front_apply(call, r, url, s.config, timeout_ms, err))
		return 0;
	remove_container(&s, s.container, &ignored);
	return -1;
}

/* All of the deployment's containers but that of a revision. */
static int remove_others(struct session *s, int64_t revision, struct mlops_error *err)
{
	autofree char *filter =
		xasprintf("{\"label\":[\"" LABEL_PROJECT "=%s\",\"" LABEL_NAME "=%s\"]}",
			  s->project, s->call->name);
	autobuf path = { 0 };
	autojson *list = NULL;

	strbuf_adds(&path, "/containers/json?all=1&filters=");
	url_encode(&path, filter, "");
	if (docker_call(s->docker, "GET", path.buf, NULL, &list, err))
		return -1;
	for (size_t i = 0; i < js_len(list); i++) {
		const struct json *one = js_at(list, i);
		const char *number = js_get_text(js_get(one, "Labels"), LABEL_REVISION),
			   *id = js_get_text(one, "Id");
		int64_t n = 0;

		if (!id || !number || !num_parse_i64(number, &n) || n == revision)
			continue;
		if (remove_container(s, id, err))
			return -1;
	}
	return 0;
}

static int docker_tidy(const struct target_call *call, int64_t revision, int64_t before,
		       struct mlops_error *err)
{
	autosession s = { 0 };

	(void)before; /* a rollback starts it anew */
	return session_open(&s, call, call->latest, err) ? -1 : remove_others(&s, revision, err);
}

static int docker_stop(const struct target_call *call, struct mlops_error *err)
{
	autosession s = { 0 };

	return front_stop(call, err) || session_open(&s, call, call->latest, err) ||
			       remove_others(&s, 0, err) ?
		       -1 :
		       0;
}

const struct target target_docker = {
	.name = "docker",
	.help = "a container behind the gateway of this machine",
	.keys = keys,
	.check = check,
	.send = docker_send,
	.apply = docker_apply,
	.status = front_status,
	.stop = docker_stop,
	.tidy = docker_tidy,
};
