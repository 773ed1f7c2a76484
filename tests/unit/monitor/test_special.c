/* Distribution functions against SciPy 1.17. */
#include "monitor/special.h"

#include <math.h>

#include "unit.h"

#define near(got, want) assert_true(fabs((got) - (want)) < 1e-9)

static void one_sample_kolmogorov(void **state)
{
	/* scipy.stats.kstwo.sf(d, n) */
	static const struct {
		uint64_t n;
		double d, p, within;
	} cases[] = {
		{ 5, 0.3, 0.664, 1e-9 },
		{ 10, 0.274, 0.3715203845434957, 1e-9 },
		{ 100, 0.1, 0.2526927570063874, 1e-9 },
		{ 100, 0.25, 5.408871776434847e-06, 1e-12 },
		{ 140, 0.08, 0.31480749911643063, 1e-9 },
		{ 1000, 0.02, 0.8108971656895577, 1e-9 },
		{ 1000, 0.05, 0.013012074781090332, 1e-9 },
		{ 50000, 0.004, 0.3994316646755731, 1e-9 },
		{ 1000000, 0.001, 0.26982107442589376, 1e-9 },
		{ 1000000, 0.0021, 0.00029508134175185787, 1e-7 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_true(fabs(kolmogorov_sf(cases[i].n, cases[i].d) - cases[i].p) < cases[i].within);
	near(kolmogorov_sf(10, 0.05), 1);
	near(kolmogorov_sf(10, 1), 0);
	near(kolmogorov_sf(1000000, 0.5), 0);
}

static void two_samples_exactly(void **state)
{
	/* scipy.stats.ks_2samp's exact method, for samples with this D */
	static const struct {
		uint64_t n1, n2;
		double d, p;
	} cases[] = {
		{ 10, 10, 0.5, 0.16782134274394334 },
		{ 7, 30, 0.4, 0.24953756369790525 },
		{ 100, 101, 0.2, 0.030370406569229957 },
		{ 1000, 1000, 0.05, 0.16411447756429137 },
		{ 500, 731, 0.1, 0.004812858446486868 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		near(kolmogorov_two_sample_p(cases[i].n1, cases[i].n2, cases[i].d), cases[i].p);
		near(kolmogorov_two_sample_p(cases[i].n2, cases[i].n1, cases[i].d), cases[i].p);
	}
	near(kolmogorov_two_sample_p(10, 20, 0), 1);
	near(kolmogorov_two_sample_p(1, 1, 1), 1);
}

static void chi_squared_and_normal(void **state)
{
	(void)state;
	/* scipy.stats.chi2.sf(x, df) */
	near(chi2_sf(0.001, 1), 0.9747728793699604);
	near(chi2_sf(3.84, 1), 0.05004352124870519);
	near(chi2_sf(10, 3), 0.01856613546304325);
	near(chi2_sf(1000, 1000), 0.49405285382923964);
	near(chi2_sf(1200, 1000), 1.2255942330622893e-05);
	near(chi2_sf(50, 2), 1.3887943864964e-11);
	near(chi2_sf(0, 4), 1);
	near(chi2_sf(INFINITY, 4), 0);
	assert_true(isnan(chi2_sf(NAN, 4)));
	near(normal_sf(0), 0.5);
	near(normal_sf(1.959963984540054), 0.025);
}

static void cramer_von_mises_limit(void **state)
{
	/* scipy.stats._hypotests._cdf_cvm_inf(x) */
	static const double cases[][2] = {
		{ 0.01, 5.864432809868958e-06 }, { 0.05, 0.12371906895864906 },
		{ 0.1, 0.4151265615932029 }, { 0.3, 0.8648287311948927 },
		{ 0.5, 0.9601667824343908 }, { 1, 0.9975395478198642 },
		{ 2, 0.9999872192637342 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		near(cvm_limit_cdf(cases[i][0]), cases[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_sample_kolmogorov),
		cmocka_unit_test(two_samples_exactly),
		cmocka_unit_test(chi_squared_and_normal),
		cmocka_unit_test(cramer_von_mises_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
