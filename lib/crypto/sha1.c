/* Through EVP, as SHA-256 is. */
#include "crypto/sha1.h"

#include <pthread.h>

#include "base/hex.h"
#include "base/mem.h"
#include "crypto/must.h"
#include "gen/crypto_lazy.h"

#define SHA1_SIZE 20

/* Fetching takes locks, so it is done once. */
static EVP_MD *algorithm;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	algorithm = EVP_MD_fetch(NULL, "SHA1", NULL);
}

int sha1_git_blob(const void *p, size_t n, char *hex, struct mlops_error *err)
{
	uint8_t sum[SHA1_SIZE];
	char head[32];

	if (crypto_lazy_load(err))
		return -1;
	pthread_once(&once, fetch);
	if (!algorithm)
		return err_set(err, MLOPS_EFAIL, "OpenSSL offers no SHA-1");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int head_n = snprintf(head, sizeof(head), "blob %zu", n) + 1; /* with its NUL */
	must(ctx && EVP_DigestInit_ex2(ctx, algorithm, NULL) &&
	     EVP_DigestUpdate(ctx, head, (size_t)head_n) && EVP_DigestUpdate(ctx, p, n) &&
	     EVP_DigestFinal_ex(ctx, sum, NULL));
	EVP_MD_CTX_free(ctx);
	hex_encode(hex, sum, sizeof(sum));
	return 0;
}
