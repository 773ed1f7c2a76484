/* A client of one thread: one easy handle, so that connections are kept between requests. */
#include "http/client.h"

#include "base/clock.h"
#include "http/exchange.h"

struct http_client {
	CURL *curl;
};

int http_client_new(struct http_client **out, struct mlops_error *err)
{
	if (exchange_start_curl(err))
		return -1;
	CURL *curl = curl_easy_init();
	if (!curl)
		return err_set(err, MLOPS_EFAIL, "cannot start libcurl");
	struct http_client *c = xcalloc(1, sizeof(*c));
	c->curl = curl;
	*out = c;
	return 0;
}

int http_client_version(char *buf, size_t n, struct mlops_error *err)
{
	if (curl_lazy_load(err))
		return -1;
	snprintf(buf, n, "%s", curl_version_info(CURLVERSION_NOW)->version);
	return 0;
}

void http_client_free(struct http_client *c)
{
	if (!c)
		return;
	curl_easy_cleanup(c->curl);
	free(c);
}

static int on_progress(void *arg, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal,
		       curl_off_t ulnow)
{
	(void)dltotal, (void)dlnow, (void)ultotal, (void)ulnow;
	return exchange_is_stalled(arg, clock_mono_ms());
}

int http_exchange(struct http_client *c, const struct http_request *req, struct http_response *out,
		  struct mlops_error *err)
{
	struct exchange x = { .curl = c->curl, .req = req, .out = out, .err = err };

	exchange_begin(&x);
	curl_easy_setopt(c->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c->curl, CURLOPT_XFERINFODATA, &x);
	return exchange_end(&x, curl_easy_perform(c->curl));
}
