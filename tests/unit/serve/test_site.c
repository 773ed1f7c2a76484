/* The hosts that a server answers to, and the sites whose pages may change something. */
#include "unit.h"

#include "serve/site.h"

static void test_usual_hosts(void **state)
{
	static const char *const good[] = { "localhost", "LOCALHOST:8400", "127.0.0.1:5000", "[::1]",
					    "[::1]:80", "0.0.0.0:5000", "10.1.2.3", "172.16.0.1:1",
					    "172.31.255.255", "192.168.0.9:5000", "[fd00::1]:8400",
					    "box.lan:8400", "box.lan" };
	static const char *const bad[] = { "", ":80", "evil.example", "localhost.evil.example",
					   "10.evil.example", "192.168.evil.example", "172.32.0.1",
					   "8.8.8.8", "[2001:db8::1]:80", "[", "box.lan.evil.example" };
	const struct site_rules rules = { .listen = "box.lan:8400" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(site_takes_host(&rules, good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(site_takes_host(&rules, bad[i]));
	assert_false(site_takes_host(&rules, NULL));
}

static void test_listed_hosts(void **state)
{
	const struct site_rules rules = { .hosts = "models.example.org, *.lab.example:8400,[2001:db8::1]:80" };
	const struct site_rules any = { .hosts = "*" };

	(void)state;
	assert_true(site_takes_host(&rules, "models.example.org"));
	assert_true(site_takes_host(&rules, "Models.Example.org:443"));
	assert_true(site_takes_host(&rules, "a.lab.example:8400"));
	assert_true(site_takes_host(&rules, "[2001:db8::1]:80"));
	assert_false(site_takes_host(&rules, "a.lab.example:8401"));
	assert_false(site_takes_host(&rules, "localhost")); /* the list is all */
	assert_false(site_takes_host(&rules, "models.example.org.evil.example"));
	assert_true(site_takes_host(&any, "evil.example"));
	assert_false(site_takes_host(&any, NULL));
}

static void test_origins(void **state)
{
	const struct site_rules usual = { 0 }, rules = { .origins = "https://ui.example.org,https://*.lab.example" };

	(void)state;
	assert_true(site_takes_origin(&usual, "models.example.org", "http://localhost:3000"));
	assert_true(site_takes_origin(&usual, "models.example.org", "http://[::1]:3000"));
	assert_true(site_takes_origin(&usual, "models.example.org", "https://models.example.org"));
	assert_false(site_takes_origin(&usual, "models.example.org", "https://evil.example"));
	assert_false(site_takes_origin(&usual, "models.example.org:1", "https://models.example.org:2"));
	assert_false(site_takes_origin(&usual, "models.example.org", "http://localhost.evil.example"));
	assert_false(site_takes_origin(&usual, NULL, "null"));
	assert_true(site_takes_origin(&rules, "x", "https://ui.example.org"));
	assert_true(site_takes_origin(&rules, "x", "https://a.lab.example"));
	assert_false(site_takes_origin(&rules, "x", "http://ui.example.org"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual_hosts),
		cmocka_unit_test(test_listed_hosts),
		cmocka_unit_test(test_origins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
