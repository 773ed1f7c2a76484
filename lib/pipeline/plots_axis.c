/* Ranges and their round values. Halves are used where a difference of two numbers may overflow. */
#include <float.h>
#include <math.h>

#include "pipeline/plots.h"

static double half_span(double low, double high)
{
	return high * 0.5 - low * 0.5;
}

/* The round step (1, 2 or 5 times a power of ten) next above a raw one. */
static double round_step(double raw)
{
	double power = pow(10, floor(log10(raw)));
	double times = raw / power;

	return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

/* A range of one value gets some room around it. */
static void widen(struct plot_axis *a)
{
	double room = a->low == 0 ? 1 : fabs(a->low) * 0.1;

	a->low = fmax(a->low - room, -DBL_MAX);
	a->high = fmin(a->high + room, DBL_MAX);
}

void axis_init(struct plot_axis *a, double low, double high, bool zero, int ticks)
{
	*a = (struct plot_axis){ .low = zero ? fmin(low, 0) : low,
				 .high = zero ? fmax(high, 0) : high };
	if (!(half_span(a->low, a->high) > 0))
		widen(a);
	a->step = round_step(half_span(a->low, a->high) / (ticks * 0.5));
	a->first = ceil(a->low / a->step) * a->step;
	while (a->count < 2 * ticks && axis_tick(a, a->count) <= a->high)
		a->count++;
}

double axis_share(const struct plot_axis *a, double v)
{
	return half_span(a->low, v) / half_span(a->low, a->high);
}

/* Without the dust of adding: 0.3, not 0.30000000000000004; 0, not 1e-17. */
double axis_tick(const struct plot_axis *a, int i)
{
	double v = a->first + i * a->step;
	char text[32];

	if (fabs(v) < a->step * 1e-9)
		return 0;
	snprintf(text, sizeof(text), "%.12g", v);
	return strtod(text, NULL);
}

bool plots_axes(const struct plot *plot, struct plot_axis *x, struct plot_axis *y, int ticks_x,
		int ticks_y)
{
	double low_x = INFINITY, high_x = -INFINITY, low_y = INFINITY, high_y = -INFINITY;

	for (size_t i = 0; i < plot->n_series; i++)
		for (size_t k = 0; k < plot->series[i].n; k++) {
			const struct plot_point *p = &plot->series[i].v[k];

			if (isnan(p->y))
				continue;
			low_x = fmin(low_x, p->x);
			high_x = fmax(high_x, p->x);
			low_y = fmin(low_y, p->y);
			high_y = fmax(high_y, p->y);
		}
	if (low_x > high_x)
		return false;
	axis_init(x, low_x, high_x, false, ticks_x);
	axis_init(y, low_y, high_y, plot->kind == PLOT_BAR, ticks_y);
	return true;
}
