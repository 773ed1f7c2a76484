/* Through EVP, as SHA-256 is. */
#include "crypto/md5.h"

#include <pthread.h>

#include "base/hex.h"
#include "base/mem.h"
#include "crypto/must.h"
#include "gen/crypto_lazy.h"

struct md5 {
	EVP_MD_CTX *ctx;
};

/* Fetching takes locks, so it is done once. */
static EVP_MD *algorithm;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	algorithm = EVP_MD_fetch(NULL, "MD5", NULL);
}

int md5_new(struct md5 **out, struct mlops_error *err)
{
	if (crypto_lazy_load(err))
		return -1;
	pthread_once(&once, fetch);
	if (!algorithm)
		return err_set(err, MLOPS_EFAIL, "OpenSSL offers no MD5");
	struct md5 *m = xmalloc(sizeof(*m));
	*m = (struct md5){ EVP_MD_CTX_new() };
	must(m->ctx && EVP_DigestInit_ex2(m->ctx, algorithm, NULL));
	*out = m;
	return 0;
}

void md5_update(struct md5 *m, const void *p, size_t n)
{
	must(EVP_DigestUpdate(m->ctx, p, n));
}

void md5_free(struct md5 *m)
{
	if (!m)
		return;
	EVP_MD_CTX_free(m->ctx);
	free(m);
}

void md5_final(struct md5 *m, uint8_t *out)
{
	must(EVP_DigestFinal_ex(m->ctx, out, NULL));
	md5_free(m);
}

int md5_buf(const void *p, size_t n, uint8_t *out, struct mlops_error *err)
{
	struct md5 *m;

	if (md5_new(&m, err))
		return -1;
	md5_update(m, p, n);
	md5_final(m, out);
	return 0;
}

int md5_hex(const void *p, size_t n, char *hex, struct mlops_error *err)
{
	uint8_t sum[MD5_SIZE];

	if (md5_buf(p, n, sum, err))
		return -1;
	hex_encode(hex, sum, sizeof(sum));
	return 0;
}
