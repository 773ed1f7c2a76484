/* Reading the file of keys, and counting what each has used. */
#include "serve/gateway/keys.h"

#include <inttypes.h>
#include <pthread.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/num.h"
#include "base/vec.h"
#include "crypto/hash.h"
#include "serve/gateway/call.h"
#include "serve/metrics.h"

#define FILE_MAX ((size_t)4 << 20)
#define CHECK_MS 500 /* between looks at the file */
#define KEY_MAX  512
#define DAY_MS   86400000
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-"

struct key {
	char *name;
	struct oid hash;
	int64_t rate;  /* 0: any */
	int64_t quota; /* 0: any */
	double left;   /* of the rate, now */
	int64_t at_ms; /* now */
	int64_t day, used;
	uint64_t taken, limited;
};
typedef VEC(struct key) key_vec;

struct keys {
	char *path;
	pthread_mutex_t lock; /* guards what follows */
	key_vec all;
	struct hasher *hasher;
	struct stat seen;
	int64_t looked_ms;
	uint64_t refused;
};

static void free_all(key_vec *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->v[i].name);
	vec_free(all);
}

/* ---- the file ---- */

static int read_limit(struct key *key, struct str word, struct mlops_error *err)
{
	struct str value, name = str_split(word, '=', &value);
	autofree char *text = xstrndup(value.p, value.n);
	int64_t *to = str_eq(name, "rate") ? &key->rate : str_eq(name, "quota") ? &key->quota : NULL;

	if (!to || !num_parse_i64(text, to) || *to < 1)
		return err_set(err, MLOPS_EINVALID, "'" STR_FMT "' is neither rate=N nor quota=N",
			       STR_ARG(word));
	return 0;
}

static int read_key(struct str line, struct key *key, struct mlops_error *err)
{
	struct str rest, name = str_split(line, ' ', &rest), hash = str_split(str_trim(rest), ' ', &rest);
	autofree char *hex = xstrndup(hash.p, hash.n);

	key->name = xstrndup(name.p, name.n);
	if (strspn(key->name, NAME_CHARS) != name.n)
		return err_set(err, MLOPS_EINVALID, "'%s' cannot name a key", key->name);
	if (!mlops_oid_parse(hex, &key->hash))
		return err_set(err, MLOPS_EINVALID, "the key of '%s' is not given by its SHA-256",
			       key->name);
	for (rest = str_trim(rest); rest.n; rest = str_trim(rest))
		if (read_limit(key, str_split(rest, ' ', &rest), err))
			return -1;
	key->left = (double)key->rate;
	return 0;
}

static int read_lines(struct str text, const char *path, key_vec *all, struct mlops_error *err)
{
	for (uint64_t n = 1; text.n; n++) {
		struct str ignored, line = str_split(text, '\n', &text);

		line = str_trim(str_split(line, '#', &ignored));
		if (!line.n)
			continue;
		vec_push(all, { .name = NULL });
		if (read_key(line, &all->v[all->n - 1], err))
			return err_wrap(err, "'%s', line %" PRIu64, path, n);
	}
	return 0;
}

static int read_file(const char *path, key_vec *out, struct mlops_error *err)
{
	key_vec all = { 0 };
	autobuf text = { 0 };

	if (fs_read(path, FILE_MAX, &text, err))
		return -1;
	if (read_lines((struct str){ text.buf, text.len }, path, &all, err)) {
		free_all(&all);
		return -1;
	}
	*out = all;
	return 0;
}

static void carry_over(const key_vec *old, key_vec *all)
{
	for (size_t i = 0; i < all->n; i++)
		for (size_t o = 0; o < old->n; o++)
			if (!strcmp(all->v[i].name, old->v[o].name)) {
				all->v[i].day = old->v[o].day;
				all->v[i].used = old->v[o].used;
				all->v[i].taken = old->v[o].taken;
				all->v[i].limited = old->v[o].limited;
			}
}

/* With the lock. A file that can't be read leaves the keys as they were. */
static void look_again(struct keys *k, int64_t now_ms)
{
	autoerr err = ERR_INIT;
	key_vec all = { 0 };
	struct stat st;

	if (now_ms - k->looked_ms < CHECK_MS)
		return;
	k->looked_ms = now_ms;
	if (!stat(k->path, &st) && st.st_ino == k->seen.st_ino && st.st_size == k->seen.st_size &&
	    st.st_mtim.tv_sec == k->seen.st_mtim.tv_sec && st.st_mtim.tv_nsec == k->seen.st_mtim.tv_nsec)
		return;
	if (read_file(k->path, &all, &err)) {
		log_warn("the keys stay as they were: %s", err.msg);
		return;
	}
	k->seen = st;
	carry_over(&k->all, &all);
	free_all(&k->all);
	k->all = all;
}

int keys_open(const char *path, struct keys **out, struct mlops_error *err)
{
	struct keys *k = xcalloc(1, sizeof(*k));

	k->path = xstrdup(path);
	pthread_mutex_init(&k->lock, NULL);
	if (stat(path, &k->seen))
		err_sys(err, "cannot read '%s'", path);
	if (err->kind || read_file(path, &k->all, err) || hasher_new(&k->hasher, err)) {
		keys_free(k);
		return -1;
	}
	*out = k;
	return 0;
}

void keys_free(struct keys *k)
{
	if (!k)
		return;
	free_all(&k->all);
	hasher_free(k->hasher);
	pthread_mutex_destroy(&k->lock);
	free(k->path);
	free(k);
}

/* ---- requests ---- */

static bool is_named(const struct http_field *field, const char *name)
{
	return field->name.n == strlen(name) && !strncasecmp(field->name.p, name, field->name.n);
}

bool keys_is_secret(const struct http_field *field)
{
	return is_named(field, "Authorization") || is_named(field, "X-API-Key");
}

static struct str key_of(const struct http_message *m)
{
	const struct str *value = http_message_field(m, "X-API-Key");

	if (value)
		return *value;
	value = http_message_field(m, "Authorization");
	if (!value || value->n < 8 || strncasecmp(value->p, "Bearer ", 7))
		return (struct str){ "", 0 };
	return str_trim((struct str){ value->p + 7, value->n - 7 });
}

/* By its hash, which tells nobody how near a guess was. */
static struct key *find(struct keys *k, struct str text)
{
	struct oid hash;

	if (!text.n || text.n > KEY_MAX)
		return NULL;
	hasher_reset(k->hasher);
	hasher_update(k->hasher, text.p, text.n);
	hasher_final(k->hasher, &hash);
	for (size_t i = 0; i < k->all.n; i++)
		if (!memcmp(&k->all.v[i].hash, &hash, sizeof(hash)))
			return &k->all.v[i];
	return NULL;
}

/* Seconds until it may ask again; 0: it may now, and that is counted. */
static int64_t take(struct key *key, int64_t mono_ms, int64_t now_ms)
{
	if (now_ms / DAY_MS != key->day) {
		key->day = now_ms / DAY_MS;
		key->used = 0;
	}
	if (key->quota && key->used >= key->quota)
		return (DAY_MS - now_ms % DAY_MS + 999) / 1000;
	if (key->rate) {
		key->left += (double)key->rate * (double)(mono_ms - key->at_ms) / 1000;
		key->left = key->left < (double)key->rate ? key->left : (double)key->rate;
		key->at_ms = mono_ms;
		if (key->left < 1)
			return 1;
		key->left--;
	}
	key->used++;
	return 0;
}

static int refuse(struct call_refusal *r, int status, const char *why)
{
	r->status = status;
	r->fields = r->buf;
	r->why = why;
	return -1;
}

int keys_check(struct keys *k, const struct http_message *m, struct call_refusal *refusal)
{
	int64_t now_ms = clock_mono_ms(), wait_s = 0;

	if (!k)
		return 0;
	pthread_mutex_lock(&k->lock);
	look_again(k, now_ms);
	struct key *key = find(k, key_of(m));
	if (key)
		wait_s = take(key, now_ms, clock_now_ms());
	if (key)
		(*(wait_s ? &key->limited : &key->taken))++;
	else
		k->refused++;
	pthread_mutex_unlock(&k->lock);
	if (key && !wait_s)
		return 0;
	if (!key) {
		snprintf(refusal->buf, sizeof(refusal->buf), "WWW-Authenticate: Bearer\r\n");
		return refuse(refusal, 401, "this needs a key");
	}
	snprintf(refusal->buf, sizeof(refusal->buf), "Retry-After: %" PRId64 "\r\n", wait_s);
	return refuse(refusal, 429, wait_s > 1 ? "the key's requests of today are used up" :
						 "too many requests at once with this key");
}

void keys_render(struct keys *k, struct strbuf *out)
{
	if (!k)
		return;
	metrics_render_head(out, "mlops_key_requests_total", "counter",
			    "Requests by key, and whether they were let through.");
	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < k->all.n; i++) {
		const struct key *key = &k->all.v[i];

		strbuf_addf(out, "mlops_key_requests_total{key=\"%s\",result=\"taken\"} %" PRIu64 "\n",
			    key->name, key->taken);
		strbuf_addf(out, "mlops_key_requests_total{key=\"%s\",result=\"limited\"} %" PRIu64 "\n",
			    key->name, key->limited);
	}
	strbuf_addf(out, "mlops_key_requests_total{key=\"\",result=\"refused\"} %" PRIu64 "\n", k->refused);
	pthread_mutex_unlock(&k->lock);
}
