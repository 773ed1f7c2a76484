/* Each line is one write at the end of the file, so that lines of several processes stay whole. */
#include "serve/audit_log.h"

#include <fcntl.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"

#define MAX_BYTES ((off_t)16 << 20)

struct audit_log {
	char *path, *old;
	pthread_mutex_t lock; /* guards fd */
	int fd;
};

static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int audit_log_open(const char *data, struct audit_log **out, struct mlops_error *err)
{
	autofree char *path = path_join(data, "audit.log");
	int fd = open_file(path);

	if (fd < 0)
		return err_sys(err, "cannot write '%s'", path);
	struct audit_log *log = xcalloc(1, sizeof(*log));
	log->old = xasprintf("%s.1", path);
	log->path = steal_ptr(&path);
	log->fd = fd;
	pthread_mutex_init(&log->lock, NULL);
	*out = log;
	return 0;
}

void audit_log_free(struct audit_log *log)
{
	if (!log)
		return;
	close(log->fd);
	pthread_mutex_destroy(&log->lock);
	free(log->path);
	free(log->old);
	free(log);
}

/* Lock held. One that cannot be put aside grows on. */
static void turn(struct audit_log *log)
{
	struct stat st;

	if (fstat(log->fd, &st) || st.st_size < MAX_BYTES || rename(log->path, log->old))
		return;
	int fd = open_file(log->path);
	if (fd < 0)
		return;
	close(log->fd);
	log->fd = fd;
}

void audit_log_add(struct audit_log *log, struct json *line)
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
	pthread_mutex_unlock(&log->lock);
	if (rc)
		log_error("%s", err.msg);
}
