/* Inside of the OCI client: its connection, what lets us in, and one request. */
#pragma once

#include <pthread.h>

#include "remote/layout.h"
#include "remote/oci.h"
#include "remote/web.h"

/* Who we are to a registry, as found in settings or docker's files. */
struct oci_login {
	char *basic;    /* "user:password" in base64; or NULL */
	char *identity; /* a token to get tokens with; or NULL */
};
/* `host` and `repo` as in the URL. Finding nothing is fine. */
int oci_login_find(const struct transport_how *how, const char *host, const char *repo,
		   struct oci_login *out, struct mlops_error *err);
void oci_login_clear(struct oci_login *login);

struct oci_auth {
	struct web web;       /* to the token service */
	const char *host;     /* of the registry, for messages; lent */
	bool plain;           /* the registry is reached without TLS: so may its token service be */
	pthread_mutex_t lock; /* guards the rest */
	struct oci_login login;
	char *header;          /* the line "Authorization: .." that is sent now; or NULL */
	struct strlist scopes; /* that tokens are asked for */
};
void oci_auth_init(struct oci_auth *a, const struct transport_how *how);
void oci_auth_clear(struct oci_auth *a);
int oci_auth_sign(struct oci_auth *a, struct web_call *call);
int oci_auth_hint(const struct oci_auth *a,
		  struct mlops_error *err); /* how to log in; returns -1 */
/* As web.reconsider: takes the challenge of a reply. */
int oci_auth_reconsider(struct oci_auth *a, struct web_call *call, struct mlops_error *err);
/* From now on tokens are also for reading `repo`. */
void oci_auth_add_repo(struct oci_auth *a, const char *repo);

/* Objects that were put and are in no manifest yet, and those that are in one. */
struct oci_objects {
	pthread_mutex_t lock;     /* guards the rest */
	bool listed;              /* `known` was read */
	struct oid_list known;    /* sorted by name */
	struct item_list pending; /* in the order in which they were put */
};

struct oci {
	struct web web;
	char *host, *base, *repo; /* "h:5000", "https://h:5000", "a/b" */
	char *state_dir;          /* or NULL */
	struct oci_auth auth;
	struct oci_objects objects;
};

/* A path below /v2/REPO/ as URL; new. */
__attribute__((format(printf, 2, 3))) char *oci_url(const struct oci *o, const char *fmt, ...);
/* What a reply's Location, or the target of its Link, names; NULL when it is no http(s) URL. New. */
char *oci_resolve(const struct oci *o, struct str location);
/* One request; statuses that are not 2xx and not `fine` (0: none) are errors. */
int oci_run(struct oci *o, struct web_call *call, int fine, struct mlops_error *err);
int oci_refused(const struct oci *o, const struct web_call *call, struct mlops_error *err);
/* The URL of the next page of a listing, new; NULL behind the last. */
char *oci_next_page(const struct oci *o, const struct web_call *call);
/* The uploads of one large blob, or a small one. */
int oci_upload(struct oci *o, const struct oid *oid, const struct remote_source *from,
	       struct mlops_error *err);

/* Tracked objects as blobs, listed in manifests: mlops-remote(5). */
extern const struct object_service oci_object_service;
