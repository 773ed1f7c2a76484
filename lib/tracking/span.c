/* Spans of traces: keeping them, and what they say of a trace whose client says nothing. */
#include "tracking/trace.h"

#include "base/base64.h"
#include "base/hex.h"
#include "base/vec.h"
#include "tracking/otlp.h"

#define ROOT_TAG_PREFIX "mlflow.traceTag."
#define MAX_KEY		250
#define MAX_VALUE	8000

/* What becomes columns. */
struct key {
	char trace[TRACE_ID_SIZE], span[2 * OTLP_SPAN_ID + 1], parent[2 * OTLP_SPAN_ID + 1];
	bool is_root;
};

static bool hex_of(const struct json *base64, size_t n, char *out)
{
	autobuf bytes = { 0 };

	if (!js_text(base64) || !base64_decode(js_text(base64), js_text_len(base64), &bytes) ||
	    bytes.len != n)
		return false;
	hex_encode(out, bytes.buf, n);
	return true;
}

static int read_key(const struct json *span, struct key *key, struct mlops_error *err)
{
	memcpy(key->trace, "tr-", 3);
	key->is_root = js_type(js_get(span, "parent_span_id")) == JSON_NIL;
	if (hex_of(js_get(span, "trace_id"), OTLP_TRACE_ID, key->trace + 3) &&
	    hex_of(js_get(span, "span_id"), OTLP_SPAN_ID, key->span) &&
	    (key->is_root || hex_of(js_get(span, "parent_span_id"), OTLP_SPAN_ID, key->parent)))
		return 0;
	return err_set(err, MLOPS_EINVALID, "a span has no ids");
}

/* An attribute that is a text, or NULL; new. */
static char *attribute_text(const struct json *span, const char *key)
{
	const struct json *v = js_get(js_get(span, "attributes"), key);
	autojson *plain = NULL;
	autoerr ignored = ERR_INIT;

	if (!v || js_parse(js_text(v), js_text_len(v), "attribute", &plain, &ignored) || !js_text(plain))
		return NULL;
	return xstrdup(js_text(plain));
}

static const char *status_of(const struct json *span)
{
	const char *code = js_get_text(js_get(span, "status"), "code");

	return code && str_ends(code, "_OK") ? "OK" : code && str_ends(code, "_ERROR") ? "ERROR" : "UNSET";
}

/* The trace of a span, which begins and ends with its spans until its client says otherwise. */
static int put_trace(struct db *db, int64_t experiment, const struct key *key, const struct json *span,
		     int64_t *row, struct mlops_error *err)
{
	int64_t start_ns = 0, end_ns = 0;
	bool ended = js_get_int(span, "end_time_unix_nano", &end_ns);
	enum trace_state state = !key->is_root ? TRACE_IN_PROGRESS :
				 !strcmp(status_of(span), "ERROR") ? TRACE_ERROR : TRACE_OK;

	js_get_int(span, "start_time_unix_nano", &start_ns);
	int64_t start_ms = start_ns / 1000000, end_ms = ended ? end_ns / 1000000 : start_ms;
	if (db_change(db, err,
		      "INSERT INTO traces (uuid, experiment_id, request_ms, duration_ms, state)"
		      " VALUES (?1, ?2, ?3, iif(?5, ?4 - ?3, NULL), ?6) ON CONFLICT (uuid) DO UPDATE SET"
		      " duration_ms = iif(?5 OR duration_ms IS NOT NULL, max(?4, request_ms +"
		      "  ifnull(duration_ms, 0)) - min(request_ms, ?3), NULL),"
		      " request_ms = min(request_ms, ?3), state = iif(state = 3, ?6, state)"
		      " WHERE NOT finalized", "siiiii", key->trace, experiment, start_ms, end_ms,
		      (int64_t)ended, (int64_t)state))
		return -1;
	return trace_find(db, key->trace, row, err);
}

static int put_span(struct db *db, int64_t row, const struct key *key, const struct json *span,
		    struct mlops_error *err)
{
	autofree char *type = attribute_text(span, "mlflow.spanType");
	int64_t start_ns = 0, end_ns = 0;
	autobuf content = { 0 };

	js_dump(span, JS_COMPACT, &content);
	js_get_int(span, "start_time_unix_nano", &start_ns);
	js_get_int(span, "end_time_unix_nano", &end_ns);
	return db_change(db, err,
			 "INSERT OR REPLACE INTO spans (trace_id, span_id, parent_id, name, type, status,"
			 " start_ns, end_ns, content) VALUES (?, ?, ?, ?, ?, ?, ?, nullif(?, 0), ?)",
			 "isssssiis", row, key->span, key->is_root ? NULL : key->parent,
			 js_get_text(span, "name"), type ? type : "UNKNOWN", status_of(span), start_ns,
			 end_ns, content.buf);
}

static int put_preview(struct db *db, int64_t row, const struct json *span, const char *name,
		       const char *role, const char *sql, struct mlops_error *err)
{
	const struct json *attribute = js_get(js_get(span, "attributes"), name);
	autofree char *text = attribute ? otlp_preview(attribute, role) : NULL;

	return text ? db_change(db, err, sql, "si", text, row) : 0;
}

/* `insert` is "INSERT OR REPLACE" or "INSERT OR IGNORE". What can be no tag is left out. */
static int put_tag(struct db *db, const char *insert, int64_t row, const char *key, const char *value,
		   struct mlops_error *err)
{
	autofree char *sql = xasprintf("%s INTO trace_tags (trace_id, key, value) VALUES (?, ?, ?)", insert);
	autofree char *cut = NULL;
	size_t n = strlen(value);

	if (!*key || strlen(key) > MAX_KEY || trace_owns_tag(key))
		return 0;
	while (n > MAX_VALUE || (n && ((unsigned char)value[n] & 0xc0) == 0x80))
		n--;
	cut = xstrndup(value, n);
	return db_change(db, err, sql, "iss", row, key, cut);
}

/* Of all spans of a group: what they come from. Our own names, and those of the library, are left out. */
static int put_resource(struct db *db, int64_t row, struct json *resource, struct mlops_error *err)
{
	struct json *value;
	void *iter = NULL;
	const char *key;

	while (js_next(resource, &iter, &key, &value)) {
		autojson *text = js_text(value) ? js_ref(value) : otlp_text(value);

		if (!str_starts(key, "telemetry.sdk.") && !str_starts(key, "mlflow.") &&
		    put_tag(db, "INSERT OR IGNORE", row, key, js_text(text), err))
			return -1;
	}
	return 0;
}

/* Tags that a client of OpenTelemetry can give. */
static int put_root_tags(struct db *db, int64_t row, const struct json *span, struct mlops_error *err)
{
	struct json *value;
	void *iter = NULL;
	const char *key;

	while (js_next(js_get(span, "attributes"), &iter, &key, &value)) {
		if (!str_starts(key, ROOT_TAG_PREFIX))
			continue;
		autofree char *text = attribute_text(span, key);
		if (put_tag(db, "INSERT OR REPLACE", row, key + strlen(ROOT_TAG_PREFIX),
			    text ? text : js_text(value), err))
			return -1;
	}
	return 0;
}

static int put_root(struct db *db, int64_t row, const struct json *span, struct mlops_error *err)
{
	if (put_preview(db, row, span, "mlflow.spanInputs", "user",
			"UPDATE traces SET request_preview = ifnull(request_preview, ?) WHERE id = ?", err) ||
	    put_preview(db, row, span, "mlflow.spanOutputs", "assistant",
			"UPDATE traces SET response_preview = ifnull(response_preview, ?) WHERE id = ?", err) ||
	    put_root_tags(db, row, span, err))
		return -1;
	return db_change(db, err,
			 "INSERT OR IGNORE INTO trace_tags (trace_id, key, value)"
			 " VALUES (?, 'mlflow.traceName', ?)", "is", row, js_get_text(span, "name"));
}

/* Who is served, as OpenTelemetry names it: the first span that says so. */
static int put_who(struct db *db, int64_t row, const struct json *span, struct mlops_error *err)
{
	static const struct {
		const char *attribute, *key;
	} names[] = { { "session.id", "mlflow.trace.session" },
		      { "gen_ai.conversation.id", "mlflow.trace.session" },
		      { "user.id", "mlflow.trace.user" } };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		autofree char *text = attribute_text(span, names[i].attribute);

		if (text && strlen(text) <= MAX_KEY &&
		    db_change(db, err,
			      "INSERT OR IGNORE INTO trace_metadata (trace_id, key, value) VALUES (?, ?, ?)", "iss",
			      row, names[i].key, text))
			return -1;
	}
	return 0;
}

/*
 * Tokens that the trace used, and what they cost. A span that says how many says it of those below it
 * too, so what has such a span above it does not count.
 */
#define SUM(name) "sum(ifnull(json_extract(usage, '$." name "'), 0))"
#define OPTIONAL(name)                                                                             \
	"ifnull(', \"" name "\": ' || sum(json_extract(usage, '$." name "')), '')"
#define TOTALS(attribute, key, format, a, b, c, more)                                              \
	"WITH RECURSIVE s AS (SELECT span_id, parent_id, iif(instr(content, '" attribute "'),"         \
	"  json_extract(content, '$.attributes.\"" attribute "\"'), NULL) AS said"                     \
	"  FROM spans WHERE trace_id = ?1),"                                                          \
	" u AS (SELECT span_id, parent_id, iif(json_valid(said), said, NULL) AS usage FROM s),"       \
	" w(span_id, usage, above) AS ("                                                              \
	"  SELECT span_id, usage, 0 FROM u WHERE parent_id IS NULL"                                   \
	"   OR parent_id NOT IN (SELECT span_id FROM u)"                                              \
	"  UNION ALL SELECT u.span_id, u.usage, w.above OR w.usage IS NOT NULL"                       \
	"   FROM u JOIN w ON u.parent_id = w.span_id)"                                                \
	" INSERT INTO trace_metadata (trace_id, key, value)"                                          \
	" SELECT ?1, '" key "', printf('{\"" a "\": " format ", \"" b "\": " format ", \"" c           \
	"\": " format "%s}', " SUM(a) ", " SUM(b) ", " SUM(c) ", " more ")"                           \
	" FROM w WHERE usage IS NOT NULL AND NOT above HAVING count(*)"                               \
	" ON CONFLICT (trace_id, key) DO UPDATE SET value = excluded.value"                           \
	" WHERE NOT (SELECT finalized FROM traces WHERE id = ?1)"

#define USAGE "mlflow.chat.tokenUsage"
#define COST  "mlflow.llm.cost"

static const char put_usage[] = TOTALS(USAGE, "mlflow.trace.tokenUsage", "%lld", "input_tokens", "output_tokens",
				       "total_tokens", OPTIONAL("cache_read_input_tokens")
				       " || " OPTIONAL("cache_creation_input_tokens"));
static const char put_cost[] = TOTALS(COST, "mlflow.trace.cost", "%!.15g", "input_cost", "output_cost",
				      "total_cost", "''");

typedef VEC(int64_t) row_vec;

struct putting {
	int64_t experiment;
	const char *run;
	struct json *resource; /* of the group */
	row_vec rows;          /* the traces of the group */
	row_vec with_usage, with_cost; /* of all groups */
};

static int by_row(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Each once. */
static void sort_unique(row_vec *rows)
{
	size_t n = 0;

	vec_sort(rows, by_row);
	for (size_t i = 0; i < rows->n; i++)
		if (!n || rows->v[i] != rows->v[n - 1])
			rows->v[n++] = rows->v[i];
	rows->n = n;
}

static int put_totals(struct db *db, const char *sql, row_vec *rows, struct mlops_error *err)
{
	sort_unique(rows);
	for (size_t i = 0; i < rows->n; i++)
		if (db_change(db, err, sql, "i", rows->v[i]))
			return -1;
	return 0;
}

static int put_one(struct db *db, struct putting *p, const struct json *span, struct mlops_error *err)
{
	const struct json *attributes = js_get(span, "attributes");
	struct key key = { 0 };
	int64_t row;

	if (read_key(span, &key, err) || put_trace(db, p->experiment, &key, span, &row, err) ||
	    put_span(db, row, &key, span, err) || put_who(db, row, span, err) ||
	    (key.is_root && put_root(db, row, span, err)) ||
	    (p->run && key.is_root && trace_link(db, row, "run", p->run, err)))
		return -1;
	vec_push(&p->rows, row);
	if (js_get(attributes, USAGE))
		vec_push(&p->with_usage, row);
	if (js_get(attributes, COST))
		vec_push(&p->with_cost, row);
	return 0;
}

static int put_group(struct db *db, struct putting *p, const struct json *spans, struct mlops_error *err)
{
	for (size_t i = 0; i < js_len(spans); i++)
		if (put_one(db, p, js_at(spans, i), err))
			return -1;
	sort_unique(&p->rows);
	for (size_t i = 0; i < p->rows.n; i++)
		if (put_resource(db, p->rows.v[i], p->resource, err) ||
		    trace_set_tag(db, p->rows.v[i], "mlflow.trace.spansLocation", "TRACKING_STORE", err) ||
		    trace_put_location(db, p->rows.v[i], err))
			return -1;
	return 0;
}

static int put_groups(struct db *db, struct putting *p, const struct json *groups, struct mlops_error *err)
{
	for (size_t i = 0; i < js_len(groups); i++) {
		p->resource = js_get(js_at(groups, i), "resource");
		p->rows.n = 0;
		if (put_group(db, p, js_get(js_at(groups, i), "spans"), err))
			return -1;
	}
	return put_totals(db, put_usage, &p->with_usage, err) || put_totals(db, put_cost, &p->with_cost, err) ? -1 : 0;
}

int spans_put(struct db *db, int64_t experiment, const char *run, const struct json *groups,
	      struct mlops_error *err)
{
	struct putting p = { .experiment = experiment, .run = run };
	int rc = put_groups(db, &p, groups, err);

	vec_free(&p.rows);
	vec_free(&p.with_usage);
	vec_free(&p.with_cost);
	return rc;
}

int spans_load(struct db *db, int64_t row, struct json **out, struct mlops_error *err)
{
	autojson *list = js_arr();
	struct db_stmt *stmt;
	struct json *v;
	int rc;

	if (db_query(db, &stmt, err,
		     "SELECT content FROM spans WHERE trace_id = ?"
		     " ORDER BY parent_id IS NOT NULL, start_ns, rowid", "i", row))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		const char *content = db_text(stmt, 0);

		if (js_parse(content, strlen(content), "a span", &v, err)) {
			db_done(stmt);
			return -1;
		}
		js_push(list, v);
	}
	if (!rc)
		*out = js_ref(list);
	return rc;
}
