/* Spans as they are kept: made of their parts, and given out as OTLP again. */
#include "tracking/otlp.h"

#include "base/base64.h"
#include "base/hex.h"
#include "base/mem.h"
#include "fmt/pyjson.h"

static const char *const status_names[] = { "STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR" };

void otlp_span_init(struct otlp_span *parts)
{
	*parts = (struct otlp_span){ .name = STR(""), .message = STR(""), .attributes = js_obj(),
				     .events = js_arr(), .links = js_arr() };
}

void otlp_span_clear(struct otlp_span *parts)
{
	js_free(parts->attributes);
	js_free(parts->events);
	js_free(parts->links);
	*parts = (struct otlp_span){ 0 };
}

static struct json *base64_text(struct str bytes)
{
	autobuf text = { 0 };

	base64_encode(&text, bytes.p, bytes.n);
	return js_strn(text.buf, text.len);
}

static bool is_id(struct str bytes, size_t n)
{
	if (bytes.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (bytes.p[i])
			return true;
	return false;
}

static int check(const struct otlp_span *s, struct mlops_error *err)
{
	if (!is_id(s->trace_id, OTLP_TRACE_ID))
		return err_set(err, MLOPS_EINVALID, "a span has no trace id of %d bytes", OTLP_TRACE_ID);
	if (!is_id(s->span_id, OTLP_SPAN_ID))
		return err_set(err, MLOPS_EINVALID, "a span has no id of %d bytes", OTLP_SPAN_ID);
	if (s->parent_id.n && s->parent_id.n != OTLP_SPAN_ID)
		return err_set(err, MLOPS_EINVALID, "a span's parent has no id of %d bytes", OTLP_SPAN_ID);
	if (s->start_ns > INT64_MAX || s->end_ns > INT64_MAX)
		return err_set(err, MLOPS_EINVALID, "a span is of a time that is none");
	return 0;
}

int otlp_span_new(const struct otlp_span *s, struct json **out, struct mlops_error *err)
{
	char hex[2 * OTLP_TRACE_ID + 1], request[sizeof(hex) + sizeof("\"tr-\"")];

	if (check(s, err))
		return -1;
	struct json *v = js_obj(), *status = js_obj();
	snprintf(request, sizeof(request), "\"tr-%s\"", hex_encode(hex, s->trace_id.p, s->trace_id.n));
	js_set(s->attributes, "mlflow.traceRequestId", js_str(request));
	otlp_translate(s->attributes);
	js_set(v, "trace_id", base64_text(s->trace_id));
	js_set(v, "span_id", base64_text(s->span_id));
	js_set(v, "parent_span_id", is_id(s->parent_id, OTLP_SPAN_ID) ? base64_text(s->parent_id) : js_null());
	js_set(v, "name", js_strn(s->name.p, s->name.n));
	js_set(v, "start_time_unix_nano", js_int((int64_t)s->start_ns));
	js_set(v, "end_time_unix_nano", s->end_ns ? js_int((int64_t)s->end_ns) : js_null());
	js_set(status, "code", js_str(status_names[s->status < ARRAY_LEN(status_names) ? s->status : 0]));
	js_set(status, "message", js_strn(s->message.p, s->message.n));
	js_set(v, "status", status);
	js_set(v, "attributes", js_ref(s->attributes));
	js_set(v, "events", js_ref(s->events));
	js_set(v, "links", js_ref(s->links));
	*out = v;
	return 0;
}

struct json *otlp_text(const struct json *value)
{
	autobuf text = { 0 };

	pyjson_dump(value, PYJSON_UTF8, &text);
	return js_strn(text.buf, text.len);
}

struct json *otlp_attribute_text(const struct json *value)
{
	const char *text = js_text(value);
	autojson *inner = NULL;
	autoerr ignored = ERR_INIT;

	if (text && strchr("{[\"", text[strspn(text, " \t\r\n")]) &&
	    !js_parse(text, js_text_len(value), "attribute", &inner, &ignored))
		return js_ref((struct json *)value);
	return otlp_text(value);
}

static char *text_of(struct str s)
{
	autobuf text = { 0 };

	utf8_mend(&text, s.p, s.n);
	return text.buf ? strbuf_steal(&text) : xstrdup("");
}

void otlp_set_attribute(struct json *attributes, struct str key, struct json *value)
{
	autofree char *name = text_of(key);

	js_set(attributes, name, value);
}

struct json *otlp_event_new(struct str name, uint64_t time_ns, struct json *attributes)
{
	struct json *v = js_obj();

	js_set(v, "name", js_strn(name.p, name.n));
	js_set(v, "time_unix_nano", js_int((int64_t)(time_ns & INT64_MAX)));
	js_set(v, "attributes", attributes);
	return v;
}

struct json *otlp_group_new(struct json *resource, struct json *spans)
{
	struct json *v = js_obj();

	js_set(v, "resource", resource);
	js_set(v, "spans", spans);
	return v;
}

/* NULL, and the attributes freed, when it leads nowhere. */
struct json *otlp_link_new(struct str trace_id, struct str span_id, struct json *attributes)
{
	char trace[3 + 2 * OTLP_TRACE_ID + 1] = "tr-", span[2 * OTLP_SPAN_ID + 1];

	if (!is_id(trace_id, OTLP_TRACE_ID) || !is_id(span_id, OTLP_SPAN_ID)) {
		js_free(attributes);
		return NULL;
	}
	struct json *v = js_obj();
	hex_encode(trace + 3, trace_id.p, trace_id.n);
	js_set(v, "trace_id", js_str(trace));
	js_set(v, "span_id", js_str(hex_encode(span, span_id.p, span_id.n)));
	js_set(v, "attributes", attributes);
	return v;
}

static struct json *any_value(struct json *v);

static struct json *key_values(struct json *obj)
{
	struct json *list = js_arr(), *value;
	const char *key;
	void *iter = NULL;

	while (js_next(obj, &iter, &key, &value)) {
		struct json *pair = js_obj();

		js_set(pair, "key", js_str(key));
		js_set(pair, "value", any_value(value));
		js_push(list, pair);
	}
	return list;
}

static struct json *array_value(const struct json *v)
{
	struct json *out = js_obj(), *list = js_arr();

	for (size_t i = 0; i < js_len(v); i++)
		js_push(list, any_value(js_at(v, i)));
	js_set(out, "values", list);
	return out;
}

/* Recursion ends: what was read is nested no deeper than js_parse() allows. */
static struct json *any_value(struct json *v)
{
	struct json *out = js_obj(), *map;

	switch (js_type(v)) {
	case JSON_STR:
		js_set(out, "string_value", js_ref(v));
		break;
	case JSON_TRUE_:
	case JSON_FALSE_:
		js_set(out, "bool_value", js_ref(v));
		break;
	case JSON_INT:
		js_set(out, "int_value", js_ref(v));
		break;
	case JSON_NUM:
		js_set(out, "double_value", js_ref(v));
		break;
	case JSON_ARR:
		js_set(out, "array_value", array_value(v));
		break;
	case JSON_OBJ:
		map = js_obj();
		js_set(map, "values", key_values(v));
		js_set(out, "kvlist_value", map);
		break;
	case JSON_NIL:
		break;
	}
	return out;
}

/* Of a span, where each value is JSON as a text. */
static struct json *span_attributes(struct json *attributes)
{
	struct json *list = js_arr(), *value;
	const char *key;
	void *iter = NULL;

	while (js_next(attributes, &iter, &key, &value)) {
		struct json *pair = js_obj();
		autojson *plain = NULL;
		autoerr ignored = ERR_INIT;

		if (js_parse(js_text(value), js_text_len(value), "attribute", &plain, &ignored))
			plain = js_ref(value);
		js_set(pair, "key", js_str(key));
		js_set(pair, "value", any_value(plain));
		js_push(list, pair);
	}
	return list;
}

static struct json *span_events(const struct json *events)
{
	struct json *list = js_arr();

	for (size_t i = 0; i < js_len(events); i++) {
		struct json *v = js_obj(), *from = js_at(events, i);

		js_set(v, "name", js_ref(js_get(from, "name")));
		js_set(v, "time_unix_nano", js_ref(js_get(from, "time_unix_nano")));
		js_set(v, "attributes", key_values(js_get(from, "attributes")));
		js_push(list, v);
	}
	return list;
}

static struct json *bytes_of_hex(const char *hex, size_t n)
{
	uint8_t bytes[OTLP_TRACE_ID];

	return hex && hex_decode(bytes, n, hex) ? base64_text((struct str){ (char *)bytes, n }) : js_str("");
}

static struct json *span_links(const struct json *links)
{
	struct json *list = js_arr();

	for (size_t i = 0; i < js_len(links); i++) {
		struct json *v = js_obj(), *from = js_at(links, i);
		const char *trace = js_get_text(from, "trace_id");

		js_set(v, "trace_id", bytes_of_hex(trace && str_starts(trace, "tr-") ? trace + 3 : trace,
						   OTLP_TRACE_ID));
		js_set(v, "span_id", bytes_of_hex(js_get_text(from, "span_id"), OTLP_SPAN_ID));
		js_set(v, "attributes", key_values(js_get(from, "attributes")));
		js_push(list, v);
	}
	return list;
}

struct json *otlp_span_json(const struct json *span)
{
	static const char *const same[] = { "trace_id", "span_id", "parent_span_id", "name",
					    "start_time_unix_nano", "end_time_unix_nano", "status" };
	struct json *v = js_obj();

	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		if (js_type(js_get(span, same[i])) != JSON_NIL)
			js_set(v, same[i], js_ref(js_get(span, same[i])));
	js_set(v, "attributes", span_attributes(js_get(span, "attributes")));
	if (js_len(js_get(span, "events")))
		js_set(v, "events", span_events(js_get(span, "events")));
	if (js_len(js_get(span, "links")))
		js_set(v, "links", span_links(js_get(span, "links")));
	return v;
}
