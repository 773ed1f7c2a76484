/*
 * The filter "lfs" as a process that git keeps (gitattributes(5), "Long Running Filter Process"). What is
 * cleaned becomes an object and a pointer; what is smudged, a pointer's object. An object that is
 * not here is delayed where git can wait, so that many are fetched at a time.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "base/fs.h"
#include "base/log.h"
#include "lfs/lfs.h"

#define SHOWN 10 /* paths that are named */
#define PIECE ((size_t)256 << 10)

struct filter {
	struct lfs *lfs;
	struct pkt_reader in;
	struct pkt_writer out;
	struct lfs_writer writer; /* what is coming */
	struct lfs_choice choice;
	struct lfs_queue *queue; /* NULL: git can't wait */
	bool skip, lax;
	bool ended;             /* git has closed its side */
	struct strlist strange; /* files that should be pointers, and are none */
	size_t n_strange;
	char *command, *path; /* of the request */
	bool can_delay;
};

static void filter_init(struct filter *f, struct lfs *l, bool skip)
{
	const char *lax = getenv("GIT_LFS_SKIP_DOWNLOAD_ERRORS");

	*f = (struct filter){ .lfs = l, .in.fd = -1, .out.fd = -1 };
	f->skip = skip || lfs_is_true(getenv("GIT_LFS_SKIP_SMUDGE"));
	f->lax = lfs_is_true(lax) || lfs_setting_bool(l, "lfs.skipdownloaderrors", false);
	lfs_choice_init(&f->choice, l, NULL, NULL);
	lfs_writer_init(&f->writer, l);
}

static void filter_clear(struct filter *f)
{
	lfs_queue_free(f->queue);
	lfs_writer_clear(&f->writer);
	lfs_choice_clear(&f->choice);
	strlist_clear(&f->strange);
	free(f->in.buf);
	free(f->out.buf);
	free(f->command);
	free(f->path);
}

/* ---- what cleaning and smudging give, however it came ---- */

static bool came_pointer(const struct filter *f, struct lfs_pointer *out)
{
	const struct lfs_writer *w = &f->writer;

	return w->fd < 0 && w->size && lfs_pointer_parse(w->held.buf, w->held.len, out);
}

static int refuse_extensions(const struct lfs *l, struct mlops_error *err)
{
	for (size_t i = 0; i < l->git.n; i++)
		if (str_starts(l->git.v[i].key, "lfs.extension."))
			return err_set(
				err, MLOPS_EINVALID,
				"git's settings have '%s', and mlops runs no extensions of Git LFS",
				l->git.v[i].key);
	return 0;
}

/* Appends the pointer to what came; a pointer, or nothing, stays as it is. */
static int clean(struct filter *f, struct strbuf *out, struct mlops_error *err)
{
	struct lfs_pointer p;

	if (!f->writer.size)
		return 0;
	if (came_pointer(f, &p)) {
		strbuf_add(out, f->writer.held.buf, f->writer.held.len);
		return 0;
	}
	if (refuse_extensions(f->lfs, err) || lfs_writer_commit(&f->writer, &p, err))
		return -1;
	lfs_pointer_format(&p, out);
	return 0;
}

enum smudged {
	SMUDGED_AS_IS,  /* what came stays */
	SMUDGED_OBJECT, /* it becomes the object */
	SMUDGED_ABSENT, /* the object is not here */
};

static int smudge(struct filter *f, const struct lfs_pointer *p, enum smudged *what, int *fd,
		  struct mlops_error *err)
{
	*what = SMUDGED_AS_IS;
	if (f->skip || !lfs_choice_has(&f->choice, f->path))
		return 0;
	if (p->extended)
		return err_set(
			err, MLOPS_EINVALID,
			"the pointer was made by an extension of Git LFS, and mlops runs none");
	*what = SMUDGED_OBJECT;
	if (!p->size || !lfs_open_object(f->lfs, p, fd, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	if (lfs_borrow(f->lfs, p))
		return lfs_open_object(f->lfs, p, fd, err);
	*what = SMUDGED_ABSENT;
	return 0;
}

static int fetch_now(struct filter *f, const struct lfs_pointer *p, struct mlops_error *err)
{
	const struct lfs_found found = { .path = f->path, .pointer = *p };
	struct lfs_transfer t = { .lfs = f->lfs };
	struct transfer_counts counts = { 0 };
	autolfsremote *remote = NULL;
	autolfswants wants = { 0 };

	lfs_wants_add(&wants, &found);
	if (lfs_remote_open(f->lfs, NULL, false, NULL, &remote, err))
		return -1;
	t.remote = remote;
	f->writer.wrote = true;
	return lfs_download(&t, &wants, &counts, err);
}

static void note_strange(struct filter *f)
{
	if (f->writer.size && ++f->n_strange <= SHOWN)
		strlist_add(&f->strange, f->path);
}

static void tell_strange(const struct filter *f)
{
	if (!f->n_strange)
		return;
	log_warn("%zu file%s should be pointers of Git LFS in git, and are not:", f->n_strange,
		 f->n_strange == 1 ? "" : "s");
	for (size_t i = 0; i < f->strange.n; i++)
		log_warn("  %s", f->strange.v[i]);
	log_info("make them so with: git add --renormalize .");
}

static int finish(struct filter *f, struct mlops_error *err)
{
	tell_strange(f);
	return f->writer.wrote ? lfs_objects_sync(f->lfs, err) : 0;
}

/* ---- the protocol ---- */

static int read_text(struct filter *f, enum pkt_kind *kind, struct str *out,
		     struct mlops_error *err)
{
	if (pkt_read(&f->in, kind, out, err))
		return -1;
	if (out->n && out->p[out->n - 1] == '\n')
		out->n--;
	return 0;
}

/* Lines up to a flush; *n of those that are in `wanted` came. */
static int read_lines(struct filter *f, const char *const *wanted, bool *came,
		      struct mlops_error *err)
{
	enum pkt_kind kind;
	struct str line;

	for (;;) {
		if (read_text(f, &kind, &line, err))
			return -1;
		if (kind == PKT_END)
			return err_set(err, MLOPS_EINVALID, "git ended before it asked anything");
		if (kind == PKT_FLUSH)
			return 0;
		for (size_t i = 0; wanted[i]; i++)
			came[i] |= str_eq(line, wanted[i]);
	}
}

static int greet(struct filter *f, struct mlops_error *err)
{
	static const char *const hello[] = { "git-filter-client", "version=2", NULL };
	static const char *const abilities[] = { "capability=clean", "capability=smudge",
						 "capability=delay", NULL };
	bool came[3] = { 0 };

	if (read_lines(f, hello, came, err))
		return -1;
	if (!came[0] || !came[1])
		return err_set(err, MLOPS_EINVALID, "what calls this is no git that it knows");
	if (pkt_text(&f->out, err, "git-filter-server") || pkt_text(&f->out, err, "version=2") ||
	    pkt_flush(&f->out, err) || pkt_send(&f->out, err))
		return -1;
	memset(came, 0, sizeof(came));
	if (read_lines(f, abilities, came, err))
		return -1;
	if (came[2])
		f->queue = lfs_queue_new(f->lfs);
	came[2] = f->queue;
	for (size_t i = 0; abilities[i]; i++)
		if (came[i] && pkt_text(&f->out, err, "%s", abilities[i]))
			return -1;
	return pkt_flush(&f->out, err) || pkt_send(&f->out, err) ? -1 : 0;
}

static void take_header(struct filter *f, struct str line)
{
	struct str value, key = str_split(line, '=', &value);

	if (str_eq(key, "command")) {
		free(f->command);
		f->command = xstrndup(value.p, value.n);
	} else if (str_eq(key, "pathname")) {
		free(f->path);
		f->path = xstrndup(value.p, value.n);
	} else if (str_eq(key, "can-delay")) {
		f->can_delay = f->queue && str_eq(value, "1");
	}
}

static int read_request(struct filter *f, struct mlops_error *err)
{
	enum pkt_kind kind;
	struct str line;

	free(steal_ptr(&f->command));
	free(steal_ptr(&f->path));
	f->can_delay = false;
	for (;;) {
		if (read_text(f, &kind, &line, err))
			return -1;
		if (kind == PKT_END && !f->command) {
			f->ended = true;
			return 0;
		}
		if (kind == PKT_END)
			return err_set(err, MLOPS_EINVALID, "git ended within a request");
		if (kind == PKT_FLUSH)
			return 0;
		take_header(f, line);
	}
}

/* All that git sends must be read before anything is answered. *bad: it could not be kept. */
static int receive(struct filter *f, struct mlops_error *bad, struct mlops_error *err)
{
	enum pkt_kind kind;
	struct str piece;

	lfs_writer_begin(&f->writer, bad);
	for (;;) {
		if (pkt_read(&f->in, &kind, &piece, err))
			return -1;
		if (kind == PKT_END)
			return err_set(err, MLOPS_EINVALID, "git ended within a file");
		if (kind == PKT_FLUSH)
			return 0;
		if (!bad->kind)
			lfs_writer_add(&f->writer, piece.p, piece.n, bad);
	}
}

static int answer_status(struct filter *f, const char *status, struct mlops_error *err)
{
	return pkt_text(&f->out, err, "status=%s", status) || pkt_flush(&f->out, err) ? -1 : 0;
}

static int answer_failure(struct filter *f, const char *verb, const struct mlops_error *why,
			  struct mlops_error *err)
{
	log_error("cannot %s '%s': %s", verb, f->path ? f->path : "", why->msg);
	if (why->hint)
		log_info("hint: %s", why->hint);
	return answer_status(f, "error", err);
}

static int answer_bytes(struct filter *f, const void *p, size_t n, struct mlops_error *err)
{
	/* An empty list behind the bytes says that the status stays. */
	return answer_status(f, "success", err) || pkt_add(&f->out, p, n, err) ||
			       pkt_flush(&f->out, err) || pkt_flush(&f->out, err) ?
		       -1 :
		       0;
}

static int answer_file(struct filter *f, int fd, uint64_t size, struct mlops_error *err)
{
	autoerr bad = ERR_INIT;

	if (answer_status(f, "success", err))
		return -1;
	if (!pkt_file(&f->out, fd, size, f->path, &bad))
		return pkt_flush(&f->out, err) || pkt_flush(&f->out, err) ? -1 : 0;
	/* git drops what it has of it */
	return pkt_flush(&f->out, err) ? -1 : answer_failure(f, "smudge", &bad, err);
}

static int answer_as_came(struct filter *f, struct mlops_error *err)
{
	struct lfs_writer *w = &f->writer;

	if (w->fd < 0)
		return answer_bytes(f, w->held.buf, w->held.len, err);
	return lfs_rewind(w->fd, err) || answer_file(f, w->fd, w->size, err) ? -1 : 0;
}

static int serve_clean(struct filter *f, struct mlops_error *err)
{
	autoerr bad = ERR_INIT;
	autobuf text = { 0 };

	if (receive(f, &bad, err))
		return -1;
	if (bad.kind || clean(f, &text, &bad))
		return answer_failure(f, "clean", &bad, err);
	return answer_bytes(f, text.buf, text.len, err);
}

static int answer_pointer(struct filter *f, const struct lfs_pointer *p, struct mlops_error *err)
{
	autobuf text = { 0 };

	lfs_pointer_format(p, &text);
	return answer_bytes(f, text.buf, text.len, err);
}

/* Its object, or with `lax` the pointer when that could not be had. */
static int answer_object(struct filter *f, const struct lfs_pointer *p, struct mlops_error *err)
{
	autoerr bad = ERR_INIT;
	autoclose int fd = -1;
	enum smudged what;

	if (smudge(f, p, &what, &fd, &bad))
		return answer_failure(f, "smudge", &bad, err);
	if (what == SMUDGED_ABSENT && f->can_delay) {
		lfs_queue_add(f->queue, f->path, p);
		return answer_status(f, "delayed", err);
	}
	if (what == SMUDGED_ABSENT &&
	    (fetch_now(f, p, &bad) || lfs_open_object(f->lfs, p, &fd, &bad)))
		return f->lax ? answer_pointer(f, p, err) : answer_failure(f, "smudge", &bad, err);
	return what == SMUDGED_AS_IS ? answer_as_came(f, err) : answer_file(f, fd, p->size, err);
}

/* One that git was told to wait for; then it sends no content. */
static int answer_delayed(struct filter *f, const struct lfs_pointer *p,
			  const struct mlops_error *why, struct mlops_error *err)
{
	autoerr bad = ERR_INIT;
	autoclose int fd = -1;

	if (why->kind)
		return f->lax ? answer_pointer(f, p, err) : answer_failure(f, "smudge", why, err);
	if (lfs_open_object(f->lfs, p, &fd, &bad))
		return answer_failure(f, "smudge", &bad, err);
	f->writer.wrote = true;
	return answer_file(f, fd, p->size, err);
}

static int serve_smudge(struct filter *f, struct mlops_error *err)
{
	autoerr bad = ERR_INIT, why = ERR_INIT;
	struct lfs_pointer p;

	if (receive(f, &bad, err))
		return -1;
	if (bad.kind)
		return answer_failure(f, "smudge", &bad, err);
	if (came_pointer(f, &p))
		return answer_object(f, &p, err);
	if (!f->writer.size && f->queue && lfs_queue_take(f->queue, f->path, &p, &why))
		return answer_delayed(f, &p, &why, err);
	note_strange(f);
	return answer_as_came(f, err);
}

static int serve_list(struct filter *f, struct mlops_error *err)
{
	autostrlist paths = { 0 };

	if (f->queue)
		lfs_queue_ready(f->queue, &paths);
	for (size_t i = 0; i < paths.n; i++)
		if (pkt_text(&f->out, err, "pathname=%s", paths.v[i]))
			return -1;
	return pkt_flush(&f->out, err) || answer_status(f, "success", err) ? -1 : 0;
}

static int serve(struct filter *f, struct mlops_error *err)
{
	if (f->command && !strcmp(f->command, "list_available_blobs"))
		return serve_list(f, err);
	if (!f->command || !f->path)
		return err_set(err, MLOPS_EINVALID, "git asks for nothing of a file");
	if (!strcmp(f->command, "clean"))
		return serve_clean(f, err);
	if (!strcmp(f->command, "smudge"))
		return serve_smudge(f, err);
	return err_set(err, MLOPS_EINVALID, "git asks for '%s', which is not known", f->command);
}

int mlops_lfs_filter(struct lfs *l, int in, int out, bool skip, struct mlops_error *err)
{
	struct filter f;

	filter_init(&f, l, skip);
	f.in.fd = in;
	f.out.fd = out;
	lfs_hooks_add(l);
	int rc = greet(&f, err);
	while (!rc && !f.ended) {
		rc = read_request(&f, err);
		if (!rc && !f.ended)
			rc = serve(&f, err) || pkt_send(&f.out, err) ? -1 : 0;
	}
	if (!rc)
		rc = finish(&f, err);
	filter_clear(&f);
	return rc;
}

/* ---- one file, for git without a process: `git-lfs clean` and `git-lfs smudge` ---- */

static int take_all(struct filter *f, int in, struct mlops_error *err)
{
	autofree char *piece = xmalloc(PIECE);
	size_t n;

	if (lfs_writer_begin(&f->writer, err))
		return -1;
	do {
		if (fs_read_some(in, piece, PIECE, "standard input", &n, err) ||
		    lfs_writer_add(&f->writer, piece, n, err))
			return -1;
	} while (n);
	return 0;
}

static int give_file(int from, int out, struct mlops_error *err)
{
	autofree char *piece = xmalloc(PIECE);
	size_t n;

	do {
		if (fs_read_some(from, piece, PIECE, "an object", &n, err) ||
		    fs_write_all(out, piece, n, "standard output", err))
			return -1;
	} while (n);
	return 0;
}

static int give_as_came(const struct filter *f, int out, struct mlops_error *err)
{
	const struct lfs_writer *w = &f->writer;

	if (w->fd >= 0)
		return lfs_rewind(w->fd, err) ? -1 : give_file(w->fd, out, err);
	return fs_write_all(out, w->held.buf, w->held.len, "standard output", err);
}

static int smudge_one(struct filter *f, int in, int out, struct mlops_error *err)
{
	struct lfs_pointer p;
	autoclose int fd = -1;
	enum smudged what = SMUDGED_AS_IS;

	if (take_all(f, in, err))
		return -1;
	if (!came_pointer(f, &p))
		note_strange(f);
	else if (smudge(f, &p, &what, &fd, err))
		return -1;
	if (what == SMUDGED_ABSENT &&
	    (fetch_now(f, &p, err) || lfs_open_object(f->lfs, &p, &fd, err))) {
		if (!f->lax)
			return -1;
		mlops_error_clear(err);
		what = SMUDGED_AS_IS;
	}
	if (what == SMUDGED_AS_IS)
		return give_as_came(f, out, err);
	return p.size ? give_file(fd, out, err) : 0;
}

static int clean_one(struct filter *f, int in, int out, struct mlops_error *err)
{
	autobuf text = { 0 };

	if (take_all(f, in, err) || clean(f, &text, err))
		return -1;
	return fs_write_all(out, text.buf, text.len, "standard output", err);
}

static int run_one(struct lfs *l, const char *path, int in, int out, bool skip,
		   int (*one)(struct filter *f, int in, int out, struct mlops_error *err),
		   struct mlops_error *err)
{
	struct filter f;

	filter_init(&f, l, skip);
	f.path = xstrdup(path);
	int rc = one(&f, in, out, err) || finish(&f, err) ? -1 : 0;
	filter_clear(&f);
	return rc;
}

int mlops_lfs_clean(struct lfs *l, const char *path, int in, int out, struct mlops_error *err)
{
	return run_one(l, path, in, out, false, clean_one, err);
}

int mlops_lfs_smudge(struct lfs *l, const char *path, int in, int out, bool skip,
		     struct mlops_error *err)
{
	return run_one(l, path, in, out, skip, smudge_one, err);
}
