/* One logical line of Python after the other, with the little of its nesting that matters. */
#include "fmt/pyconst.h"

#include "fmt/pylit.h"

#define NOT_YET SIZE_MAX

struct module {
	struct text t;
	struct json *names;
	struct json *class_names;         /* NULL: not in a class at the top */
	size_t class_indent, init_indent; /* of their bodies; NOT_YET: no line of it was seen */
	bool in_init;
};

/* To the end of a logical line: strings, brackets and backslashes carry it over several lines. */
static int skip_line(struct text *t)
{
	const char *open = NULL;
	size_t depth = 0;

	for (; t->at < t->end; t->at++) {
		while (text_look(t, 0) == '"' || text_look(t, 0) == '\'')
			if (pylit_skip_string(t))
				return -1;
		int c = text_look(t, 0);
		if (c == '#')
			while (text_look(t, 1) != '\n' && text_look(t, 1) != -1)
				t->at++;
		else if (c == '\\' && text_look(t, 1) != -1)
			t->at += text_look(t, 1) == '\r' ? 2 : 1;
		else if (c == '(' || c == '[' || c == '{')
			open = depth++ ? open : t->at;
		else if ((c == ')' || c == ']' || c == '}') && depth)
			depth--;
		else if (c == '\n' && !depth)
			break;
		if (t->at >= t->end)
			break;
	}
	if (t->at > t->end)
		t->at = t->end;
	text_take(t, "\n");
	return depth ? text_error(t, open, "a bracket is not closed") : 0;
}

static bool take_name(struct text *t, struct strbuf *out)
{
	const char *from = t->at;

	while (pylit_is_name(text_look(t, 0)))
		t->at++;
	strbuf_trunc(out, 0);
	strbuf_add(out, from, (size_t)(t->at - from));
	return t->at > from && !(*from >= '0' && *from <= '9');
}

/* A word of the language, with a blank behind it. */
static bool take_keyword(struct text *t, const char *word)
{
	struct text ahead = *t;

	if (!text_take(&ahead, word) || pylit_is_name(text_look(&ahead, 0)))
		return false;
	text_skip_blanks(&ahead);
	t->at = ahead.at;
	return true;
}

/* Over ": type", up to the '='. */
static bool skip_annotation(struct text *t)
{
	size_t depth = 0;

	text_skip_blanks(t);
	if (!text_take(t, ":"))
		return true;
	for (; t->at < t->end && *t->at != '\n'; t->at++) {
		if (*t->at == '=' && !depth)
			return true;
		if (*t->at == '"' || *t->at == '\'') {
			if (pylit_skip_string(t))
				return false; /* as skip_line() will tell */
			t->at--;
			continue;
		}
		if (strchr("[(", *t->at))
			depth++;
		else if (strchr("])", *t->at) && depth)
			depth--;
		else if (strchr("#\\{};", *t->at))
			break;
	}
	return false;
}

/* What may stand behind a literal that is the whole of a value. */
static bool at_statement_end(struct text *t)
{
	text_skip_blanks(t);
	int c = text_look(t, 0);
	return c == -1 || c == '\n' || c == '#' || c == ';' ||
	       (c == '\r' && text_look(t, 1) == '\n');
}

/* NAME = literal into `names`; anything else is left where it is. */
static void read_assignment(struct text *t, bool of_self, struct json *names)
{
	autobuf name = { 0 };

	if ((of_self && !text_take(t, "self.")) || !take_name(t, &name) || !skip_annotation(t) ||
	    !text_take(t, "=") || text_look(t, 0) == '=')
		return;
	do
		text_skip_blanks(t);
	while (text_take(t, "\\\n"));
	struct json *value = pylit_read(t);
	if (value && at_statement_end(t))
		js_set(names, name.buf, value);
	else
		js_free(value);
}

static void read_top(struct module *m)
{
	autobuf name = { 0 };

	m->class_names = NULL;
	m->in_init = false;
	if (!take_keyword(&m->t, "class")) {
		read_assignment(&m->t, false, m->names);
		return;
	}
	if (!take_name(&m->t, &name))
		return;
	m->class_names = js_obj();
	m->class_indent = NOT_YET;
	js_set(m->names, name.buf, m->class_names);
}

static void read_inner(struct module *m, size_t indent)
{
	if (m->class_indent == NOT_YET)
		m->class_indent = indent;
	if (m->in_init && m->init_indent == NOT_YET && indent > m->class_indent)
		m->init_indent = indent;
	if (indent > m->class_indent) {
		if (m->in_init && indent == m->init_indent)
			read_assignment(&m->t, true, m->class_names);
		return;
	}
	m->in_init = take_keyword(&m->t, "def") && take_keyword(&m->t, "__init__");
	m->init_indent = NOT_YET;
	if (!m->in_init)
		read_assignment(&m->t, false, m->class_names);
}

static int read_line(struct module *m)
{
	struct text *t = &m->t;
	const char *from = t->at;

	text_skip_blanks(t);
	if (text_look(t, 0) == '#' || text_look(t, 0) == '\n' || text_look(t, 0) == '\r')
		return skip_line(t);
	const char *statement = t->at;
	if (statement == from)
		read_top(m);
	else if (m->class_names)
		read_inner(m, (size_t)(statement - from));
	t->at = statement;
	return skip_line(t);
}

int pyconst_parse(const char *file, const char *text, size_t n, struct text_places *places,
		  struct json **out, struct mlops_error *err)
{
	autojson *names = js_obj();
	struct module m = { .t = text_of(file, text, n, places, err), .names = names };

	if (text_check(&m.t))
		return -1;
	text_take(&m.t, "\xef\xbb\xbf");
	while (m.t.at < m.t.end)
		if (read_line(&m))
			return -1;
	*out = steal_ptr(&names);
	return 0;
}
