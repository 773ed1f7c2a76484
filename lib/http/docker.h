/* The API of a Docker Engine (docs.docker.com, "Docker Engine API"), also podman's form of it. */
#pragma once

#include "fmt/json.h"
#include "http/client.h"

struct docker; /* one thread at a time */

/*
 * `host` as DOCKER_HOST has it: unix:///PATH, or tcp://HOST:PORT, with TLS by the certificates in
 * DOCKER_CERT_PATH when DOCKER_TLS_VERIFY is set. NULL: DOCKER_HOST, else unix:///var/run/docker.sock.
 */
int docker_open(const char *host, struct docker **out, struct mlops_error *err);
void docker_free(struct docker *d); /* NULL is fine */
/* Where ports of containers are reached: "127.0.0.1" for one of this machine; lent. */
const char *docker_address(const struct docker *d);
/*
 * One call; `body` and `out` may be NULL. A status that is not 2xx or 304 is an error with the engine's
 * message: 404 MLOPS_ENOTFOUND, 409 MLOPS_EEXISTS.
 */
int docker_call(struct docker *d, const char *method, const char *path, const struct json *body,
		struct json **out, struct mlops_error *err);
/* PUT of the n bytes of a file, a tar archive. */
int docker_put(struct docker *d, const char *path, int fd, uint64_t n, struct mlops_error *err);
/* What an image reference names is there when it returns. */
int docker_pull(struct docker *d, const char *image, struct mlops_error *err);
/* The last lines that a container printed, added. */
int docker_logs(struct docker *d, const char *container, int lines, struct strbuf *out,
		struct mlops_error *err);
