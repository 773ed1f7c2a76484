/*
 * The client of a Git LFS server: its batch API with basic transfers, and its locks
 * (docs/api of the git-lfs project). All calls may come from several threads at once.
 */
#pragma once

#include "remote/transport.h"

struct http_engine;
struct lfs_server;

enum lfs_operation { LFS_DOWNLOAD, LFS_UPLOAD, LFS_OPERATIONS };

struct lfs_server_how {
	const char *name; /* of the remote, for messages */
	/* "https://host/repo.git/info/lfs"; a name and password in it are used, and never shown. */
	const char *url;
	/*
	 * Of git's remote, ssh://me@host/repo or me@host:repo, when nothing else says where the
	 * server is: then `git-lfs-authenticate` does, and `url` holds where ssh has no such
	 * command. Or NULL.
	 */
	const char *ssh;
	const char *ssh_command; /* git's core.sshCommand, or NULL */
	const char *token;       /* the password that goes with each request; or NULL */
	/* Adds header lines "Name: value" that the user set for a URL; or NULL. */
	void (*headers)(const char *url, struct strlist *out, void *arg);
	void *arg;
	bool ask;      /* git may ask for a password at the terminal */
	size_t batch;  /* objects in a request; 0: 100 */
	unsigned jobs; /* transfers at a time; 0: adapts */
	int64_t timeout_ms;
	struct http_engine *engine; /* kept */
	_Atomic uint64_t *moved;    /* bytes sent and received are added here; kept */
};

int lfs_server_open(const struct lfs_server_how *how, struct lfs_server **out,
		    struct mlops_error *err);
void lfs_server_close(struct lfs_server *s); /* NULL is fine */
/* Of the ref that is pushed or fetched ("refs/heads/main"), which a server may ask for; or NULL. */
void lfs_server_set_ref(struct lfs_server *s, const char *ref);
/* Where the API is, without secrets; MLOPS_EREMOTE when ssh does not tell. New. */
int lfs_server_url(struct lfs_server *s, enum lfs_operation op, char **out,
		   struct mlops_error *err);

/* How one step of a transfer is done. */
struct lfs_action {
	char *href; /* NULL: there is no such step */
	struct strlist headers;
	int64_t until_ms; /* when it ends; 0: it does not */
	bool complete;    /* nothing is to be added that lets us in */
};

/* What the server says of one object: at most one of `message` and `move`. */
struct lfs_answer {
	struct lfs_action move, verify;
	int error; /* 404, ...; 0: none */
	char *message;
};

/*
 * Calls one() for each object, with what the server answers, several at a time; the first error ends
 * it and is returned. An answer whose time is over, or that storage refuses, is asked for anew.
 */
int lfs_each(struct lfs_server *s, enum lfs_operation op, const struct remote_item *items, size_t n,
	     int (*one)(size_t i, const struct lfs_answer *answer, void *arg,
			struct mlops_error *err),
	     void *arg, struct mlops_error *err);
/* The server has the object: it names no step for an upload. */
static inline bool lfs_answer_has(const struct lfs_answer *a)
{
	return !a->error && !a->move.href;
}
/* The error that an answer tells of an object; MLOPS_ENOTFOUND when the server lacks it. */
int lfs_answer_error(struct lfs_server *s, const struct remote_item *item,
		     const struct lfs_answer *a, struct mlops_error *err);

/* Moves the bytes of one object. Its size is checked, of a download; its hash is the sink's affair. */
int lfs_get(struct lfs_server *s, const struct remote_item *item, const struct lfs_answer *a,
	    const struct byte_sink *sink, struct mlops_error *err);
/* With the step that verifies it, where the server wants that. */
int lfs_put(struct lfs_server *s, const struct remote_item *item, const struct lfs_answer *a,
	    const struct remote_source *from, struct mlops_error *err);

struct lfs_lock {
	char *id, *path, *owner; /* owner: "" when it is not told */
	char *locked_at;         /* ISO 8601 */
	bool ours;               /* told by lfs_locks_verify() */
};
struct lfs_locks {
	struct lfs_lock *v;
	size_t n, cap;
};
void lfs_locks_clear(struct lfs_locks *locks);
/* MLOPS_EEXISTS when another has it. The lock is added to *out. */
int lfs_lock_make(struct lfs_server *s, const char *path, struct lfs_locks *out,
		  struct mlops_error *err);
/* `force`: also one of another's. */
int lfs_lock_remove(struct lfs_server *s, const char *id, bool force, struct mlops_error *err);
/* All there are, or those of a path, an id; NULL: any. limit 0: all. */
int lfs_locks_list(struct lfs_server *s, const char *path, const char *id, uint64_t limit,
		   struct lfs_locks *out, struct mlops_error *err);
/* All, and whose; *supported is false where the server knows no locks. */
int lfs_locks_verify(struct lfs_server *s, bool *supported, struct lfs_locks *out,
		     struct mlops_error *err);
