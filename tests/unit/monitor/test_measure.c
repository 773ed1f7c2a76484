/* Distances and tests against SciPy 1.17 and NumPy, on samples with ties. */
#include "monitor/measure.h"

#include <math.h>

#include "monitor/moments.h"
#include "unit.h"

#define near(got, want) assert_true(fabs((got) - (want)) < 1e-9)

#define N_X 200
#define N_Y 150

static double x[N_X], y[N_Y];
static struct mlops_error err;

/* x = numpy.round(numpy.sin(numpy.arange(200)), 3); y = round(1.1 * sin(1.3 * arange(150)) + 0.1, 3) */
static int set_up(void **state)
{
	(void)state;
	for (int i = 0; i < N_X; i++)
		x[i] = rint(sin(i) * 1000) / 1000;
	for (int i = 0; i < N_Y; i++)
		y[i] = rint((1.1 * sin(1.3 * i) + 0.1) * 1000) / 1000;
	return 0;
}

struct samples {
	struct spill spill;
	struct pair pair;
};

static void open_samples(struct samples *s)
{
	struct spill_column a = { 0 }, b = { 0 };

	spill_init(&s->spill);
	s->pair = (struct pair){ .n = { N_X, N_Y } };
	assert_success(spill_add(&s->spill, &a, x, N_X, &err));
	assert_success(spill_add(&s->spill, &b, y, N_Y, &err));
	assert_success(order_open(&s->spill, &a, &s->pair.side[0], &err));
	assert_success(order_open(&s->spill, &b, &s->pair.side[1], &err));
}

static void close_samples(struct samples *s)
{
	order_free(s->pair.side[0]);
	order_free(s->pair.side[1]);
	spill_clear(&s->spill);
}

static void sorted_statistics(void **state)
{
	struct samples s;
	struct survey v;

	(void)state;
	open_samples(&s);
	assert_success(pair_survey(&s.pair, PAIR_ANDERSON | PAIR_CRAMER, &v, &err));
	assert_int_equal(v.distinct[0], 176);
	assert_int_equal(v.distinct[1], 100);
	assert_int_equal(v.distinct_all, 268);
	/* scipy.stats.wasserstein_distance(x, y) */
	near(v.wasserstein, 0.09616000000000001);
	/* scipy.stats.ks_2samp(x, y) */
	near(measure_ks(&v).statistic, 0.20666666666666667);
	near(measure_ks(&v).p, 0.0011333010400381637);
	/* scipy.stats.anderson_ksamp([x, y]) */
	near(measure_anderson(&v).statistic, 4.129449155473466);
	near(measure_anderson(&v).p, 0.007220216567676827);
	/* scipy.stats.cramervonmises_2samp(x, y) */
	near(measure_cramer(&v).statistic, 0.36674523809523407);
	near(measure_cramer(&v).p, 0.08869121152594506);
	close_samples(&s);
}

static void sturges_bins(void **state)
{
	/* e = numpy.histogram_bin_edges(numpy.concatenate([x, y]), bins="sturges"); numpy.histogram(x, e)[0] */
	static const uint64_t want[2][10] = { { 42, 19, 16, 14, 15, 14, 16, 18, 33, 13 },
					      { 31, 16, 10, 10, 5, 11, 10, 11, 15, 31 } };
	struct samples s;
	struct survey v;
	autocells cells = { 0 };

	(void)state;
	open_samples(&s);
	assert_success(pair_survey(&s.pair, 0, &v, &err));
	assert_success(pair_count_sturges(&s.pair, &v, N_X + N_Y, false, &cells, &err));
	assert_int_equal(cells.count, 10);
	for (size_t i = 0; i < 10; i++)
		for (int side = 0; side < 2; side++)
			assert_int_equal(cells.n[side][i], want[side][i]);
	close_samples(&s);
}

static void fill(struct cells *c, const uint64_t (*rows)[2], size_t n)
{
	cells_clear(c);
	for (size_t i = 0; i < n; i++)
		cells_add(c, rows[i][0], rows[i][1]);
}

static void distances_of_counts(void **state)
{
	static const uint64_t rows[][2] = { { 10, 15 }, { 20, 15 }, { 30, 30 }, { 0, 5 }, { 40, 35 } };
	autocells c = { 0 };

	(void)state;
	fill(&c, rows, 5);
	/* p, q = rows / 100; pf = where(p == 0, 1e-4, p); sum((pf - q) * log(pf / q)) */
	near(measure_psi(&c), 0.35144287277049074);
	/* scipy.stats.entropy(pf, q) */
	near(measure_kl(&c), 0.06967402751692137);
	/* scipy.spatial.distance.jensenshannon(p, q) */
	near(measure_jensen_shannon(&c), 0.1499046653728308);
	/* sqrt(1 - sum(sqrt(p * q))); 0.5 * sum(abs(p - q)) */
	near(measure_hellinger(&c), 0.1736510680259675);
	near(measure_total_variation(&c), 0.1);
}

static void tests_of_counts(void **state)
{
	static const uint64_t rows[][2] = { { 10, 15 }, { 20, 15 }, { 30, 30 }, { 40, 30 } };
	static const uint64_t two[][2] = { { 30, 45 }, { 70, 55 } };
	static const uint64_t grown[][2] = { { 10, 10 }, { 0, 1 } };
	static const uint64_t hits[2] = { 30, 45 }, n[2] = { 100, 100 };
	autocells c = { 0 };

	(void)state;
	fill(&c, rows, 4);
	/* scipy.stats.chisquare([15, 15, 30, 30], array([10, 20, 30, 40]) * 0.9) */
	near(measure_chisquare(&c).statistic, 5.833333333333333);
	near(measure_chisquare(&c).p, 0.12000654765321464);
	/* scipy.stats.chi2_contingency([[10, 20, 30, 40], [15, 15, 30, 30]]) */
	near(measure_contingency(&c, true).statistic, 2.6238095238095216);
	near(measure_contingency(&c, true).p, 0.45333071124657465);
	/* scipy.stats.chi2.sf(psi * 100 * 90 / 190, 3) */
	near(measure_psi(&c), 0.055799214452389057);
	near(measure_psi_p(&c, measure_psi(&c)), 0.4499800331209155);
	fill(&c, two, 2);
	/* scipy.stats.chi2_contingency([[30, 70], [45, 55]]), and with correction=False */
	near(measure_contingency(&c, true).statistic, 4.181333333333333);
	near(measure_contingency(&c, true).p, 0.04087153408900628);
	near(measure_contingency(&c, false).p, 0.028459736916310638);
	/* P = 0.375; (0.3 - 0.45) / sqrt(P * (1 - P) * (1/100 + 1/100)), 2 * scipy.stats.norm.sf(abs(z)) */
	near(measure_proportions(hits, n).statistic, -2.1908902300206647);
	near(measure_proportions(hits, n).p, 0.02845973691631055);
	fill(&c, grown, 2);
	near(measure_chisquare(&c).p, 0); /* what the reference never had can't be expected */
	fill(&c, grown, 1);
	near(measure_chisquare(&c).p, 1);
	near(measure_contingency(&c, true).p, 1);
}

static void adjusted_p_values(void **state)
{
	/* scipy.stats.false_discovery_control([0.01, 0.04, 0.03, 0.5, 0.005]) */
	static const double want[] = { 0.025, 0.05, 0.05, 0.5, 0.025 };
	double p[] = { 0.01, 0.04, 0.03, 0.5, NAN, 0.005 };

	(void)state;
	measure_adjust(p, 6);
	assert_true(isnan(p[4]));
	p[4] = p[5];
	for (int i = 0; i < 5; i++)
		near(p[i], want[i]);
	measure_adjust(p, 0);
}

static void central_moments(void **state)
{
	struct moments all = { 0 }, parts[3] = { 0 };
	double m[1000];

	(void)state;
	for (int i = 0; i < 1000; i++)
		m[i] = sin(i) * 3 + i % 7; /* numpy.sin(arange(1000)) * 3 + arange(1000) % 7 */
	moments_add(&parts[0], m, 1);
	moments_add(&parts[1], m + 1, 600);
	moments_add(&parts[1], m + 601, 300);
	moments_add(&parts[2], m + 901, 99);
	for (int i = 0; i < 3; i++)
		moments_merge(&all, &parts[i]);
	assert_int_equal(all.n, 1000);
	/* m.mean(), m.std(), scipy.stats.skew(m), scipy.stats.kurtosis(m), m.min(), m.max() */
	near(all.mean, 2.9969612702806234);
	near(moments_sd(&all), 2.8979147367713383);
	near(moments_skewness(&all), 0.0034119683414823715);
	near(moments_kurtosis(&all), -0.678429772400837);
	near(all.min, -2.999969813741248);
	near(all.max, 8.999971414658894);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorted_statistics), cmocka_unit_test(sturges_bins),
		cmocka_unit_test(distances_of_counts), cmocka_unit_test(tests_of_counts),
		cmocka_unit_test(adjusted_p_values), cmocka_unit_test(central_moments),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
