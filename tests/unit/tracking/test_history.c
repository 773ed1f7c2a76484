/* Blocks of points, and reading a history in pages without reading all of it. */
#include "tracking/point.h"

#include <math.h>

#include "base/vec.h"
#include "tracking/tracking.h"
#include "unit.h"

static struct mlops_error err;

static void a_block_gives_back_its_points(void **state)
{
	const struct point in[] = { { INT64_MIN, 5, NAN },
				    { -1, INT64_MAX, -0.0 },
				    { 0, INT64_MIN, 0.1 },
				    { INT64_MAX, 0, INFINITY } };
	struct point_list out = { 0 };
	autobuf data = { 0 };

	(void)state;
	block_encode(in, 4, &data);
	assert_success(block_decode(data.buf, data.len, 4, &out, &err));
	assert_int_equal(out.n, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_true(out.v[i].step == in[i].step);
		assert_true(out.v[i].timestamp_ms == in[i].timestamp_ms);
		assert_true(isnan(in[i].value) ? isnan(out.v[i].value) : out.v[i].value == in[i].value);
	}
	vec_free(&out);
}

static void a_damaged_block_is_corrupt(void **state)
{
	const struct point in[] = { { 1, 2, 3 }, { 4, 5, 6 } };
	struct point_list out = { 0 };
	autobuf data = { 0 };

	(void)state;
	block_encode(in, 2, &data);
	for (size_t n = 0; n < data.len; n++)
		assert_error(block_decode(data.buf, n, 2, &out, &err), MLOPS_ECORRUPT, "block");
	assert_error(block_decode(data.buf, data.len, 3, &out, &err), MLOPS_ECORRUPT, "block");
	assert_error(block_decode(data.buf, data.len, 1, &out, &err), MLOPS_ECORRUPT, "block");
	data.buf[0] = 2;
	assert_error(block_decode(data.buf, data.len, 2, &out, &err), MLOPS_ECORRUPT, "block");
	vec_free(&out);
}

static struct db *new_db(const char *dir)
{
	autofree char *path = path_join(dir, "mlops.db");
	struct db *db;

	assert_success(db_open(path, &db, &err));
	assert_success(db_exec(db,
			       "INSERT INTO experiments (id, name, created_ms) VALUES (1, 'e', 1);"
			       "INSERT INTO runs (id, uuid, experiment_id, name, user, status, start_ms,"
			       " host, pid, pid_start) VALUES (1, 'u', 1, 'n', '', 0, 1, '', 0, 0)",
			       &err));
	return db;
}

/* Pages by time, of points whose time runs against their step, give each point once and in order. */
static void pages_give_all_in_order(void **state)
{
	char *dir = unit_scratch();
	struct db *db = new_db(dir);
	struct run_metric m[3000];
	struct history_query q = HISTORY_ALL;
	struct point last;
	size_t total = 0;

	(void)state;
	for (int64_t i = 0; i < 3000; i++)
		m[i] = (struct run_metric){ (char *)"k", (double)i, 1 + (3000 - i) / 2, i };
	assert_success(db_exec(db, "BEGIN", &err));
	for (size_t i = 0; i < 3000; i += 100)
		assert_success(run_add_metrics(db, 1, m + i, 100, &err));
	assert_success(db_exec(db, "COMMIT", &err));
	q.order = HISTORY_BY_TIME;
	for (q.limit = 170;; q.after = &last) {
		struct point_list page = { 0 };

		assert_success(history_read(db, 1, "k", &q, &page, &err));
		for (size_t i = 0; i < page.n; i++)
			assert_true((!i && !q.after) ||
				    point_compare_time(i ? &page.v[i - 1] : q.after, &page.v[i]) < 0);
		total += page.n;
		if (page.n)
			last = page.v[page.n - 1];
		bool ended = page.n < q.limit;
		vec_free(&page);
		if (ended)
			break;
	}
	assert_int_equal(total, 3000);
	q = (struct history_query)HISTORY_ALL;
	q.first_step = 1000;
	q.last_step = 1009;
	struct point_list part = { 0 };
	assert_success(history_read(db, 1, "k", &q, &part, &err));
	assert_int_equal(part.n, 10);
	assert_true(part.v[0].step == 1000);
	vec_free(&part);
	db_free(db);
	unit_scratch_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_gives_back_its_points),
		cmocka_unit_test(a_damaged_block_is_corrupt),
		cmocka_unit_test(pages_give_all_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
