/* Reading what stages print. A log that cannot be written is a loss, but no reason to stop. */
#include "pipeline/output.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "base/vec.h"

#define PIECE     65536
#define LINE_MAX_BYTES ((size_t)1 << 20)
#define LOGS_DIR  "run/logs"
#define LOGS_KEPT 100 /* runs */

char *mlops_stage_log_path(struct project *project, const char *run_id, const char *stage)
{
	autobuf name = { 0 };

	strbuf_addf(&name, LOGS_DIR "/%s/", run_id);
	for (; *stage; stage++) /* a slash can be in names that are DVC's */
		strbuf_addf(&name, *stage == '/' || *stage == '%' ? "%%%02x" : "%c", *stage);
	strbuf_adds(&name, ".log");
	return project_shared_file(project, name.buf);
}

struct log_dir {
	char *path;
	int64_t mtime_s;
};

struct log_dirs {
	const char *top;
	VEC(struct log_dir) v;
};

static int add_log_dir(const char *name, void *arg, struct mlops_error *err)
{
	struct log_dirs *dirs = arg;
	struct stat st;
	char *path = path_join(dirs->top, name);

	(void)err;
	if (stat(path, &st))
		st.st_mtime = 0;
	vec_push(&dirs->v, { path, st.st_mtime });
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	int64_t x = ((const struct log_dir *)a)->mtime_s, y = ((const struct log_dir *)b)->mtime_s;

	return (x < y) - (x > y);
}

int output_prune_logs(struct project *project, struct mlops_error *err)
{
	autofree char *top = project_shared_file(project, LOGS_DIR);
	struct log_dirs dirs = { .top = top };
	int rc = fs_exists(top) ? fs_each_name(top, add_log_dir, &dirs, err) : 0;

	vec_sort(&dirs.v, newest_first);
	for (size_t i = LOGS_KEPT - 1; i < dirs.v.n && !rc; i++)
		rc = fs_remove_tree(dirs.v.v[i].path, err);
	for (size_t i = 0; i < dirs.v.n; i++)
		free(dirs.v.v[i].path);
	vec_free(&dirs.v);
	return rc;
}

void output_init(struct output *o, struct project *project, const char *run_id, const char *stage)
{
	*o = (struct output){
		.stage = stage,
		.log = mlops_stage_log_path(project, run_id, stage),
		.log_fd = -1,
	};
}

static int open_log(struct output *o, struct mlops_error *err)
{
	if (o->log_fd >= 0)
		return 0;
	if (fs_mkdirs_for(o->log, err))
		return -1;
	o->log_fd = open(o->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return o->log_fd < 0 ? err_sys(err, "cannot write '%s'", o->log) : 0;
}

static void close_log(struct output *o)
{
	if (o->log_fd >= 0)
		close(o->log_fd);
	o->log_fd = -1;
	free(o->log);
	o->log = NULL;
}

static void keep(struct output *o, const char *text, size_t n)
{
	autoerr err = ERR_INIT;

	if (!o->log || (!open_log(o, &err) && !fs_write_all(o->log_fd, text, n, o->log, &err)))
		return;
	log_warn("the log of stage '%s' is not complete: %s", o->stage, err.msg);
	close_log(o);
}

static void emit(struct output *o, enum stage_stream stream, const char *text, size_t n)
{
	if (!n)
		return;
	keep(o, text, n);
	if (o->print)
		o->print(o->stage, stream, text, n, o->arg);
}

static const char *find_mask(const struct output *o, const char *text, size_t n)
{
	for (size_t i = 0; i < o->masks->n; i++) {
		size_t len = strlen(o->masks->v[i]);

		if (len <= n && !memcmp(text, o->masks->v[i], len))
			return o->masks->v[i];
	}
	return NULL;
}

static void emit_masked(struct output *o, enum stage_stream stream, const char *text, size_t n)
{
	autobuf masked = { 0 };

	for (size_t i = 0; i < n;) {
		const char *mask = find_mask(o, text + i, n - i);

		strbuf_add(&masked, mask ? "***" : text + i, mask ? 3 : 1);
		i += mask ? strlen(mask) : 1;
	}
	emit(o, stream, masked.buf, masked.len);
}

static void emit_lines(struct output *o, enum stage_stream stream, const char *text, size_t n)
{
	if (o->masks->n)
		emit_masked(o, stream, text, n);
	else
		emit(o, stream, text, n);
}

/* Progress bars end their lines with a carriage return. */
static size_t whole_lines(const char *text, size_t n)
{
	while (n && text[n - 1] != '\n' && text[n - 1] != '\r')
		n--;
	return n;
}

static void take_lines(struct output *o, enum stage_stream stream, const char *text, size_t n)
{
	struct strbuf *rest = &o->rest[stream];

	strbuf_add(rest, text, n);
	size_t whole = rest->len > LINE_MAX_BYTES ? rest->len : whole_lines(rest->buf, rest->len);
	if (!whole)
		return;
	emit_lines(o, stream, rest->buf, whole);
	memmove(rest->buf, rest->buf + whole, rest->len - whole);
	strbuf_trunc(rest, rest->len - whole);
}

bool output_take(struct output *o, enum stage_stream stream, int fd)
{
	char piece[PIECE];

	for (;;) {
		ssize_t n = read(fd, piece, sizeof(piece));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		if (o->by_line || o->masks->n)
			take_lines(o, stream, piece, n);
		else
			emit(o, stream, piece, n);
		if ((size_t)n < sizeof(piece))
			return true;
	}
}

void output_close(struct output *o)
{
	for (int i = 0; i < 2; i++) {
		if (o->rest[i].len && o->by_line)
			strbuf_addc(&o->rest[i], '\n');
		if (o->rest[i].len)
			emit_lines(o, i, o->rest[i].buf, o->rest[i].len);
		strbuf_clear(&o->rest[i]);
	}
	close_log(o);
}
