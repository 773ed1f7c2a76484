/* Requests to the control socket. A gateway holds SOCKET.lock for as long as it lives. */
#include "deploy/gatewayctl.h"

#include <signal.h>
#include <sys/pidfd.h>

#include "base/fs.h"
#include "base/num.h"
#include "fmt/json.h"
#include "http/client.h"

#define STATUS_TIMEOUT_MS 10000
#define APPLY_EXTRA_MS                                                                             \
	60000 /* beyond the gate's own time-out: sample.json, ending the old workers */
#define STOP_TIMEOUT_MS 40000
#define KILL_TIMEOUT_MS 5000

static int exchange(const char *socket, const struct http_request *req, struct http_response *res,
		    struct mlops_error *err)
{
	struct http_client *client;

	if (http_client_new(&client, err))
		return -1;
	int rc = http_exchange(client, req, res, err);
	http_client_free(client);
	return rc ? err_wrap(err, "gateway at '%s'", socket) : 0;
}

/* *reply is the caller's, also when the answer is a refusal, which *status tells. */
static int request(const char *socket, const char *method, const char *path,
		   const struct strbuf *body, int64_t timeout_ms, int *status, struct json **reply,
		   struct mlops_error *err)
{
	autoclose int dir_fd = -1;
	autofree char *address = NULL, *url = xasprintf("http://localhost%s", path);
	struct http_response res = { 0 };

	if (fs_socket_path(socket, &dir_fd, &address, err))
		return -1;
	const struct http_request req = {
		.method = method,
		.url = url,
		.unix_socket = address,
		.timeout_ms = timeout_ms,
		.body = body ? body->buf : NULL,
		.body_len = body ? body->len : 0,
	};
	int rc = exchange(socket, &req, &res, err);
	if (!rc)
		rc = js_parse(res.body.buf, res.body.len, "the gateway's answer", reply, err);
	*status = res.status;
	http_response_clear(&res);
	return rc;
}

static int port_of(const char *url)
{
	const char *colon = url ? strrchr(url, ':') : NULL;
	int64_t port;

	return colon && num_parse_i64(colon + 1, &port) && port > 0 && port <= UINT16_MAX ?
		       (int)port :
		       0;
}

static void read_state(const struct json *v, struct target_state *state)
{
	const char *url = js_get_text(v, "url");

	*state = (struct target_state){ .running = true,
					.url = url ? xstrdup(url) : NULL,
					.port = port_of(url) };
	js_get_int(v, "revision", &state->revision);
	js_get_int(v, "starting", &state->starting);
}

/* *v NULL: nobody listens. */
static int get_status(const char *socket, struct json **v, struct mlops_error *err)
{
	int status;

	*v = NULL;
	if (!fs_exists(socket))
		return 0;
	if (!request(socket, "GET", "/status", NULL, STATUS_TIMEOUT_MS, &status, v, err))
		return 0;
	if (err->kind != MLOPS_EREMOTE)
		return -1;
	mlops_error_clear(err);
	return 0;
}

int gatewayctl_status(const char *socket, struct target_state *state, struct mlops_error *err)
{
	autojson *v = NULL;

	if (get_status(socket, &v, err))
		return -1;
	if (v)
		read_state(v, state);
	else
		*state = (struct target_state){ 0 };
	return 0;
}

/* A refusal is the gateway's reason. */
static int post(const char *socket, const char *path, const struct json *v, int64_t timeout_ms,
		struct mlops_error *err)
{
	autojson *reply = NULL;
	autobuf body = { 0 };
	int status;

	js_dump(v, JS_COMPACT, &body);
	if (request(socket, "POST", path, &body, timeout_ms, &status, &reply, err))
		return -1;
	if (status == 200)
		return 0;
	const char *why = js_get_text(reply, "error");
	return err_set(err, status == 409 ? MLOPS_ENO : MLOPS_EFAIL, "%s",
		       why ? why : "the gateway refused it");
}

int gatewayctl_apply(const char *socket, const struct revision *r, const char *model_dir,
		     int64_t timeout_ms, bool beside, struct mlops_error *err)
{
	autojson *v = js_obj();

	js_set(v, "model", js_str(r->model));
	js_set(v, "version", js_int(r->version));
	js_set(v, "revision", js_int(r->number));
	js_set(v, "model_dir", js_str(model_dir));
	js_set(v, "workers", js_int(r->workers));
	js_set(v, "timeout_ms", js_int(timeout_ms));
	js_set(v, "beside", js_bool(beside));
	return post(socket, "/revisions", v, timeout_ms + APPLY_EXTRA_MS, err);
}

static void add_share(struct json *weights, int64_t revision, int64_t percent)
{
	autofree char *name = xasprintf("%lld", (long long)revision);

	if (percent)
		js_set(weights, name, js_int(percent));
}

int gatewayctl_share(const char *socket, int64_t revision, int64_t percent, int64_t other,
		     struct mlops_error *err)
{
	autojson *v = js_obj();
	struct json *weights = js_obj();

	add_share(weights, revision, percent);
	add_share(weights, other, 100 - percent);
	js_set(v, "weights", weights);
	return post(socket, "/traffic", v, STATUS_TIMEOUT_MS, err);
}

static void count_answers(struct json *answers, struct revision_answers *out)
{
	const char *class;
	struct json *n;
	int64_t count;

	*out = (struct revision_answers){ 0 };
	for (void *iter = NULL; js_next(answers, &iter, &class, &n);) {
		if (!js_to_int(n, &count))
			continue;
		out->all += count;
		if (*class == '5')
			out->errors += count;
	}
}

int gatewayctl_answers(const char *socket, int64_t revision, struct revision_answers *out,
		       struct mlops_error *err)
{
	autojson *v = NULL;
	int64_t number;

	if (get_status(socket, &v, err))
		return -1;
	const struct json *all = js_get(v, "revisions");
	for (size_t i = 0; i < js_len(all); i++) {
		struct json *one = js_at(all, i);

		if (js_get_int(one, "revision", &number) && number == revision) {
			count_answers(js_get(one, "answers"), out);
			return 0;
		}
	}
	return err_set(err, MLOPS_EFAIL, "the gateway has ended, or lost revision %lld",
		       (long long)revision);
}

/* Its lock becomes free when the process is gone. */
static int wait_gone(const char *socket, int64_t timeout_ms, struct mlops_error *err)
{
	autofree char *path = xasprintf("%s.lock", socket);
	autoclose int lock = -1;

	if (!fs_exists(path))
		return 0;
	return fs_lock(path, FS_LOCK_EXCLUSIVE, timeout_ms, &lock, err);
}

int gatewayctl_stop(const char *socket, struct mlops_error *err)
{
	autojson *v = NULL, *reply = NULL;
	int64_t pid = 0;
	int status;

	if (get_status(socket, &v, err))
		return -1;
	js_get_int(v, "pid", &pid);
	autoclose int pidfd = pid > 0 ? pidfd_open((pid_t)pid, 0) : -1;
	if (v && request(socket, "POST", "/stop", NULL, STATUS_TIMEOUT_MS, &status, &reply, err))
		mlops_error_clear(err); /* it may have ended before it answered */
	if (!wait_gone(socket, STOP_TIMEOUT_MS, err))
		return 0;
	if (err->kind != MLOPS_ELOCKED || pidfd < 0)
		return -1;
	mlops_error_clear(err);
	pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	return wait_gone(socket, KILL_TIMEOUT_MS, err);
}
