/* Parsing by a table: every type, precedence, errors and their hints; what is read off the table. */
#include "cli/opt.h"

#include "base/str.h"
#include "cli/usage.h"
#include "fmt/json.h"
#include "unit.h"

struct opts {
	bool dry_run;
	const char *remote, *format, *first;
	int64_t jobs, timeout;
	double rate;
	uint64_t size;
	struct opt_strs params, rest;
};

static const struct opt_spec rows[] = {
	OPT(opts, dry_run, .name = "dry-run", .letter = 'n', .type = OPT_BOOL, .help = "only list"),
	OPT(opts, remote, .name = "remote", .letter = 'r', .type = OPT_STR, .meta = "NAME",
	    .complete = "remote", .help = "where"),
	OPT(opts, jobs, .name = "jobs", .letter = 'j', .type = OPT_INT, .meta = "N", .def = "4",
	    .help = "how many"),
	OPT(opts, rate, .name = "rate", .type = OPT_DOUBLE, .meta = "X", .help = "a rate"),
	OPT(opts, size, .name = "size", .type = OPT_BYTES, .meta = "BYTES", .help = "a size"),
	OPT(opts, timeout, .name = "timeout", .type = OPT_DURATION, .meta = "TIME", .def = "30s",
	    .help = "a time"),
	OPT(opts, format, .name = "format", .type = OPT_STR, .meta = "FORM", .choices = "text|json",
	    .no_config = true, .help = "a form"),
	OPT(opts, params, .name = "param", .letter = 'P', .type = OPT_STRS, .meta = "K=V",
	    .help = "a \\value"),
	OPT_END,
};
static const struct arg_spec args[] = {
	ARG(opts, first, .name = "FIRST", .min = 1, .max = 1, .complete = "path", .help = "one"),
	ARG(opts, rest, .name = "REST", .max = ARGS_ANY, .complete = "dir", .help = "more"),
	ARG_END,
};

static int never_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *e)
{
	(void)ctx, (void)opts, (void)e;
	return 0;
}

static const struct cmd_spec leaf = { .name = "add",
				      .summary = "add one",
				      .flags = CMD_JSON,
				      .opts = rows,
				      .args = args,
				      .opts_size = sizeof(struct opts),
				      .run = never_run };
static const struct cmd_spec *const subs[] = { &leaf, NULL };
static const struct cmd_spec top = {
	.group = "test", .name = "thing", .summary = "do things", .subs = subs
};
static const struct cmd_spec hidden = { .name = "hidden",
					.summary = "not shown",
					.run = never_run };
/* Words in front of "--" and behind it. */
static const struct arg_spec divided_args[] = {
	ARG(opts, params, .name = "WORD", .max = ARGS_ANY, .complete = "rev", .help = "before"),
	ARG(opts, rest, .name = "PATH", .max = ARGS_ANY, .behind = true, .complete = "path", .help = "behind"),
	ARG_END,
};
static const struct cmd_spec divided = { .name = "divided",
					 .summary = "take both",
					 .args = divided_args,
					 .opts_size = sizeof(struct opts),
					 .run = never_run };

static const struct cmd_spec *const cmds[] = { &top, &hidden, &divided, NULL };

static struct mlops_error err;
static const char *config_key, *config_value;

static const char *lookup(void *arg, const char *key)
{
	(void)arg;
	return config_key && !strcmp(key, config_key) ? config_value : NULL;
}

#define PARSE(o, ...) parse(o, (const char *[]){ __VA_ARGS__, NULL })

static int parse(struct opts *o, const char **words)
{
	const struct opt_defaults defaults = { lookup, NULL };
	int argc = 0;

	while (words[argc])
		argc++;
	opt_clear(&leaf, o);
	*o = (struct opts){ 0 };
	return opt_parse(&leaf, "thing add", &defaults, argc, (char **)words, o, &err);
}

static void every_type(void **state)
{
	struct opts o = { 0 };

	(void)state;
	assert_success(PARSE(&o, "--dry-run", "--remote=origin", "--jobs", "8", "--rate=.5",
			     "--size=1k", "--timeout", "2m", "--format=json", "-P", "a=1", "-Pb=2",
			     "one", "two", "three"));
	assert_true(o.dry_run);
	assert_string_equal(o.remote, "origin");
	assert_int_equal(o.jobs, 8);
	assert_true(o.rate == .5);
	assert_int_equal(o.size, 1024);
	assert_int_equal(o.timeout, 120000);
	assert_string_equal(o.format, "json");
	assert_int_equal(o.params.n, 2);
	assert_string_equal(o.params.v[1], "b=2");
	assert_string_equal(o.first, "one");
	assert_int_equal(o.rest.n, 2);
	assert_string_equal(o.rest.v[1], "three");
	opt_clear(&leaf, &o);
}

static void letters_and_ends(void **state)
{
	struct opts o = { 0 };

	(void)state;
	assert_success(PARSE(&o, "-nj7", "-r", "x", "-"));
	assert_true(o.dry_run && o.jobs == 7);
	assert_string_equal(o.first, "-");
	assert_success(PARSE(&o, "-n", "--no-dry-run", "--", "--jobs"));
	assert_false(o.dry_run);
	assert_string_equal(o.first, "--jobs");
	assert_success(PARSE(&o, "x", "--remote="));
	assert_string_equal(o.remote, "");
	opt_clear(&leaf, &o);
}

static void precedence(void **state)
{
	struct opts o = { 0 };

	(void)state;
	assert_success(PARSE(&o, "x"));
	assert_int_equal(o.jobs, 4);
	assert_int_equal(o.timeout, 30000);
	config_key = "thing-add.jobs", config_value = "5";
	assert_success(PARSE(&o, "x"));
	assert_int_equal(o.jobs, 5);
	setenv("MLOPS_THING_ADD_JOBS", "6", 1);
	assert_success(PARSE(&o, "x"));
	assert_int_equal(o.jobs, 6);
	assert_success(PARSE(&o, "x", "--jobs=7"));
	assert_int_equal(o.jobs, 7);
	setenv("MLOPS_THING_ADD_JOBS", "many", 1);
	assert_error(PARSE(&o, "x"), MLOPS_EUSAGE,
		     "MLOPS_THING_ADD_JOBS takes a whole number, not 'many'");
	unsetenv("MLOPS_THING_ADD_JOBS");
	config_value = "many";
	assert_error(PARSE(&o, "x"), MLOPS_EUSAGE, "thing-add.jobs takes a whole number");
	config_key = NULL;
	setenv("MLOPS_THING_ADD_FORMAT", "json", 1); /* takes none */
	assert_success(PARSE(&o, "x"));
	assert_null(o.format);
	unsetenv("MLOPS_THING_ADD_FORMAT");
	opt_clear(&leaf, &o);
}

static void wrong_usage(void **state)
{
	struct opts o = { 0 };

	(void)state;
	assert_int_equal(PARSE(&o, "x", "--dry-rnu"), -1);
	assert_string_equal(err.msg, "unknown option '--dry-rnu'");
	assert_string_equal(err.hint, "did you mean --dry-run?");
	assert_int_equal(PARSE(&o, "x", "-z"), -1);
	assert_string_equal(err.hint, "see: mlops thing add -h");
	mlops_error_clear(&err);
	assert_error(PARSE(&o, "x", "--jobs"), MLOPS_EUSAGE, "--jobs needs a value");
	assert_error(PARSE(&o, "x", "-j"), MLOPS_EUSAGE, "-j needs a value");
	assert_error(PARSE(&o, "x", "--jobs=1.5"), MLOPS_EUSAGE, "a whole number, not '1.5'");
	assert_error(PARSE(&o, "x", "--rate=fast"), MLOPS_EUSAGE, "a number");
	assert_error(PARSE(&o, "x", "--size=big"), MLOPS_EUSAGE, "64M");
	assert_error(PARSE(&o, "x", "--timeout=soon"), MLOPS_EUSAGE, "90s");
	assert_error(PARSE(&o, "x", "--format=xml"), MLOPS_EUSAGE, "one of text|json, not 'xml'");
	assert_error(PARSE(&o, "x", "--dry-run=maybe"), MLOPS_EUSAGE, "true or false");
	assert_error(PARSE(&o, "x", "--no-jobs"), MLOPS_EUSAGE, "unknown option '--no-jobs'");
	assert_error(PARSE(&o, "-n"), MLOPS_EUSAGE, "FIRST is missing");
	opt_clear(&leaf, &o);
}

static void surplus_argument(void **state)
{
	const struct cmd_spec none = { .name = "none", .opts_size = 1, .run = never_run };
	char *words[] = { (char *)"x", NULL };
	char opts[1] = { 0 };

	(void)state;
	assert_error(opt_parse(&none, "none", NULL, 1, words, opts, &err), MLOPS_EUSAGE,
		     "unexpected argument 'x'");
}

static void common_options(void **state)
{
	const char *words[] = { "--json", "-r", "-q", "x", "-v", "--", "--quiet", NULL };
	struct opt_common common = { 0 };

	(void)state;
	assert_int_equal(opt_take_common(&leaf, 7, (char **)words, &common), 5);
	assert_true(common.json && common.verbose && !common.quiet && !common.help);
	assert_string_equal(words[1], "-q"); /* the value of -r stays */
	assert_string_equal(words[4], "--quiet");
}

static void help_texts(void **state)
{
	autobuf text = { 0 };

	(void)state;
	usage_help(&leaf, "thing add", &text);
	assert_non_null(strstr(text.buf, "usage: mlops thing add [--dry-run] [--remote=NAME]"));
	assert_non_null(strstr(text.buf, "FIRST [REST...]"));
	assert_non_null(strstr(text.buf, "-j, --jobs=N              how many [default: 4]"));
	assert_non_null(strstr(text.buf, "(text|json)"));
	assert_non_null(strstr(text.buf, "--json"));
	strbuf_trunc(&text, 0);
	usage_overview(cmds, &text);
	assert_non_null(strstr(text.buf, "thing"));
	assert_null(strstr(text.buf, "hidden"));
}

static void description(void **state)
{
	autobuf text = { 0 };
	autojson *d = NULL;

	(void)state;
	usage_describe(cmds, &text);
	assert_success(js_parse(text.buf, text.len, "it", &d, &err));
	struct json *list = js_get(d, "commands");
	assert_int_equal(js_len(list), 1);
	struct json *sub = js_at(js_get(js_at(list, 0), "commands"), 0);
	assert_string_equal(js_get_text(sub, "name"), "add");
	assert_string_equal(js_get_text(sub, "group"), "test");
	assert_int_equal(js_len(js_get(sub, "options")), ARRAY_LEN(rows) - 1 + 4);
	assert_int_equal(js_type(js_get(js_at(js_get(sub, "arguments"), 1), "max")), JSON_NIL);
}

#define COMPLETES(want, ...) completes(want, (const char *[]){ __VA_ARGS__, NULL })

static void completes(const char *want, const char **words)
{
	autobuf out = { 0 };
	size_t n = 0;

	while (words[n])
		n++;
	usage_complete(cmds, (char **)words, n, &out);
	assert_string_equal(out.buf ? out.buf : "", want);
}

static void completion(void **state)
{
	(void)state;
	COMPLETES("thing\tdo things\n", "th");
	COMPLETES("thing\tdo things\n", "");
	COMPLETES("", "hid");
	COMPLETES("--version\tshow the version\n", "--v");
	COMPLETES(":dir\n", "-C", "");
	COMPLETES("thing\tdo things\n", "-C", "x", "t");
	COMPLETES("add\tadd one\n", "thing", "");
	COMPLETES("--jobs=\thow many\n--json\tprint the result as JSON\n", "thing", "add", "--j");
	COMPLETES("--format=text\ta form\n--format=json\ta form\n", "thing", "add", "--format=");
	COMPLETES("json\ta form\n", "thing", "add", "--format", "j");
	COMPLETES(":remote\n", "thing", "add", "-r", "");
	COMPLETES(":path\n", "thing", "add", "-n", "");
	COMPLETES(":dir\n", "thing", "add", "-r", "x", "one", "");
	COMPLETES(":dir\n", "thing", "add", "one", "two", "");
	COMPLETES(":dir\n", "thing", "add", "--", "one", "--j");
	COMPLETES("", "nonesuch", "");
	COMPLETES("", "thing", "add", "--nonesuch=");
}

static void manual(void **state)
{
	autobuf out = { 0 };

	(void)state;
	assert_success(
		usage_mdoc(cmds, "man/mlops-thing.1.in",
			   str_of(".Sh X\n@SYNOPSIS@\n@OPTIONS thing add@\n@EXIT@\n@COMMANDS@\n"),
			   &out, &err));
	assert_non_null(strstr(
		out.buf, ".Nm mlops thing add\n.Op Fl -dry-run\n.Op Fl -remote Ns = Ns Ar NAME\n"));
	assert_non_null(strstr(
		out.buf, ".It Fl j , Fl -jobs Ns = Ns Ar \\&N\nHow many.\nThe default is 4.\n"));
	assert_non_null(strstr(out.buf, "A \\evalue.\nMay be given more than once.\n"));
	assert_non_null(strstr(out.buf, ".It 5\nAnother process"));
	assert_non_null(strstr(out.buf, ".It Xr mlops-thing 1\n"));
	assert_error(usage_mdoc(cmds, "mlops-thing.1.in", str_of("\n@OPTIONS thing gone@\n"), &out,
				&err),
		     MLOPS_EINVALID, "mlops-thing.1.in:2: no command named 'thing gone'");
	assert_error(usage_mdoc(cmds, "mlops-thing.1.in", str_of("@NONE@\n"), &out, &err),
		     MLOPS_EINVALID, "'@NONE@' stands for nothing");
}

static void divide(char **words, size_t front, size_t behind, bool dashes)
{
	struct opts o = { 0 };
	int n = 0;

	while (words[n])
		n++;
	assert_success(opt_parse(&divided, "divided", NULL, n, words, &o, &err));
	assert_int_equal(o.params.n, front);
	assert_int_equal(o.rest.n, behind);
	assert_true(o.rest.dashes == dashes);
	opt_clear(&divided, &o);
}

static void test_dashes_divide(void **state)
{
	(void)state;
	divide((char *[]){ (char *)"a", (char *)"b", NULL }, 2, 0, false);
	divide((char *[]){ (char *)"a", (char *)"--", (char *)"b", (char *)"-c", NULL }, 1, 2, true);
	divide((char *[]){ (char *)"a", (char *)"--", NULL }, 1, 0, true);
	divide((char *[]){ (char *)"--", (char *)"--", NULL }, 0, 1, true);
	COMPLETES(":rev\n", "divided", "a", "b");
	COMPLETES(":path\n", "divided", "a", "--", "b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dashes_divide),
		cmocka_unit_test(every_type),       cmocka_unit_test(letters_and_ends),
		cmocka_unit_test(precedence),       cmocka_unit_test(wrong_usage),
		cmocka_unit_test(surplus_argument), cmocka_unit_test(common_options),
		cmocka_unit_test(help_texts),       cmocka_unit_test(description),
		cmocka_unit_test(completion),       cmocka_unit_test(manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
