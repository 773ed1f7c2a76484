/* A server for containers that have nothing else: answers with a file of the model, after a health check. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void answer(int fd)
{
	char request[4096], path[512], body[4096] = "", head[256];
	ssize_t n = read(fd, request, sizeof(request) - 1), len = 0;

	if (n <= 0)
		return;
	request[n] = '\0';
	int healthy = !getenv("SICK");
	if (strncmp(request, "GET /v2/health/ready", 20)) {
		snprintf(path, sizeof(path), "%s/answer", getenv("MLOPS_MODEL_PATH"));
		int file = open(path, O_RDONLY);

		len = file < 0 ? 0 : read(file, body, sizeof(body) - 1);
		healthy = file >= 0;
	}
	snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Length: %zd\r\nConnection: close\r\n\r\n",
		 healthy ? "200 OK" : "503 Unavailable", len);
	if (write(fd, head, strlen(head)) < 0 || write(fd, body, (size_t)len) < 0)
		return;
}

int main(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(8080) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (getenv("CRASH")) {
		fprintf(stderr, "cannot load the model: %s\n", getenv("CRASH"));
		return 3;
	}
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 64))
		return 1;
	for (;;) {
		int client = accept(fd, NULL, NULL);

		answer(client);
		close(client);
	}
}
