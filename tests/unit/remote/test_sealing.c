/* Sealing what a source gives, read anywhere and again; opening what comes in pieces of any size. */
#include "remote/sealed.h"

#include "crypto/hash.h"
#include "unit.h"

static struct mlops_error err;

struct taken {
	struct strbuf bytes;
	uint64_t size;
	bool ended;
};

static int take_begin(const struct oid *oid, uint64_t size, void *arg, struct mlops_error *e)
{
	struct taken *t = arg;

	(void)oid, (void)e;
	strbuf_trunc(&t->bytes, 0);
	t->size = size;
	t->ended = false;
	return 0;
}

static int take_piece(const void *buf, size_t n, void *arg, struct mlops_error *e)
{
	struct taken *t = arg;

	(void)e;
	strbuf_add(&t->bytes, buf, n);
	return 0;
}

static int take_end(void *arg, struct mlops_error *e)
{
	struct taken *t = arg;

	(void)e;
	t->ended = true;
	return 0;
}

struct fixture {
	struct seal_key *key;
	struct oid oid, name;
	struct taken taken;
	struct frame_sink sink;
	struct unsealing opener;
};

static void set_up(struct fixture *f)
{
	static const uint8_t secret[CIPHER_KEY] = { 7 };

	*f = (struct fixture){ .oid = { { 1 } } };
	f->sink = (struct frame_sink){
		.begin = take_begin, .piece = take_piece, .end = take_end, .arg = &f->taken
	};
	assert_success(seal_key_new(secret, CIPHER_AES_256_GCM, &f->key, &err));
	seal_name(f->key, &f->oid, &f->name);
	unsealing_init(&f->opener, f->key, &f->sink);
}

static void tear_down(struct fixture *f)
{
	unsealing_clear(&f->opener);
	strbuf_clear(&f->taken.bytes);
	seal_key_free(f->key);
}

static char *make_plain(size_t n)
{
	char *plain = xmalloc(n + 1);

	for (size_t i = 0; i < n; i++)
		plain[i] = (char)(i * 31 + i / 251);
	return plain;
}

/* The sealed form of n bytes, read in parts of `part`. */
static char *seal(struct fixture *f, const char *plain, size_t n, size_t part)
{
	struct remote_source from = { .buf = xmemdup(plain, n + 1), .fd = -1, .size = n };
	autosource out = { .fd = -1 };

	assert_success(sealing_open(f->key, &f->name, &from, &out, &err));
	assert_int_equal(out.size, sealed_size(n));
	char *sealed = xmalloc((size_t)out.size), again[64];
	for (size_t at = 0; at < out.size; at += part) {
		size_t k = out.size - at < part ? (size_t)out.size - at : part;

		assert_success(remote_source_read(&out, at, sealed + at, k, &err));
	}
	size_t middle = (size_t)out.size / 2 - sizeof(again) / 2;
	assert_success(remote_source_read(&out, middle, again, sizeof(again), &err));
	assert_memory_equal(again, sealed + middle, sizeof(again));
	return sealed;
}

static int open_all(struct fixture *f, const char *sealed, size_t n, size_t part)
{
	if (unsealing_begin(&f->opener, &f->oid, &f->name, n, &err))
		return -1;
	for (size_t at = 0; at < n; at += part)
		if (unsealing_add(&f->opener, sealed + at, n - at < part ? n - at : part, &err))
			return -1;
	return unsealing_end(&f->opener, &err);
}

static void pieces_of_any_size(void **state)
{
	static const size_t sizes[] = { 0, 1, 65536, 65537, 200000 };
	static const size_t parts[] = { 13, 4096, 65552, 1 << 20 };
	struct fixture f;

	(void)state;
	set_up(&f);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		autofree char *plain = make_plain(sizes[i]);
		size_t n = (size_t)sealed_size(sizes[i]);

		for (size_t k = 0; k < ARRAY_LEN(parts); k++) {
			autofree char *sealed = seal(&f, plain, sizes[i], parts[k]);

			assert_success(open_all(&f, sealed, n, parts[ARRAY_LEN(parts) - 1 - k]));
			assert_true(f.taken.ended);
			assert_int_equal(f.taken.size, sizes[i]);
			assert_int_equal(f.taken.bytes.len, sizes[i]);
			if (sizes[i])
				assert_memory_equal(f.taken.bytes.buf, plain, sizes[i]);
		}
	}
	tear_down(&f);
}

static void what_must_not_open(void **state)
{
	enum { N = 150000, SIZE = SEALED_HEADER + N + 3 * CIPHER_TAG };
	autofree char *plain = make_plain(N), *sealed = NULL;
	struct fixture f;

	(void)state;
	set_up(&f);
	sealed = seal(&f, plain, N, 1 << 20);
	for (size_t at = 0; at < SIZE; at += at < 120 ? 1 : 9973) {
		sealed[at] ^= 1;
		assert_error(open_all(&f, sealed, SIZE, 5000), MLOPS_ECORRUPT, "sealed object");
		assert_false(f.taken.ended);
		sealed[at] ^= 1;
	}
	assert_error(open_all(&f, sealed, SIZE - 5, 5000), MLOPS_ECORRUPT, "damaged");
	assert_error(open_all(&f, sealed, 40, 40), MLOPS_ECORRUPT, "cut short");
	assert_success(unsealing_begin(&f.opener, &f.oid, &f.name, SIZE, &err));
	assert_success(unsealing_add(&f.opener, sealed, SIZE - 1, &err));
	assert_error(unsealing_end(&f.opener, &err), MLOPS_ECORRUPT, "cut short");
	assert_error(unsealing_add(&f.opener, sealed, 2, &err), MLOPS_ECORRUPT, "longer");
	assert_success(open_all(&f, sealed, SIZE, 5000)); /* after one that broke off */
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_of_any_size),
		cmocka_unit_test(what_must_not_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
