/* Assessments of traces (MLflow 3): feedback, expectations, and issues that they belong to. */
#include "serve/api/mlflow_traces.h"

#include "base/clock.h"
#include "tracking/assessment.h"

static const char *const kinds[] = { "feedback", "expectation", "issue" };

/* The one of feedback, expectation and issue that it has. */
static int find_kind(const struct json *in, const char **kind, struct mlops_error *err)
{
	*kind = NULL;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct json *v = arg_field(in, kinds[i]);

		if (v && js_type(v) != JSON_OBJ)
			return arg_invalid(kinds[i], v, "an object", err);
		if (v && *kind)
			return err_set(err, MLOPS_EINVALID, "An assessment is one of feedback, expectation and issue");
		if (v)
			*kind = kinds[i];
	}
	return *kind ? 0 : err_set(err, MLOPS_EINVALID, "Unknown assessment type: None");
}

/* What a feedback or an expectation says; of a value in a text, that which it stands for. New, or NULL. */
static int read_value(const struct json *said, struct json **out, struct mlops_error *err)
{
	const struct json *packed = arg_field(said, "serialized_value");
	const char *text = NULL;

	*out = NULL;
	if (!packed) {
		*out = js_ref(js_get(said, "value"));
		return 0;
	}
	if (arg_need_text(packed, "value", &text, err))
		return -1;
	return js_parse(text, strlen(text), "the serialized value", out, err);
}

/* ---- reading: only what a client can read again is kept ---- */

static int copy_texts(const struct json *from, const char *const *names, struct json *to,
		      struct mlops_error *err)
{
	for (; *names; names++) {
		const char *text = NULL;

		if (arg_text(from, *names, &text, err))
			return -1;
		if (text)
			js_set(to, *names, js_str(text));
	}
	return 0;
}

/* The object `name` of texts, when there is one. */
static int copy_object(const struct json *from, const char *name, const char *const *names, struct json *to,
		       struct mlops_error *err)
{
	const struct json *part = arg_field(from, name);
	struct json *copy;

	if (!part)
		return 0;
	if (js_type(part) != JSON_OBJ)
		return arg_invalid(name, part, "an object", err);
	js_set(to, name, copy = js_obj());
	return copy_texts(part, names, copy, err);
}

/* The feedback, expectation or issue. */
static int copy_said(const struct json *in, const char *kind, struct json *to, struct mlops_error *err)
{
	static const char *const error[] = { "error_code", "error_message", "stack_trace", NULL };
	static const char *const packed[] = { "serialization_format", "value", NULL };
	static const char *const issue[] = { "issue_name", NULL };
	const struct json *said = arg_field(in, kind);
	struct json *copy;

	if (js_type(said) != JSON_OBJ)
		return said ? arg_invalid(kind, said, "an object", err) : arg_missing(kind, err);
	js_set(to, kind, copy = js_obj());
	if (!strcmp(kind, "issue"))
		return copy_texts(said, issue, copy, err);
	if (js_get(said, "value"))
		js_set(copy, "value", js_ref(js_get(said, "value")));
	return !strcmp(kind, "feedback") ? copy_object(said, "error", error, copy, err) :
					   copy_object(said, "serialized_value", packed, copy, err);
}

static int copy_source(const struct json *in, struct json *to, struct mlops_error *err)
{
	static const char *const types[] = { "SOURCE_TYPE_UNSPECIFIED", "HUMAN", "LLM_JUDGE", "AI_JUDGE", "CODE" };
	static const char *const names[] = { "source_type", "source_id", NULL };

	if (copy_object(in, "source", names, to, err))
		return -1;
	struct json *source = js_get(to, "source");
	const char *type = js_get_text(source, "source_type");
	for (size_t i = 0; type && i < ARRAY_LEN(types); i++)
		if (!strcmp(type, types[i]))
			return 0;
	if (type)
		return arg_invalid("source_type", js_get(source, "source_type"), "HUMAN, LLM_JUDGE or CODE", err);
	if (!source)
		js_set(to, "source", source = js_obj());
	js_set(source, "source_type", js_str(types[0]));
	return 0;
}

/* Each text of it, as protobuf's map<string, string> takes them. */
static int add_metadata(const struct json *in, struct json *to, struct mlops_error *err)
{
	struct json *from = arg_field(in, "metadata"), *value;
	void *iter = NULL;
	const char *key;

	if (from && js_type(from) != JSON_OBJ)
		return arg_invalid("metadata", from, "an object", err);
	while (js_next(from, &iter, &key, &value)) {
		if (!js_text(value))
			return arg_invalid("metadata", value, "a string", err);
		js_set(to, key, js_ref(value));
	}
	return 0;
}

/* The fields that are kept as they were said; new. */
static int read_body(const struct json *in, const char *kind, struct json **out, struct mlops_error *err)
{
	static const char *const texts[] = { "rationale", "span_id", NULL };
	autojson *v = js_obj(), *metadata = js_obj();

	if (copy_said(in, kind, v, err) || copy_source(in, v, err) || copy_texts(in, texts, v, err) ||
	    add_metadata(in, metadata, err))
		return -1;
	if (js_len(metadata))
		js_set(v, "metadata", js_ref(metadata));
	*out = js_ref(v);
	return 0;
}

static int read_time(const struct json *in, const char *name, int64_t *ms, struct mlops_error *err)
{
	const struct json *v = arg_field(in, name);

	if (!v || (js_text(v) && clock_parse_iso(js_text(v), ms)))
		return 0;
	return arg_invalid(name, v, "a time such as \"2026-01-31T12:00:00Z\"", err);
}

int trace_put_assessment(struct db *db, int64_t trace, const struct json *in, char *id, struct mlops_error *err)
{
	struct assessment a = { .name = "", .valid = true, .created_ms = clock_now_ms() };
	autojson *value = NULL, *body = NULL;

	a.updated_ms = a.created_ms;
	if (find_kind(in, &a.kind, err) || arg_text(in, "assessment_id", &a.id, err) ||
	    arg_text(in, "assessment_name", &a.name, err) || rule_length("assessment_name", a.name, 250, err) ||
	    arg_text(in, "overrides", &a.overrides, err) || arg_bool(in, "valid", &a.valid, err) ||
	    read_time(in, "create_time", &a.created_ms, err) ||
	    read_time(in, "last_update_time", &a.updated_ms, err) ||
	    read_value(arg_field(in, a.kind), &value, err) || read_body(in, a.kind, &body, err))
		return -1;
	a.value = value;
	a.body = body;
	a.id = a.id && *a.id ? a.id : NULL;
	a.overrides = a.overrides && *a.overrides ? a.overrides : NULL;
	return assessment_put(db, trace, &a, id, err);
}

static int reply(struct db *db, struct mlflow_call *c, int64_t trace, const char *id, struct mlops_error *err)
{
	struct json *v;

	if (assessment_load(db, trace, id, &v, err))
		return -1;
	js_set(c->out, "assessment", v);
	return 0;
}

static int create(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const struct json *in = arg_field(c->in, "assessment");
	char id[ASSESSMENT_ID_SIZE];
	int64_t trace;

	if (!in)
		return arg_missing("assessment", err);
	return call_trace(db, c, &trace, err) || trace_put_assessment(db, trace, in, id, err) ||
			       reply(db, c, trace, id, err) ?
		       -1 :
		       0;
}

static int get(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *id;
	int64_t trace;

	return arg_need_text(c->in, "assessment_id", &id, err) || call_trace(db, c, &trace, err) ||
			       reply(db, c, trace, id, err) ?
		       -1 :
		       0;
}

/* ---- changing ---- */

/* Feedback stays feedback, and an expectation that. */
static int change_said(struct json *old, const struct json *in, const char *kind, struct mlops_error *err)
{
	const char *is = js_get(old, "feedback") ? "Feedback" : js_get(old, "expectation") ? "Expectation" : "Issue";

	if (!js_get(old, kind))
		return err_set(err, MLOPS_EINVALID, "Cannot update %s value on a %s assessment.", kind, is);
	return copy_said(in, kind, old, err);
}

static int change_metadata(struct json *old, const struct json *in, struct mlops_error *err)
{
	struct json *metadata = js_get(old, "metadata");

	if (!metadata)
		js_set(old, "metadata", metadata = js_obj());
	return add_metadata(in, metadata, err);
}

/* One path of the mask, in protobuf's JSON ("assessmentName") or as the field is named. */
static int change_field(struct json *old, const struct json *in, struct str path, struct mlops_error *err)
{
	const char *text = "";

	if (str_eq(path, "feedback"))
		return change_said(old, in, "feedback", err);
	if (str_eq(path, "expectation"))
		return change_said(old, in, "expectation", err);
	if (str_eq(path, "metadata"))
		return change_metadata(old, in, err);
	bool is_name = str_eq(path, "assessment_name") || str_eq(path, "assessmentName");
	if (!is_name && !str_eq(path, "rationale"))
		return err_set(err, MLOPS_EINVALID, "'%.*s' of an assessment cannot be changed",
			       path.n < 100 ? (int)path.n : 100, path.p);
	const char *field = is_name ? "assessment_name" : "rationale";
	if (arg_text(in, field, &text, err) || (is_name && rule_length(field, text, 250, err)))
		return -1;
	js_set(old, field, js_str(text));
	return 0;
}

static int change_fields(struct json *old, const struct json *in, const char *mask, struct mlops_error *err)
{
	struct str rest = str_of(mask);

	while (rest.n)
		if (change_field(old, in, str_trim(str_split(rest, ',', &rest)), err))
			return -1;
	return 0;
}

static int update(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const struct json *in = arg_field(c->in, "assessment");
	struct assessment a = { .updated_ms = clock_now_ms() };
	autojson *old = NULL, *value = NULL, *body = NULL;
	const char *mask;
	int64_t trace;

	if (!in)
		return arg_missing("assessment", err);
	if (arg_need_text(c->in, "update_mask", &mask, err) || arg_need_text(c->in, "assessment_id", &a.id, err) ||
	    call_trace(db, c, &trace, err) || assessment_load(db, trace, a.id, &old, err) ||
	    change_fields(old, in, mask, err) || find_kind(old, &a.kind, err) ||
	    read_value(js_get(old, a.kind), &value, err) || read_body(old, a.kind, &body, err))
		return -1;
	a.name = js_get_text(old, "assessment_name");
	a.value = value;
	a.body = body;
	return assessment_change(db, trace, &a, err) || reply(db, c, trace, a.id, err) ? -1 : 0;
}

static int delete_(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *id;
	int64_t trace;

	return arg_need_text(c->in, "assessment_id", &id, err) || call_trace(db, c, &trace, err) ||
			       assessment_delete(db, trace, id, err) ?
		       -1 :
		       0;
}

#define ALL "traces/{trace_id}/assessments"

const struct mlflow_method mlflow_assessment_methods[] = {
	{ "POST", ALL, NULL, create, true },
	{ "GET", ALL "/{assessment_id}", NULL, get, false },
	{ "PATCH", ALL "/{assessment_id}", NULL, update, true },
	{ "DELETE", ALL "/{assessment_id}", NULL, delete_, true },
	{ .verb = NULL },
};
