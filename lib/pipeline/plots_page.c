/*
 * One page of HTML with all plots. It has no scripts, and its policy lets it load nothing but the
 * images that it holds itself, and apply no style but its own, whose hash the policy names.
 */
#include "base/base64.h"
#include "base/embed.h"
#include "crypto/hash.h"
#include "fmt/markup.h"
#include "pipeline/plots.h"

#define COLORS 8

EMBED(plots_css, "pipeline/plots.css");

static int add_head(struct strbuf *out, struct mlops_error *err)
{
	struct oid hash;

	if (hash_buf(embed_plots_css, strlen(embed_plots_css), &hash, err))
		return -1;
	strbuf_adds(out,
		    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		    "img-src data:; base-uri 'none'; form-action 'none'; style-src 'sha256-");
	base64_encode(out, hash.sha256, sizeof(hash.sha256));
	strbuf_addf(out,
		    "'\">\n<meta name=\"viewport\" content=\"width=device-width\">\n"
		    "<title>Plots</title>\n<style>%s</style>\n</head>\n<body>\n",
		    embed_plots_css);
	return 0;
}

static bool has_points(const struct plot *plot)
{
	for (size_t i = 0; i < plot->n_series; i++)
		if (plot->series[i].n || plot->series[i].n_image)
			return true;
	return false;
}

static void add_images(const struct plots *plots, const struct plot *plot, struct strbuf *out)
{
	for (size_t i = 0; i < plot->n_series; i++) {
		const struct plot_series *s = &plot->series[i];
		autofree char *legend = plots_legend(plots, s);

		strbuf_addf(out, "<figure><img src=\"data:%s;base64,", s->mime);
		base64_encode(out, s->image, s->n_image);
		strbuf_adds(out, "\" alt=\"");
		markup_add(out, legend);
		strbuf_adds(out, "\"><figcaption>");
		markup_add(out, legend);
		strbuf_adds(out, "</figcaption></figure>\n");
	}
}

static void add_legend(const struct plots *plots, const struct plot *plot, struct strbuf *out)
{
	strbuf_adds(out, "<ul>\n");
	for (size_t i = 0; i < plot->n_series; i++) {
		const struct plot_series *s = &plot->series[i];
		autofree char *legend = plots_legend(plots, s);

		strbuf_addf(out, "<li class=\"c%zu\"><span>", i % COLORS);
		markup_add(out, legend);
		if (s->rows > s->n)
			strbuf_addf(out, " (%zu of %llu points)", s->n,
				    (unsigned long long)s->rows);
		strbuf_adds(out, "</span></li>\n");
	}
	strbuf_adds(out, "</ul>\n");
}

static void add_plot(const struct plots *plots, const struct plot *plot, struct strbuf *out)
{
	bool is_chart = plot->kind <= PLOT_BAR;

	strbuf_adds(out, "<section>\n<h2>");
	markup_add(out, plot->title);
	if (!plots->overlay && plots->n_wheres > 1 && plot->n_series) {
		strbuf_adds(out, " <small>");
		markup_add(out, plots->wheres[plot->series[0].where]);
		strbuf_adds(out, "</small>");
	}
	strbuf_adds(out, "</h2>\n");
	if (!has_points(plot))
		strbuf_adds(out, "<p class=\"none\">no data</p>\n");
	else if (plot->kind == PLOT_IMAGE)
		add_images(plots, plot, out);
	else
		plots_svg(plots, plot, out);
	if (is_chart && plot->n_series)
		add_legend(plots, plot, out);
	strbuf_adds(out, "</section>\n");
}

int mlops_plots_page(const struct plots *plots, char **out, struct mlops_error *err)
{
	autobuf page = { 0 };

	if (add_head(&page, err))
		return -1;
	strbuf_adds(&page, "<h1>Plots: ");
	for (size_t i = 0; i < plots->n_wheres; i++) {
		strbuf_adds(&page, i ? ", " : "");
		markup_add(&page, plots->wheres[i]);
	}
	strbuf_adds(&page, "</h1>\n");
	if (!plots->n)
		strbuf_adds(&page, "<p class=\"none\">no plots are defined</p>\n");
	for (size_t i = 0; i < plots->n; i++)
		add_plot(plots, &plots->v[i], &page);
	strbuf_adds(&page, "</body>\n</html>\n");
	*out = strbuf_steal(&page);
	return 0;
}
