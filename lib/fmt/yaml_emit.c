/* Writing YAML, block style, through libyaml's emitter. */
#include <yaml.h>

#include "fmt/yaml.h"

struct yaml_out {
	yaml_emitter_t emitter;
	struct strbuf *out;
	enum yaml_kind open[64]; /* the maps and lists we are in */
	size_t depth;
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

static void enter(struct yaml_out *y, enum yaml_kind kind)
{
	if (y->depth == sizeof(y->open) / sizeof(y->open[0]))
		abort();
	y->open[y->depth++] = kind;
}

void yaml_map(struct yaml_out *y)
{
	yaml_event_t e;

	enter(y, YAML_MAP);
	emit(y, &e, yaml_mapping_start_event_initialize(&e, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
}

void yaml_list(struct yaml_out *y)
{
	yaml_event_t e;

	enter(y, YAML_LIST);
	emit(y, &e, yaml_sequence_start_event_initialize(&e, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE));
}

void yaml_end(struct yaml_out *y)
{
	yaml_event_t e;

	if (y->open[--y->depth] == YAML_MAP)
		emit(y, &e, yaml_mapping_end_event_initialize(&e));
	else
		emit(y, &e, yaml_sequence_end_event_initialize(&e));
}

static void scalar(struct yaml_out *y, const char *s, yaml_scalar_style_t style)
{
	yaml_event_t e;

	emit(y, &e, yaml_scalar_event_initialize(&e, NULL, NULL, (const unsigned char *)s,
						 (int)strlen(s), 1, 1, style));
}

void yaml_text(struct yaml_out *y, const char *s)
{
	struct yaml_node node = { .text = s, .plain = true };
	/* YAML 1.1 readers take these for booleans. */
	static const char *const words[] = { "y", "n", "yes", "no", "on", "off" };
	bool quote = yaml_scalar_type(&node) != YAML_S_TEXT;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		quote |= !strcasecmp(s, words[i]);
	scalar(y, s, strchr(s, '\n') ? YAML_LITERAL_SCALAR_STYLE :
		     quote ? YAML_SINGLE_QUOTED_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE);
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
		if (node->plain)
			yaml_plain(y, node->text);
		else
			yaml_text(y, node->text);
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

	while (y->depth)
		yaml_end(y);
	emit(y, &e, yaml_document_end_event_initialize(&e, 1));
	emit(y, &e, yaml_stream_end_event_initialize(&e));
	yaml_emitter_flush(&y->emitter);
	yaml_emitter_delete(&y->emitter);
	free(y);
}
