/* .env: lines of NAME=value, as shells and python-dotenv agree on them; nothing is expanded. */
#include "fmt/dotenv.h"

#include <ctype.h>

static void skip_line(struct text *t)
{
	while (t->at < t->end && *t->at != '\n')
		t->at++;
}

static int read_name(struct text *t, struct strbuf *out)
{
	const char *from = t->at;

	if (text_take(t, "export ") || text_take(t, "export\t"))
		text_skip_blanks(t);
	const char *name = t->at;
	while (t->at < t->end && (isalnum((unsigned char)*t->at) || strchr("_.-", *t->at)) &&
	       *t->at)
		t->at++;
	strbuf_add(out, name, (size_t)(t->at - name));
	text_skip_blanks(t);
	if (!out->len || isdigit((unsigned char)*name) || !text_take(t, "="))
		return text_error(t, from, "a line is NAME=value");
	return 0;
}

/* In "" the escapes \n \r \t \" \\ \$ are read, in '' only \' and \\. */
static int read_quoted(struct text *t, struct strbuf *out)
{
	static const char names[] = "nrt", values[] = "\n\r\t";
	const char *from = t->at;
	char quote = *t->at++;

	for (; t->at < t->end && *t->at != quote; t->at++) {
		int next = *t->at == '\\' ? text_look(t, 1) : -1;
		const char *named = quote == '"' && next > 0 ? strchr(names, next) : NULL;
		bool itself = next == quote || next == '\\' || (quote == '"' && next == '$');

		t->at += named || itself;
		strbuf_addc(out, named ? values[named - names] : *t->at);
	}
	return text_take(t, quote == '"' ? "\"" : "'") ?
		       0 :
		       text_error(t, from, "a quote does not end");
}

/* Up to a " #" or the end of the line, without the blanks there. */
static void read_bare(struct text *t, struct strbuf *out)
{
	const char *from = t->at, *end = t->at;

	for (; t->at < t->end && *t->at != '\n' && *t->at != '\r'; t->at++) {
		bool blank = *t->at == ' ' || *t->at == '\t';

		if (*t->at == '#' && t->at > end)
			break;
		if (!blank)
			end = t->at + 1;
	}
	t->at = end;
	strbuf_add(out, from, (size_t)(end - from));
}

static int read_pair(struct text *t, struct json *vars)
{
	autobuf name = { 0 }, value = { 0 };

	if (read_name(t, &name))
		return -1;
	text_skip_blanks(t);
	const char *from = t->at;
	if (text_look(t, 0) == '"' || text_look(t, 0) == '\'') {
		if (read_quoted(t, &value))
			return -1;
	} else if (text_look(t, 0) != '#') {
		read_bare(t, &value);
	}
	js_set(vars, name.buf,
	       text_scalar(t, from, js_strn(value.buf ? value.buf : "", value.len)));
	text_skip_blanks(t);
	if (text_look(t, 0) == '#')
		skip_line(t);
	if (t->at == t->end || text_take_newline(t))
		return 0;
	return text_error(t, t->at, "the line should end here");
}

static int read_lines(struct text *t, struct json *vars)
{
	for (;;) {
		text_skip_blanks(t);
		if (text_look(t, 0) == '#')
			skip_line(t);
		if (t->at == t->end)
			return 0;
		if (!text_take_newline(t) && read_pair(t, vars))
			return -1;
	}
}

int dotenv_parse(const char *file, const char *text, size_t n, struct text_places *places,
		 struct json **out, struct mlops_error *err)
{
	struct text t = text_of(file, text, n, places, err);
	autojson *vars = js_obj();

	if (text_check(&t) || read_lines(&t, vars))
		return -1;
	*out = steal_ptr(&vars);
	return 0;
}
