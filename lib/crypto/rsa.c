/* The key is read, used once and forgotten: a token that is signed with it holds for an hour. */
#include "crypto/rsa.h"

#include "gen/crypto_lazy.h"

#define MAX_SIGNATURE 2048

/* Never asks a person for a passphrase. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf, (void)size, (void)rwflag, (void)arg;
	return -1;
}

static EVP_PKEY *read_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;

	BIO_free(bio);
	if (key && EVP_PKEY_is_a(key, "RSA"))
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

int rsa_sign(const char *pem, const void *p, size_t n, struct strbuf *out, struct mlops_error *err)
{
	uint8_t signature[MAX_SIGNATURE];
	size_t size = sizeof(signature);

	if (crypto_lazy_load(err))
		return -1;
	EVP_PKEY *key = read_key(pem);
	if (!key)
		return err_set(err, MLOPS_EINVALID, "it is no private RSA key in PEM");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL) > 0 &&
		    EVP_DigestSign(ctx, signature, &size, p, n) > 0;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	if (!good)
		return err_set(err, MLOPS_EFAIL, "OpenSSL cannot sign with the RSA key");
	strbuf_add(out, signature, size);
	return 0;
}
