/*
 * The table of transports: how bytes reach a remote, one file each in transports/. A transport
 * knows keys, not objects; which keys there are is a matter of the layout (remote/layout.h).
 *
 * A key is a relative path of parts between '/', as path_is_safe() has it and without control
 * characters or '\\'; remote_key_check() refuses others. All calls may come from several threads at once.
 */
#pragma once

#include "remote/remote.h"

struct http_engine;
struct object_service;
struct project;

enum transport_caps {
	TRANSPORT_RANGE = 1 << 0,     /* a part of a key is as cheap as its bytes */
	TRANSPORT_LIST = 1 << 1,      /* keys can be listed */
	TRANSPORT_RESUME = 1 << 2,    /* a put with a name goes on where a killed one ended */
	TRANSPORT_IF_ABSENT = 1 << 3, /* put_flags PUT_IF_ABSENT is atomic */
};

/* A setting of a remote that is none of ours, such as one of DVC; keys are those of ours. */
struct transport_set {
	const char *key, *value;
};

/* What a connection starts from. Lent for the time of open(), but `engine` and `moved`. */
struct transport_how {
	const char *name;        /* of the remote, for messages */
	const char *url;         /* complete; a path is absolute */
	bool is_default;         /* the one that is meant when none is named */
	struct project *project; /* for transport_setting(); NULL: no settings but `sets` */
	const struct transport_set *sets;
	size_t n_sets;
	struct http_engine *engine;
	bool sealed;             /* objects are sealed: a service keeps them apart from others */
	const char *state_dir;   /* where uploads note how to go on after a kill; NULL: nowhere */
	int64_t timeout_ms;      /* without progress */
	int64_t jobs;            /* calls at a time that the user asked for; 0: any */
	uint64_t rate;           /* bytes a second; 0: no limit */
	_Atomic uint64_t *moved; /* bytes sent and received are added here */
};

/* A part of a key's bytes; RANGE_ALL for the whole. */
struct byte_range {
	uint64_t from;
	uint64_t n; /* UINT64_MAX: up to the end */
};
#define RANGE_ALL ((struct byte_range){ 0, UINT64_MAX })

/* Gets the bytes in order, each once, however often the connection broke. */
struct byte_sink {
	int (*piece)(const void *buf, size_t n, void *arg, struct mlops_error *err);
	void *arg;
};

struct key_info {
	bool found;
	uint64_t size;
	int64_t mtime_ms; /* of the last put, by the remote's clock; 0: it does not say */
};

/* For a sink into memory: what would make `out` longer than `max` is MLOPS_ECORRUPT. */
struct limited_buf {
	struct strbuf *out;
	size_t max;
};
int limited_buf_add(const void *buf, size_t n, void *arg, struct mlops_error *err);

/* What is put under a key: visible there only once it is whole and durable. */
struct key_put {
	const char *key;
	const struct remote_source *from;
	const struct oid *oid; /* SHA-256 of the bytes, when known: lets a transport check it and
				  resume; or NULL */
	bool if_absent;        /* MLOPS_EEXISTS, and nothing changed, when there is one */
};

struct transport {
	const char *schemes[3]; /* "http", "https" */
	const char *help;       /* the form of its URLs */
	unsigned caps;
	int (*open)(const struct transport_how *how, void **conn, struct mlops_error *err);
	void (*close)(void *conn);
	/* Whether the remote answers and lets us in. */
	int (*check)(void *conn, struct mlops_error *err);
	/* Keys, down to list(): all NULL where objects() always gives a service. */
	int (*stat)(void *conn, const char *key, struct key_info *out, struct mlops_error *err);
	/* MLOPS_ENOTFOUND when there is no such key. A range that ends behind the key is cut. */
	int (*get)(void *conn, const char *key, struct byte_range range,
		   const struct byte_sink *sink, struct mlops_error *err);
	int (*put)(void *conn, const struct key_put *put, struct mlops_error *err);
	/* Many at once where that costs less than one by one; or NULL. `if_absent` is not heeded. */
	int (*put_many)(void *conn, const struct key_put *puts, size_t n, struct mlops_error *err);
	/* Fine when there is none. */
	int (*remove)(void *conn, const char *key, struct mlops_error *err);
	/*
	 * Calls fn for each key that starts with `prefix` (whole parts: "" or ending in '/'), in any
	 * order and a page at a time, until it is not 0, which is returned.
	 */
	int (*list)(void *conn, const char *prefix,
		    int (*fn)(const char *key, const struct key_info *info, void *arg,
			      struct mlops_error *err),
		    void *arg, struct mlops_error *err);
	/*
	 * The service that is there in place of keys: NULL in *out when what answers has none. The
	 * entry is NULL for transports that never have one.
	 */
	int (*objects)(void *conn, const struct object_service **out, struct mlops_error *err);
};

/* The check() of a transport that can do no better than begin a listing. */
int transport_check_by_list(int (*list)(void *conn, const char *prefix,
					int (*fn)(const char *key, const struct key_info *info,
						  void *arg, struct mlops_error *err),
					void *arg, struct mlops_error *err),
			    void *conn, struct mlops_error *err);

/* The transport for a URL or path; MLOPS_EINVALID, with what there is, when there is none. */
int transport_find(const char *url, const struct transport **out, struct mlops_error *err);

int remote_key_check(const char *key, struct mlops_error *err);
/* What a service calls `full` as a key below the prefix, lent; NULL when it is no key of ours. */
const char *remote_key_below(const char *prefix, const char *full);
/* The path of a URL, decoded and without slashes at its ends, as what all keys are below; new. */
int remote_prefix(const char *path, char **out, struct mlops_error *err);

/*
 * The setting remote.<name>.<key> of the remote that is being opened, or NULL; lent. *shared (may
 * be NULL) tells whether it is in .mlops/config, which anyone who can change the repository can
 * set: what decides where a secret goes, or which file is read as one, must not come from there.
 * `key` is in lower case.
 */
const char *transport_setting(const struct transport_how *how, const char *key, bool *shared);
/* One of how->sets, or NULL; lent. Secrets come from there, never from settings of ours. */
const char *transport_given(const struct transport_how *how, const char *key);
/* As transport_setting(), but MLOPS_EINVALID when it is shared. */
int transport_own_setting(const struct transport_how *how, const char *key, const char **out,
			  struct mlops_error *err);
