/* A token that is sent with each request and is fetched anew before it ends; used by many threads. */
#pragma once

#include <pthread.h>

#include "remote/web.h"

struct bearer {
	pthread_mutex_t lock;
	char *token;       /* NULL: none yet */
	int64_t expires_s; /* since 1970 */
};

void bearer_init(struct bearer *b);
void bearer_clear(struct bearer *b);
/* Takes the token out of an OAuth answer, {"access_token": "..", "expires_in": 3599}; false: none. */
bool bearer_take(struct bearer *b, const struct strbuf *answer);
/* Signs a call, after `renew` where it is time for that, which calls bearer_take(). */
int bearer_sign(struct bearer *b, struct web_call *call,
		int (*renew)(void *arg, struct mlops_error *err), void *arg,
		struct mlops_error *err);
/* The service refused it: the next call gets another. */
void bearer_forget(struct bearer *b);
/* Overwrites and frees a secret; NULL is fine. */
void secret_free(char *secret);
