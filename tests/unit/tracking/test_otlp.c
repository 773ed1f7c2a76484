/* Spans of OpenTelemetry: what is taken and refused, and what becomes of their attributes. */
#include "unit.h"

#include "base/vec.h"
#include "fmt/proto.h"
#include "tracking/otlp.h"

#define TRACE "0123456789abcdef0123456789abcdef"
#define SPAN  "00000000000000aa"

static int read_text(const char *text, struct json **out, struct mlops_error *err)
{
	return otlp_read_json(str_of(text), out, err);
}

/* A request with one span that has these members. */
static char *request(const char *members)
{
	return xasprintf("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{%s}]}]}]}", members);
}

static void is_refused(const char *members)
{
	autofree char *text = request(members);
	autoerr err = ERR_INIT;
	struct json *out = NULL;

	assert_int_equal(read_text(text, &out, &err), -1);
	assert_int_equal(err.kind, MLOPS_EINVALID);
	assert_null(out);
}

static void what_is_no_span(void **state)
{
	static const char *const bad[] = {
		"",
		"\"traceId\":\"" TRACE "\"",
		"\"traceId\":\"" TRACE "\",\"spanId\":\"aa\"",
		"\"traceId\":\"00000000000000000000000000000000\",\"spanId\":\"" SPAN "\"",
		"\"traceId\":\"" TRACE "\",\"spanId\":\"zz000000000000aa\"",
		"\"traceId\":\"" TRACE "\",\"spanId\":\"" SPAN "\",\"startTimeUnixNano\":\"soon\"",
		"\"traceId\":\"" TRACE "\",\"spanId\":\"" SPAN "\",\"startTimeUnixNano\":-1",
		"\"traceId\":\"" TRACE "\",\"spanId\":\"" SPAN "\",\"parentSpanId\":\"1\"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		is_refused(bad[i]);
}

/* The attributes of the one span that a request with these has; the request is freed with *groups. */
static const struct json *attributes_of(const char *list, struct json **groups)
{
	autofree char *members = xasprintf("\"traceId\":\"" TRACE "\",\"spanId\":\"" SPAN "\",\"attributes\":[%s]",
					   list);
	autofree char *text = request(members);
	autoerr err = ERR_INIT;

	assert_int_equal(read_text(text, groups, &err), 0);
	return js_get(js_at(js_get(js_at(*groups, 0), "spans"), 0), "attributes");
}

#define TEXT(key, value) "{\"key\":\"" key "\",\"value\":{\"stringValue\":\"" value "\"}}"

static void attributes_are_json(void **state)
{
	autojson *groups = NULL;
	const struct json *v = attributes_of(
		TEXT("text", "a") "," TEXT("object", "{\\\"b\\\": 1}") "," TEXT("number", "1") ","
		"{\"key\":\"int\",\"value\":{\"intValue\":\"7\"}},"
		"{\"key\":\"real\",\"value\":{\"doubleValue\":1}},"
		"{\"key\":\"map\",\"value\":{\"kvlistValue\":{\"values\":[" TEXT("c", "d") "]}}}",
		&groups);

	(void)state;
	assert_string_equal(js_get_text(v, "text"), "\"a\"");
	assert_string_equal(js_get_text(v, "object"), "{\"b\": 1}");
	assert_string_equal(js_get_text(v, "number"), "\"1\"");
	assert_string_equal(js_get_text(v, "int"), "7");
	assert_string_equal(js_get_text(v, "map"), "{\"c\": \"d\"}");
	assert_string_equal(js_get_text(v, "mlflow.traceRequestId"), "\"tr-" TRACE "\"");
}

static void conventions_are_translated(void **state)
{
	autojson *groups = NULL, *others = NULL;
	const struct json *v = attributes_of(
		TEXT("gen_ai.operation.name", "chat") "," TEXT("gen_ai.input.messages", "hi") ","
		TEXT("gen_ai.request.model", "m") ","
		"{\"key\":\"gen_ai.usage.input_tokens\",\"value\":{\"intValue\":\"9223372036854775807\"}},"
		"{\"key\":\"gen_ai.usage.output_tokens\",\"value\":{\"intValue\":\"2\"}}", &groups);

	(void)state;
	assert_string_equal(js_get_text(v, "mlflow.spanType"), "\"CHAT_MODEL\"");
	assert_string_equal(js_get_text(v, "mlflow.spanInputs"), "\"hi\"");
	assert_string_equal(js_get_text(v, "mlflow.llm.model"), "\"m\"");
	assert_string_equal(js_get_text(v, "mlflow.chat.tokenUsage"),
			    "{\"input_tokens\": 9223372036854775807, \"output_tokens\": 2}");
	v = attributes_of(TEXT("mlflow.spanType", "AGENT") "," TEXT("openinference.span.kind", "LLM") ","
			  TEXT("input.value", ""), &others);
	assert_string_equal(js_get_text(v, "mlflow.spanType"), "\"AGENT\"");
	assert_null(js_get(v, "mlflow.spanInputs"));
}

static void is_shown(const char *attribute, const char *want)
{
	autojson *v = js_str(attribute);
	autofree char *text = otlp_preview(v, "user");

	assert_string_equal(text, want);
}

static void previews(void **state)
{
	(void)state;
	is_shown("\"a\"", "\"a\"");
	is_shown("{\"messages\": [{\"role\": \"user\", \"content\": \"q\"}, {\"role\": \"x\", \"content\": \"r\"}]}", "q");
	is_shown("{\"messages\": [{\"role\": \"x\", \"content\": [{\"type\": \"text\", \"text\": \"t\"}]}]}", "t");
	is_shown("{\"request\": {\"choices\": [{\"message\": {\"role\": \"x\", \"content\": \"c\"}}]}}", "c");
	is_shown("{\"messages\": [1]}", "{\"messages\": [1]}");
	is_shown("no JSON", "no JSON");
}

/* AnyValues in AnyValues. */
static void add_nested(unsigned depth, struct strbuf *out)
{
	autobuf inner = { 0 }, list = { 0 };

	if (!depth) {
		proto_add_bytes(out, 1, "x", 1);
		return;
	}
	add_nested(depth - 1, &inner);
	proto_add_bytes(&list, 1, inner.buf, inner.len);
	proto_add_bytes(out, 5, list.buf, list.len);
}

static int read_nested(unsigned depth, struct mlops_error *err)
{
	autobuf value = { 0 }, pair = { 0 }, span = { 0 }, scope = { 0 }, group = { 0 }, body = { 0 };
	autojson *out = NULL;

	add_nested(depth, &value);
	proto_add_bytes(&pair, 1, "k", 1);
	proto_add_bytes(&pair, 2, value.buf, value.len);
	proto_add_bytes(&span, 1, "0123456789abcdef", OTLP_TRACE_ID);
	proto_add_bytes(&span, 2, "01234567", OTLP_SPAN_ID);
	proto_add_bytes(&span, 9, pair.buf, pair.len);
	proto_add_bytes(&scope, 2, span.buf, span.len);
	proto_add_bytes(&group, 2, scope.buf, scope.len);
	proto_add_bytes(&body, 1, group.buf, group.len);
	return otlp_read_proto((struct str){ body.buf, body.len }, &out, err);
}

static void nesting_ends(void **state)
{
	autoerr err = ERR_INIT;

	(void)state;
	assert_int_equal(read_nested(30, &err), 0);
	assert_int_equal(read_nested(300, &err), -1);
	assert_int_equal(err.kind, MLOPS_EINVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_span), cmocka_unit_test(attributes_are_json),
		cmocka_unit_test(conventions_are_translated), cmocka_unit_test(previews),
		cmocka_unit_test(nesting_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
