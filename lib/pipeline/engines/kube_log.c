/*
 * The log of a container, followed in a thread. Each line comes with its time in front, so that
 * after a lost connection it goes on where it stopped.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/url.h"
#include "pipeline/engines/kubernetes.h"

#define LINE_MAX_BYTES ((size_t)1 << 20)
#define STAMP_BYTES    64
#define AGAIN_MS       1000
#define REST_S         10 /* that the rest may take once the pod has ended */

struct kube_log {
	pthread_t thread;
	struct kube *kube;
	char *path;
	atomic_bool ending;
	struct strbuf line;     /* the begin of one */
	char last[STAMP_BYTES]; /* the time of the last that was printed; "" */
};

/* RFC 3339 with nine digits behind the point: its order is that of its text. */
static int print_line(struct kube_log *log, struct str line, struct mlops_error *err)
{
	struct str text;
	struct str stamp = str_split(line, ' ', &text);
	char time[STAMP_BYTES];

	if (!text.p || stamp.n >= sizeof(time))
		return fs_write_all(STDOUT_FILENO, line.p, line.n, "standard output", err);
	snprintf(time, sizeof(time), STR_FMT, STR_ARG(stamp));
	if (strcmp(time, log->last) <= 0)
		return 0;
	memcpy(log->last, time, sizeof(time));
	return fs_write_all(STDOUT_FILENO, text.p, text.n, "standard output", err);
}

static int take(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct kube_log *log = arg;
	const char *at = buf, *end;

	while (n && (end = memchr(at, '\n', n))) {
		size_t part = (size_t)(end - at) + 1;

		strbuf_add(&log->line, at, part);
		if (print_line(log, (struct str){ log->line.buf, log->line.len }, err))
			return -1;
		strbuf_trunc(&log->line, 0);
		at += part;
		n -= part;
	}
	if (log->line.len + n > LINE_MAX_BYTES)
		return err_set(err, MLOPS_EREMOTE, "a line of the log is too long");
	strbuf_add(&log->line, at, n);
	return 0;
}

static int follow(struct kube_log *log, struct mlops_error *err)
{
	autobuf path = { 0 };

	strbuf_adds(&path, log->path);
	if (*log->last) {
		strbuf_adds(&path, "&sinceTime=");
		url_encode(&path, log->last, "");
	}
	strbuf_trunc(&log->line, 0);
	return kube_stream(log->kube, path.buf, take, log, err);
}

/* Also an end that the server is content with may be that of a connection. */
static void *run(void *arg)
{
	struct kube_log *log = arg;
	bool ending, warned = false;

	do {
		autoerr err = ERR_INIT;

		ending = atomic_load(&log->ending);
		if (follow(log, &err) && !warned) {
			log_warn("the log cannot be read: %s", err.msg);
			warned = true;
		}
		if (!ending)
			clock_sleep_ms(AGAIN_MS);
	} while (!ending);
	if (log->line.len) {
		autoerr ignored = ERR_INIT;

		print_line(log, (struct str){ log->line.buf, log->line.len }, &ignored);
	}
	return NULL;
}

static void log_free(struct kube_log *log)
{
	kube_free(log->kube);
	strbuf_clear(&log->line);
	free(log->path);
	free(log);
}

int kube_log_start(const struct kube_settings *settings, const char *path, struct kube_log **out,
		   struct mlops_error *err)
{
	struct kube_log *log = xcalloc(1, sizeof(*log));

	log->path = xasprintf("%s/log?container=stage&follow=true&timestamps=true", path);
	if (kube_open(settings->file, settings->context, &log->kube, err)) {
		log_free(log);
		return -1;
	}
	if (thread_start(&log->thread, run, log, err)) {
		log_free(log);
		return -1;
	}
	*out = log;
	return 0;
}

/* One that never ends is left to the end of the process, which is near. */
void kube_log_end(struct kube_log *log)
{
	struct timespec until;

	if (!log)
		return;
	atomic_store(&log->ending, true);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += REST_S;
	if (!pthread_timedjoin_np(log->thread, NULL, &until))
		log_free(log);
	else
		log_warn("the end of the log did not come");
}
