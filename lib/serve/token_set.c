/* The tokens of a running server: the file is read again when it changed. */
#include <pthread.h>

#include "base/base64.h"
#include "base/path.h"
#include "crypto/hash.h"
#include "serve/token.h"

#include <sys/stat.h>

struct token_set {
	char *path;
	pthread_mutex_t lock; /* guards all below */
	struct stat seen;     /* of the file when it was read */
	bool loaded;
	token_vec tokens;
};

int token_set_open(const char *data, struct token_set **out, struct mlops_error *err)
{
	struct token_set *set = xcalloc(1, sizeof(*set));
	size_t ignored;

	set->path = path_join(data, "tokens");
	pthread_mutex_init(&set->lock, NULL);
	if (token_set_count(set, &ignored, err)) {
		token_set_free(set);
		return -1;
	}
	*out = set;
	return 0;
}

void token_set_free(struct token_set *set)
{
	if (!set)
		return;
	vec_free(&set->tokens);
	pthread_mutex_destroy(&set->lock);
	free(set->path);
	free(set);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Reads the file again when it is another than was read. Lock held. */
static int refresh(struct token_set *set, struct mlops_error *err)
{
	token_vec fresh = { 0 };
	struct stat st = { 0 };

	if (stat(set->path, &st))
		st = (struct stat){ 0 };
	if (set->loaded && same_file(&st, &set->seen))
		return 0;
	if (token_file_read(set->path, &fresh, err))
		return -1;
	vec_free(&set->tokens);
	set->tokens = fresh;
	set->seen = st;
	set->loaded = true;
	return 0;
}

int token_set_count(struct token_set *set, size_t *out, struct mlops_error *err)
{
	pthread_mutex_lock(&set->lock);
	int rc = refresh(set, err);
	*out = rc ? 0 : set->tokens.n;
	pthread_mutex_unlock(&set->lock);
	return rc;
}

/* Looks at every token, also behind the one that fits. */
static int find_hash(const token_vec *tokens, const struct oid *hash, bool *known,
		     struct token *out, struct mlops_error *err)
{
	for (size_t i = 0; i < tokens->n; i++) {
		const struct oid *have = &tokens->v[i].hash;
		bool equal;

		if (secret_equal(have->sha256, hash->sha256, sizeof(hash->sha256), &equal, err))
			return -1;
		if (equal)
			*out = tokens->v[i];
		*known |= equal;
	}
	return 0;
}

int token_set_check(struct token_set *set, const char *text, size_t n, bool *known,
		    struct token *out, struct mlops_error *err)
{
	struct oid hash;

	*known = false;
	if (hash_buf(text, n, &hash, err))
		return -1;
	pthread_mutex_lock(&set->lock);
	int rc = refresh(set, err);
	if (!rc)
		rc = find_hash(&set->tokens, &hash, known, out, err);
	pthread_mutex_unlock(&set->lock);
	return rc;
}

char *token_of_header(const char *header)
{
	autobuf plain = { 0 };

	if (!strncasecmp(header, "Bearer ", 7))
		return xstrdup(header + 7);
	if (strncasecmp(header, "Basic ", 6) ||
	    !base64_decode(header + 6, strlen(header + 6), &plain) || !plain.buf)
		return NULL;
	const char *colon = strchr(plain.buf, ':');
	char *secret = colon ? xstrdup(colon + 1) : NULL;
	explicit_bzero(plain.buf, plain.len);
	return secret;
}
