/* Reading plots' data, and what drawing them shares. */
#pragma once

#include "base/map.h"
#include "fmt/cell.h"
#include "mlops/plots.h"
#include "pipeline/snapshot.h"

/* "image/png", by the end of its name; NULL for what is no image. */
const char *plots_image_type(const char *file);

/* One column of a CSV, TSV, JSON or YAML file. */
struct rows;
/* `column` NULL: the last. MLOPS_ENOTFOUND: there is no such file there; without the column, EINVALID. */
int rows_open(struct snapshot *s, const char *file, const char *column, struct rows **out,
	      struct mlops_error *err);
const char *rows_column(const struct rows *r);
/* 1, and the next value, lent until the next call; 0 at the end; -1. */
int rows_next(struct rows *r, struct cell *out, struct mlops_error *err);
void rows_free(struct rows *r); /* NULL is fine */

/*
 * Keeps at most PLOT_POINTS_MAX of any number of points, in their order: the lowest and the highest
 * of each of a number of runs of equal length, the first and the last.
 */
struct thin_bucket {
	struct plot_point low, high;
	bool high_first;
};
struct thin {
	struct thin_bucket *v;
	size_t n;
	uint64_t stride, in_last; /* points of a bucket, and so far of the last */
	uint64_t rows;
	struct plot_point first, last;
};
void thin_add(struct thin *t, double x, double y);
/* Moves what was kept into the series. */
void thin_finish(struct thin *t, struct plot_series *out);

/* Reads what `spec` says at one point and adds it to the plot as series; `where` is its index. */
struct plot_builder {
	const struct spec_plot *spec;
	struct plot *out;
	struct map labels; /* -> index + 1 */
	size_t cap;        /* of out->series */
};
int plots_read(struct plot_builder *b, struct snapshot *s, size_t where, struct mlops_error *err);
/* Titles, and matrices over all labels. */
void plots_finish(struct plot_builder *b);

/* A range of values, in which `count` round values ("ticks") lie a step apart, from `first`. */
struct plot_axis {
	double low, high;
	double first, step;
	int count;
};
/* `zero`: the range has 0 in it. */
void axis_init(struct plot_axis *a, double low, double high, bool zero, int ticks);
double axis_share(const struct plot_axis *a, double v); /* 0 at the low end, 1 at the high one */
double axis_tick(const struct plot_axis *a, int i);
/* The axes of all that is in the plot; false when nothing is. */
bool plots_axes(const struct plot *plot, struct plot_axis *x, struct plot_axis *y, int ticks_x,
		int ticks_y);

/* "HEAD: loss" of many points, "loss" of one. */
char *plots_legend(const struct plots *plots, const struct plot_series *series);
/* A plot of any kind but images, as an svg element. */
void plots_svg(const struct plots *plots, const struct plot *plot, struct strbuf *out);
