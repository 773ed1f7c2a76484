/* TensorFlow Serving's form and the Open Inference Protocol: requests to rows, predictions to replies. */
#include "unit.h"

#include "serve/protocol.h"

static struct json *parse(const char *text)
{
	autoerr err = ERR_INIT;
	struct json *v;

	assert_int_equal(js_parse(text, strlen(text), "test", &v, &err), 0);
	return v;
}

static void rows_are(const struct protocol *p, const char *request, const char *want)
{
	autojson *v = parse(request), *rows = NULL;
	autoerr err = ERR_INIT;
	autobuf text = { 0 };

	if (p->parse(v, &rows, &err))
		fail_msg("%s: %s", request, err.msg);
	js_dump(rows, JS_COMPACT, &text);
	assert_string_equal(text.buf, want);
}

static void refused(const struct protocol *p, const char *request, const char *why)
{
	autojson *v = parse(request);
	struct json *rows;
	autoerr err = ERR_INIT;

	assert_int_equal(p->parse(v, &rows, &err), -1);
	assert_int_equal(err.kind, MLOPS_EINVALID);
	if (!strstr(err.msg, why))
		fail_msg("'%s' is not in: %s", why, err.msg);
}

static int format(const struct protocol *p, const char *request, const char *predictions,
		  struct strbuf *out, struct mlops_error *err)
{
	const struct served_model model = { "wine", 3, 7 };
	autojson *req = parse(request), *v = parse(predictions), *reply = NULL;

	if (p->format(req, v, &model, &reply, err))
		return -1;
	js_dump(reply, JS_COMPACT, out);
	return 0;
}

static void reply_is(const struct protocol *p, const char *request, const char *predictions,
		     const char *want)
{
	autoerr err = ERR_INIT;
	autobuf text = { 0 };

	if (format(p, request, predictions, &text, &err))
		fail_msg("%s: %s", predictions, err.msg);
	assert_string_equal(text.buf, want);
}

static void no_reply(const struct protocol *p, const char *request, const char *predictions,
		     enum mlops_error_kind kind)
{
	autoerr err = ERR_INIT;
	autobuf text = { 0 };

	assert_int_equal(format(p, request, predictions, &text, &err), -1);
	assert_int_equal(err.kind, kind);
}

static void test_tfserving(void **state)
{
	const struct protocol *p = &protocol_tfserving;

	(void)state;
	rows_are(p, "{\"instances\":[[1,2.5],[3,4]]}", "[[1,2.5],[3,4]]");
	rows_are(p, "{\"instances\":[{\"a\":1}],\"signature_name\":\"x\"}", "[{\"a\":1}]");
	rows_are(p, "{\"inputs\":{\"a\":[1,2],\"b\":[\"x\",\"y\"]}}",
		 "[{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"y\"}]");
	rows_are(p, "{\"inputs\":[[1],[2]]}", "[[1],[2]]");
	rows_are(p, "{\"instances\":[]}", "[]");
	refused(p, "{}", "either");
	refused(p, "[]", "either");
	refused(p, "{\"instances\":[1],\"inputs\":[1]}", "either");
	refused(p, "{\"instances\":3}", "not a list");
	refused(p, "{\"inputs\":{\"a\":[1],\"b\":[1,2]}}", "'b' has 2 values where 'a' has 1");
	refused(p, "{\"inputs\":{\"a\":1}}", "not a list");
	reply_is(p, "{\"instances\":[1]}", "[0.1]", "{\"predictions\":[0.1]}");
	reply_is(p, "{\"inputs\":[1]}", "[{\"y\":1},{\"y\":2}]", "{\"outputs\":{\"y\":[1,2]}}");
	reply_is(p, "{\"inputs\":[1]}", "[1,2]", "{\"outputs\":[1,2]}");
	no_reply(p, "{\"inputs\":[1]}", "[{\"y\":1},{\"z\":2}]", MLOPS_EFAIL);
}

/* A small request that would be large as rows: a long name beside many values. */
static void test_amplification(void **state)
{
	const char *const forms[] = {
		"{\"inputs\":{\"%s\":[0%s]}}",
		"{\"inputs\":[{\"name\":\"%s\",\"shape\":[20001],\"datatype\":\"INT8\",\"data\":[0%s]}]}",
	};
	const struct protocol *const protocols[] = { &protocol_tfserving, &protocol_oip };
	autobuf name = { 0 }, values = { 0 };

	(void)state;
	for (int i = 0; i < 20000; i++) {
		strbuf_addc(&name, 'n');
		strbuf_adds(&values, ",0");
	}
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		autobuf text = { 0 };
		struct str rest = str_of(forms[i]);

		for (int hole = 0; hole < 2; hole++) {
			struct str part = str_split(rest, '%', &rest);

			strbuf_add(&text, part.p, part.n);
			strbuf_adds(&text, hole ? values.buf : name.buf);
			rest.p++, rest.n--;
		}
		strbuf_add(&text, rest.p, rest.n);
		refused(protocols[i], text.buf, "too many at once");
	}
}

#define INPUT(name, shape, type, data)                                                             \
	"{\"name\":\"" name "\",\"shape\":" shape ",\"datatype\":\"" type "\",\"data\":" data "}"
#define INPUTS(list) "{\"inputs\":[" list "]}"

static void test_oip_rows(void **state)
{
	const struct protocol *p = &protocol_oip;

	(void)state;
	rows_are(p, INPUTS(INPUT("x", "[2,2]", "FP64", "[1,2.5,3,4]")), "[[1,2.5],[3,4]]");
	rows_are(p, INPUTS(INPUT("x", "[2,2]", "FP32", "[[1,2],[3,4]]")), "[[1,2],[3,4]]");
	rows_are(p, INPUTS(INPUT("x", "[1,2,1]", "INT8", "[1,2]")), "[[[1],[2]]]");
	rows_are(p, INPUTS(INPUT("x", "[2]", "INT64", "[1,2]")), "[{\"x\":1},{\"x\":2}]");
	rows_are(p,
		 INPUTS(INPUT("a", "[2,1]", "BOOL", "[true,false]") "," INPUT("b", "[2]", "BYTES",
									      "[\"u\",\"v\"]")),
		 "[{\"a\":true,\"b\":\"u\"},{\"a\":false,\"b\":\"v\"}]");
	rows_are(p, INPUTS(INPUT("x", "[0,4]", "FP64", "[]")), "[]");
}

static void test_oip_refusals(void **state)
{
	const struct protocol *p = &protocol_oip;

	(void)state;
	refused(p, "{}", "'inputs'");
	refused(p, "{\"inputs\":[]}", "'inputs'");
	refused(p, INPUTS("{\"shape\":[1]}"), "no 'name'");
	refused(p, INPUTS(INPUT("x", "[]", "FP64", "[]")), "shape");
	refused(p, INPUTS(INPUT("x", "[1,1,1,1,1,1,1,1,1]", "FP64", "[1]")), "shape");
	refused(p, INPUTS(INPUT("x", "[-1]", "FP64", "[1]")), "impossible");
	refused(p, INPUTS(INPUT("x", "[1000000000000,0]", "FP64", "[]")), "impossible");
	refused(p, INPUTS(INPUT("x", "[4294967296,4294967296]", "FP64", "[1]")), "impossible");
	refused(p, INPUTS(INPUT("x", "[3]", "FP64", "[1,2]")), "2 elements where its shape says 3");
	refused(p, INPUTS(INPUT("x", "[1]", "FP8", "[1]")), "unknown datatype 'FP8'");
	refused(p, INPUTS(INPUT("x", "[1]", "INT8", "[128]")), "no INT8");
	refused(p, INPUTS(INPUT("x", "[1]", "UINT16", "[-1]")), "no UINT16");
	refused(p, INPUTS(INPUT("x", "[1]", "INT32", "[1.5]")), "no INT32");
	refused(p, INPUTS(INPUT("x", "[1]", "BOOL", "[1]")), "no BOOL");
	refused(p, INPUTS(INPUT("x", "[1]", "BYTES", "[null]")), "no BYTES");
	refused(p, INPUTS("{\"name\":\"x\",\"shape\":[1],\"datatype\":\"FP64\"}"), "'data'");
	refused(p, INPUTS(INPUT("a", "[2]", "FP64", "[1,2]") "," INPUT("b", "[1]", "FP64", "[1]")),
		"'b' has 1 rows where 'a' has 2");
}

#define REPLY(outputs) "{\"model_name\":\"wine\",\"model_version\":\"3\",\"outputs\":[" outputs "]}"

static void test_oip_replies(void **state)
{
	const struct protocol *p = &protocol_oip;

	(void)state;
	reply_is(p, "{}", "[1,2]", REPLY(INPUT("predictions", "[2]", "INT64", "[1,2]")));
	reply_is(p, "{}", "[1,2.5]", REPLY(INPUT("predictions", "[2]", "FP64", "[1,2.5]")));
	reply_is(p, "{}", "[\"a\"]", REPLY(INPUT("predictions", "[1]", "BYTES", "[\"a\"]")));
	reply_is(p, "{}", "[true]", REPLY(INPUT("predictions", "[1]", "BOOL", "[true]")));
	reply_is(p, "{}", "[[1,2],[3,4]]",
		 REPLY(INPUT("predictions", "[2,2]", "INT64", "[1,2,3,4]")));
	reply_is(p, "{}", "[]", REPLY(INPUT("predictions", "[0]", "FP64", "[]")));
	reply_is(p, "{}", "[0.5,null]", REPLY(INPUT("predictions", "[2]", "FP64", "[0.5,null]"))); /* a missing value */
	reply_is(p, "{}", "[{\"c\":\"u\",\"p\":0.5}]",
		 REPLY(INPUT("c", "[1]", "BYTES", "[\"u\"]") "," INPUT("p", "[1]", "FP64",
								       "[0.5]")));
	reply_is(p, "{\"outputs\":[{\"name\":\"p\"}]}", "[{\"c\":\"u\",\"p\":0.5}]",
		 REPLY(INPUT("p", "[1]", "FP64", "[0.5]")));
	reply_is(
		p, "{\"id\":\"7\"}", "[1]",
		"{\"model_name\":\"wine\",\"model_version\":\"3\",\"id\":\"7\",\"outputs\":[" INPUT(
			"predictions", "[1]", "INT64", "[1]") "]}");
	no_reply(p, "{\"outputs\":[{\"name\":\"q\"}]}", "[1]", MLOPS_EINVALID);
	no_reply(p, "{\"outputs\":[{}]}", "[1]", MLOPS_EINVALID);
	no_reply(p, "{}", "[[1],[1,2]]", MLOPS_EFAIL);
	no_reply(p, "{}", "[1,[2]]", MLOPS_EFAIL);
	no_reply(p, "{}", "[1,\"a\"]", MLOPS_EFAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tfserving),   cmocka_unit_test(test_amplification),
		cmocka_unit_test(test_oip_rows),    cmocka_unit_test(test_oip_refusals),
		cmocka_unit_test(test_oip_replies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
