/* What is shown of the inputs and outputs of a trace: of a chat the last message, else their beginning. */
#include "tracking/otlp.h"

#define MAX_PREVIEW 1000 /* characters */

/* The lists of messages that requests and replies of OpenAI's forms have. */
static const struct json *find_messages(const struct json *v)
{
	static const char *const names[] = { "messages", "input", "output" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (js_type(js_get(v, names[i])) == JSON_ARR && js_len(js_get(v, names[i])))
			return js_get(v, names[i]);
	return NULL;
}

static bool is_message(const struct json *v)
{
	return js_get(v, "role") && js_get(v, "content");
}

/* The last one of this role, or of any. */
static const struct json *last_message(const struct json *list, const char *role)
{
	const struct json *last = NULL;

	for (size_t i = js_len(list); i > 0; i--) {
		const struct json *v = js_at(list, i - 1);
		const char *of = js_get_text(v, "role");

		if (is_message(v) && of && !strcmp(of, role))
			return v;
		if (is_message(v) && !last)
			last = v;
	}
	return last;
}

static const char *text_of_message(const struct json *message)
{
	const struct json *content = js_get(message, "content");

	if (js_text(content))
		return js_text(content);
	for (size_t i = 0; i < js_len(content); i++) {
		const struct json *part = js_at(content, i);
		const char *type = js_get_text(part, "type");

		if (js_text(part))
			return js_text(part);
		if (type && (!strcmp(type, "text") || !strcmp(type, "output_text")))
			return js_get_text(part, "text");
	}
	return NULL;
}

static const char *find_text(const struct json *v, const char *role)
{
	const struct json *choice = js_get(js_at(js_get(v, "choices"), 0), "message");
	const struct json *list = find_messages(v);

	if (list)
		return text_of_message(last_message(list, role));
	if (is_message(choice))
		return text_of_message(choice);
	return js_get(v, "request") ? find_text(js_get(v, "request"), role) : NULL;
}

static char *cut(const char *text)
{
	size_t n = 0, at = 0;

	for (size_t i = 0; text[i]; i++) {
		if (((unsigned char)text[i] & 0xc0) == 0x80)
			continue;
		if (++n == MAX_PREVIEW - 2) /* where the last three begin */
			at = i;
	}
	return n <= MAX_PREVIEW ? xstrdup(text) : xasprintf("%.*s...", (int)at, text);
}

char *otlp_preview(const struct json *attribute, const char *role)
{
	autojson *v = NULL;
	autoerr ignored = ERR_INIT;
	const char *text = NULL;

	if (!js_parse(js_text(attribute), js_text_len(attribute), "attribute", &v, &ignored))
		text = find_text(v, role);
	return cut(text && *text ? text : js_text(attribute));
}
