/* XML: what is given to the caller, and what is refused. */
#include "unit.h"

#include "fmt/xml.h"

static int note(const char *name, const char *value, const char *parent, void *arg,
		struct mlops_error *err)
{
	(void)err;
	strbuf_addf(arg, "%s>%s=%s;", parent, name, value);
	return !strcmp(value, "stop") ? 5 : 0;
}

static int each(const char *text, struct strbuf *out, struct mlops_error *err)
{
	strbuf_trunc(out, 0);
	return xml_each(text, strlen(text), "the reply", note, out, err);
}

static void test_elements(void **state)
{
	autoerr err = ERR_INIT;
	autobuf out = { 0 };

	(void)state;
	assert_success(each("<?xml version='1.0'?><a xmlns:D='x'><D:b>1 &amp; 2</D:b>t<c/></a>",
			    &out, &err));
	assert_string_equal(out.buf, "a>b=1 & 2;a>c=;>a=t;");
	assert_int_equal(each("<a><b>stop</b><c/></a>", &out, &err), 5);
	assert_string_equal(out.buf, "a>b=stop;");
}

static void test_refused(void **state)
{
	autobuf out = { 0 }, deep = { 0 }, wide = { 0 };
	autoerr err = ERR_INIT;

	(void)state;
	for (int i = 0; i <= XML_MAX_DEPTH; i++)
		strbuf_adds(&deep, "<a>");
	strbuf_adds(&wide, "<a>");
	for (size_t i = 0; i <= XML_MAX_TEXT; i++)
		strbuf_addc(&wide, 'x');
	assert_error(each("", &out, &err), MLOPS_ECORRUPT, "no XML");
	assert_error(each("<a><b></a>", &out, &err), MLOPS_ECORRUPT, "no XML");
	assert_error(each("<a>&lol;</a>", &out, &err), MLOPS_ECORRUPT, "no XML");
	assert_error(each("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", &out, &err), MLOPS_ECORRUPT,
		     "document type");
	assert_error(each(deep.buf, &out, &err), MLOPS_ECORRUPT, "too deeply");
	assert_error(each(wide.buf, &out, &err), MLOPS_ECORRUPT, "too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
