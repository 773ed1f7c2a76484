/*
 * HTTP(S) requests through libcurl (loaded on first use): connection reuse, time-outs, proxies and
 * certificates as curl has them, redirects not followed to other hosts with credentials. Also over
 * a Unix socket.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

struct http_client; /* one thread at a time */

/* The version of libcurl that is loaded, into buf. */
int http_client_version(char *buf, size_t n, struct mlops_error *err);

/* What a request over SFTP needs beside its URL. */
struct ssh_how {
	const char *known_hosts;   /* file; hosts that are not in it are refused */
	const char *user, *key;    /* private key file; NULL: the agent's keys only */
	const char *password;      /* or NULL */
	const char *range;         /* "0-99", or NULL */
	const char *const *before; /* commands as in CURLOPT_QUOTE; or NULL */
	const char *const *after;  /* CURLOPT_POSTQUOTE */
	bool nothing;              /* transfer nothing: of a file, only tell size and time */
};

/* Certificates for one server, each as PEM text. */
struct http_tls {
	const char *authorities;       /* in place of the system's; or NULL */
	const char *certificate, *key; /* ours; or NULL */
};

struct http_request {
	const char *method; /* "GET" */
	const char *url;
	const char *unix_socket;    /* path, or NULL for TCP */
	const char *const *headers; /* "Name: value", NULL-terminated, or NULL */
	const char *bearer;         /* token for Authorization, never logged; or NULL */
	bool bare; /* send no credentials but those in `headers` (no ~/.netrc), follow no redirect */
	bool http1; /* by HTTP/1.1, even where the server has HTTP/2 */
	bool direct;                /* by no proxy */
	const struct http_tls *tls; /* or NULL */
	const struct ssh_how *ssh; /* the URL is an sftp one: `method` and `headers` do not count */
	const void *body;          /* whole body, or */
	size_t body_len;
	/* ... a stream of body_len bytes: fills buf, returns bytes, 0 at the end, -1 with err set. */
	ssize_t (*read)(void *buf, size_t n, void *arg, struct mlops_error *err);
	void *read_arg;
	/* Gets the response body in pieces; NULL collects it in the response (up to max_body). */
	int (*write)(const void *buf, size_t n, void *arg, struct mlops_error *err);
	void *write_arg;
	size_t max_body; /* 0: 16 MiB; more is MLOPS_EREMOTE. Applies to `write` too when not 0 */
	int64_t timeout_ms; /* without progress; 0: 60 s. Connecting: 10 s */
};

enum http_failure {
	HTTP_FAILED,      /* for another reason, or not at all */
	HTTP_UNREACHED,   /* nothing was sent */
	HTTP_NO_FILE,     /* SFTP: there is none of that name */
	HTTP_REFUSED,     /* SFTP: login or permission denied */
	HTTP_COMMAND,     /* SFTP: a command failed */
	HTTP_UNKNOWN_HOST /* SFTP: not in known_hosts, or with another key */
};

struct http_response {
	int status;
	struct strbuf headers; /* "Name: value" lines; see http_response_header() */
	struct strbuf body;
	int64_t length;         /* that was declared, -1 when none was */
	int64_t mtime_ms;       /* SFTP; 0: not known */
	enum http_failure why;  /* when the exchange failed */
	char *content_type;     /* or NULL */
	int64_t retry_after_ms; /* what the server asked for; 0: nothing */
};

int http_client_new(struct http_client **out, struct mlops_error *err);
void http_client_free(struct http_client *c);
/*
 * One exchange. 0 for any complete HTTP response, whatever its status (`write` is only called for
 * 2xx; other bodies are collected). A connection that fails, stalls, or ends before the declared
 * length is MLOPS_EREMOTE. Clear *out in either case with http_response_clear().
 */
int http_exchange(struct http_client *c, const struct http_request *req, struct http_response *out,
		  struct mlops_error *err);
void http_response_clear(struct http_response *r);
/* The value of the last header of that name, trimmed; empty when there is none. Lent. */
struct str http_response_header(const struct http_response *r, const char *name);
#define auto_response __attribute__((cleanup(http_response_clear))) struct http_response
/* Whether another try may help: 429 and the gateway and overload kinds of 5xx. */
bool http_status_is_transient(int status);
/*
 * The error for a status that is not 2xx: "<what>: ... (HTTP 404)" with the server's own message
 * when it sent one as JSON {"error":{"message"}} or {"message"}; 401 and 403 are MLOPS_EAUTH,
 * 404 MLOPS_ENOTFOUND, others MLOPS_EREMOTE. Returns -1.
 */
int http_status_error(const struct http_response *r, const char *what, struct mlops_error *err);
