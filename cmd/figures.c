/* Tables of figures at one or more points. */
#include "figures.h"

#include <string.h>

#include "base/num.h"
#include "base/vec.h"
#include "cli/table.h"

#define WORK_TREE "workspace"

const struct opt_spec figures_show_optv[] = { OPT_END };
const struct opt_spec figures_diff_optv[] = {
	OPT(figures_opts, all, .name = "all", .letter = 'a', .type = OPT_BOOL, .no_config = true,
	    .help = "what is equal too"),
	OPT(figures_opts, markdown, .name = "markdown", .type = OPT_BOOL, .no_config = true,
	    .help = "a Markdown table, for a pull request"),
	OPT_END,
};
const struct arg_spec figures_show_argv[] = {
	ARG(figures_opts, points, .name = "POINT", .max = ARGS_ANY, .complete = "rev",
	    .help = "a revision, a run, or workspace (default: workspace)"),
	ARG_END,
};
const struct arg_spec figures_diff_argv[] = {
	ARG(figures_opts, points, .name = "POINT", .max = 2, .complete = "rev",
	    .help = "from (default: HEAD) and to (default: workspace)"),
	ARG_END,
};

static int load(struct cmd_ctx *ctx, enum figure_kind kind, const char *point, struct figures *out,
		struct mlops_error *err)
{
	return mlops_figures_at(ctx->project, kind, strcmp(point, WORK_TREE) ? point : NULL, out, err);
}

static struct json *value_json(const struct figure *f)
{
	struct json *value;
	autoerr ignored = ERR_INIT;

	if (!f || js_parse(f->text, strlen(f->text), f->key, &value, &ignored))
		return js_null();
	return value;
}

/* JSON text without the quotes of a plain string; new. */
static char *value_text(const struct figure *f)
{
	autojson *value = value_json(f);
	char number[NUM_SIZE];

	if (f && f->is_number)
		return xstrdup(num_format_double(f->number, number));
	return xstrdup(!f ? "" : js_text(value) ? js_text(value) : f->text);
}

static void show_point(struct table *table, struct json *top, const char *point,
		       const struct figures *figures)
{
	struct json *list = js_arr();

	for (size_t i = 0; i < figures->n; i++) {
		const struct figure *f = &figures->v[i];
		autofree char *text = value_text(f);
		struct json *entry = js_obj();

		js_set(entry, "file", *f->file ? js_str(f->file) : js_null());
		js_set(entry, "key", js_str(f->key));
		js_set(entry, "value", value_json(f));
		js_push(list, entry);
		table_add(table, point, f->file, f->key, text);
	}
	js_set(top, point, list);
}

int figures_show(struct cmd_ctx *ctx, const struct figures_opts *o, enum figure_kind kind,
		 struct mlops_error *err)
{
	autotable *table = table_new("POINT", "FILE", "KEY", "VALUE>", NULL);
	static const char *const none[] = { WORK_TREE };
	const char *const *points = o->points.n ? o->points.v : none;
	autojson *top = js_obj();

	for (size_t i = 0; i < (o->points.n ? o->points.n : 1); i++) {
		struct figures figures;

		if (load(ctx, kind, points[i], &figures, err))
			return -1;
		show_point(table, top, points[i], &figures);
		mlops_figures_clear(&figures);
	}
	if (ctx->common.json)
		return cmd_print_json(js_ref(top));
	table_print(table, stdout);
	return 0;
}

struct diff_view {
	struct table *table;
	struct json *list;
	bool markdown;
	size_t n;
};

static void print_markdown(const char *const *cells, size_t n)
{
	putchar('|');
	for (size_t i = 0; i < n; i++) {
		putchar(' ');
		for (const char *c = cells[i]; *c; c++) {
			if (*c == '|')
				putchar('\\');
			putchar(*c == '\n' ? ' ' : *c);
		}
		fputs(" |", stdout);
	}
	putchar('\n');
}

static void add_difference(const struct figure *a, const struct figure *b, void *arg)
{
	struct diff_view *v = arg;
	const struct figure *any = a ? a : b;
	autofree char *from = value_text(a);
	autofree char *to = value_text(b);
	bool numbers = a && b && a->is_number && b->is_number;
	char change[NUM_SIZE] = "";
	struct json *entry = js_obj();

	if (numbers)
		snprintf(change, sizeof(change), "%.12g", b->number - a->number); /* 0.1 of 0.3 - 0.2 */
	const char *const cells[] = { any->file, any->key, from, to, change };
	js_set(entry, "file", *any->file ? js_str(any->file) : js_null());
	js_set(entry, "key", js_str(any->key));
	js_set(entry, "from", value_json(a));
	js_set(entry, "to", value_json(b));
	js_set(entry, "change", numbers ? js_num(b->number - a->number) : js_null());
	js_push(v->list, entry);
	if (v->markdown) {
		static const char *const head[] = { "File", "Key", "From", "To", "Change" };
		static const char *const rule[] = { "---", "---", "---:", "---:", "---:" };

		if (!v->n)
			print_markdown(head, 5);
		if (!v->n)
			print_markdown(rule, 5);
		print_markdown(cells, 5);
	}
	v->n++;
	table_add_cells(v->table, cells);
}

int figures_diff(struct cmd_ctx *ctx, const struct figures_opts *o, enum figure_kind kind,
		 struct mlops_error *err)
{
	const char *from = o->points.n > 0 ? o->points.v[0] : "HEAD";
	const char *to = o->points.n > 1 ? o->points.v[1] : WORK_TREE;
	autotable *table = table_new("FILE", "KEY", "FROM>", "TO>", "CHANGE>", NULL);
	struct json *list = js_arr();
	struct diff_view view = { table, list, o->markdown && !ctx->common.json, 0 };
	autojson *top = js_obj();
	struct figures a = { 0 }, b = { 0 };

	js_set(top, "from", js_str(from));
	js_set(top, "to", js_str(to));
	js_set(top, "differences", list);
	int rc = load(ctx, kind, from, &a, err) || load(ctx, kind, to, &b, err) ? -1 : 0;
	if (!rc)
		mlops_figures_compare(&a, &b, o->all, add_difference, &view);
	mlops_figures_clear(&a);
	mlops_figures_clear(&b);
	if (rc)
		return -1;
	if (ctx->common.json)
		return cmd_print_json(js_ref(top));
	if (!o->markdown)
		table_print(table, stdout);
	return 0;
}
