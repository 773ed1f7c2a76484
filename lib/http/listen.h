/* Opening the socket that a server listens on. */
#pragma once

#include "base/err.h"

/* "host:port" or "[v6]:port"; *port is the real one and *url "host:port", new. */
int listen_tcp(const char *address, int *fd, int *port, char **url, struct mlops_error *err);
/* The address of who is connected, without a port, into buf (HTTP_PEER_SIZE); "local" for NULL. */
struct sockaddr;
char *listen_peer(const struct sockaddr *sa, char *buf);
/* Mode 0600; a file that a server which is gone left behind is replaced. */
int listen_unix(const char *path, int *fd, struct mlops_error *err);
