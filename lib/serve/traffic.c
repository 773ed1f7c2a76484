/* Shares, and choosing by them. */
#include "serve/traffic.h"

#include "base/num.h"
#include "base/xxh.h"

static int read_share(struct traffic *t, const char *name, const struct json *weight,
		      struct mlops_error *err)
{
	int64_t revision, n;

	if (t->n == TRAFFIC_MAX)
		return err_set(err, MLOPS_EINVALID, "at most %d revisions share the traffic", TRAFFIC_MAX);
	if (!num_parse_i64(name, &revision) || revision < 1)
		return err_set(err, MLOPS_EINVALID, "'%s' is no number of a revision", name);
	if (!js_to_int(weight, &n) || n < 0 || n > TRAFFIC_WEIGHT_MAX)
		return err_set(err, MLOPS_EINVALID, "the weight of revision %s is not from 0 to %d", name,
			       TRAFFIC_WEIGHT_MAX);
	traffic_add(t, revision, n);
	return 0;
}

static int64_t total(const struct traffic *t)
{
	int64_t sum = 0;

	for (size_t i = 0; i < t->n; i++)
		sum += t->shares[i].weight;
	return sum;
}

static int read_field(const struct json *v, const char *key, char **out, struct mlops_error *err)
{
	const char *name = js_get_text(v, key);

	if (js_get(v, key) && (!name || !*name))
		return err_set(err, MLOPS_EINVALID, "'%s' names no header field", key);
	*out = name ? xstrdup(name) : NULL;
	return 0;
}

static int read_shadow(const struct json *v, struct traffic *t, struct mlops_error *err)
{
	t->shadow_percent = 100;
	js_get_int(v, "shadow", &t->shadow);
	js_get_int(v, "shadow_percent", &t->shadow_percent);
	if (t->shadow < 0 || t->shadow_percent < 1 || t->shadow_percent > 100)
		return err_set(err, MLOPS_EINVALID, "a shadow is a revision, and gets 1 to 100 percent");
	return 0;
}

static int read_all(const struct json *v, struct traffic *t, struct mlops_error *err)
{
	struct json *weights = js_get(v, "weights"), *weight;
	const char *name;

	for (void *i = NULL; js_next(weights, &i, &name, &weight);)
		if (read_share(t, name, weight, err))
			return -1;
	if (!total(t))
		return err_set(err, MLOPS_EINVALID, "no revision has a weight");
	return read_field(v, "header", &t->header, err) || read_field(v, "hash", &t->hash, err) ?
		       -1 :
		       read_shadow(v, t, err);
}

int traffic_read(const struct json *v, struct traffic *out, struct mlops_error *err)
{
	struct traffic t = { 0 };

	if (read_all(v, &t, err)) {
		traffic_clear(&t);
		return -1;
	}
	*out = t;
	return 0;
}

void traffic_clear(struct traffic *t)
{
	free(t->header);
	free(t->hash);
	*t = (struct traffic){ 0 };
}

void traffic_add(struct traffic *t, int64_t revision, int64_t weight)
{
	t->shares[t->n].revision = revision;
	t->shares[t->n++].weight = weight;
}

void traffic_set_all(struct traffic *t, int64_t revision)
{
	traffic_clear(t);
	traffic_add(t, revision, 1);
}

static int64_t named(const struct traffic *t, const struct str *value)
{
	char text[NUM_SIZE];
	int64_t revision;

	if (!value || !value->n || value->n >= sizeof(text))
		return 0;
	memcpy(text, value->p, value->n);
	text[value->n] = '\0';
	if (num_parse_i64(text, &revision))
		for (size_t i = 0; i < t->n; i++)
			if (t->shares[i].revision == revision)
				return revision;
	return 0;
}

int64_t traffic_choose(const struct traffic *t, const struct http_message *m, uint64_t chance)
{
	const struct str *value = t->hash ? http_message_field(m, t->hash) : NULL;
	int64_t wanted = t->header ? named(t, http_message_field(m, t->header)) : 0;

	if (wanted || !t->n)
		return wanted;
	if (value)
		chance = xxh_64(value->p, value->n);
	int64_t at = (int64_t)(chance % (uint64_t)total(t));
	for (size_t i = 0; i < t->n; i++) {
		if (at < t->shares[i].weight)
			return t->shares[i].revision;
		at -= t->shares[i].weight;
	}
	return 0;
}

bool traffic_has(const struct traffic *t, int64_t revision)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->shares[i].revision == revision)
			return true;
	return t->shadow && t->shadow == revision;
}

int64_t traffic_main(const struct traffic *t)
{
	size_t best = 0;

	for (size_t i = 1; i < t->n; i++)
		if (t->shares[i].weight > t->shares[best].weight)
			best = i;
	return t->n ? t->shares[best].revision : 0;
}
