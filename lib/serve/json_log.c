/* Each line is one write at the end of the file, so that lines of several processes stay whole. */
#include "serve/json_log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"

struct json_log {
	char *path, *old;
	off_t max_bytes;
	pthread_mutex_t lock; /* guards what follows */
	int fd;
	bool failing; /* and it was said */
};

static bool is_stdout(const char *path)
{
	return !strcmp(path, "-");
}

static int open_file(const char *path, off_t max_bytes)
{
	int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | (max_bytes ? O_NOFOLLOW : 0);

	return is_stdout(path) ? dup(STDOUT_FILENO) : open(path, flags, 0600);
}

int json_log_open(const char *path, off_t max_bytes, struct json_log **out, struct mlops_error *err)
{
	int fd = open_file(path, max_bytes);

	if (fd < 0)
		return err_sys(err, "cannot write '%s'", path);
	struct json_log *log = xcalloc(1, sizeof(*log));
	log->old = xasprintf("%s.1", path);
	log->path = xstrdup(path);
	log->max_bytes = max_bytes;
	log->fd = fd;
	pthread_mutex_init(&log->lock, NULL);
	*out = log;
	return 0;
}

void json_log_free(struct json_log *log)
{
	if (!log)
		return;
	close(log->fd);
	pthread_mutex_destroy(&log->lock);
	free(log->path);
	free(log->old);
	free(log);
}

/* Lock held. The old descriptor is kept when there is no new one. */
static int reopen(struct json_log *log)
{
	int fd = open_file(log->path, log->max_bytes);

	if (fd < 0)
		return -1;
	close(log->fd);
	log->fd = fd;
	return 0;
}

/* Lock held. One that cannot be put aside grows on. */
static void turn(struct json_log *log)
{
	struct stat st;

	if (log->max_bytes && !fstat(log->fd, &st) && st.st_size >= log->max_bytes &&
	    !rename(log->path, log->old))
		reopen(log);
}

void json_log_add(struct json_log *log, struct json *line)
{
	char when[CLOCK_ISO_SIZE];
	autoerr err = ERR_INIT;
	autobuf text = { 0 };

	js_set(line, "time", js_str(clock_format_iso(clock_now_ms(), when)));
	js_dump(line, JS_COMPACT, &text);
	js_free(line);
	strbuf_addc(&text, '\n');
	pthread_mutex_lock(&log->lock);
	turn(log);
	int rc = fs_write_all(log->fd, text.buf, text.len, log->path, &err);
	bool news = rc && !log->failing;
	log->failing = rc;
	pthread_mutex_unlock(&log->lock);
	if (news)
		log_error("%s", err.msg);
}

void json_log_reopen(struct json_log *log)
{
	pthread_mutex_lock(&log->lock);
	int rc = reopen(log), cause = errno;
	pthread_mutex_unlock(&log->lock);
	if (rc)
		log_error("cannot write '%s': %s", log->path, strerror(cause));
}
