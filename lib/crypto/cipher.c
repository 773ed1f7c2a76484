/* AES-256-GCM and ChaCha20-Poly1305. Each algorithm is fetched once for the whole process. */
#include "crypto/cipher.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/must.h"
#include "gen/crypto_lazy.h"

static const struct {
	const char *name, *openssl;
} kinds[] = {
	[CIPHER_AES_256_GCM] = { "aes-256-gcm", "AES-256-GCM" },
	[CIPHER_CHACHA20_POLY1305] = { "chacha20-poly1305", "ChaCha20-Poly1305" },
};

struct cipher {
	EVP_CIPHER_CTX *ctx;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_CIPHER *fetched[ARRAY_LEN(kinds)]; /* written once, under `once` */

static void fetch(void)
{
	for (size_t i = 1; i < ARRAY_LEN(kinds); i++)
		fetched[i] = EVP_CIPHER_fetch(NULL, kinds[i].openssl, NULL);
}

enum cipher_kind cipher_parse(const char *name)
{
	for (size_t i = 1; i < ARRAY_LEN(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return (enum cipher_kind)i;
	return CIPHER_NONE;
}

const char *cipher_name(enum cipher_kind kind)
{
	return kind > CIPHER_NONE && kind < ARRAY_LEN(kinds) ? kinds[kind].name : NULL;
}

int cipher_new(enum cipher_kind kind, const uint8_t *key, struct cipher **out,
	       struct mlops_error *err)
{
	if (crypto_lazy_load(err))
		return -1;
	pthread_once(&once, fetch);
	if (!fetched[kind])
		return err_set(err, MLOPS_EFAIL, "OpenSSL offers no %s", kinds[kind].openssl);
	struct cipher *c = xmalloc(sizeof(*c));
	c->ctx = EVP_CIPHER_CTX_new();
	must(c->ctx && EVP_CipherInit_ex2(c->ctx, fetched[kind], key, NULL, 1, NULL));
	*out = c;
	return 0;
}

void cipher_free(struct cipher *c)
{
	if (!c)
		return;
	EVP_CIPHER_CTX_free(c->ctx); /* wipes the key */
	free(c);
}

static void begin(struct cipher *c, const struct cipher_how *how, bool seal)
{
	int n;

	must(EVP_CipherInit_ex2(c->ctx, NULL, NULL, how->nonce, seal, NULL));
	if (how->aad_n)
		must(EVP_CipherUpdate(c->ctx, NULL, &n, how->aad, (int)how->aad_n));
}

void cipher_seal(struct cipher *c, const struct cipher_how *how, const void *in, size_t n,
		 uint8_t *out)
{
	int done;

	begin(c, how, true);
	if (n)
		must(EVP_CipherUpdate(c->ctx, out, &done, in, (int)n));
	must(EVP_CipherFinal_ex(c->ctx, out + n, &done));
	must(EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_GET_TAG, CIPHER_TAG, out + n));
}

bool cipher_open(struct cipher *c, const struct cipher_how *how, const void *in, size_t n,
		 uint8_t *out)
{
	uint8_t tag[CIPHER_TAG], *end = out + n;
	int done;

	memcpy(tag, (const uint8_t *)in + n, sizeof(tag));
	begin(c, how, false);
	must(EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_SET_TAG, CIPHER_TAG, tag));
	if ((!n || EVP_CipherUpdate(c->ctx, out, &done, in, (int)n) > 0) &&
	    EVP_CipherFinal_ex(c->ctx, end, &done) > 0)
		return true;
	memset(out, 0, n);
	return false;
}
