/* Keys of all kinds are one EVP_PKEY; what differs is the hash, which Ed25519 brings itself. */
#include "crypto/signer.h"

#include <string.h>

#include "base/hex.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "gen/crypto_lazy.h"

#define MAX_SIGNATURE 256 /* of P-521 in DER: 139 */

static const struct kind {
	const char *name, *algorithm, *group, *hash;
} kinds[] = {
	{ "ed25519", "ED25519", NULL, NULL },
	{ "ecdsa-p256", "EC", "prime256v1", "SHA256" },
	{ "ecdsa-p384", "EC", "secp384r1", "SHA384" },
	{ "ecdsa-p521", "EC", "secp521r1", "SHA512" },
};

struct signer {
	EVP_PKEY *key;
	const struct kind *kind;
	char id[MLOPS_OID_HEX + 1];
};

void signer_free(struct signer *s)
{
	if (!s)
		return;
	EVP_PKEY_free(s->key);
	free(s);
}

const char *signer_kind(const struct signer *s)
{
	return s->kind->name;
}

const char *signer_id(const struct signer *s)
{
	return s->id;
}

/* What OpenSSL asks for a passphrase: it takes the one there is, and never asks a person. */
struct answer {
	const char *passphrase;
	bool asked;
};

static int give_passphrase(char *buf, int size, int rwflag, void *arg)
{
	struct answer *a = arg;
	size_t n = a->passphrase ? strlen(a->passphrase) : 0;

	(void)rwflag;
	a->asked = true;
	if (!n || n > (size_t)size)
		return -1;
	memcpy(buf, a->passphrase, n);
	return (int)n;
}

static const struct kind *kind_of(const EVP_PKEY *key)
{
	char group[32];

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!EVP_PKEY_is_a(key, kinds[i].algorithm))
			continue;
		if (!kinds[i].group || (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) &&
					!strcmp(group, kinds[i].group)))
			return &kinds[i];
	}
	return NULL;
}

static int name_key(struct signer *s, struct mlops_error *err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem = NULL;
	struct oid oid;
	int rc = -1;

	if (bio && PEM_write_bio_PUBKEY(bio, s->key)) {
		long n = BIO_ctrl(bio, BIO_CTRL_INFO, 0, &pem);

		rc = hash_buf(pem, (size_t)n, &oid, err);
	} else {
		err_set(err, MLOPS_EFAIL, "OpenSSL cannot write the public key");
	}
	BIO_free(bio);
	if (!rc)
		mlops_oid_hex(&oid, s->id);
	return rc;
}

/* Takes the key. */
static int make(EVP_PKEY *key, const char *from, struct signer **out, struct mlops_error *err)
{
	struct signer *s = xcalloc(1, sizeof(*s));

	s->key = key;
	s->kind = kind_of(key);
	if (s->kind && !name_key(s, err)) {
		*out = s;
		return 0;
	}
	bool unfit = !s->kind;
	signer_free(s);
	if (!unfit)
		return -1;
	err_set(err, MLOPS_EINVALID, "the key in '%s' is of a kind that is not used for signing",
		from);
	return err_hint(err, "take Ed25519, or ECDSA over P-256, P-384 or P-521");
}

int signer_private(const char *pem, const char *from, const char *passphrase, struct signer **out,
		   struct mlops_error *err)
{
	struct answer answer = { .passphrase = passphrase };

	if (crypto_lazy_load(err))
		return -1;
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &answer) : NULL;
	BIO_free(bio);
	if (key)
		return make(key, from, out, err);
	if (answer.asked)
		return err_set(err, MLOPS_EKEY, "the key in '%s' does not open: its passphrase is %s",
			       from, passphrase ? "another" : "not known");
	err_set(err, MLOPS_EINVALID, "there is no private key in PEM in '%s'", from);
	return err_hint(err, "make one with: openssl genpkey -algorithm ed25519 -out key.pem");
}

int signer_public(const char *pem, const char *from, struct signer **out, struct mlops_error *err)
{
	if (crypto_lazy_load(err))
		return -1;
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	if (key)
		return make(key, from, out, err);
	err_set(err, MLOPS_EINVALID, "there is no public key in PEM in '%s'", from);
	return err_hint(err, "take it out of the private key with: openssl pkey -in key.pem -pubout");
}

int signer_sign(const struct signer *s, const void *p, size_t n, struct strbuf *out,
		struct mlops_error *err)
{
	uint8_t signature[MAX_SIGNATURE];
	size_t size = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx &&
		    EVP_DigestSignInit_ex(ctx, NULL, s->kind->hash, NULL, NULL, s->key, NULL) > 0 &&
		    EVP_DigestSign(ctx, signature, &size, p, n) > 0;

	EVP_MD_CTX_free(ctx);
	if (!good)
		return err_set(err, MLOPS_EFAIL, "OpenSSL cannot sign with the key");
	strbuf_add(out, signature, size);
	return 0;
}

bool signer_verifies(const struct signer *s, const void *p, size_t n, struct str signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx &&
		    EVP_DigestVerifyInit_ex(ctx, NULL, s->kind->hash, NULL, NULL, s->key, NULL) >
			    0 &&
		    EVP_DigestVerify(ctx, (const uint8_t *)signature.p, signature.n, p, n) == 1;

	EVP_MD_CTX_free(ctx);
	return good;
}
