/* A recursive descent over the text, which evaluates while it goes. */
#include "pipeline/condition.h"

#include <ctype.h>
#include <string.h>

#include "base/num.h"

#define DEPTH_MAX 64

struct reader {
	const char *text, *at;
	const struct condition_names *names;
	int depth;
	struct mlops_error *err;
};

static int fault(struct reader *r, const char *what)
{
	return err_set(r->err, MLOPS_EINVALID, "%s at '%s' in the condition '%s'", what,
		       *r->at ? r->at : "its end", r->text);
}

static void skip_space(struct reader *r)
{
	r->at += strspn(r->at, " \t\r\n");
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || strchr("_.-@:", c);
}

/* Takes a word or an operator when it comes next. */
static bool take(struct reader *r, const char *token)
{
	size_t n = strlen(token);

	skip_space(r);
	if (strncmp(r->at, token, n) != 0)
		return false;
	if (isalpha((unsigned char)*token) && r->at[n] && is_name_char(r->at[n]))
		return false;
	r->at += n;
	return true;
}

static int read_text(struct reader *r, struct json **out)
{
	char quote = *r->at;
	const char *end = strchr(r->at + 1, quote);

	if (!end)
		return fault(r, "a quote without its end");
	*out = js_strn(r->at + 1, (size_t)(end - r->at) - 1);
	r->at = end + 1;
	return 0;
}

static int read_number(struct reader *r, const char *word, struct json **out)
{
	int64_t i;
	double d;

	if (num_parse_i64(word, &i))
		*out = js_int(i);
	else if (num_parse_double(word, &d))
		*out = js_num(d);
	else
		return fault(r, "no number");
	return 0;
}

static int read_word(struct reader *r, struct json **out)
{
	size_t n = 0;

	while (r->at[n] && (is_name_char(r->at[n]) || (r->at[n] == '+' && n)))
		n++;
	if (!n)
		return fault(r, "something else than a value");
	autofree char *word = xstrndup(r->at, n);
	r->at += n;
	if (!strcmp(word, "true") || !strcmp(word, "false"))
		*out = js_bool(*word == 't');
	else if (!strcmp(word, "null"))
		*out = js_null();
	else if (isdigit((unsigned char)*word) || *word == '-')
		return read_number(r, word, out);
	else if (strncmp(word, "params.", 7) && strncmp(word, "env.", 4) &&
		 strncmp(word, "metrics.", 8))
		*out = js_str(word); /* what a template filled in without quotes */
	else if (r->names)
		return r->names->find(r->names->arg, word, out, r->err);
	return 0;
}

static int read_operand(struct reader *r, struct json **out)
{
	skip_space(r);
	if (*r->at == '\'' || *r->at == '"')
		return read_text(r, out);
	return read_word(r, out);
}

static bool is_true(const struct json *v)
{
	double number;

	switch (js_type(v)) {
	case JSON_NIL:
	case JSON_FALSE_:
		return false;
	case JSON_STR:
		return js_text_len(v);
	case JSON_INT:
	case JSON_NUM:
		return js_to_num(v, &number) && number != 0;
	default:
		return true;
	}
}

/* Text may be a number too: all variables of the environment are text. */
static bool to_number(const struct json *v, double *out)
{
	return js_to_num(v, out) || (js_type(v) == JSON_STR && num_parse_double(js_text(v), out));
}

static char *to_text(const struct json *v)
{
	autobuf text = { 0 };

	if (js_type(v) == JSON_STR)
		return xstrdup(js_text(v));
	js_dump(v, JS_COMPACT, &text);
	return strbuf_steal(&text);
}

/* As numbers where both are, else as text. */
static int compare(const struct json *a, const struct json *b)
{
	double p, q;

	if (to_number(a, &p) && to_number(b, &q))
		return (p > q) - (p < q);
	autofree char *x = to_text(a);
	autofree char *y = to_text(b);
	return strcmp(x, y);
}

enum relation { EQUAL, UNEQUAL, AT_MOST, AT_LEAST, LESS, MORE, NO_RELATION };

static enum relation read_relation(struct reader *r)
{
	static const char *const signs[] = { "==", "!=", "<=", ">=", "<", ">" };
	int i = 0;

	while (i < NO_RELATION && !take(r, signs[i]))
		i++;
	return i;
}

/* What has no value is neither less nor more than anything. */
static bool relate(const struct json *a, enum relation relation, const struct json *b)
{
	bool missing = js_type(a) == JSON_NIL || js_type(b) == JSON_NIL;
	int order = missing ? js_type(a) != js_type(b) : compare(a, b);

	switch (relation) {
	case EQUAL:
		return !order;
	case UNEQUAL:
		return order;
	case AT_MOST:
		return !missing && order <= 0;
	case AT_LEAST:
		return !missing && order >= 0;
	case LESS:
		return !missing && order < 0;
	case MORE:
		return !missing && order > 0;
	case NO_RELATION:
		break;
	}
	return is_true(a);
}

static int read_comparison(struct reader *r, bool *out)
{
	autojson *a = NULL, *b = NULL;
	enum relation relation;

	if (read_operand(r, &a))
		return -1;
	relation = read_relation(r);
	if (relation != NO_RELATION && read_operand(r, &b))
		return -1;
	*out = relate(a, relation, b);
	return 0;
}

static int read_or(struct reader *r, bool *out);

static int read_not(struct reader *r, bool *out)
{
	bool negated = false;

	while (take(r, "not"))
		negated = !negated;
	if (!take(r, "(")) {
		if (read_comparison(r, out))
			return -1;
	} else {
		if (r->depth++ == DEPTH_MAX)
			return fault(r, "too many parentheses");
		if (read_or(r, out))
			return -1;
		if (!take(r, ")"))
			return fault(r, "a parenthesis without its end");
		r->depth--;
	}
	*out ^= negated;
	return 0;
}

static int read_and(struct reader *r, bool *out)
{
	bool next;

	if (read_not(r, out))
		return -1;
	while (take(r, "and")) {
		if (read_not(r, &next))
			return -1;
		*out &= next;
	}
	return 0;
}

static int read_or(struct reader *r, bool *out)
{
	bool next;

	if (read_and(r, out))
		return -1;
	while (take(r, "or")) {
		if (read_and(r, &next))
			return -1;
		*out |= next;
	}
	return 0;
}

int condition_holds(const char *text, const struct condition_names *names, bool *out,
		    struct mlops_error *err)
{
	struct reader r = { .text = text, .at = text, .names = names, .err = err };
	bool holds = false;

	if (read_or(&r, &holds))
		return -1;
	skip_space(&r);
	if (*r.at)
		return fault(&r, "something that is not understood");
	if (names)
		*out = holds;
	return 0;
}
