/* Plots that a pipeline defines, with their data at one or more points. See mlops.yaml(5). */
#pragma once

#include "mlops/pipeline.h"

enum plot_kind {
	PLOT_LINE,
	PLOT_SCATTER,
	PLOT_BAR,
	PLOT_CONFUSION,
	PLOT_CONFUSION_NORMALIZED, /* as shares of each column of labels of x */
	PLOT_IMAGE,
};

#define PLOT_POINTS_MAX 2002 /* of a series of lines or dots; more rows are thinned out */

struct plot_point {
	double x;     /* for bars and matrices, an index into labels */
	double y;     /* likewise for matrices; NaN: nothing is there, and a line is broken */
	double count; /* of rows with these labels, for matrices */
};

struct plot_series {
	char *name;   /* what it shows: a column, or "file: column" */
	char *column; /* NULL for images */
	size_t where; /* index into the points that were asked for */
	struct plot_point *v;
	size_t n;
	uint64_t rows; /* of the file */
	char *image;   /* bytes */
	size_t n_image;
	const char *mime;
};

struct plot {
	char *id, *title, *x_label, *y_label;
	char *x_column;      /* "step" when x is the number of the row */
	char *template_file; /* of the user's, relative to the root; NULL: drawn by its kind */
	enum plot_kind kind;
	struct plot_series *series;
	size_t n_series;
	char **labels; /* of bars and matrices */
	size_t n_labels;
};

struct plots_how {
	/*
	 * Plots, by id or file, to be shown and no others; and points: "workspace", revisions
	 * (gitrevisions(7)), runs. Told apart by the plots that the work tree's pipeline has.
	 */
	const char *const *words;
	size_t n_words;
	bool overlay; /* the points in one plot each (default HEAD and workspace), else one after the other */
};

struct plots {
	char **wheres; /* the points */
	size_t n_wheres;
	struct plot *v;
	size_t n;
	bool overlay;
};

/*
 * Reads them. A plot is drawn as the last point that defines it says; a run's is defined by the
 * work tree. Where its file is not there, or not in the store, it has no series. Clear *out when 0.
 */
MLOPS_API int mlops_plots_load(struct project *project, const struct plots_how *how,
			       struct plots *out, struct mlops_error *err);
MLOPS_API void mlops_plots_clear(struct plots *plots);

MLOPS_API const char *mlops_plot_kind_name(enum plot_kind kind); /* "line"; static */
/* The share or number in a cell of a matrix, of x's label and y's. */
MLOPS_API double mlops_plot_cell(const struct plot *plot, const struct plot_series *series,
				 size_t x, size_t y);

/* One page of HTML that needs nothing else, new. */
MLOPS_API int mlops_plots_page(const struct plots *plots, char **out, struct mlops_error *err);

/*
 * JSON text, new: an object that has for each plot, but images, a specification of Vega-Lite: by the
 * user's template where it has one.
 */
MLOPS_API int mlops_plots_vega(struct project *project, const struct plots *plots, char **out,
			       struct mlops_error *err);

struct plot_page {
	size_t columns;
	bool utf8;  /* dots of braille; else a character a series */
	bool color; /* a colour a series */
};
/* A plot of lines, dots or bars in characters, new; "" for other kinds. */
MLOPS_API char *mlops_plot_text(const struct plots *plots, const struct plot *plot,
				const struct plot_page *page);
