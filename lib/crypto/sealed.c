/*
 * Every object is encrypted with a key of its own, derived from a random salt, so that nonces can
 * be plain numbers: of the chunk, and what it is.
 */
#include "crypto/sealed.h"

#include "base/hex.h"
#include "base/le.h"
#include "base/rand.h"
#include "crypto/hash.h"
#include "crypto/mac.h"

#define VERSION    1
#define SALT       32
#define KEY_ID     (SEAL_KEY_ID / 2)
#define CHECK      8
#define MAX_SEALED ((uint64_t)1 << 60)

/* Where things are in a header. */
enum {
	AT_VERSION = 4,
	AT_KIND = 8,
	AT_KEY_ID = 16,
	AT_SALT = 24,
	AT_NAME = 56,
	AT_TAG = 88,
	AT_CHECK = 104
};

/* What a nonce is for; its last byte. */
enum use { USE_CHUNK, USE_LAST_CHUNK, USE_HEADER };

static const char magic[4] = { 'M', 'L', 'S', 'E' };

struct seal_key {
	struct mac *master, *names;
	enum cipher_kind kind;
	char id[SEAL_KEY_ID + 1];
};

struct sealed {
	const struct seal_key *key;
	enum cipher_kind kind;
	struct cipher *cipher;
	uint8_t salt[SALT];
};

/* HKDF-Expand (RFC 5869) to 32 bytes, with what is to be told apart as info. */
static void derive(const struct mac *master, const char *label, const void *salt, size_t salt_n,
		   uint8_t *out)
{
	uint8_t rest[SALT + 1];

	memcpy(rest, salt, salt_n);
	rest[salt_n] = 1;
	mac_sum(master, label, strlen(label), rest, salt_n + 1, out);
}

int seal_key_new(const uint8_t *secret, enum cipher_kind kind, struct seal_key **out,
		 struct mlops_error *err)
{
	struct seal_key *key = xcalloc(1, sizeof(*key));
	uint8_t derived[MAC_SIZE];

	key->kind = kind;
	if (mac_new(secret, CIPHER_KEY, &key->master, err)) {
		seal_key_free(key);
		return -1;
	}
	derive(key->master, "mlops sealed 1 key id", "", 0, derived);
	hex_encode(key->id, derived, KEY_ID);
	derive(key->master, "mlops sealed 1 names", "", 0, derived);
	int rc = mac_new(derived, sizeof(derived), &key->names, err);
	explicit_bzero(derived, sizeof(derived));
	if (rc)
		seal_key_free(key);
	else
		*out = key;
	return rc;
}

void seal_key_free(struct seal_key *key)
{
	if (!key)
		return;
	mac_free(key->master);
	mac_free(key->names);
	free(key);
}

enum cipher_kind seal_key_kind(const struct seal_key *key)
{
	return key->kind;
}

const char *seal_key_id(const struct seal_key *key)
{
	return key->id;
}

void seal_name(const struct seal_key *key, const struct oid *oid, struct oid *out)
{
	struct oid name;

	mac_sum(key->names, oid->sha256, sizeof(oid->sha256), "", 0, name.sha256);
	*out = name;
}

static uint64_t count_chunks(uint64_t n)
{
	return n ? (n - 1) / SEALED_CHUNK + 1 : 1;
}

uint64_t sealed_size(uint64_t n)
{
	return SEALED_HEADER + n + count_chunks(n) * CIPHER_TAG;
}

bool sealed_plain_size(uint64_t sealed, uint64_t *out)
{
	if (sealed < SEALED_HEADER + CIPHER_TAG || sealed > MAX_SEALED)
		return false;
	uint64_t body = sealed - SEALED_HEADER;
	uint64_t n = body - ((body - 1) / SEALED_BLOCK + 1) * CIPHER_TAG;
	if (sealed_size(n) != sealed)
		return false;
	*out = n;
	return true;
}

static void make_nonce(uint64_t i, enum use use, uint8_t *nonce)
{
	memset(nonce, 0, CIPHER_NONCE);
	le64_put(nonce, i);
	nonce[CIPHER_NONCE - 1] = (uint8_t)use;
}

static int make_cipher(struct sealed *s, struct mlops_error *err)
{
	uint8_t key[MAC_SIZE];

	derive(s->key->master, "mlops sealed 1 object", s->salt, sizeof(s->salt), key);
	int rc = cipher_new(s->kind, key, &s->cipher, err);
	explicit_bzero(key, sizeof(key));
	return rc;
}

static struct sealed *sealed_alloc(const struct seal_key *key, enum cipher_kind kind)
{
	struct sealed *s = xcalloc(1, sizeof(*s));

	s->key = key;
	s->kind = kind;
	return s;
}

int sealed_new(const struct seal_key *key, struct sealed **out, struct mlops_error *err)
{
	autosealed *s = sealed_alloc(key, key->kind);

	rand_bytes(s->salt, sizeof(s->salt));
	if (make_cipher(s, err))
		return -1;
	*out = steal_ptr(&s);
	return 0;
}

void sealed_free(struct sealed *s)
{
	if (!s)
		return;
	cipher_free(s->cipher);
	free(s);
}

/* Without a key: enough to tell a damaged header from a whole one. */
static int make_check(const uint8_t *header, uint8_t *check, struct mlops_error *err)
{
	struct oid sum;

	if (hash_buf(header, AT_CHECK, &sum, err))
		return -1;
	memcpy(check, sum.sha256, CHECK);
	return 0;
}

int sealed_put_header(struct sealed *s, const struct oid *name, uint8_t *out,
		      struct mlops_error *err)
{
	uint8_t nonce[CIPHER_NONCE];
	const struct cipher_how how = { nonce, out, AT_TAG };

	memset(out, 0, SEALED_HEADER);
	memcpy(out, magic, sizeof(magic));
	le32_put(out + AT_VERSION, VERSION);
	out[AT_KIND] = (uint8_t)s->kind;
	hex_decode(out + AT_KEY_ID, KEY_ID, s->key->id);
	memcpy(out + AT_SALT, s->salt, SALT);
	memcpy(out + AT_NAME, name->sha256, sizeof(name->sha256));
	make_nonce(0, USE_HEADER, nonce);
	cipher_seal(s->cipher, &how, NULL, 0, out + AT_TAG);
	return make_check(out, out + AT_CHECK, err);
}

static int damaged(struct mlops_error *err)
{
	return err_set(err, MLOPS_ECORRUPT, "the sealed object is damaged");
}

int sealed_inspect(const uint8_t *header, struct sealed_info *out, struct mlops_error *err)
{
	struct sealed_info info = { .kind = header[AT_KIND] };
	uint8_t check[CHECK];

	if (memcmp(header, magic, sizeof(magic)))
		return err_set(err, MLOPS_ECORRUPT, "this is no sealed object");
	if (make_check(header, check, err))
		return -1;
	if (memcmp(check, header + AT_CHECK, CHECK))
		return damaged(err);
	uint32_t version = le32_get(header + AT_VERSION);
	if (version != VERSION || !cipher_name(info.kind)) {
		err_set(err, MLOPS_EINVALID,
			"it is sealed in a way (version %u, cipher %d) that this program does not know",
			version, (int)info.kind);
		return err_hint(err, "install a newer mlops");
	}
	memcpy(info.name.sha256, header + AT_NAME, sizeof(info.name.sha256));
	hex_encode(info.key_id, header + AT_KEY_ID, KEY_ID);
	*out = info;
	return 0;
}

int sealed_open(const struct seal_key *key, const uint8_t *header, const struct oid *name,
		struct sealed **out, struct mlops_error *err)
{
	uint8_t nonce[CIPHER_NONCE], nothing[1];
	const struct cipher_how how = { nonce, header, AT_TAG };
	struct sealed_info info;

	if (sealed_inspect(header, &info, err))
		return -1;
	if (strcmp(info.key_id, key->id))
		return err_set(err, MLOPS_EKEY, "it was sealed with key %s, this key is %s",
			       info.key_id, key->id);
	autosealed *s = sealed_alloc(key, info.kind);
	memcpy(s->salt, header + AT_SALT, SALT);
	if (make_cipher(s, err))
		return -1;
	make_nonce(0, USE_HEADER, nonce);
	if (!cipher_open(s->cipher, &how, header + AT_TAG, 0, nothing) ||
	    !mlops_oid_equal(&info.name, name))
		return damaged(err);
	*out = steal_ptr(&s);
	return 0;
}

void sealed_put_chunk(struct sealed *s, uint64_t i, bool last, const void *in, size_t n,
		      uint8_t *out)
{
	uint8_t nonce[CIPHER_NONCE];
	const struct cipher_how how = { .nonce = nonce };

	make_nonce(i, last ? USE_LAST_CHUNK : USE_CHUNK, nonce);
	cipher_seal(s->cipher, &how, in, n, out);
}

int sealed_get_chunk(struct sealed *s, uint64_t i, bool last, const void *in, size_t n,
		     uint8_t *out, struct mlops_error *err)
{
	uint8_t nonce[CIPHER_NONCE];
	const struct cipher_how how = { .nonce = nonce };

	if (n < CIPHER_TAG)
		return damaged(err);
	make_nonce(i, last ? USE_LAST_CHUNK : USE_CHUNK, nonce);
	return cipher_open(s->cipher, &how, in, n - CIPHER_TAG, out) ? 0 : damaged(err);
}

int sealed_put(const struct seal_key *key, const struct oid *name, const void *in, size_t n,
	       uint8_t *out, struct mlops_error *err)
{
	const uint8_t *from = in;
	autosealed *s = NULL;
	uint64_t chunks = count_chunks(n);

	if (sealed_new(key, &s, err) || sealed_put_header(s, name, out, err))
		return -1;
	out += SEALED_HEADER;
	for (uint64_t i = 0; i < chunks; i++, from += SEALED_CHUNK, out += SEALED_BLOCK) {
		bool last = i + 1 == chunks;

		sealed_put_chunk(s, i, last, from, last ? n - i * SEALED_CHUNK : SEALED_CHUNK, out);
	}
	return 0;
}

int sealed_get(const struct seal_key *key, const struct oid *name, const void *in, size_t n,
	       uint8_t *out, struct mlops_error *err)
{
	const uint8_t *from = in;
	autosealed *s = NULL;
	uint64_t plain;

	if (!sealed_plain_size(n, &plain))
		return damaged(err);
	if (sealed_open(key, from, name, &s, err))
		return -1;
	from += SEALED_HEADER;
	uint64_t chunks = count_chunks(plain);
	for (uint64_t i = 0; i < chunks; i++, from += SEALED_BLOCK, out += SEALED_CHUNK) {
		bool last = i + 1 == chunks;
		size_t part = last ? plain - i * SEALED_CHUNK + CIPHER_TAG : SEALED_BLOCK;

		if (sealed_get_chunk(s, i, last, from, part, out, err))
			return -1;
	}
	return 0;
}
