/* Which keys of a JSON object changed, those of objects in it included. */
#include "base/fs.h"
#include "fmt/json.h"
#include "store/summary.h"

#define MAX_JSON ((uint64_t)16 << 20)

static int load(int fd, const char *name, struct json **out, struct mlops_error *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_sys(err, "cannot look at '%s'", name);
	uint64_t size = (uint64_t)st.st_size;
	if (size > MAX_JSON)
		return err_set(err, MLOPS_EINVALID, "'%s' is larger than %llu bytes", name,
			       (unsigned long long)MAX_JSON);
	autofree char *text = xmalloc(size + 1);
	if (fs_pread_all(fd, text, size, 0, name, err))
		return -1;
	return js_parse(text, size, name, out, err);
}

struct keys {
	struct diff_summary *out;
	struct strbuf path;
};

static size_t descend(struct keys *k, const char *key)
{
	size_t len = k->path.len;

	strbuf_addf(&k->path, "%s%s", len ? "." : "", key);
	return len;
}

/* An object gives the keys in it, unless it has none. */
static void add_all(struct keys *k, struct json *value, struct name_list *list)
{
	void *iter = NULL;
	const char *key;
	struct json *member;

	if (js_type(value) != JSON_OBJ || !js_len(value))
		name_list_add(list, k->path.buf);
	else
		while (js_next(value, &iter, &key, &member)) {
			size_t len = descend(k, key);

			add_all(k, member, list);
			strbuf_trunc(&k->path, len);
		}
}

static bool same_text(const struct json *a, const struct json *b)
{
	autobuf x = { 0 }, y = { 0 };

	js_dump(a, JS_COMPACT, &x);
	js_dump(b, JS_COMPACT, &y);
	return x.len == y.len && !memcmp(x.buf, y.buf, x.len);
}

static void compare(struct keys *k, struct json *before, struct json *after);

/* The keys of `from` that `other` lacks, and, once, those that both have. */
static void compare_keys(struct keys *k, struct json *from, struct json *other, bool is_before)
{
	void *iter = NULL;
	const char *key;
	struct json *value;

	while (js_next(from, &iter, &key, &value)) {
		struct json *match = js_get(other, key);
		size_t len = descend(k, key);

		if (!match)
			add_all(k, value, is_before ? &k->out->removed : &k->out->added);
		else if (is_before)
			compare(k, value, match);
		strbuf_trunc(&k->path, len);
	}
}

static void compare(struct keys *k, struct json *before, struct json *after)
{
	if (js_type(before) == JSON_OBJ && js_type(after) == JSON_OBJ) {
		compare_keys(k, before, after, true);
		compare_keys(k, after, before, false);
	} else if (!same_text(before, after)) {
		name_list_add(&k->out->changed, k->path.buf);
	}
}

int summarize_json(const struct versions *v, struct diff_summary *out, struct mlops_error *err)
{
	autojson *before = NULL, *after = NULL;
	struct keys k = { .out = out };

	if (load(v->before, v->name, &before, err) || load(v->after, v->name, &after, err))
		return -1;
	if (js_type(before) != JSON_OBJ || js_type(after) != JSON_OBJ)
		return err_set(err, MLOPS_EINVALID, "'%s' is no object", v->name);
	out->kind = SUMMARY_KEYS;
	strbuf_adds(&k.path, "");
	compare(&k, before, after);
	strbuf_clear(&k.path);
	return 0;
}
