/* Listening sockets, TCP and Unix. Accepted connections inherit TCP_NODELAY. */
#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/num.h"
#include "base/str.h"
#include "http/server.h"

#define BACKLOG 511

/* Splits into host (without brackets) and port. */
static int split_address(const char *address, char **host, char **port, struct mlops_error *err)
{
	const char *colon = strrchr(address, ':');
	size_t n = colon ? (size_t)(colon - address) : 0;
	bool v6 = n > 2 && address[0] == '[' && address[n - 1] == ']';
	uint64_t number;

	if (!n || !num_parse_u64(colon + 1, &number) || number > 65535 ||
	    (!v6 && memchr(address, ':', n))) {
		err_set(err, MLOPS_EINVALID, "'%s' is not an address to listen on", address);
		return err_hint(err, "write HOST:PORT, such as 127.0.0.1:8400 or [::1]:8400");
	}
	*host = v6 ? xstrndup(address + 1, n - 2) : xstrndup(address, n);
	*port = xstrdup(colon + 1);
	return 0;
}

static int look_up(const char *address, struct addrinfo **out, struct mlops_error *err)
{
	const struct addrinfo wanted = { .ai_family = AF_UNSPEC,
					 .ai_socktype = SOCK_STREAM,
					 .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	autofree char *host = NULL, *port = NULL;

	if (split_address(address, &host, &port, err))
		return -1;
	int rc = getaddrinfo(host, port, &wanted, out);
	if (rc)
		return err_set(err, MLOPS_EINVALID, "cannot listen on '%s': %s", address,
			       gai_strerror(rc));
	return 0;
}

static bool is_loopback(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return (ntohl(((const struct sockaddr_in *)sa)->sin_addr.s_addr) >> 24) == 127;
	return sa->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)sa)->sin6_addr);
}

bool http_listen_is_loopback(const char *listen)
{
	autoerr ignored = ERR_INIT;
	struct addrinfo *found;

	if (look_up(listen, &found, &ignored))
		return false;
	bool yes = is_loopback(found->ai_addr);
	freeaddrinfo(found);
	return yes;
}

static int open_socket(const struct sockaddr *sa, socklen_t size, const char *shown, int *out,
		       struct mlops_error *err)
{
	autoclose int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd < 0)
		return err_sys(err, "cannot listen on '%s'", shown);
	if (sa->sa_family != AF_UNIX) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	}
	/* Linux gives the file that bind() makes the mode of the socket. */
	if (sa->sa_family == AF_UNIX && fchmod(fd, 0600))
		return err_sys(err, "cannot restrict '%s'", shown);
	if (bind(fd, sa, size) || listen(fd, BACKLOG))
		return err_sys(err, "cannot listen on '%s'", shown);
	*out = steal_fd(&fd);
	return 0;
}

static int read_port(int fd, int *port)
{
	struct sockaddr_storage sa;
	socklen_t size = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &size))
		return -1;
	*port = ntohs(sa.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&sa)->sin6_port :
						 ((struct sockaddr_in *)&sa)->sin_port);
	return 0;
}

int listen_tcp(const char *address, int *fd, int *port, char **url, struct mlops_error *err)
{
	struct addrinfo *found;

	if (look_up(address, &found, err))
		return -1;
	int rc = open_socket(found->ai_addr, found->ai_addrlen, address, fd, err);
	freeaddrinfo(found);
	if (rc)
		return -1;
	if (read_port(*fd, port)) {
		err_sys(err, "cannot listen on '%s'", address);
		close(*fd);
		return -1;
	}
	int host = (int)(strrchr(address, ':') - address);
	*url = xasprintf("%.*s:%d", host, address, *port);
	return 0;
}

char *listen_peer(const struct sockaddr *sa, char *buf)
{
	const void *v6 = sa ? &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr : NULL;
	const void *v4 = sa ? &((const struct sockaddr_in *)(const void *)sa)->sin_addr : NULL;
	int family = sa ? sa->sa_family : AF_UNIX;

	if ((family != AF_INET && family != AF_INET6) ||
	    !inet_ntop(family, family == AF_INET ? v4 : v6, buf, HTTP_PEER_SIZE))
		snprintf(buf, HTTP_PEER_SIZE, "local");
	return buf;
}

/* A socket that nobody answers on is left over; one that answers is in use. */
static int remove_stale(const struct sockaddr_un *sa, struct mlops_error *err)
{
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	if (lstat(sa->sun_path, &st))
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, MLOPS_EEXISTS, "'%s' is there and is no socket", sa->sun_path);
	if (fd >= 0 && !connect(fd, (const struct sockaddr *)sa, sizeof(*sa)))
		return err_set(err, MLOPS_ELOCKED, "another process listens on '%s'", sa->sun_path);
	if (unlink(sa->sun_path) && errno != ENOENT)
		return err_sys(err, "cannot remove '%s'", sa->sun_path);
	return 0;
}

int listen_unix(const char *path, int *fd, struct mlops_error *err)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	size_t n = strlen(path);

	if (n >= sizeof(sa.sun_path))
		return err_set(err, MLOPS_EINVALID,
			       "'%s' is too long for a socket: at most %zu bytes", path,
			       sizeof(sa.sun_path) - 1);
	memcpy(sa.sun_path, path, n);
	if (remove_stale(&sa, err))
		return -1;
	return open_socket((struct sockaddr *)&sa, sizeof(sa), path, fd, err);
}
