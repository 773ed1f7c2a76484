/* Addresses of upstreams, and connecting to them. */
#include "serve/gateway/upstream.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

#define POLL_MS       5
#define PROBE_MS      50 /* which others wait for */
#define PROBE_EACH_MS 1000

bool upstream_is_url(const char *text)
{
	return str_starts(text, "http://") || str_starts(text, "unix:");
}

static int set_unix(struct upstream *u, const char *path, struct mlops_error *err)
{
	struct sockaddr_un *sa = (struct sockaddr_un *)&u->address;
	size_t n = strlen(path);

	if (!n || n >= sizeof(sa->sun_path))
		return err_set(err, MLOPS_EUSAGE, "'%s' is no path of a socket", path);
	sa->sun_family = AF_UNIX;
	memcpy(sa->sun_path, path, n + 1);
	u->address_size = sizeof(*sa);
	u->authority = xstrdup("localhost");
	return 0;
}

static int look_up(struct upstream *u, const char *host, const char *port, struct mlops_error *err)
{
	const struct addrinfo wanted = { .ai_family = AF_UNSPEC,
					 .ai_socktype = SOCK_STREAM,
					 .ai_flags = AI_NUMERICSERV };
	struct addrinfo *found;
	int rc = getaddrinfo(host, port, &wanted, &found);

	if (rc)
		return err_set(err, MLOPS_EREMOTE, "cannot find '%s': %s", host, gai_strerror(rc));
	memcpy(&u->address, found->ai_addr, found->ai_addrlen);
	u->address_size = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

/* "HOST", "HOST:PORT", "[V6]:PORT". */
static int set_tcp(struct upstream *u, const char *where, struct mlops_error *err)
{
	autofree char *authority = xstrndup(where, strcspn(where, "/"));
	const char *rest = where + strlen(authority);
	bool v6 = authority[0] == '[';
	char *end = v6 ? strchr(authority, ']') : NULL, *colon = strrchr(end ? end : authority, ':');
	uint64_t port;

	if (!*authority || (v6 && !end) || strchr(authority, '@') || strcmp(rest, rest[0] ? "/" : "") ||
	    (colon && (!num_parse_u64(colon + 1, &port) || !port || port > UINT16_MAX))) {
		err_set(err, MLOPS_EUSAGE, "'http://%s' cannot be passed on to", where);
		return err_hint(err, "write http://HOST:PORT, without a path, or unix:/PATH");
	}
	autofree char *host = v6 ? xstrndup(authority + 1, (size_t)(end - authority - 1)) :
				   xstrndup(authority, colon ? (size_t)(colon - authority) : strlen(authority));
	if (look_up(u, host, colon ? colon + 1 : "80", err))
		return -1;
	u->authority = steal_ptr(&authority);
	return 0;
}

int upstream_new(const char *url, struct upstream **out, struct mlops_error *err)
{
	struct upstream *u = xcalloc(1, sizeof(*u));
	bool is_unix = str_starts(url, "unix:");

	u->refs = 1;
	u->url = xstrdup(url);
	if (is_unix ? set_unix(u, url + strlen("unix:"), err) : set_tcp(u, url + strlen("http://"), err)) {
		upstream_release(u);
		return -1;
	}
	*out = u;
	return 0;
}

struct upstream *upstream_hold(struct upstream *u)
{
	atomic_fetch_add(&u->refs, 1);
	return u;
}

void upstream_release(struct upstream *u)
{
	if (atomic_fetch_sub(&u->refs, 1) > 1)
		return;
	free(u->authority);
	free(u->url);
	free(u);
}

int upstream_connect(const struct upstream *u)
{
	autoclose int fd = socket(u->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd < 0)
		return -1;
	if (u->address.ss_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (const struct sockaddr *)&u->address, u->address_size) && errno != EINPROGRESS)
		return -1;
	return steal_fd(&fd);
}

static bool answers(const struct upstream *u, int timeout_ms)
{
	autoclose int fd = upstream_connect(u);
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int code = 0;
	socklen_t size = sizeof(code);

	return fd >= 0 && poll(&p, 1, timeout_ms) == 1 &&
	       !getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) && !code;
}

bool upstream_answers(struct upstream *u)
{
	int64_t now = clock_mono_ms();

	if (!atomic_load(&u->failing))
		return true;
	if (now - atomic_exchange(&u->probed_ms, now) < PROBE_EACH_MS)
		return false;
	atomic_store(&u->failing, !answers(u, PROBE_MS));
	return !atomic_load(&u->failing);
}

int upstream_wait(const struct upstream *u, int64_t timeout_ms, struct mlops_error *err)
{
	int64_t deadline = clock_mono_ms() + timeout_ms;

	for (;;) {
		int64_t left = deadline - clock_mono_ms();

		if (left > 0 && answers(u, left > INT32_MAX ? INT32_MAX : (int)left))
			return 0;
		if (left <= 0)
			break;
		clock_sleep_ms(POLL_MS);
	}
	return err_set(err, MLOPS_EREMOTE, "'%s' takes no connections within %" PRId64 " ms", u->url,
		       timeout_ms);
}
