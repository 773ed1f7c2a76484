/* Predictions asked for and answered. */
#include "serve/gateway/job.h"

#include "base/clock.h"
#include "serve/gateway/call.h"
#include "serve/gateway/conn.h"
#include "serve/gateway/front.h"
#include "serve/gateway/grpc.h"
#include "serve/gateway/journal.h"

void job_end(struct job *j)
{
	prediction_clear(&j->prediction);
	js_free(j->request);
	js_free(j->expected);
	front_release(j->front, j->held);
	revision_release(j->revision);
	atomic_fetch_sub(&j->front->gateway->metrics->in_flight, 1);
	free(j);
}

/* What a failed prediction is to the client. */
static void refuse(struct conn *c, const struct prediction *p)
{
	switch (p->outcome) {
	case WORKERS_OK:
		break;
	case WORKERS_FAILED:
		conn_refuse(c, p->err.kind == MLOPS_EINVALID ? 400 : 500, NULL, p->err.msg);
		break;
	case WORKERS_BUSY:
		conn_refuse(c, 503, "Retry-After: 1\r\n", "all workers are busy");
		break;
	case WORKERS_TIMEOUT:
		conn_refuse(c, 504, NULL, "the model gave no answer in time");
		break;
	case WORKERS_CRASHED:
		conn_refuse(c, 502, NULL, "the model's process died over this request");
		break;
	}
}

static void reply(struct conn *c, struct job *j)
{
	autoerr err = ERR_INIT;
	autojson *value = NULL;
	autobuf text = { 0 };

	if (j->protocol->format(j->request, j->prediction.values, &j->revision->model, &value, &err)) {
		conn_refuse(c, err.kind == MLOPS_EINVALID ? 400 : 500, NULL, err.msg);
		return;
	}
	js_dump(value, JS_COMPACT, &text);
	strbuf_addc(&text, '\n');
	conn_reply(c, 200, "application/json", NULL, text.buf, text.len);
}

/* After the answer, so that it does not wait. */
static void shadow(struct job *j)
{
	struct live_revision *other = revision_shadow(j->front->gateway->revisions);

	if (other && other != j->revision)
		shadow_start(j->front, other, j->prediction.rows, j->prediction.values);
	else if (other)
		revision_release(other);
}

/* On the connection's thread. */
static void finish(struct job *j)
{
	struct conn *c = j->conn;

	if (c && j->stream) {
		grpc_finish(c, j);
	} else if (c) {
		c->job = NULL;
		if (j->prediction.outcome)
			refuse(c, &j->prediction);
		else
			reply(c, j);
	}
	if (!j->prediction.outcome) {
		journal_add(j->front->gateway->journal, j->revision, j->prediction.rows,
			     j->prediction.values, clock_mono_ns() - j->started_ns);
		shadow(j);
	}
	job_end(j);
}

static void finish_task(struct task *t)
{
	struct job *j = (struct job *)t;
	struct conn *c = j->conn;

	finish(j);
	if (c)
		conn_run(c);
}

void job_done_elsewhere(struct prediction *p)
{
	struct job *j = (struct job *)((char *)p - offsetof(struct job, prediction));

	loop_post(&j->front->loop, &j->task);
}

static void start(struct conn *c, struct job j, struct json *request, struct json *rows)
{
	struct job *job = xmemdup(&j, sizeof(j));

	job->task.run = finish_task;
	job->front = c->front;
	job->conn = c;
	job->request = js_ref(request);
	job->held = c->held; /* also when the client goes away */
	c->held = 0;
	revision_hold(j.revision);
	job->prediction.rows = js_ref(rows);
	job->prediction.done = job_done_elsewhere;
	atomic_fetch_add(&c->front->gateway->metrics->in_flight, 1);
	c->job = job;
	if (j.revision->kind->predict(j.revision->workers, &job->prediction))
		finish(job);
}

void job_start(struct conn *c, struct live_revision *revision, const struct protocol *protocol,
	       struct json *request, struct json *rows)
{
	const struct job j = {
		.revision = revision,
		.protocol = protocol,
		.started_ns = c->started_ns,
		.prediction.deadline_ms = c->deadline_ms,
	};

	start(c, j, request, rows);
}

void job_start_stream(struct conn *c, struct h2_request *stream, int64_t started_ns,
		      struct live_revision *revision, struct json *request, struct json *rows)
{
	const struct job j = {
		.next = c->job,
		.stream = stream,
		.revision = revision,
		.started_ns = started_ns,
		.prediction.deadline_ms =
			c->front->loop.now_ms + c->front->gateway->request_timeout_ms,
	};

	start(c, j, request, rows);
}

void job_abandon(struct job *j)
{
	j->conn = NULL;
	atomic_store(&j->prediction.cancelled, true);
}

void job_expire(struct conn *c)
{
	struct prediction late = {
		.outcome = atomic_load(&c->job->prediction.begun) ? WORKERS_TIMEOUT : WORKERS_BUSY,
	};

	refuse(c, &late);
}
