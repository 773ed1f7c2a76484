/* Tokens and grammar of the search language. */
#include "tracking/search/filter.h"

#include <ctype.h>

#include "base/num.h"
#include "base/vec.h"

#define MAX_FILTER ((size_t)64 << 10)
#define MAX_TERMS  100
#define MAX_LIST   1000

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_STRING, TOKEN_NUMBER, TOKEN_SIGN };

/* A word is an identifier, which may have quoted parts: tags.`a b`. */
struct token {
	enum token_kind kind;
	struct str text;
};

struct parser {
	const char *text, *at;
	struct arena *arena;
	struct token token; /* the one that comes next */
};

static int fail_clause(const struct parser *p, struct mlops_error *err)
{
	return err_set(err, MLOPS_EINVALID, "Invalid clause(s) in filter string: '%.200s'",
		       p->token.kind ? p->token.text.p : p->text);
}

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || (unsigned char)c >= 0x80;
}

/* The end of the quoted text that starts at s; NULL when it has none. A doubled quote is part of it. */
static const char *quoted_end(const char *s)
{
	for (const char *c = s + 1; *c; c++) {
		if (*c != *s)
			continue;
		if (c[1] != *s || *s == '`')
			return c + 1;
		c++;
	}
	return NULL;
}

static const char *word_end(const char *start)
{
	const char *s = start;

	while (s && *s) {
		if (is_word_char(*s))
			s++;
		else if (*s == '`' || (*s == '"' && s > start && s[-1] == '.'))
			s = quoted_end(s);
		else
			break;
	}
	return s;
}

static const char *number_end(const char *s)
{
	s += *s == '-' || *s == '+';
	while (isdigit((unsigned char)*s) || *s == '.')
		s++;
	if ((*s == 'e' || *s == 'E') && (isdigit((unsigned char)s[1]) ||
					 ((s[1] == '-' || s[1] == '+') && isdigit((unsigned char)s[2]))))
		for (s += 2; isdigit((unsigned char)*s);)
			s++;
	return s;
}

static bool starts_number(const char *s)
{
	s += *s == '-' || *s == '+';
	return isdigit((unsigned char)*s) || (*s == '.' && isdigit((unsigned char)s[1]));
}

static const char *sign_end(const char *s)
{
	static const char *const signs[] = { "!=", "<>", "<=", ">=", "==", "<", ">", "=", "(", ")", "," };

	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (str_starts(s, signs[i]))
			return s + strlen(signs[i]);
	return NULL;
}

static int next(struct parser *p, struct mlops_error *err)
{
	const char *s = p->at + strspn(p->at, " \t\r\n"), *end;

	p->token = (struct token){ TOKEN_END, { s, 0 } };
	if (!*s)
		return 0;
	if (*s == '\'' || *s == '"') {
		p->token.kind = TOKEN_STRING;
		end = quoted_end(s);
	} else if (starts_number(s)) {
		p->token.kind = TOKEN_NUMBER;
		end = number_end(s);
	} else if (is_word_char(*s) || *s == '`') {
		p->token.kind = TOKEN_WORD;
		end = word_end(s);
	} else {
		p->token.kind = TOKEN_SIGN;
		end = sign_end(s);
	}
	if (!end)
		return fail_clause(p, err);
	p->token.text.n = (size_t)(end - s);
	p->at = end;
	return 0;
}

static bool is_keyword(const struct token *t, const char *word)
{
	return t->kind == TOKEN_WORD && t->text.n == strlen(word) &&
	       !strncasecmp(t->text.p, word, t->text.n);
}

static bool is_sign(const struct token *t, const char *sign)
{
	return t->kind == TOKEN_SIGN && str_eq(t->text, sign);
}

/* What is between quotes, if there are any. */
static const char *unquote(struct arena *arena, struct str s)
{
	bool quoted = s.n >= 2 && strchr("'\"`", *s.p) && s.p[s.n - 1] == *s.p;

	return quoted ? arena_strndup(arena, s.p + 1, s.n - 2) : arena_strndup(arena, s.p, s.n);
}

static int parse_entity(struct str name, enum filter_entity *out, struct mlops_error *err)
{
	static const struct {
		const char *name;
		enum filter_entity entity;
	} names[] = {
		{ "metric", FILTER_METRIC },	  { "metrics", FILTER_METRIC },
		{ "parameter", FILTER_PARAM },	  { "parameters", FILTER_PARAM },
		{ "param", FILTER_PARAM },	  { "params", FILTER_PARAM },
		{ "tag", FILTER_TAG },		  { "tags", FILTER_TAG },
		{ "attribute", FILTER_ATTRIBUTE },  { "attributes", FILTER_ATTRIBUTE },
		{ "attr", FILTER_ATTRIBUTE },	  { "run", FILTER_ATTRIBUTE },
		{ "dataset", FILTER_DATASET },	  { "datasets", FILTER_DATASET },
		{ "trace", FILTER_ATTRIBUTE },	  { "metadata", FILTER_METADATA },
		{ "request_metadata", FILTER_METADATA }, { "span", FILTER_SPAN },
		{ "feedback", FILTER_FEEDBACK },  { "expectation", FILTER_EXPECTATION },
		{ "issue", FILTER_ISSUE },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_eq(name, names[i].name)) {
			*out = names[i].entity;
			return 0;
		}
	}
	return err_set(err, MLOPS_EINVALID,
		       "Invalid entity type '%.*s'. Valid values are ['metric', 'parameter', 'tag',"
		       " 'attribute', 'dataset']",
		       name.n < 100 ? (int)name.n : 100, name.p);
}

/* "tags.a.b" is the key "a.b"; without a dot, or quoted as a whole, it is an attribute. */
static int parse_key(struct arena *arena, struct str word, enum filter_entity *entity,
		     const char **key, struct mlops_error *err)
{
	struct str rest;
	struct str first = str_split(word, '.', &rest);

	if (*word.p == '`' || first.n == word.n) {
		*entity = FILTER_ATTRIBUTE;
		rest = word;
	} else if (parse_entity(first, entity, err)) {
		return -1;
	}
	*key = unquote(arena, rest);
	return **key ? 0 : err_set(err, MLOPS_EINVALID, "Invalid identifier '%.*s'",
				   (int)(word.n < 200 ? word.n : 200), word.p);
}

static int parse_sign_op(struct parser *p, enum filter_op *op, struct mlops_error *err)
{
	static const struct {
		const char *sign;
		enum filter_op op;
	} ops[] = { { "=", FILTER_EQ },	 { "!=", FILTER_NE }, { "<", FILTER_LT },
		    { "<=", FILTER_LE }, { ">", FILTER_GT },  { ">=", FILTER_GE } };

	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		if (is_sign(&p->token, ops[i].sign)) {
			*op = ops[i].op;
			return next(p, err);
		}
	}
	return fail_clause(p, err);
}

static int parse_null_op(struct parser *p, enum filter_op *op, struct mlops_error *err)
{
	*op = FILTER_IS_NULL;
	if (next(p, err))
		return -1;
	if (is_keyword(&p->token, "not")) {
		*op = FILTER_IS_NOT_NULL;
		if (next(p, err))
			return -1;
	}
	return is_keyword(&p->token, "null") ? next(p, err) : fail_clause(p, err);
}

static int parse_op(struct parser *p, enum filter_op *op, struct mlops_error *err)
{
	if (is_keyword(&p->token, "is"))
		return parse_null_op(p, op, err);
	if (is_keyword(&p->token, "not")) {
		*op = FILTER_NOT_IN;
		if (next(p, err) || !is_keyword(&p->token, "in"))
			return err->kind ? -1 : fail_clause(p, err);
		return next(p, err);
	}
	if (p->token.kind == TOKEN_SIGN)
		return parse_sign_op(p, op, err);
	*op = is_keyword(&p->token, "like")  ? FILTER_LIKE :
	      is_keyword(&p->token, "ilike") ? FILTER_ILIKE :
					       FILTER_IN;
	if (*op == FILTER_IN && !is_keyword(&p->token, "in"))
		return fail_clause(p, err);
	return next(p, err);
}

static int parse_list(struct parser *p, struct filter_term *t, struct mlops_error *err)
{
	if (!is_sign(&p->token, "("))
		return fail_clause(p, err);
	t->list = arena_alloc(p->arena, MAX_LIST * sizeof(*t->list));
	do {
		if (next(p, err))
			return -1;
		if (p->token.kind != TOKEN_STRING)
			return err_set(err, MLOPS_EINVALID,
				       "While parsing a list in the query, expected string value, "
				       "punctuation, or whitespace, but got different type in list: "
				       "'%.200s'", p->text);
		if (t->n == MAX_LIST)
			return err_set(err, MLOPS_EINVALID, "A list has more than %d values", MAX_LIST);
		t->list[t->n++] = unquote(p->arena, p->token.text);
		if (next(p, err))
			return -1;
	} while (is_sign(&p->token, ","));
	return is_sign(&p->token, ")") ? next(p, err) : fail_clause(p, err);
}

static int parse_value(struct parser *p, struct filter_term *t, struct mlops_error *err)
{
	t->text = unquote(p->arena, p->token.text);
	t->is_string = p->token.kind == TOKEN_STRING;
	if (p->token.kind == TOKEN_NUMBER && !num_parse_double(t->text, &t->number))
		return fail_clause(p, err);
	if (p->token.kind != TOKEN_STRING && p->token.kind != TOKEN_NUMBER)
		return fail_clause(p, err);
	return next(p, err);
}

static int parse_term(struct parser *p, struct filter_term *t, struct mlops_error *err)
{
	if (p->token.kind != TOKEN_WORD)
		return fail_clause(p, err);
	if (parse_key(p->arena, p->token.text, &t->entity, &t->key, err) || next(p, err) ||
	    parse_op(p, &t->op, err))
		return -1;
	if (t->op == FILTER_IN || t->op == FILTER_NOT_IN)
		return parse_list(p, t, err);
	return t->op >= FILTER_IS_NULL ? 0 : parse_value(p, t, err);
}

int filter_parse(const char *text, struct arena *arena, struct filter *out, struct mlops_error *err)
{
	struct parser p = { .text = text, .at = text, .arena = arena };

	*out = (struct filter){ 0 };
	if (strlen(text) > MAX_FILTER)
		return err_set(err, MLOPS_EINVALID, "The filter is longer than %zu bytes", MAX_FILTER);
	if (next(&p, err))
		return -1;
	if (!p.token.kind)
		return 0;
	out->v = arena_alloc(arena, MAX_TERMS * sizeof(*out->v));
	for (;;) {
		if (out->n == MAX_TERMS)
			return err_set(err, MLOPS_EINVALID, "The filter has more than %d clauses",
				       MAX_TERMS);
		if (parse_term(&p, &out->v[out->n++], err))
			return -1;
		if (!p.token.kind)
			return 0;
		if (!is_keyword(&p.token, "and"))
			return fail_clause(&p, err);
		if (next(&p, err))
			return -1;
	}
}

/* Keys may hold spaces here without quotes ("Start Time"), so the direction is cut off first. */
int order_parse(const char *text, struct arena *arena, struct order_term *out,
		struct mlops_error *err)
{
	struct str s = str_trim(str_of(text));

	*out = (struct order_term){ 0 };
	if (s.n > 5 && isspace((unsigned char)s.p[s.n - 5]) && !strncasecmp(s.p + s.n - 4, "desc", 4)) {
		out->descending = true;
		s = str_trim((struct str){ s.p, s.n - 5 });
	} else if (s.n > 4 && isspace((unsigned char)s.p[s.n - 4]) &&
		   !strncasecmp(s.p + s.n - 3, "asc", 3)) {
		s = str_trim((struct str){ s.p, s.n - 4 });
	}
	const char *end = s.n ? word_end(arena_strndup(arena, s.p, s.n)) : NULL;
	if (!end || (*end && strcasecmp(end, " name") && strcasecmp(end, " time")))
		return err_set(err, MLOPS_EINVALID,
			       "Invalid order_by clause '%.200s'. Valid form is '<key> [ASC|DESC]'",
			       text);
	return parse_key(arena, s, &out->entity, &out->key, err);
}
