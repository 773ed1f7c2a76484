/* Keeping one token. */
#include "remote/bearer.h"

#include <string.h>
#include <time.h>

#include "base/num.h"
#include "fmt/json.h"

#define RENEW_S 300 /* before it ends */

void secret_free(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void bearer_init(struct bearer *b)
{
	*b = (struct bearer){ 0 };
	pthread_mutex_init(&b->lock, NULL);
}

void bearer_clear(struct bearer *b)
{
	secret_free(steal_ptr(&b->token));
	pthread_mutex_destroy(&b->lock);
}

/* Some say the seconds as text, and the az command has a key of its own for the token. */
bool bearer_take(struct bearer *b, const struct strbuf *answer)
{
	autojson *v = NULL;
	autoerr ignored = ERR_INIT;
	int64_t seconds = 2 * RENEW_S;

	if (!answer->len || js_parse(answer->buf, answer->len, "the token", &v, &ignored))
		return false;
	const char *token = js_get_text(v, "access_token"), *in = js_get_text(v, "expires_in");
	if (!token)
		token = js_get_text(v, "accessToken");
	if (!token || !*token)
		return false;
	if (in ? !num_parse_i64(in, &seconds) : !js_get_int(v, "expires_in", &seconds))
		seconds = 2 * RENEW_S;
	secret_free(b->token);
	b->token = xstrdup(token);
	b->expires_s = time(NULL) + seconds;
	return true;
}

int bearer_sign(struct bearer *b, struct web_call *call,
		int (*renew)(void *arg, struct mlops_error *err), void *arg,
		struct mlops_error *err)
{
	int rc = 0;

	pthread_mutex_lock(&b->lock);
	if (!b->token || b->expires_s - RENEW_S < time(NULL))
		rc = renew(arg, err);
	if (!rc)
		web_sign(call, "Authorization: Bearer %s", b->token);
	pthread_mutex_unlock(&b->lock);
	return rc;
}

void bearer_forget(struct bearer *b)
{
	pthread_mutex_lock(&b->lock);
	b->expires_s = 0;
	pthread_mutex_unlock(&b->lock);
}
