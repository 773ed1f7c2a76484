/* Pointers and mlops.lock of a commit, whatever the work tree holds. */
#include "mlops/revision.h"

#include "base/map.h"
#include "base/proc.h"
#include "unit_project.h"

#define POINTER(name, digit)                                                                       \
	"mlops: 1\npath: " name "\nkind: file\noid: sha256:" digit                                 \
	"8ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4\nsize: 3\n"
#define LOCK                                                                                       \
	"mlops: 1\nstages:\n  train:\n    cmd: make\n    outs:\n      - path: model\n"               \
	"        kind: file\n        oid: sha256:"                                                 \
	"98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4\n        size: 3\n"

static struct mlops_error err;

static void make(const char *dir, const char *name, const char *text)
{
	autofree char *path = path_join(dir, name);

	assert_success(fs_mkdirs_for(path, &err));
	assert_success(fs_write_atomic(path, text, strlen(text), 0644, &err));
}

/* Commits all there is, also what is ignored, as the tag `name`. */
static void commit(const char *dir, const char *name)
{
	static const char script[] =
		"git add -Af . && git -c user.name=t -c user.email=t -c commit.gpgSign=false "
		"commit -q --no-verify -m \"$0\" && git tag \"$0\"";
	const char *const argv[] = { "sh", "-c", script, name, NULL };
	const struct proc_spec spec = { .argv = argv, .dir = dir, .stdin_fd = -1,
					.stdout_fd = -1, .stderr_fd = -1 };
	struct proc_result result;
	pid_t pid;

	assert_success(proc_spawn(&spec, &pid, &err));
	assert_success(proc_wait(pid, &result, &err));
	assert_int_equal(result.status, 0);
}

static void make_history(const char *dir)
{
	make(dir, "x.mlops", POINTER("x", "1"));
	make(dir, "code/deep/y.mlops", POINTER("y", "2"));
	make(dir, "code/main.c", "int main;");
	make(dir, "mlops.lock", LOCK);
	commit(dir, "one");
	make(dir, "x.mlops", POINTER("x", "3"));
	make(dir, "a.mlops", POINTER("a", "4"));
	commit(dir, "two");
	make(dir, "x.mlops", "broken");
}

static void test_pointers_at(void **state)
{
	struct unit_project *u = *state;
	struct pointer *p;
	size_t n;

	make_history(u->dir);
	assert_success(mlops_pointers_at(u->project, "one", &p, &n, &err));
	assert_int_equal(n, 2);
	assert_string_equal(p[0].path, "code/deep/y");
	assert_int_equal(p[0].ref.oid.sha256[0], 0x28);
	assert_string_equal(p[1].path, "x");
	assert_int_equal(p[1].ref.oid.sha256[0], 0x18);
	mlops_pointers_free(p, n);
	assert_success(mlops_pointers_at(u->project, "HEAD", &p, &n, &err));
	assert_int_equal(n, 3);
	assert_string_equal(p[0].path, "a");
	assert_int_equal(p[2].ref.oid.sha256[0], 0x38);
	mlops_pointers_free(p, n);
}

static void test_lockfile_at(void **state)
{
	struct unit_project *u = *state;
	struct lockfile lock;

	commit(u->dir, "none");
	make_history(u->dir);
	assert_success(mlops_lockfile_at(u->project, "one", &lock, &err));
	assert_int_equal(lock.n, 1);
	assert_string_equal(lock.stages[0].outs[0].path, "model");
	mlops_lockfile_clear(&lock);
	assert_success(mlops_lockfile_at(u->project, "none", &lock, &err));
	assert_int_equal(lock.n, 0);
	mlops_lockfile_clear(&lock);
}

static void test_no_revision(void **state)
{
	struct unit_project *u = *state;
	struct pointer *p;
	size_t n;

	assert_error(mlops_pointers_at(u->project, "HEAD", &p, &n, &err), MLOPS_ENOTFOUND,
		     "no revision 'HEAD'");
	make_history(u->dir);
	assert_error(mlops_pointers_at(u->project, "three", &p, &n, &err), MLOPS_ENOTFOUND,
		     "no revision 'three'");
	assert_error(mlops_pointers_at(u->project, "a..b..c", &p, &n, &err), MLOPS_ENOTFOUND,
		     "no revision 'a..b..c'");
	assert_error(mlops_pointers_at(u->project, "one:code", &p, &n, &err), MLOPS_EINVALID,
		     "'one:code' names no commit");
}

/* What lies in other projects, or below a pointer's data, is no pointer; nor is a symlink. */
static void test_not_entered(void **state)
{
	struct unit_project *u = *state;
	autofree char *link = path_join(u->dir, "link.mlops");
	struct pointer *p;
	size_t n;

	make(u->dir, "data.mlops", POINTER("data", "1"));
	make(u->dir, "data/inside.mlops", "data of the user");
	make(u->dir, "other/.mlops/format", "1");
	make(u->dir, "other/z.mlops", "not ours");
	assert_int_equal(symlink("data.mlops", link), 0);
	commit(u->dir, "one");
	assert_success(mlops_pointers_at(u->project, "one", &p, &n, &err));
	assert_int_equal(n, 1);
	assert_string_equal(p[0].path, "data");
	mlops_pointers_free(p, n);
}

struct seen {
	struct map ids;
	size_t pointers, locks, broken;
};

static bool skip_seen(const char *path, const struct git_id *id, void *arg)
{
	struct seen *s = arg;

	(void)path;
	return map_putn(&s->ids, id->sha1, sizeof(id->sha1), s);
}

static int count_pointer(const struct pointer *p, const struct git_id *id, void *arg,
			 struct mlops_error *e)
{
	(void)p, (void)id, (void)e;
	((struct seen *)arg)->pointers++;
	return 0;
}

static int count_lock(struct lockfile *lock, const struct git_id *id, void *arg,
		      struct mlops_error *e)
{
	(void)lock, (void)id, (void)e;
	((struct seen *)arg)->locks++;
	return 0;
}

static int count_broken(const char *path, const struct git_id *id, const struct mlops_error *why,
			void *arg, struct mlops_error *e)
{
	(void)id, (void)e;
	assert_string_equal(path, "x.mlops");
	assert_non_null(strstr(why->msg, "x.mlops:1:1: a pointer must be a map"));
	((struct seen *)arg)->broken++;
	return 0;
}

/* What is the same in two revisions is read once. */
static void test_skip(void **state)
{
	struct unit_project *u = *state;
	struct seen seen = { 0 };
	const struct revision_visitor v = { skip_seen, count_pointer, count_lock, NULL, &seen };

	make_history(u->dir);
	assert_success(mlops_revision_visit(u->project, "one", &v, &err));
	assert_true(seen.pointers == 2 && seen.locks == 1);
	assert_success(mlops_revision_visit(u->project, "two", &v, &err));
	assert_true(seen.pointers == 4 && seen.locks == 1);
	assert_success(mlops_revision_visit(u->project, "two~0", &v, &err));
	assert_true(seen.pointers == 4 && seen.locks == 1);
	map_clear(&seen.ids);
}

static void test_broken(void **state)
{
	struct unit_project *u = *state;
	struct seen seen = { 0 };
	struct revision_visitor v = { NULL, count_pointer, NULL, count_broken, &seen };

	make_history(u->dir);
	commit(u->dir, "bad");
	assert_success(mlops_revision_visit(u->project, "bad", &v, &err));
	assert_true(seen.pointers == 2 && seen.broken == 1);
	v.broken = NULL;
	assert_error(mlops_revision_visit(u->project, "bad", &v, &err), MLOPS_EINVALID,
		     "x.mlops:1:1");
}

/* A project in a folder of a repository sees that folder alone, and nothing before it was there. */
static void test_project_below(void **state)
{
	char *dir = unit_scratch();
	autofree char *sub = path_join(dir, "sub/dir");
	struct project *project;
	struct pointer *p;
	bool created;
	size_t n;

	(void)state;
	const char *const argv[] = { "git", "init", "-q", dir, NULL };
	const struct proc_spec spec = { .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 };
	pid_t pid;
	struct proc_result result;
	assert_success(proc_spawn(&spec, &pid, &err));
	assert_success(proc_wait(pid, &result, &err));
	make(dir, "top.mlops", POINTER("top", "1"));
	commit(dir, "before");
	assert_success(fs_mkdirs(sub, &err));
	assert_success(mlops_project_init(sub, false, &created, &err));
	make(sub, "x.mlops", POINTER("x", "2"));
	commit(dir, "after");
	assert_success(mlops_project_open(sub, &project, &err));
	assert_success(mlops_pointers_at(project, "after", &p, &n, &err));
	assert_int_equal(n, 1);
	assert_string_equal(p[0].path, "x");
	mlops_pointers_free(p, n);
	assert_success(mlops_pointers_at(project, "before", &p, &n, &err));
	assert_int_equal(n, 0);
	mlops_pointers_free(p, n);
	mlops_project_free(project);
	unit_scratch_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_project_test(test_pointers_at),	unit_project_test(test_lockfile_at),
		unit_project_test(test_no_revision),	unit_project_test(test_not_entered),
		unit_project_test(test_skip),		unit_project_test(test_broken),
		cmocka_unit_test(test_project_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
