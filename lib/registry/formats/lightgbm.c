/* LightGBM's text models: lines of key=value in front of the first tree. */
#include "registry/formats/format.h"

#define MAX_HEADER ((size_t)64 << 20)

static bool match(const struct probe *p)
{
	return !p->is_dir && p->n_head > 16 && !memcmp(p->head, "tree\nversion=", 13);
}

static int read_header(struct source *src, struct strbuf *out, struct mlops_error *err)
{
	for (;;) {
		size_t from = out->len > 16 ? out->len - 16 : 0, got;
		const uint8_t *p;

		if (source_peek(src, out->len, SOURCE_WINDOW, &p, &got, err))
			return -1;
		strbuf_add(out, p, got);
		const char *tree = memmem(out->buf + from, out->len - from, "\nTree=", 6);
		if (tree) {
			strbuf_trunc(out, (size_t)(tree - out->buf));
			return 0;
		}
		if (!got)
			return 0;
		if (out->len > MAX_HEADER)
			return err_set(err, MLOPS_EINVALID, "'%s' is damaged: no tree in its first %zu bytes",
				       src->name, MAX_HEADER);
	}
}

static size_t count_words(struct str s)
{
	size_t n = 0;

	while (s.n)
		n += str_split(s, ' ', &s).n > 0;
	return n;
}

static void add_features(struct build *b, struct str names)
{
	while (names.n && b->inputs.n < FORMAT_MAX_TENSORS) {
		struct str name = str_split(names, ' ', &names);
		autofree char *text = xstrndup(name.p, name.n);

		if (name.n)
			build_port_dim(b, build_port(b, false, text, "float64"), -1, NULL);
	}
}

static void add_line(struct build *b, struct str line)
{
	static const char *const wanted[] = { "objective", "num_class", "num_tree_per_iteration",
					      "max_feature_idx", "label_index", "average_output" };
	struct str value, key = str_split(line, '=', &value);

	if (str_eq(key, "version"))
		b->info.version = arena_strndup(&b->arena, value.p, value.n);
	if (str_eq(key, "feature_names"))
		add_features(b, value);
	if (str_eq(key, "tree_sizes"))
		build_metaf(b, "num_trees", "%zu", count_words(value));
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (str_eq(key, wanted[i]))
			build_metaf(b, wanted[i], STR_FMT, STR_ARG(value));
}

static int read_file(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err)
{
	autobuf text = { 0 };

	(void)p;
	if (read_header(src, &text, err))
		return -1;
	struct str rest = { text.buf, text.len };
	while (rest.n)
		add_line(b, str_trim(str_split(rest, '\n', &rest)));
	return 0;
}

const struct format format_lightgbm = {
	.name = "lightgbm", .help = "LightGBM's text models", .match = match, .read = read_file,
};
