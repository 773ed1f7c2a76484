/* Rows and predictions, flat, into a file. */
#include "serve/gateway/journal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "fmt/json.h"
#include "serve/revision.h"

#define CHECK_MS 500

struct journal {
	char *path;
	int64_t percent;
	pthread_mutex_t lock; /* guards what follows */
	int fd;
	int64_t looked_ms;
	uint64_t calls;
	bool failed; /* which was said */
};

static int open_file(struct journal *r, struct mlops_error *err)
{
	int fd = open(r->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(err, "cannot write to '%s'", r->path);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = fd;
	return 0;
}

int journal_open(const char *path, int64_t percent, struct journal **out, struct mlops_error *err)
{
	struct journal *r = xcalloc(1, sizeof(*r));

	r->path = xstrdup(path);
	r->percent = percent;
	r->fd = -1;
	pthread_mutex_init(&r->lock, NULL);
	if (open_file(r, err)) {
		journal_free(r);
		return -1;
	}
	*out = r;
	return 0;
}

void journal_free(struct journal *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	pthread_mutex_destroy(&r->lock);
	free(r->path);
	free(r);
}

/* A value under `name`; of what has parts, one member a part, named by its place or its own name. */
static void add_flat(struct json *line, const char *name, const char *place, const char *own,
		     struct json *v)
{
	const char *key;
	struct json *value;

	if (js_type(v) != JSON_ARR && js_type(v) != JSON_OBJ) {
		js_set(line, name, js_ref(v));
		return;
	}
	for (size_t i = 0; js_type(v) == JSON_ARR && i < js_len(v); i++) {
		autofree char *part = xasprintf("%s%zu", place, i);

		js_set(line, part, js_ref(js_at(v, i)));
	}
	for (void *i = NULL; js_type(v) == JSON_OBJ && js_next(v, &i, &key, &value);) {
		autofree char *part = xasprintf("%s%s", own, key);

		js_set(line, part, js_ref(value));
	}
}

static void add_line(struct strbuf *to, const struct live_revision *revision, struct json *row,
		     struct json *value, int64_t duration_ns)
{
	autojson *line = js_obj();
	char now[CLOCK_ISO_SIZE];

	add_flat(line, "x0", "x", "", row);
	add_flat(line, "prediction", "prediction_", "prediction_", value);
	js_set(line, "_time", js_str(clock_format_iso(clock_now_ms(), now)));
	js_set(line, "_revision", js_int(revision->model.revision));
	js_set(line, "_ms", js_num((double)duration_ns / 1e6));
	js_dump(line, JS_COMPACT, to);
	strbuf_addc(to, '\n');
}

/* With the lock. */
static void look_again(struct journal *r)
{
	int64_t now_ms = clock_mono_ms();
	struct stat there, ours;
	autoerr err = ERR_INIT;

	if (now_ms - r->looked_ms < CHECK_MS)
		return;
	r->looked_ms = now_ms;
	if (!fstat(r->fd, &ours) && !stat(r->path, &there) && there.st_ino == ours.st_ino &&
	    there.st_dev == ours.st_dev)
		return;
	if (open_file(r, &err) && !r->failed)
		log_warn("%s", err.msg);
	r->failed = err.kind != 0;
}

static void write_lines(struct journal *r, const struct strbuf *text)
{
	autoerr err = ERR_INIT;

	pthread_mutex_lock(&r->lock);
	look_again(r);
	if (fs_write_all(r->fd, text->buf, text->len, r->path, &err) && !r->failed)
		log_warn("predictions are not recorded: %s", err.msg);
	r->failed = r->failed || err.kind;
	pthread_mutex_unlock(&r->lock);
}

/* Evenly: of 100 calls in a row, as many as the percentage. */
static bool is_chosen(struct journal *r)
{
	pthread_mutex_lock(&r->lock);
	uint64_t n = r->calls++ % 100, percent = (uint64_t)r->percent;
	pthread_mutex_unlock(&r->lock);
	return (n + 1) * percent / 100 > n * percent / 100;
}

void journal_add(struct journal *r, const struct live_revision *revision, struct json *rows,
		  const struct json *values, int64_t duration_ns)
{
	autobuf text = { 0 };

	if (!r || !is_chosen(r))
		return;
	for (size_t i = 0; i < js_len(rows); i++)
		add_line(&text, revision, js_at(rows, i), js_at(values, i), duration_ns);
	if (text.len)
		write_lines(r, &text);
}
