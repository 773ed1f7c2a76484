/*
 * What the bench of the store needs that must cost nothing itself: files to track, the plain loop
 * that tracking them is measured against, and the peak memory of a command.
 */
#include <fcntl.h>
#include <fts.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 20)

static char buf[CHUNK];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void write_all(int fd, size_t n)
{
	if (write(fd, buf, n) != (ssize_t)n)
		die("write");
}

static uint64_t next(uint64_t *state) /* xorshift64 */
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void make_file(const char *path, uint64_t size, uint64_t *state)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);

	if (fd < 0)
		die(path);
	for (uint64_t left = size, n; left; left -= n) {
		n = left < CHUNK ? left : CHUNK;
		for (size_t i = 0; i < n; i += 8) {
			uint64_t word = next(state);

			memcpy(buf + i, &word, sizeof(word));
		}
		write_all(fd, n);
	}
	close(fd);
}

/* files DIR FOLDERS EACH LOW HIGH: incompressible files of LOW to HIGH bytes, the same each time. */
static int files(char **argv)
{
	unsigned long folders = strtoul(argv[1], NULL, 10), each = strtoul(argv[2], NULL, 10);
	uint64_t low = strtoull(argv[3], NULL, 10), high = strtoull(argv[4], NULL, 10);
	uint64_t state = 88172645463325252;
	char path[4096];

	mkdir(argv[0], 0777);
	for (unsigned long d = 0; d < folders; d++) {
		snprintf(path, sizeof(path), "%s/%04lu", argv[0], d);
		if (mkdir(path, 0777))
			die(path);
		for (unsigned long i = 0; i < each; i++) {
			snprintf(path, sizeof(path), "%s/%04lu/%07lu", argv[0], d, i);
			make_file(path, low + next(&state) % (high - low + 1), &state);
		}
	}
	return 0;
}

static void append_file(const char *path, int out, EVP_MD_CTX *ctx, const EVP_MD *md)
{
	int fd = open(path, O_RDONLY);
	unsigned char sum[32];
	ssize_t n;

	if (fd < 0 || !EVP_DigestInit_ex2(ctx, md, NULL))
		die(path);
	while ((n = read(fd, buf, CHUNK)) > 0) {
		EVP_DigestUpdate(ctx, buf, (size_t)n);
		write_all(out, (size_t)n);
	}
	EVP_DigestFinal_ex(ctx, sum, NULL);
	close(fd);
}

/* append DIR OUT: reads and hashes each file and appends it to OUT, which is not synced. */
static int append(char **argv)
{
	char *roots[] = { argv[0], NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOSTAT, NULL);
	int out = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0666);
	EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!tree || out < 0)
		die(argv[1]);
	for (FTSENT *e; (e = fts_read(tree));)
		if (e->fts_info == FTS_NSOK || e->fts_info == FTS_F)
			append_file(e->fts_accpath, out, ctx, md);
	return 0;
}

/* peak CMD...: runs it and prints the most memory that it held, in KiB. */
static int peak(char **argv)
{
	struct rusage used;
	int status;
	pid_t child = fork();

	if (!child) {
		dup2(2, 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (wait4(child, &status, 0, &used) < 0)
		die("wait4");
	printf("%ld\n", used.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	if (argc == 7 && !strcmp(argv[1], "files"))
		return files(argv + 2);
	if (argc == 4 && !strcmp(argv[1], "append"))
		return append(argv + 2);
	if (argc > 2 && !strcmp(argv[1], "peak"))
		return peak(argv + 2);
	return 2;
}
