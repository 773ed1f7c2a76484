/* OTLP requests as JSON: protobuf's, but for ids, which are hex. Names may be camelCase or snake_case. */
#include "tracking/otlp.h"

#include "base/hex.h"
#include "base/num.h"

static struct json *field(const struct json *v, const char *camel, const char *snake)
{
	struct json *found = js_get(v, camel);

	return found ? found : js_get(v, snake);
}

static struct str text(const struct json *v)
{
	return js_text(v) ? (struct str){ js_text(v), js_text_len(v) } : STR("");
}

/* Whole numbers of 64 bits are texts, or numbers. */
static int read_time(const struct json *v, uint64_t *out, struct mlops_error *err)
{
	int64_t n = 0;

	if (v && !js_to_int(v, &n) && !(js_text(v) && num_parse_i64(js_text(v), &n)))
		return err_set(err, MLOPS_EINVALID, "a span is of a time that is none");
	if (n < 0)
		return err_set(err, MLOPS_EINVALID, "a span is of a time before 1970");
	*out = (uint64_t)n;
	return 0;
}

struct id {
	char hex[2 * OTLP_TRACE_ID + 1];
	uint8_t bytes[OTLP_TRACE_ID];
};

/* Of n bytes; no text, or "", is none. Hex digits of either case. */
static int read_id(const struct json *v, size_t n, struct id *id, struct str *out, struct mlops_error *err)
{
	struct str s = text(v);

	*out = STR("");
	if (!s.n)
		return 0;
	if (s.n != 2 * n)
		return err_set(err, MLOPS_EINVALID, "an id does not have %zu hex digits", 2 * n);
	for (size_t i = 0; i < s.n; i++)
		id->hex[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'F' ? s.p[i] | 0x20 : s.p[i]);
	id->hex[s.n] = '\0';
	if (!hex_decode(id->bytes, n, id->hex))
		return err_set(err, MLOPS_EINVALID, "an id does not have %zu hex digits", 2 * n);
	*out = (struct str){ (char *)id->bytes, n };
	return 0;
}

static struct json *any_value(struct json *v);

static void add_pairs(const struct json *list, struct json *to, bool as_text)
{
	for (size_t i = 0; i < js_len(list); i++) {
		autojson *value = any_value(js_get(js_at(list, i), "value"));

		otlp_set_attribute(to, text(js_get(js_at(list, i), "key")),
				   as_text ? otlp_attribute_text(value) : js_ref(value));
	}
}

static struct json *int_value(struct json *v)
{
	int64_t n;

	return js_to_int(v, &n) || (js_text(v) && num_parse_i64(js_text(v), &n)) ? js_int(n) : js_ref(v);
}

/* Recursion ends as js_parse() does: it allows 64 levels. */
static struct json *any_value(struct json *v)
{
	struct json *list, *one, *out;

	if ((one = field(v, "stringValue", "string_value")) || (one = field(v, "boolValue", "bool_value")) ||
	    (one = field(v, "doubleValue", "double_value")) || (one = field(v, "bytesValue", "bytes_value")))
		return js_ref(one);
	if ((one = field(v, "intValue", "int_value")))
		return int_value(one);
	if ((one = field(v, "arrayValue", "array_value"))) {
		out = js_arr();
		list = js_get(one, "values");
		for (size_t i = 0; i < js_len(list); i++)
			js_push(out, any_value(js_at(list, i)));
		return out;
	}
	if ((one = field(v, "kvlistValue", "kvlist_value"))) {
		out = js_obj();
		add_pairs(js_get(one, "values"), out, false);
		return out;
	}
	return js_null();
}

static struct json *read_attributes(const struct json *v)
{
	struct json *out = js_obj();

	add_pairs(js_get(v, "attributes"), out, false);
	return out;
}

static int read_events(const struct json *list, struct json *to, struct mlops_error *err)
{
	uint64_t time_ns;

	for (size_t i = 0; i < js_len(list); i++) {
		const struct json *v = js_at(list, i);

		if (read_time(field(v, "timeUnixNano", "time_unix_nano"), &time_ns, err))
			return -1;
		js_push(to, otlp_event_new(text(js_get(v, "name")), time_ns, read_attributes(v)));
	}
	return 0;
}

static int read_links(const struct json *list, struct json *to, struct mlops_error *err)
{
	struct id trace_id, span_id;
	struct str trace, span;

	for (size_t i = 0; i < js_len(list); i++) {
		const struct json *v = js_at(list, i);

		if (read_id(field(v, "traceId", "trace_id"), OTLP_TRACE_ID, &trace_id, &trace, err) ||
		    read_id(field(v, "spanId", "span_id"), OTLP_SPAN_ID, &span_id, &span, err))
			return -1;
		struct json *link = otlp_link_new(trace, span, read_attributes(v));
		if (link)
			js_push(to, link);
	}
	return 0;
}

static uint64_t read_status(const struct json *v)
{
	const char *name = js_text(v);
	int64_t code = 0;

	js_to_int(v, &code);
	if (name)
		code = !strcmp(name, "STATUS_CODE_OK") ? 1 : !strcmp(name, "STATUS_CODE_ERROR") ? 2 : 0;
	return (uint64_t)code;
}

static int read_span(const struct json *v, struct json *spans, struct mlops_error *err)
{
	__attribute__((cleanup(otlp_span_clear))) struct otlp_span s;
	struct id trace_id, span_id, parent_id;
	struct json *span;

	otlp_span_init(&s);
	s.name = text(js_get(v, "name"));
	s.message = text(js_get(js_get(v, "status"), "message"));
	s.status = read_status(js_get(js_get(v, "status"), "code"));
	add_pairs(js_get(v, "attributes"), s.attributes, true);
	if (read_id(field(v, "traceId", "trace_id"), OTLP_TRACE_ID, &trace_id, &s.trace_id, err) ||
	    read_id(field(v, "spanId", "span_id"), OTLP_SPAN_ID, &span_id, &s.span_id, err) ||
	    read_id(field(v, "parentSpanId", "parent_span_id"), OTLP_SPAN_ID, &parent_id, &s.parent_id, err) ||
	    read_time(field(v, "startTimeUnixNano", "start_time_unix_nano"), &s.start_ns, err) ||
	    read_time(field(v, "endTimeUnixNano", "end_time_unix_nano"), &s.end_ns, err) ||
	    read_events(js_get(v, "events"), s.events, err) || read_links(js_get(v, "links"), s.links, err) ||
	    otlp_span_new(&s, &span, err))
		return -1;
	js_push(spans, span);
	return 0;
}

static int read_scopes(const struct json *list, struct json *spans, struct mlops_error *err)
{
	for (size_t i = 0; i < js_len(list); i++) {
		const struct json *of_scope = js_get(js_at(list, i), "spans");

		for (size_t j = 0; j < js_len(of_scope); j++)
			if (read_span(js_at(of_scope, j), spans, err))
				return -1;
	}
	return 0;
}

int otlp_read_json(struct str body, struct json **out, struct mlops_error *err)
{
	autojson *request = NULL, *groups = js_arr();

	if (js_parse(body.p, body.n, "the request", &request, err))
		return -1;
	const struct json *list = field(request, "resourceSpans", "resource_spans");
	for (size_t i = 0; i < js_len(list); i++) {
		const struct json *v = js_at(list, i);
		struct json *spans = js_arr();

		js_push(groups, otlp_group_new(read_attributes(js_get(v, "resource")), spans));
		if (read_scopes(field(v, "scopeSpans", "scope_spans"), spans, err))
			return -1;
	}
	*out = js_ref(groups);
	return 0;
}
