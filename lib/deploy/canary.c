/* The steps of a canary. */
#include "deploy/canary.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/num.h"
#include "base/proc.h"
#include "base/url.h"
#include "base/vec.h"
#include "deploy/gatewayctl.h"
#include "http/client.h"
#include "mlops/project.h"

#define POLL_MS      200
#define STEP_WEIGHT  10 /* percent, of the one step where none are given */
#define STEP_MS      60000
#define MIN_REQUESTS 20
#define SHOWN_MAX    4096 /* bytes of what a command prints */
#define COMMAND_MS   600000

struct canary {
	const char *socket;
	const struct target_call *call;
	const struct revision *next;
	const struct json *gates;
	int64_t min_requests;
};

struct step {
	int64_t weight, ms;
};

bool canary_wanted(const struct json *config)
{
	const char *type = js_get_text(js_get(config, "strategy"), "type");

	return type && !strcmp(type, "canary");
}

int canary_check(const struct json *config, struct mlops_error *err)
{
	const struct json *prometheus = js_get(js_get(config, "gates"), "prometheus");

	if (!canary_wanted(config) &&
	    (js_get(js_get(config, "strategy"), "steps") || js_get(config, "gates"))) {
		err_set(err, MLOPS_EINVALID, "steps and gates are of strategy canary");
		return err_hint(err, "in mlops.yaml: strategy: {type: canary}");
	}
	if (!prometheus || (js_get_text(prometheus, "url") && js_get_text(prometheus, "query") &&
			    (js_get(prometheus, "min") || js_get(prometheus, "max"))))
		return 0;
	return err_set(err, MLOPS_EINVALID, "gate prometheus needs url, query, and min or max");
}

/* ---- gates ---- */

static int check_errors(const struct canary *c, struct mlops_error *err)
{
	struct revision_answers answers;
	double most, percent;

	if (!js_get_num(c->gates, "max_error_percent", &most))
		return 0;
	if (gatewayctl_answers(c->socket, c->next->number, &answers, err))
		return -1;
	percent = answers.all ? 100.0 * (double)answers.errors / (double)answers.all : 0;
	if (answers.all < c->min_requests || percent <= most)
		return 0;
	return err_set(err, MLOPS_ENO,
		       "%" PRId64 " of its %" PRId64
		       " answers are errors, %.3g%%, and at most %g%% may be",
		       answers.errors, answers.all, percent, most);
}

static int check_command(const struct canary *c, struct mlops_error *err)
{
	const struct json *words = js_get(c->gates, "command");
	autofree const char **argv = xcalloc(js_len(words) + 1, sizeof(*argv));
	autofree char *name = xasprintf("MLOPS_DEPLOYMENT=%s", c->call->name);
	autofree char *number = xasprintf("MLOPS_REVISION=%" PRId64, c->next->number);
	autofree char *url = xasprintf("MLOPS_URL=http://127.0.0.1:%" PRId64, c->call->port);
	const char *const env[] = { name, number, url, NULL }, *most = js_get_text(c->gates, "timeout");
	int64_t ms = COMMAND_MS;

	if (most)
		num_parse_duration(most, &ms);
	const struct proc_spec spec = { .argv = argv,
					.env = env,
					.dir = mlops_project_root(c->call->project),
					.stdin_fd = -1,
					.stderr_fd = -1,
					.new_group = true,
					.deadline_ms = clock_mono_ms() + ms };
	struct proc_result result;
	autobuf shown = { 0 };

	for (size_t i = 0; i < js_len(words); i++)
		argv[i] = js_text(js_at(words, i));
	if (!js_len(words))
		return 0;
	if (proc_read_of(&spec, SHOWN_MAX, &shown, &result, err)) {
		err->kind = MLOPS_ENO; /* what cannot be known does not pass */
		return err_wrap(err, "gate '%s'", argv[0]);
	}
	if (!result.status)
		return 0;
	struct str said = str_trim((struct str){ shown.buf, shown.len });
	return err_set(err, MLOPS_ENO, "gate '%s' says no, by status %d%s%.*s", argv[0],
		       result.status, said.n ? ": " : "", (int)said.n, said.n ? said.p : "");
}

/* {"status": "error", "error": "1:5: parse error"} */
static int refused(const struct http_response *reply, struct mlops_error *err)
{
	autojson *v = NULL;
	autoerr ignored = ERR_INIT;
	const char *why;

	if (reply->body.buf && !js_parse(reply->body.buf, reply->body.len, "an error", &v, &ignored) &&
	    (why = js_get_text(v, "error")))
		return err_set(err, MLOPS_EREMOTE, "Prometheus: %.300s", why);
	return http_status_error(reply, "Prometheus", err);
}

/* The one number that an instant query gives (prometheus.io, "HTTP API"). */
static int read_answer(const struct http_response *reply, const char *query, double *out,
		       struct mlops_error *err)
{
	autojson *v = NULL;

	if (js_parse(reply->body.buf ? reply->body.buf : "", reply->body.len,
		     "what Prometheus answers", &v, err))
		return -1;
	const struct json *data = js_get(v, "data"), *result = js_get(data, "result");
	const char *type = js_get_text(data, "resultType");
	bool scalar = type && !strcmp(type, "scalar");
	const struct json *point = scalar ? result : js_get(js_at(result, 0), "value");
	const char *text = js_text(js_at(point, 1));

	if (!scalar && js_len(result) > 1)
		return err_set(err, MLOPS_ENO, "Prometheus has several numbers for '%s'", query);
	if (!text || !num_parse_double(text, out))
		return err_set(err, MLOPS_ENO, "Prometheus has no number for '%s'", query);
	return 0;
}

static int ask_prometheus(const char *base, const char *query, double *out, struct mlops_error *err)
{
	autobuf url = { 0 };
	auto_response reply = { 0 };
	struct http_client *client;

	strbuf_addf(&url, "%s/api/v1/query?query=", base);
	url_encode(&url, query, "");
	const struct http_request req = { .method = "GET", .url = url.buf };
	if (http_client_new(&client, err))
		return -1;
	int rc = http_exchange(client, &req, &reply, err);
	if (!rc)
		rc = reply.status / 100 == 2 ? read_answer(&reply, query, out, err) : refused(&reply, err);
	http_client_free(client);
	return rc;
}

static int check_prometheus(const struct canary *c, struct mlops_error *err)
{
	const struct json *said = js_get(c->gates, "prometheus");
	const char *url = js_get_text(said, "url"), *query = js_get_text(said, "query");
	double value, limit;

	if (!said)
		return 0;
	if (ask_prometheus(url, query, &value, err)) {
		err->kind = MLOPS_ENO; /* what cannot be known does not pass */
		return -1;
	}
	if (js_get_num(said, "max", &limit) && !(value <= limit))
		return err_set(err, MLOPS_ENO, "'%s' is %g, and may be %g at most", query, value,
			       limit);
	if (js_get_num(said, "min", &limit) && !(value >= limit))
		return err_set(err, MLOPS_ENO, "'%s' is %g, and must be %g at least", query, value,
			       limit);
	return 0;
}

/* ---- steps ---- */

static int run_step(const struct canary *c, const struct step *s, struct mlops_error *err)
{
	int64_t deadline = clock_mono_ms() + s->ms;

	if (gatewayctl_share(c->socket, c->next->number, s->weight, c->call->active->number, err))
		return -1;
	log_info("%s: revision %" PRId64 " has %" PRId64 "%% of the requests", c->call->name,
		 c->next->number, s->weight);
	if (FAULT("deploy.step"))
		return err_sys(err, "cannot go on with revision %" PRId64, c->next->number);
	for (;;) {
		int64_t left = deadline - clock_mono_ms();

		if (check_errors(c, err))
			return -1;
		if (left <= 0)
			return check_prometheus(c, err) || check_command(c, err) ? -1 : 0;
		clock_sleep_ms(left < POLL_MS ? left : POLL_MS);
	}
}

static void read_steps(const struct json *config, struct step **out, size_t *n)
{
	const struct json *steps = js_get(js_get(config, "strategy"), "steps");
	VEC(struct step) list = { 0 };

	for (size_t i = 0; i < js_len(steps); i++) {
		const struct json *one = js_at(steps, i);
		struct step s = { STEP_WEIGHT, STEP_MS };

		js_get_int(one, "weight", &s.weight);
		if (js_get_text(one, "for"))
			num_parse_duration(js_get_text(one, "for"), &s.ms);
		vec_push(&list, s);
	}
	if (!list.n)
		vec_push(&list, { STEP_WEIGHT, STEP_MS });
	*out = list.v;
	*n = list.n;
}

static int run_steps(const struct canary *c, const struct json *config, struct mlops_error *err)
{
	autofree struct step *steps = NULL;
	size_t n;

	read_steps(config, &steps, &n);
	for (size_t i = 0; i < n; i++)
		if (run_step(c, &steps[i], err))
			return err_wrap(err, "with %" PRId64 "%% of the requests", steps[i].weight);
	return gatewayctl_share(c->socket, c->next->number, 100, c->call->active->number, err);
}

int canary_run(const char *socket, const struct target_call *call, const struct revision *next,
	       const struct json *config, struct mlops_error *err)
{
	struct canary c = { .socket = socket,
			    .call = call,
			    .next = next,
			    .gates = js_get(config, "gates"),
			    .min_requests = MIN_REQUESTS };
	autoerr second = ERR_INIT;

	js_get_int(c.gates, "min_requests", &c.min_requests);
	if (!run_steps(&c, config, err))
		return 0;
	if (gatewayctl_share(socket, call->active->number, 100, next->number, &second))
		log_warn("revision %" PRId64 " of '%s' may still get requests: %s", next->number,
			 call->name, second.msg);
	return -1;
}
