/* Profiles in memory: columns, merging, summing up. */
#include "monitor/profile.h"

#include <math.h>

static const double shares[MLOPS_PROFILE_QUANTILES] = { 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99 };

struct profile_column *profile_get(struct profile *p, const char *name)
{
	struct profile_column *c = map_get(&p->index, name);

	if (c)
		return c;
	c = xcalloc(1, sizeof(*c));
	c->name = xstrdup(name);
	c->missing = p->rows;
	if (p->n_columns == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 16;
		p->columns = xrealloc(p->columns, p->cap * sizeof(*p->columns));
	}
	p->columns[p->n_columns++] = c;
	map_put(&p->index, name, c);
	return c;
}

static void column_free(struct profile_column *c)
{
	kll_clear(&c->quantiles);
	hitters_clear(&c->values);
	free(c->name);
	free(c);
}

void mlops_profile_free(struct profile *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_columns; i++)
		column_free(p->columns[i]);
	free(p->columns);
	map_clear(&p->index);
	free(p);
}

static void merge_column(struct profile_column *c, const struct profile_column *other)
{
	c->missing += other->missing;
	c->infinite += other->infinite;
	for (int i = 0; i < PROFILE_KINDS; i++)
		c->kinds[i] += other->kinds[i];
	moments_merge(&c->numbers, &other->numbers);
	moments_merge(&c->lengths, &other->lengths);
	kll_merge(&c->quantiles, &other->quantiles);
	hll_merge(&c->distinct, &other->distinct);
	hitters_merge(&c->values, &other->values);
}

void mlops_profile_merge(struct profile *into, const struct profile *other)
{
	for (size_t i = 0; i < other->n_columns; i++)
		merge_column(profile_get(into, other->columns[i]->name), other->columns[i]);
	for (size_t i = 0; i < into->n_columns; i++)
		if (!map_get(&other->index, into->columns[i]->name))
			into->columns[i]->missing += other->rows;
	into->rows += other->rows;
}

const char *profile_type(const struct profile_column *c)
{
	uint64_t numbers = c->kinds[PROFILE_INTEGER] + c->kinds[PROFILE_REAL];

	if (c->kinds[PROFILE_TEXT] || (numbers && c->kinds[PROFILE_BOOLEAN]))
		return "text";
	if (c->kinds[PROFILE_BOOLEAN])
		return "boolean";
	return c->kinds[PROFILE_REAL] ? "real" : numbers ? "integer" : "empty";
}

uint64_t mlops_profile_rows(const struct profile *p)
{
	return p->rows;
}

static void view_numbers(const struct profile_column *c, struct profile_view *out)
{
	const struct moments *m = &c->numbers;
	size_t n;
	autofree struct pair_group *values = kll_values(&c->quantiles, &n);

	out->mean = m->n ? m->mean : NAN;
	out->sd = moments_sd(m);
	out->skewness = moments_skewness(m);
	out->kurtosis = moments_kurtosis(m);
	out->min = m->n ? m->min : NAN;
	out->max = m->n ? m->max : NAN;
	for (size_t i = 0; i < MLOPS_PROFILE_QUANTILES; i++)
		out->quantiles[i] = (struct profile_quantile){ shares[i], kll_quantile(values, n, shares[i]) };
}

static void view_top(const struct profile_column *c, struct profile_view *out)
{
	autofree size_t *order = hitters_order(&c->values);

	out->exact = !c->values.error;
	out->top_error = c->values.error;
	for (size_t i = 0; i < c->values.counts.n && i < MLOPS_PROFILE_TOP; i++)
		out->top[out->n_top++] = (struct profile_top){ c->values.index.v[order[i]].key,
							       c->values.counts.v[order[i]] };
}

bool mlops_profile_column(const struct profile *p, size_t i, struct profile_view *out)
{
	if (i >= p->n_columns)
		return false;
	const struct profile_column *c = p->columns[i];
	*out = (struct profile_view){
		.name = c->name, .type = profile_type(c), .rows = p->rows, .missing = c->missing,
		.infinite = c->infinite, .distinct = hll_count(&c->distinct),
		.length_mean = c->lengths.n ? c->lengths.mean : NAN,
		.length_min = c->lengths.n ? c->lengths.min : NAN,
		.length_max = c->lengths.n ? c->lengths.max : NAN,
	};
	if (!c->values.sketched)
		out->distinct = (double)c->values.counts.n;
	view_numbers(c, out);
	view_top(c, out);
	return true;
}
