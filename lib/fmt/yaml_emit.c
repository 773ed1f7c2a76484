/* Writing YAML, block style, through libyaml's emitter. */
#include <yaml.h>

#include "base/vec.h"
#include "fmt/json.h"
#include "fmt/yaml.h"

struct yaml_out {
	yaml_emitter_t emitter;
	struct strbuf *out;
	VEC(enum yaml_kind) open; /* the maps and lists we are in */
};

/* The emitter fails only when the calls do not nest, which is our bug, or out of memory. */
static void emit(struct yaml_out *y, yaml_event_t *e, int made)
{
	if (!made || !yaml_emitter_emit(&y->emitter, e))
		abort();
}

static int append(void *arg, unsigned char *p, size_t n)
{
	strbuf_add(arg, p, n);
	return 1;
}

struct yaml_out *yaml_out_new(struct strbuf *out)
{
	struct yaml_out *y = xcalloc(1, sizeof(*y));
	yaml_event_t e;

	y->out = out;
	if (!yaml_emitter_initialize(&y->emitter))
		abort();
	yaml_emitter_set_output(&y->emitter, append, out);
	yaml_emitter_set_unicode(&y->emitter, 1);
	yaml_emitter_set_width(&y->emitter, -1);
	emit(y, &e, yaml_stream_start_event_initialize(&e, YAML_UTF8_ENCODING));
	emit(y, &e, yaml_document_start_event_initialize(&e, NULL, NULL, NULL, 1));
	return y;
}

void yaml_map(struct yaml_out *y)
{
	yaml_event_t e;

	vec_push(&y->open, YAML_MAP);
	emit(y, &e,
	     yaml_mapping_start_event_initialize(&e, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
}

void yaml_list(struct yaml_out *y)
{
	yaml_event_t e;

	vec_push(&y->open, YAML_LIST);
	emit(y, &e,
	     yaml_sequence_start_event_initialize(&e, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE));
}

void yaml_end(struct yaml_out *y)
{
	yaml_event_t e;

	if (y->open.v[--y->open.n] == YAML_MAP)
		emit(y, &e, yaml_mapping_end_event_initialize(&e));
	else
		emit(y, &e, yaml_sequence_end_event_initialize(&e));
}

static void scalar(struct yaml_out *y, const char *s, yaml_scalar_style_t style)
{
	autobuf mended = { 0 }; /* YAML has no other encoding */
	yaml_event_t e;

	utf8_mend(&mended, s, strlen(s));
	emit(y, &e,
	     yaml_scalar_event_initialize(&e, NULL, NULL,
					  (const unsigned char *)(mended.len ? mended.buf : ""),
					  (int)mended.len, 1, 1, style));
}

/* What a reader takes for something else; also one of YAML 1.1, with its 0x1f, 1_000, 12:30 and dates. */
static bool needs_quotes(const char *s)
{
	static const char *const words[] = { "y", "n", "yes", "no", "on", "off", "<<", "=" };
	struct yaml_node node = { .text = s, .plain = true };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcasecmp(s, words[i]))
			return true;
	if (yaml_scalar_type(&node) != YAML_S_TEXT)
		return true;
	return strchr("+-.0123456789", *s) &&
	       strspn(s, "+-.:_ 0123456789abcdefxotzABCDEFXOTZ") == strlen(s);
}

void yaml_text(struct yaml_out *y, const char *s)
{
	scalar(y, s,
	       strchr(s, '\n') ? YAML_LITERAL_SCALAR_STYLE :
	       needs_quotes(s) ? YAML_SINGLE_QUOTED_SCALAR_STYLE :
				 YAML_ANY_SCALAR_STYLE);
}

void yaml_plain(struct yaml_out *y, const char *s)
{
	scalar(y, s, YAML_PLAIN_SCALAR_STYLE);
}

void yaml_int(struct yaml_out *y, int64_t v)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "%lld", (long long)v);
	yaml_plain(y, buf);
}

void yaml_node(struct yaml_out *y, const struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR) {
		if (yaml_scalar_type(node) == YAML_S_TEXT)
			yaml_text(y, node->text);
		else
			yaml_plain(y, node->text);
		return;
	}
	if (node->kind == YAML_MAP)
		yaml_map(y);
	else
		yaml_list(y);
	for (size_t i = 0; i < node->n; i++) {
		if (node->kind == YAML_MAP)
			yaml_node(y, node->keys[i]);
		yaml_node(y, node->values[i]);
	}
	yaml_end(y);
}

static void emit_map(struct yaml_out *y, struct json *map)
{
	struct json *item;
	const char *key;

	yaml_map(y);
	for (void *iter = NULL; js_next(map, &iter, &key, &item);) {
		yaml_text(y, key);
		yaml_json(y, item);
	}
	yaml_end(y);
}

void yaml_json(struct yaml_out *y, struct json *value)
{
	autobuf plain = { 0 };

	switch (js_type(value)) {
	case JSON_OBJ:
		emit_map(y, value);
		break;
	case JSON_ARR:
		yaml_list(y);
		for (size_t i = 0; i < js_len(value); i++)
			yaml_json(y, js_at(value, i));
		yaml_end(y);
		break;
	case JSON_STR:
		yaml_text(y, js_text(value));
		break;
	default:
		js_dump(value, JS_COMPACT, &plain);
		yaml_plain(y, plain.buf);
	}
}

void yaml_put_text(struct yaml_out *y, const char *key, const char *s)
{
	yaml_text(y, key);
	yaml_text(y, s);
}

void yaml_put_plain(struct yaml_out *y, const char *key, const char *s)
{
	yaml_text(y, key);
	yaml_plain(y, s);
}

void yaml_put_int(struct yaml_out *y, const char *key, int64_t v)
{
	yaml_text(y, key);
	yaml_int(y, v);
}

void yaml_out_free(struct yaml_out *y)
{
	yaml_event_t e;

	while (y->open.n)
		yaml_end(y);
	emit(y, &e, yaml_document_end_event_initialize(&e, 1));
	emit(y, &e, yaml_stream_end_event_initialize(&e));
	yaml_emitter_flush(&y->emitter);
	yaml_emitter_delete(&y->emitter);
	vec_free(&y->open);
	free(y);
}
