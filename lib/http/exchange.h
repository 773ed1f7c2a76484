/* One request on its way through libcurl: shared by client.c and engine.c. */
#pragma once

#include "gen/curl_lazy.h"
#include "http/client.h"

struct exchange;

/* How body bytes move when not straight by the request's callbacks; each may be NULL. */
struct exchange_ways {
	size_t (*deliver)(struct exchange *x, const char *buf, size_t n); /* as a curl callback */
	size_t (*supply)(struct exchange *x, char *buf, size_t n);
};

struct exchange {
	CURL *curl;
	const struct http_request *req;
	struct http_response *out;
	struct mlops_error *err; /* set when a callback failed */
	const struct exchange_ways *ways;
	struct curl_slist *lists[3]; /* headers, or commands before and after */
	char detail[CURL_ERROR_SIZE];
	size_t received, max_body;
	curl_off_t moved; /* bytes both ways when that was last looked at */
	int64_t moved_at_ms, timeout_ms;
	bool stalled;
};

/* Loads libcurl; once for all threads. */
int exchange_start_curl(struct mlops_error *err);
/* Sets up `curl` for the request; fill in curl, req, out, err and ways before. */
void exchange_begin(struct exchange *x);
bool exchange_is_stalled(struct exchange *x, int64_t now_ms);
/* 0 for a complete response; else -1 with the error set. The handle can be used again. */
int exchange_end(struct exchange *x, CURLcode code);
