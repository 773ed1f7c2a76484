/* Inside of mlops/lfs.h. */
#pragma once

#include <stdio.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "mlops/lfs.h"

struct hasher;
struct project;

/* ---- the repository (repo.c) and its settings (settings.c) ---- */

struct lfs_setting {
	char *key, *value;
};
typedef VEC(struct lfs_setting) lfs_settings;

struct lfs {
	char *top;    /* of the work tree, absolute; NULL: there is none */
	char *prefix; /* of the current folder below it: "" or "a/b/" */
	char *git_dir, *common_dir;
	char *storage;       /* of git-lfs: <common_dir>/lfs, or lfs.storage */
	char *env[3];        /* for git, where ours was told which repository; NULL-terminated */
	lfs_settings git;    /* git's, in order, the last of a key counts */
	lfs_settings shared; /* of .lfsconfig, those that may come from there */
	bool shared_loaded;
	struct strlist references; /* folders of objects to borrow from */
	bool references_loaded;
	struct project *project; /* whose store is borrowed from, or NULL */
};

/* The value of a key, git's or of .lfsconfig, or NULL; lent. */
const char *lfs_setting(struct lfs *l, const char *key);
bool lfs_setting_bool(struct lfs *l, const char *key, bool fallback);
__attribute__((format(printf, 2, 3))) const char *lfs_settingf(struct lfs *l, const char *fmt, ...);
/* "1", "true", "yes", "on"; an empty or other text is false. */
bool lfs_is_true(const char *text);
/* Installs hooks where there are none (install.c). */
void lfs_hooks_add(struct lfs *l);
int lfs_settings_load(struct lfs *l, struct mlops_error *err);
void lfs_settings_clear(lfs_settings *s);
/* The branch that is checked out, as a ref; new, or NULL. */
char *lfs_current_ref(const struct lfs *l);
/* A path as typed below the top; MLOPS_EINVALID outside of it. New. */
int lfs_path_of(const struct lfs *l, const char *typed, char **out, struct mlops_error *err);

/* ---- running git (git.c) ---- */

struct lfs_git {
	pid_t pid;
	FILE *out;  /* what it writes */
	bool quiet; /* set before: its messages are dropped */
};
/* argv starts with "git"; stdin_fd -1: nothing to read. Runs at the top. */
int lfs_git_start(const struct lfs *l, const char *const *argv, int stdin_fd, struct lfs_git *out,
		  struct mlops_error *err);
/* Waits; *status gets how it ended, or with NULL all but 0 is an error. */
int lfs_git_end(struct lfs_git *g, const char *const *argv, int *status, struct mlops_error *err);
/* Calls fn for each record that git writes, that ends with `end`. */
int lfs_git_each(const struct lfs *l, const char *const *argv, int stdin_fd, int end,
		 int (*fn)(char *record, size_t n, void *arg, struct mlops_error *err), void *arg,
		 int *status, struct mlops_error *err);
/* A file in memory to write to, and then to give to git to read; -1. */
int lfs_memory_file(struct mlops_error *err);
int lfs_rewind(int fd, struct mlops_error *err);

/* ---- pointers (pointer.c) ---- */

#define LFS_POINTER_MAX 1024 /* bytes; what is as long is none */
struct lfs_pointer {
	struct oid oid;
	uint64_t size;
	bool extended; /* it was made with extensions, which have to be undone */
};
bool lfs_pointer_parse(const char *text, size_t n, struct lfs_pointer *out);
void lfs_pointer_format(const struct lfs_pointer *p, struct strbuf *out);

/* ---- objects (objects.c, borrow.c) ---- */

char *lfs_object_path(const struct lfs *l, const struct oid *oid); /* new */
bool lfs_has(const struct lfs *l, const struct oid *oid, uint64_t size);
/* Opens one of that size; MLOPS_ENOTFOUND. */
int lfs_open_object(struct lfs *l, const struct lfs_pointer *p, int *fd, struct mlops_error *err);
/* Takes it from where it can be had on this machine; true when it is here then. */
bool lfs_borrow(struct lfs *l, const struct lfs_pointer *p);
void lfs_borrow_end(struct lfs *l);

/* An object on its way in. */
struct lfs_writer {
	struct lfs *lfs;
	struct hasher *hasher; /* used again for the next one */
	int fd;                /* -1: what came is in `held` */
	char *tmp;
	struct strbuf held;
	uint64_t size;
	bool wrote; /* some object, ever */
};
void lfs_writer_init(struct lfs_writer *w, struct lfs *l);
int lfs_writer_begin(struct lfs_writer *w,
		     struct mlops_error *err); /* drops what was not committed */
int lfs_writer_add(struct lfs_writer *w, const void *buf, size_t n, struct mlops_error *err);
/* Its name and size; it is there, though not yet durable. */
int lfs_writer_commit(struct lfs_writer *w, struct lfs_pointer *out, struct mlops_error *err);
/* The same for bytes that must be those of a pointer; MLOPS_ECORRUPT. */
int lfs_writer_commit_as(struct lfs_writer *w, const struct lfs_pointer *p,
			 struct mlops_error *err);
void lfs_writer_clear(struct lfs_writer *w);
/* Makes all that was written durable, by one wait for the disk. */
int lfs_objects_sync(const struct lfs *l, struct mlops_error *err);
/* A new file in the folder for temporary ones, as *tmp; -1. */
int lfs_tmp_open(const struct lfs *l, char **tmp, struct mlops_error *err);
/* Gives a temporary file its name as an object, unless that is there. */
int lfs_tmp_keep(const struct lfs *l, const char *tmp, const struct lfs_pointer *p,
		 struct mlops_error *err);

/* ---- patterns of paths to fetch (choice.c) ---- */

struct lfs_choice {
	struct strlist include, exclude;
};
/* Texts with ',' between; NULL: the settings. */
void lfs_choice_init(struct lfs_choice *c, struct lfs *l, const char *include, const char *exclude);
bool lfs_choice_has(const struct lfs_choice *c, const char *path);
void lfs_choice_clear(struct lfs_choice *c);

/* ---- what git names (scan.c) ---- */

struct lfs_found {
	const char *path; /* "" when it is not known; lent */
	struct lfs_pointer pointer;
	bool executable;
};
typedef int (*lfs_found_fn)(const struct lfs_found *f, void *arg, struct mlops_error *err);
int lfs_scan_index(struct lfs *l, lfs_found_fn fn, void *arg, struct mlops_error *err);
int lfs_scan_tree(struct lfs *l, const char *rev, lfs_found_fn fn, void *arg,
		  struct mlops_error *err);
/* All that commits name which `git rev-list` would list for these lines, or `all` of them. */
int lfs_scan_commits(struct lfs *l, const struct strbuf *revs, bool all, lfs_found_fn fn, void *arg,
		     struct mlops_error *err);

/* ---- moving (remote.c, transfer.c) ---- */

struct http_engine;
struct lfs_server;
struct lfs_remote {
	char *name;
	char *folder; /* of the objects, when it is a repository on this machine; or NULL */
	struct http_engine *engine;
	struct lfs_server *server; /* or NULL, with folder */
	_Atomic uint64_t moved;
};
/* `name` is git's, a URL, or NULL: what git would take. `ref`: see lfs_server_set_ref(). */
int lfs_remote_open(struct lfs *l, const char *name, bool upload, const char *ref,
		    struct lfs_remote **out, struct mlops_error *err);
void lfs_remote_close(struct lfs_remote *r);
static inline void cleanup_lfs_remote(struct lfs_remote **r)
{
	lfs_remote_close(*r);
}
#define autolfsremote __attribute__((cleanup(cleanup_lfs_remote))) struct lfs_remote
/* The name of git's remote; new. */
char *lfs_remote_name(struct lfs *l, const char *name, bool upload);

struct lfs_want {
	struct lfs_pointer pointer;
	char *path; /* where it was first found; for messages */
};
/* Each object once. */
struct lfs_wants {
	struct map by_oid; /* -> struct lfs_want * */
};
void lfs_wants_add(struct lfs_wants *w, const struct lfs_found *f);
void lfs_wants_clear(struct lfs_wants *w);
#define autolfswants        __attribute__((cleanup(lfs_wants_clear))) struct lfs_wants
#define lfs_want_at(set, i) ((struct lfs_want *)(set)->by_oid.v[i].value)

struct lfs_transfer {
	struct lfs *lfs;
	struct lfs_remote *remote;
	const struct lfs_move_how *how; /* or NULL */
	/*
	 * Called from any thread when an object of lfs_download() came, or did not: then nothing else
	 * is said of it. NULL: the first error ends it.
	 */
	void (*done)(const struct lfs_want *want, struct mlops_error *err, void *arg);
	void *arg;
	bool lax; /* lfs_upload(): what is nowhere is left out */
};
int lfs_download(const struct lfs_transfer *t, const struct lfs_wants *wants,
		 struct transfer_counts *counts, struct mlops_error *err);
int lfs_upload(const struct lfs_transfer *t, const struct lfs_wants *wants,
	       struct transfer_counts *counts, struct mlops_error *err);

/* ---- the work tree (place.c) ---- */

/* Writes the object in the place of a pointer of it; *wrote: it was one, or nothing. */
int lfs_place(struct lfs *l, const struct lfs_found *f, bool *wrote, struct mlops_error *err);

/* ---- packets of git (pktline.c), see gitprotocol-common(5) ---- */

#define PKT_MAX 65516 /* bytes of a packet */
enum pkt_kind { PKT_DATA, PKT_FLUSH, PKT_END };
struct pkt_reader {
	int fd;
	char *buf;
	size_t at, n;
};
int pkt_read(struct pkt_reader *r, enum pkt_kind *kind, struct str *out, struct mlops_error *err);
struct pkt_writer {
	int fd;
	char *buf;
	size_t n;
};
int pkt_add(struct pkt_writer *w, const void *p, size_t n, struct mlops_error *err);
__attribute__((format(printf, 3, 4))) int pkt_text(struct pkt_writer *w, struct mlops_error *err,
						   const char *fmt, ...);
int pkt_flush(struct pkt_writer *w, struct mlops_error *err); /* a flush packet */
/* `size` bytes of an open file. */
int pkt_file(struct pkt_writer *w, int fd, uint64_t size, const char *shown,
	     struct mlops_error *err);
int pkt_send(struct pkt_writer *w, struct mlops_error *err);

/* ---- smudging while more is fetched (queue.c) ---- */

struct lfs_queue;
struct lfs_queue *lfs_queue_new(struct lfs *l); /* NULL: there can be none */
void lfs_queue_add(struct lfs_queue *q, const char *path, const struct lfs_pointer *p);
/* Waits until some have come or failed, and adds their paths; nothing: there are no more. */
void lfs_queue_ready(struct lfs_queue *q, struct strlist *out);
/* Takes one out: false when there is none. *err has why it did not come. */
bool lfs_queue_take(struct lfs_queue *q, const char *path, struct lfs_pointer *out,
		    struct mlops_error *err);
void lfs_queue_free(struct lfs_queue *q); /* NULL is fine */
