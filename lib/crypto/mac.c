/* A context that has taken the key is kept, and copied for each code: half of the hashing is done. */
#include "crypto/mac.h"

#include <pthread.h>

#include "base/mem.h"
#include "crypto/must.h"
#include "gen/crypto_lazy.h"

struct mac {
	EVP_MAC_CTX *keyed;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MAC *hmac; /* written once, under `once` */

static void fetch(void)
{
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
}

int mac_new(const void *key, size_t n, struct mac **out, struct mlops_error *err)
{
	char digest[] = "SHA256";

	if (crypto_lazy_load(err))
		return -1;
	pthread_once(&once, fetch);
	if (!hmac)
		return err_set(err, MLOPS_EFAIL, "OpenSSL offers no HMAC");
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string("digest", digest, 0),
				      OSSL_PARAM_construct_end() };
	struct mac *m = xmalloc(sizeof(*m));
	m->keyed = EVP_MAC_CTX_new(hmac);
	must(m->keyed && EVP_MAC_init(m->keyed, key, n, params));
	*out = m;
	return 0;
}

void mac_sum(const struct mac *m, const void *a, size_t a_n, const void *b, size_t b_n,
	     uint8_t *out)
{
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(m->keyed);
	size_t n;

	must(ctx && EVP_MAC_update(ctx, a, a_n) && EVP_MAC_update(ctx, b, b_n) &&
	     EVP_MAC_final(ctx, out, &n, MAC_SIZE));
	EVP_MAC_CTX_free(ctx);
}

void mac_free(struct mac *m)
{
	if (!m)
		return;
	EVP_MAC_CTX_free(m->keyed); /* wipes the key */
	free(m);
}
