/*
 * Profiles as files: JSON, where sketches are hexadecimal digits of their bytes. Nothing in a file
 * is believed: what sketches hold must add up to the counts beside them.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>

#include "base/fs.h"
#include "base/hex.h"
#include "base/num.h"
#include "fmt/cell.h"
#include "fmt/json.h"
#include "monitor/profile.h"

#define FORMAT "mlops-profile"
#define VERSION 1
#define MAX_FILE ((size_t)64 << 20)
#define MAX_COUNT ((int64_t)1 << 53) /* so that sums of many profiles can't overflow */
#define MAGIC "{\"format\":\"" FORMAT "\""

static const char *const kind_names[] = { "integer", "real", "boolean", "text" };

static struct json *count_json(uint64_t n)
{
	return js_int((int64_t)n);
}

static struct json *hex_json(const void *p, size_t n)
{
	autofree char *text = xmalloc(2 * n + 1);

	return js_str(hex_encode(text, p, n));
}

static struct json *moments_json(const struct moments *m)
{
	struct json *v = js_obj();

	js_set(v, "n", count_json(m->n));
	if (!m->n)
		return v;
	js_set(v, "mean", js_num(m->mean));
	js_set(v, "m2", js_num(m->m2));
	js_set(v, "m3", js_num(m->m3));
	js_set(v, "m4", js_num(m->m4));
	js_set(v, "min", js_num(m->min));
	js_set(v, "max", js_num(m->max));
	return v;
}

static struct json *kll_json(const struct kll *s)
{
	struct json *levels = js_arr();

	for (size_t i = 0; i < s->n_levels; i++) {
		const struct kll_level *level = &s->levels[i];
		autofree uint64_t *bits = xmalloc((level->n + 1) * sizeof(*bits));

		for (size_t k = 0; k < level->n; k++) {
			memcpy(&bits[k], &level->v[k], sizeof(bits[k]));
			bits[k] = htole64(bits[k]);
		}
		js_push(levels, hex_json(bits, level->n * sizeof(*bits)));
	}
	return levels;
}

static struct json *values_json(const struct hitters *h)
{
	struct json *v = js_obj(), *counts = js_arr();
	autofree size_t *order = hitters_order(h);

	for (size_t i = 0; i < h->counts.n; i++) {
		struct json *row = js_arr();

		js_push(row, js_strn(h->index.v[order[i]].key, h->index.v[order[i]].key_len));
		js_push(row, count_json(h->counts.v[order[i]]));
		js_push(counts, row);
	}
	js_set(v, "sketched", js_bool(h->sketched));
	js_set(v, "error", count_json(h->error));
	js_set(v, "counts", counts);
	return v;
}

static struct json *column_json(const struct profile_column *c)
{
	struct json *v = js_obj(), *kinds = js_obj();

	for (int i = 0; i < PROFILE_KINDS; i++)
		js_set(kinds, kind_names[i], count_json(c->kinds[i]));
	js_set(v, "name", js_str(c->name));
	js_set(v, "missing", count_json(c->missing));
	js_set(v, "infinite", count_json(c->infinite));
	js_set(v, "kinds", kinds);
	js_set(v, "numbers", moments_json(&c->numbers));
	js_set(v, "lengths", moments_json(&c->lengths));
	js_set(v, "quantiles", kll_json(&c->quantiles));
	js_set(v, "distinct", hex_json(c->distinct.registers, HLL_REGISTERS));
	js_set(v, "values", values_json(&c->values));
	return v;
}

/* Column by column: a tree of all of them would be the largest thing in memory. */
int mlops_profile_save(const struct profile *p, const char *path, struct mlops_error *err)
{
	autobuf text = { 0 };

	strbuf_addf(&text, MAGIC ",\"version\":%d,\"rows\":%llu,\"columns\":[", VERSION,
		    (unsigned long long)p->rows);
	for (size_t i = 0; i < p->n_columns; i++) {
		autojson *column = column_json(p->columns[i]);

		strbuf_adds(&text, i ? "," : "");
		js_dump(column, JS_COMPACT, &text);
	}
	strbuf_adds(&text, "]}\n");
	return fs_write_atomic(path, text.buf, text.len, 0644, err);
}

bool mlops_is_profile(const char *path)
{
	char head[sizeof(MAGIC) - 1];
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd >= 0 && pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	       !memcmp(head, MAGIC, sizeof(head));
}

/* Loading. Each part says false when it is not what the format says; one place makes the error. */

static bool load_count(const struct json *obj, const char *key, uint64_t *out)
{
	int64_t n;

	if (!js_get_int(obj, key, &n) || n < 0 || n > MAX_COUNT)
		return false;
	*out = (uint64_t)n;
	return true;
}

/* Infinities are text in JSON; a NaN has no place in a profile. */
static bool load_number(const struct json *obj, const char *key, double *out)
{
	const char *text = js_get_text(obj, key);

	return (js_get_num(obj, key, out) || (text && num_parse_double(text, out))) && !isnan(*out);
}

static bool load_moments(const struct json *v, uint64_t n, struct moments *m)
{
	if (!load_count(v, "n", &m->n) || m->n != n)
		return false;
	return !n || (load_number(v, "mean", &m->mean) && load_number(v, "m2", &m->m2) &&
		      load_number(v, "m3", &m->m3) && load_number(v, "m4", &m->m4) &&
		      load_number(v, "min", &m->min) && load_number(v, "max", &m->max) &&
		      m->min <= m->max && m->m2 >= 0);
}

static bool load_level(const struct json *v, struct kll_level *level)
{
	size_t digits = js_text_len(v), n = digits / (2 * sizeof(uint64_t));

	if (!js_text(v) || digits % (2 * sizeof(uint64_t)) || n > 4 * KLL_K)
		return false;
	level->v = xmalloc((n + 1) * sizeof(*level->v));
	level->cap = n + 1;
	level->n = n;
	if (!hex_decode(level->v, n * sizeof(*level->v), js_text(v)))
		return false;
	for (size_t i = 0; i < n; i++) {
		uint64_t bits;

		memcpy(&bits, &level->v[i], sizeof(bits));
		bits = le64toh(bits);
		memcpy(&level->v[i], &bits, sizeof(bits));
		if (!isfinite(level->v[i]))
			return false;
	}
	return true;
}

static bool load_kll(const struct json *v, uint64_t n, struct kll *s)
{
	if (js_type(v) != JSON_ARR || js_len(v) > KLL_LEVELS)
		return false;
	for (size_t i = 0; i < js_len(v); i++) {
		s->n_levels = i + 1;
		if (!load_level(js_at(v, i), &s->levels[i]) || s->levels[i].n > n >> i)
			return false;
		s->n += (uint64_t)s->levels[i].n << i;
	}
	return s->n == n;
}

static bool load_hll(const struct json *v, struct hll *h)
{
	if (js_text_len(v) != 2 * HLL_REGISTERS || !hex_decode(h->registers, HLL_REGISTERS, js_text(v)))
		return false;
	for (int i = 0; i < HLL_REGISTERS; i++)
		if (h->registers[i] > HLL_MAX)
			return false;
	return true;
}

static bool load_values(const struct json *v, uint64_t n, struct hitters *h)
{
	const struct json *counts = js_get(v, "counts");
	size_t max = js_get_bool(v, "sketched", false) ? 2 * HITTERS_KEPT : HITTERS_EXACT;
	uint64_t error, sum = 0;

	if (!load_count(v, "error", &error) || error > n || js_type(counts) != JSON_ARR ||
	    js_len(counts) > max)
		return false;
	for (size_t i = 0; i < js_len(counts); i++) {
		const struct json *row = js_at(counts, i), *text = js_at(row, 0);
		int64_t count;

		if (!js_text(text) || js_text_len(text) > 3 * HITTERS_TEXT ||
		    !js_to_int(js_at(row, 1), &count) || count <= 0 || (uint64_t)count > n - sum)
			return false;
		sum += (uint64_t)count;
		hitters_add(h, js_text(text), js_text_len(text), (uint64_t)count);
	}
	h->error = error;
	h->sketched = js_get_bool(v, "sketched", false);
	return h->sketched ? true : sum == n && !error;
}

static bool load_column(const struct json *v, uint64_t rows, struct profile_column *c)
{
	const struct json *kinds = js_get(v, "kinds");
	uint64_t n = 0;

	if (!load_count(v, "missing", &c->missing) || !load_count(v, "infinite", &c->infinite))
		return false;
	for (int i = 0; i < PROFILE_KINDS; i++)
		if (!load_count(kinds, kind_names[i], &c->kinds[i]) ||
		    __builtin_add_overflow(n, c->kinds[i], &n))
			return false;
	uint64_t numbers = c->kinds[PROFILE_INTEGER] + c->kinds[PROFILE_REAL];
	if (n > rows || c->missing != rows - n || c->infinite > numbers)
		return false;
	numbers -= c->infinite;
	return load_moments(js_get(v, "numbers"), numbers, &c->numbers) &&
	       load_moments(js_get(v, "lengths"), c->kinds[PROFILE_BOOLEAN] + c->kinds[PROFILE_TEXT],
			    &c->lengths) &&
	       load_kll(js_get(v, "quantiles"), numbers, &c->quantiles) &&
	       load_hll(js_get(v, "distinct"), &c->distinct) &&
	       load_values(js_get(v, "values"), n, &c->values);
}

static int load_top(struct profile *p, const struct json *top, const char *path, struct mlops_error *err)
{
	const struct json *columns = js_get(top, "columns");
	const char *format = js_get_text(top, "format");
	int64_t version;

	if (!format || strcmp(format, FORMAT) || !js_get_int(top, "version", &version))
		return err_set(err, MLOPS_EINVALID, "'%s' is not a profile", path);
	if (version != VERSION)
		return err_set(err, MLOPS_EINVALID, "'%s' is a profile of version %lld, not %d", path,
			       (long long)version, VERSION);
	if (!load_count(top, "rows", &p->rows) || js_type(columns) != JSON_ARR ||
	    js_len(columns) > CELL_COLUMNS)
		return err_set(err, MLOPS_EINVALID, "'%s' is damaged: rows or columns", path);
	for (size_t i = 0; i < js_len(columns); i++) {
		const struct json *column = js_at(columns, i);
		const char *name = js_get_text(column, "name");

		if (!name || !*name || map_get(&p->index, name))
			return err_set(err, MLOPS_EINVALID, "'%s' is damaged: name of column %zu", path, i + 1);
		if (!load_column(column, p->rows, profile_get(p, name)))
			return err_set(err, MLOPS_EINVALID, "'%s' is damaged: column '%s'", path, name);
	}
	return 0;
}

int mlops_profile_load(const char *path, struct profile **out, struct mlops_error *err)
{
	autofree char *what = xasprintf("'%s'", path);
	struct profile *p;
	autobuf text = { 0 };
	autojson *top = NULL;

	if (fs_read(path, MAX_FILE, &text, err) || js_parse(text.buf, text.len, what, &top, err))
		return -1;
	p = xcalloc(1, sizeof(*p));
	if (load_top(p, top, path, err)) {
		mlops_profile_free(p);
		return -1;
	}
	*out = p;
	return 0;
}
