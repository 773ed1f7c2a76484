/* Host against DNS rebinding, Origin against cross-site requests, and CORS for those who may. */
#include "serve/site.h"

#include <arpa/inet.h>
#include <fnmatch.h>

#include "base/str.h"
#include "serve/access.h"

#define NAME_SIZE  256
#define CORS_AGE_S "600"

/* The name or address in "host:port", without brackets; false when it is none. */
static bool split_host(struct str text, char *out)
{
	struct str rest;
	bool v6 = text.n && *text.p == '[';
	struct str host = str_split(v6 ? (struct str){ text.p + 1, text.n - 1 } : text, v6 ? ']' : ':', &rest);

	if (!host.n || host.n >= NAME_SIZE)
		return false;
	memcpy(out, host.p, host.n);
	out[host.n] = '\0';
	return true;
}

static bool is_this_machine(const char *name)
{
	return !strcasecmp(name, "localhost") || !strcmp(name, "127.0.0.1") || !strcmp(name, "::1") ||
	       !strcmp(name, "0.0.0.0");
}

/* RFC 1918 and RFC 4193. An address, not a name that begins like one: "10.example.org" is foreign. */
static bool is_private(const char *name)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET6, name, &v6) == 1)
		return (v6.s6_addr[0] & 0xfe) == 0xfc;
	if (inet_pton(AF_INET, name, &v4) != 1)
		return false;
	uint32_t n = ntohl(v4.s_addr);
	return n >> 24 == 10 || n >> 20 == 0xac1 || n >> 16 == 0xc0a8;
}

/* One of the list fits either text (NULL: there is no second). */
static bool is_listed(const char *list, const char *text, const char *other)
{
	struct str rest = str_of(list);

	while (rest.n) {
		struct str item = str_trim(str_split(rest, ',', &rest));
		autofree char *pattern = xstrndup(item.p, item.n);

		/* "[::1]" is an address here, not a set of letters. */
		int flags = strchr(pattern, '[') ? -1 : FNM_CASEFOLD | FNM_NOESCAPE;
		if (flags < 0 ? !strcasecmp(pattern, text) :
				!fnmatch(pattern, text, flags) || (other && !fnmatch(pattern, other, flags)))
			return true;
	}
	return false;
}

bool site_takes_host(const struct site_rules *rules, const char *host)
{
	char name[NAME_SIZE], own[NAME_SIZE];

	if (!host || !split_host(str_of(host), name))
		return false;
	if (rules->hosts)
		return is_listed(rules->hosts, host, name);
	return is_this_machine(name) || is_private(name) ||
	       (rules->listen && split_host(str_of(rules->listen), own) && !strcasecmp(own, name));
}

bool site_takes_origin(const struct site_rules *rules, const char *host, const char *origin)
{
	const char *site = strstr(origin, "://");
	char name[NAME_SIZE];

	if (site && split_host(str_of(site + 3), name) &&
	    (is_this_machine(name) || (host && !strcasecmp(site + 3, host))))
		return true;
	return rules->origins && is_listed(rules->origins, origin, NULL);
}

static bool changes(const char *method)
{
	return strcmp(method, "GET") && strcmp(method, "HEAD") && strcmp(method, "OPTIONS");
}

static bool is_for_all(const char *path)
{
	return !strcmp(path, "/health") || !strcmp(path, "/version");
}

/* Who takes pages of anywhere lets none of them use what the browser knows (passwords). */
static void share(struct http_call *call, const struct site_rules *rules, const char *origin)
{
	bool anywhere = rules->origins && !strcmp(rules->origins, "*");

	http_reply_header(call, "Vary", "Origin");
	http_reply_header(call, "Access-Control-Allow-Origin", anywhere ? "*" : origin);
	http_reply_header(call, "Access-Control-Expose-Headers", "*");
	if (!anywhere)
		http_reply_header(call, "Access-Control-Allow-Credentials", "true");
}

/* The browser asks before it sends what a form could not; it asks without a token. */
static void answer_preflight(struct http_call *call)
{
	const char *wanted = http_call_header(call, "Access-Control-Request-Headers");

	http_reply_header(call, "Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE");
	if (wanted)
		http_reply_header(call, "Access-Control-Allow-Headers", wanted);
	http_reply_header(call, "Access-Control-Max-Age", CORS_AGE_S);
	http_reply(call, 204, NULL, "", 0);
}

int site_admit(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct site_rules *rules = &((const struct server *)arg)->site;
	const char *host = http_call_header(call, "Host"), *origin = http_call_header(call, "Origin");
	const char *method = http_call_method(call);

	http_reply_header(call, "X-Content-Type-Options", "nosniff");
	http_reply_header(call, "X-Frame-Options", "SAMEORIGIN");
	if (!is_for_all(http_call_path(call)) && !site_takes_host(rules, host)) {
		err_set(err, MLOPS_ENO, "Invalid Host header - possible DNS rebinding attack detected");
		return err_hint(err, "tell the server its names: mlops server --allowed-hosts HOST,...");
	}
	if (!origin)
		return 0;
	if (!site_takes_origin(rules, host, origin)) {
		if (!changes(method))
			return 0; /* the browser keeps the answer from the page */
		err_set(err, MLOPS_ENO, "Cross-origin request blocked");
		return err_hint(err, "allow the page: mlops server --cors-allowed-origins ORIGIN,...");
	}
	share(call, rules, origin);
	if (!strcmp(method, "OPTIONS") && http_call_header(call, "Access-Control-Request-Method"))
		answer_preflight(call);
	return 0;
}
