/* One fetched EVP_MD for the whole process, one context a stream. */
#include "crypto/hash.h"

#include <pthread.h>

#include "base/fs.h"
#include "base/mem.h"
#include "crypto/must.h"
#include "gen/crypto_lazy.h"

struct hasher {
	EVP_MD_CTX *ctx;
};

#define PART ((size_t)128 << 10) /* read at a time: stays in the cache until it is hashed */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256; /* written once, under `once` */

static void fetch(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

int hasher_new(struct hasher **out, struct mlops_error *err)
{
	if (crypto_lazy_load(err))
		return -1;
	pthread_once(&once, fetch);
	if (!sha256)
		return err_set(err, MLOPS_EFAIL, "OpenSSL offers no SHA-256");
	struct hasher *h = xmalloc(sizeof(*h));
	h->ctx = EVP_MD_CTX_new();
	hasher_reset(h);
	*out = h;
	return 0;
}

void hasher_reset(struct hasher *h)
{
	must(EVP_DigestInit_ex2(h->ctx, sha256, NULL));
}

void hasher_update(struct hasher *h, const void *p, size_t n)
{
	must(EVP_DigestUpdate(h->ctx, p, n));
}

void hasher_final(struct hasher *h, struct oid *out)
{
	must(EVP_DigestFinal_ex(h->ctx, out->sha256, NULL));
}

void hasher_free(struct hasher *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

int hasher_read(struct hasher *h, int fd, const char *shown, struct oid *out,
		struct mlops_error *err)
{
	autofree char *buf = xmalloc(PART);
	size_t n;

	hasher_reset(h);
	do {
		if (fs_read_some(fd, buf, PART, shown, &n, err))
			return -1;
		hasher_update(h, buf, n);
	} while (n);
	hasher_final(h, out);
	return 0;
}

int hash_buf(const void *p, size_t n, struct oid *out, struct mlops_error *err)
{
	struct hasher *h;

	if (hasher_new(&h, err))
		return -1;
	hasher_update(h, p, n);
	hasher_final(h, out);
	hasher_free(h);
	return 0;
}

int secret_equal(const void *a, const void *b, size_t n, bool *equal, struct mlops_error *err)
{
	if (crypto_lazy_load(err))
		return -1;
	*equal = !CRYPTO_memcmp(a, b, n);
	return 0;
}

int crypto_version(char *buf, size_t n, struct mlops_error *err)
{
	if (crypto_lazy_load(err))
		return -1;
	snprintf(buf, n, "%s", OpenSSL_version(OPENSSL_VERSION_STRING));
	return 0;
}
