/* mlops.lock: what is written is read again, and what is wrong is refused with its place. */
#include "mlops/lockfile.h"

#include "project/project.h"
#include "unit_project.h"

#define OID "sha256:98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4"

static struct mlops_error err;

static struct lock_stage make_stage(const char *name)
{
	struct lock_stage s = { .name = xstrdup(name), .cmd = xstrdup("echo a\necho b: c\n") };

	s.deps = xcalloc(2, sizeof(*s.deps));
	s.n_deps = 2;
	s.deps[0].path = xstrdup("z");
	s.deps[0].ref = (struct object_ref){ .kind = OBJECT_FILE, .size = 3, .files = 1, .executable = true };
	s.deps[1].path = xstrdup("data: #raw");
	s.deps[1].ref = (struct object_ref){ .kind = OBJECT_TREE, .size = 30, .files = 5 };
	mlops_oid_parse(OID, &s.deps[1].ref.oid);
	s.outs = xcalloc(1, sizeof(*s.outs));
	s.n_outs = 1;
	s.outs[0].path = xstrdup("model.json");
	s.outs[0].ref = (struct object_ref){ .kind = OBJECT_FILE, .size = 9, .files = 1 };
	s.outs[0].is_model = true;
	s.outs[0].not_cached = true;
	s.outs[0].place = (struct object_place){ "far-1", true };
	s.params = xcalloc(1, sizeof(*s.params));
	s.n_params = 1;
	s.params[0] = (struct lock_param){ xstrdup("params.yaml"), xstrdup("train.lr"), xstrdup("0.1") };
	return s;
}

static void test_round_trip(void **state)
{
	struct unit_project *u = *state;
	struct lockfile lock = { 0 }, again;
	struct lock_stage b = make_stage("train"), a = make_stage("a: b");

	mlops_lockfile_put(&lock, &b);
	mlops_lockfile_put(&lock, &a);
	assert_success(mlops_lockfile_write(u->project, &lock, &err));
	assert_success(mlops_lockfile_read(u->project, &again, &err));
	assert_int_equal(again.n, 2);
	assert_string_equal(again.stages[0].name, "a: b");
	struct lock_stage *s = mlops_lockfile_find(&again, "train");
	assert_string_equal(s->cmd, "echo a\necho b: c\n");
	assert_string_equal(s->deps[0].path, "data: #raw");
	assert_int_equal(s->deps[0].ref.files, 5);
	assert_true(s->deps[1].ref.executable);
	assert_true(s->outs[0].is_model && s->outs[0].not_cached && s->outs[0].place.no_push);
	assert_string_equal(s->outs[0].place.remote, "far-1");
	assert_string_equal(s->params[0].value, "0.1");
	mlops_lockfile_clear(&lock);
	mlops_lockfile_clear(&again);
}

static void test_replace_and_remove(void **state)
{
	struct lockfile lock = { 0 };
	struct lock_stage one = make_stage("x"), two = make_stage("x");

	(void)state;
	two.outs[0].is_model = false;
	mlops_lockfile_put(&lock, &one);
	mlops_lockfile_put(&lock, &two);
	assert_int_equal(lock.n, 1);
	assert_false(lock.stages[0].outs[0].is_model);
	mlops_lockfile_remove(&lock, "none");
	mlops_lockfile_remove(&lock, "x");
	assert_null(mlops_lockfile_find(&lock, "x"));
	mlops_lockfile_clear(&lock);
}

static void test_absent(void **state)
{
	struct unit_project *u = *state;
	struct lockfile lock;

	assert_success(mlops_lockfile_read(u->project, &lock, &err));
	assert_int_equal(lock.n, 0);
}

static void test_refused(void **state)
{
	struct unit_project *u = *state;
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "mlops: 2\n", "mlops.lock:1:1: this program reads" },
		{ "stages: {}\n", "mlops: 1" },
		{ "mlops: 1\nstagse: {}\n", "mlops.lock:2:1: unknown key 'stagse'" },
		{ "mlops: 1\nstages:\n  a: 3\n", "a stage must be a map" },
		{ "mlops: 1\nstages:\n  a:\n    deps:\n      - path: ../x\n", "'../x' is not a path" },
		{ "mlops: 1\nstages:\n  a:\n    deps:\n      - path: x\n        kind: file\n        oid: 12\n",
		  "mlops.lock:7:14: oid must be" },
		{ "mlops: 1\nstages:\n  a:\n    outs:\n      - path: x\n        kind: dir\n", "kind must be" },
		{ "mlops: 1\nstages:\n  a:\n    params:\n      - file: x\n", "'key' is missing" },
		{ "mlops: [\n", "mlops.lock:" },
	};
	autofree char *path = project_abspath(u->project, "mlops.lock");

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct lockfile lock;

		assert_success(fs_write_atomic(path, bad[i].text, strlen(bad[i].text), 0644, &err));
		assert_error(mlops_lockfile_read(u->project, &lock, &err), MLOPS_EINVALID, bad[i].why);
		mlops_lockfile_clear(&lock);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_project_test(test_round_trip),
		cmocka_unit_test(test_replace_and_remove),
		unit_project_test(test_absent),
		unit_project_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
