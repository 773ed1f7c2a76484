/*
 * A call needs a token that is for its project, with the scope read, write or, for routes that say
 * so, admin. Who is refused again and again is answered 429: 30 at once, then one a second, for each
 * address; a token that is good passes in any case.
 */
#include "serve/access.h"

#include <pthread.h>

#include "base/clock.h"
#include "serve/page.h"

#define ADDRESSES   256
#define BURST       30.0
#define PER_MS      0.001
#define RETRY_AFTER "1"

/* Refusals that an address may still have; the least recent one makes place for a new one. */
struct allowance {
	char peer[HTTP_PEER_SIZE];
	double left;
	int64_t seen_ms;
};

struct access {
	pthread_mutex_t lock; /* guards what follows */
	struct allowance addresses[ADDRESSES];
	size_t n;
};

struct access *access_new(void)
{
	struct access *a = xcalloc(1, sizeof(*a));

	pthread_mutex_init(&a->lock, NULL);
	return a;
}

void access_free(struct access *a)
{
	if (!a)
		return;
	pthread_mutex_destroy(&a->lock);
	free(a);
}

static struct allowance *allowance_of(struct access *a, const char *peer, int64_t now)
{
	struct allowance *oldest = &a->addresses[0];

	for (size_t i = 0; i < a->n; i++) {
		if (!strcmp(a->addresses[i].peer, peer))
			return &a->addresses[i];
		if (a->addresses[i].seen_ms < oldest->seen_ms)
			oldest = &a->addresses[i];
	}
	if (a->n < ADDRESSES)
		oldest = &a->addresses[a->n++];
	*oldest = (struct allowance){ .left = BURST, .seen_ms = now };
	snprintf(oldest->peer, sizeof(oldest->peer), "%s", peer);
	return oldest;
}

/* Counts a refusal; false when there were too many. */
static bool may_be_refused(struct access *a, const char *peer)
{
	int64_t now = clock_mono_ms();

	pthread_mutex_lock(&a->lock);
	struct allowance *w = allowance_of(a, peer, now);
	w->left += (double)(now - w->seen_ms) * PER_MS;
	w->left = w->left < BURST ? w->left : BURST;
	w->seen_ms = now;
	bool may = w->left >= 1;
	if (may)
		w->left -= 1;
	pthread_mutex_unlock(&a->lock);
	return may;
}

int access_token(const struct http_call *call, struct token_set *tokens, struct token *out,
		 struct mlops_error *err)
{
	const char *header = http_call_header(call, "Authorization");
	char *text = header ? token_of_header(header) : NULL;
	bool known;

	if (!text || !tokens) {
		free(text);
		return err_set(err, MLOPS_EAUTH, "a token is needed");
	}
	int rc = token_set_check(tokens, text, strlen(text), &known, out, err);
	explicit_bzero(text, strlen(text));
	free(text);
	if (rc)
		return -1;
	return known ? 0 : err_set(err, MLOPS_EAUTH, "the token is not known");
}

static enum token_scope needed(const struct http_call *call)
{
	return http_call_is_admin(call) ? TOKEN_ADMIN :
	       http_call_reads(call)    ? TOKEN_READ :
					  TOKEN_WRITE;
}

static int check(struct http_call *call, struct token_set *tokens, struct mlops_error *err)
{
	const char *project = http_call_mount_name(call);
	enum token_scope need = needed(call);
	struct token token;

	if (access_token(call, tokens, &token, err))
		return -1;
	http_call_set_user(call, token.name);
	if (!token_is_for(&token, project ? project : PROJECT_DEFAULT))
		return err_set(err, MLOPS_ENO, "the token is for another project");
	if (token.scope < need)
		return err_set(err, MLOPS_ENO, "the token has the scope %s; this needs %s",
			       token_scope_name(token.scope), token_scope_name(need));
	return 0;
}

/* What clients of some protocols need to be told before they give a token. */
static void challenge(struct http_call *call)
{
	if (str_starts(http_call_path(call), "/v2"))
		oci_challenge(call);
	if (str_starts(http_call_path(call), "/lfs/"))
		lfs_challenge(call);
	if (page_is_asked(http_call_path(call)))
		http_reply_header(call, "WWW-Authenticate", "Basic realm=\"mlops\", charset=\"UTF-8\"");
}

int access_authorize(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct server *s = arg;
	char peer[HTTP_PEER_SIZE];

	if (!s->tokens || http_call_is_open(call))
		return 0;
	if (!check(call, s->tokens, err))
		return 0;
	if (err->kind == MLOPS_EAUTH)
		challenge(call);
	/* Many clients ask without a token first, to learn that one is needed. */
	if (http_call_header(call, "Authorization") &&
	    !may_be_refused(s->access, http_call_peer(call, peer))) {
		http_call_refuse_as(call, 429);
		http_reply_header(call, "Retry-After", RETRY_AFTER);
	}
	return -1;
}

/* What is not there, or not in that part, is an answer like others; so many 429 tell no more. */
static bool is_refusal(int status)
{
	return status != 404 && status != 416 && status != 429;
}

void access_refused(const struct http_call *call, int status, const struct mlops_error *err,
		    void *arg)
{
	const char *user = http_call_user(call), *project = http_call_mount_name(call);
	struct server *s = arg;
	char peer[HTTP_PEER_SIZE];

	if (!is_refusal(status))
		return;
	struct json *line = js_obj();
	js_set(line, "event", js_str("refused"));
	js_set(line, "status", js_int(status));
	js_set(line, "peer", js_str(http_call_peer(call, peer)));
	js_set(line, "token", js_str(user));
	js_set(line, "project", js_str(project ? project : PROJECT_DEFAULT));
	js_set(line, "method", js_str(http_call_method(call)));
	js_set(line, "path", js_str(http_call_path(call)));
	js_set(line, "message", js_str(err->msg));
	json_log_add(s->audit, line);
}

struct json *access_describe(const struct http_call *call)
{
	struct json *line = js_obj();
	char peer[HTTP_PEER_SIZE];
	autofree char *path = xasprintf("%s%s", http_call_mount(call), http_call_path(call));

	js_set(line, "peer", js_str(http_call_peer(call, peer)));
	js_set(line, "token", js_str(http_call_user(call)));
	js_set(line, "method", js_str(http_call_method(call)));
	js_set(line, "route", js_str(http_call_form(call)));
	js_set(line, "path", js_str(path));
	js_set(line, "status", js_int(http_call_status(call)));
	js_set(line, "whole", js_bool(http_call_is_whole(call)));
	js_set(line, "received", js_int((int64_t)http_call_received(call)));
	js_set(line, "sent", js_int((int64_t)http_call_sent(call)));
	js_set(line, "duration_us", js_int(http_call_duration_ns(call) / 1000));
	return line;
}
