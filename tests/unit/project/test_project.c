/* Making and finding projects, paths as typed, the lock, settings. */
#include "mlops/project.h"

#include <sys/wait.h>

#include "mlops/config.h"
#include "project/project.h"
#include "unit_project.h"

static struct mlops_error err;

static void write_file(const char *dir, const char *name, const char *text)
{
	autofree char *path = path_join(dir, name);

	assert_success(fs_mkdirs_for(path, &err));
	assert_success(fs_write_atomic(path, text, strlen(text), 0644, &err));
}

static void test_init_again(void **state)
{
	struct unit_project *u = *state;
	bool created = true;

	assert_success(mlops_project_init(u->dir, false, &created, &err));
	assert_false(created);
}

static void test_init_inside(void **state)
{
	struct unit_project *u = *state;
	autofree char *sub = path_join(u->dir, "sub");
	bool created;

	assert_success(fs_mkdirs(sub, &err));
	assert_error(mlops_project_init(sub, true, &created, &err), MLOPS_EEXISTS, "already belongs");
}

static void test_init_needs_git(void **state)
{
	char *dir = unit_scratch();
	bool created;

	(void)state;
	assert_error(mlops_project_init(dir, false, &created, &err), MLOPS_ENOTFOUND, "no git repository");
	unit_scratch_remove(dir);
}

static void test_open_below(void **state)
{
	struct unit_project *u = *state;
	autofree char *sub = path_join(u->dir, "a/b");
	struct project *p;

	assert_success(fs_mkdirs(sub, &err));
	assert_success(mlops_project_open(sub, &p, &err));
	assert_string_equal(mlops_project_root(p), mlops_project_root(u->project));
	mlops_project_free(p);
}

static void test_open_newer(void **state)
{
	struct unit_project *u = *state;
	struct project *p;

	write_file(u->dir, ".mlops/format", "1.4\n");
	assert_success(mlops_project_open(u->dir, &p, &err));
	mlops_project_free(p);
	write_file(u->dir, ".mlops/format", "2\n");
	assert_error(mlops_project_open(u->dir, &p, &err), MLOPS_EINVALID, "format 2");
	write_file(u->dir, ".mlops/format", "x\n");
	assert_error(mlops_project_open(u->dir, &p, &err), MLOPS_EINVALID, "no format number");
}

static void test_open_symlink(void **state)
{
	struct unit_project *u = *state;
	autofree char *dir = path_join(u->dir, ".mlops");
	autofree char *moved = path_join(u->dir, "moved");
	struct project *p;

	assert_int_equal(rename(dir, moved), 0);
	assert_int_equal(symlink("moved", dir), 0);
	assert_error(mlops_project_open(u->dir, &p, &err), MLOPS_ENOTFOUND, "no mlops project");
}

static void test_relpath(void **state)
{
	struct unit_project *u = *state;
	const char *root = mlops_project_root(u->project);
	static const struct {
		const char *typed, *want;
	} good[] = {
		{ "", "" },       { "/", "" },           { "/a", "a" },	       { "/a/", "a" },
		{ "/a/b", "a/b" }, { "/a/../c", "c" },    { "/none/x", "none/x" }, { "/a/./b", "a/b" },
		{ "/link", "link" }, { "/in/f", "a/f" },  { "/-x", "-x" },
	};
	static const struct {
		const char *typed, *why;
	} bad[] = {
		{ "/..", "outside" },	   { "/out/x", "symlink" },   { "/.git", "keeps for itself" },
		{ "/.mlops/x", "keeps" },  { "/a/.git/x", "keeps" },  { "/a/../../y", "outside" },
	};
	autofree char *a = path_join(root, "a"), *in = path_join(root, "in");
	autofree char *out = path_join(root, "out"), *link = path_join(root, "link");

	assert_success(fs_mkdirs(a, &err));
	assert_int_equal(symlink("a", in), 0);
	assert_int_equal(symlink("/", out), 0);
	assert_int_equal(symlink("nowhere", link), 0);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		autofree char *typed = xasprintf("%s%s", root, good[i].typed);
		char *got;

		assert_success(mlops_project_relpath(u->project, typed, &got, &err));
		assert_made(got, good[i].want);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		autofree char *typed = xasprintf("%s%s", root, bad[i].typed);
		char *got;

		assert_error(mlops_project_relpath(u->project, typed, &got, &err), MLOPS_EINVALID, bad[i].why);
	}
}

static int try_lock(const char *dir, bool alone)
{
	autoerr none = ERR_INIT;
	struct project *p;

	setenv("MLOPS_CORE_LOCKTIMEOUT", "0", 1);
	if (mlops_project_open(dir, &p, &none))
		return 99;
	int rc = mlops_project_lock(p, alone, &none) ? mlops_error_exit_code(none.kind) : 0;
	mlops_project_free(p);
	return rc;
}

static int in_child(const char *dir, bool alone)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(try_lock(dir, alone));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void test_lock(void **state)
{
	struct unit_project *u = *state;

	assert_success(mlops_project_lock(u->project, false, &err));
	assert_int_equal(in_child(u->dir, false), 0);
	assert_int_equal(in_child(u->dir, true), 5);
	mlops_project_unlock(u->project);
	assert_success(mlops_project_lock(u->project, true, &err));
	assert_int_equal(in_child(u->dir, false), 5);
	mlops_project_unlock(u->project);
	assert_int_equal(in_child(u->dir, true), 0);
}

static void test_config_layers(void **state)
{
	struct unit_project *u = *state;
	struct project *p = u->project;

	assert_null(mlops_config_lookup(p, "core.x"));
	assert_success(mlops_config_set(p, CONFIG_PROJECT, "core.x", "project", &err));
	assert_string_equal(mlops_config_lookup(p, "core.x"), "project");
	assert_success(mlops_config_set(p, CONFIG_LOCAL, "core.X", "local", &err));
	assert_string_equal(mlops_config_lookup(p, "Core.x"), "local");
	setenv("MLOPS_CORE_X", "environment", 1);
	assert_string_equal(mlops_config_lookup(p, "core.x"), "environment");
	unsetenv("MLOPS_CORE_X");
	assert_success(mlops_config_set(p, CONFIG_LOCAL, "core.x", NULL, &err));
	assert_string_equal(mlops_config_lookup(p, "core.x"), "project");
	assert_error(mlops_config_set(p, CONFIG_LOCAL, "core.x", NULL, &err), MLOPS_ENOTFOUND, "not set");
}

static void test_config_lent_stays(void **state)
{
	struct unit_project *u = *state;

	assert_success(mlops_config_set(u->project, CONFIG_PROJECT, "a.b", "one", &err));
	const char *lent = mlops_config_lookup(u->project, "a.b");
	assert_success(mlops_config_set(u->project, CONFIG_PROJECT, "a.b", "two", &err));
	assert_string_equal(mlops_config_lookup(u->project, "a.b"), "two");
	assert_string_equal(lent, "one");
}

static void test_config_sections(void **state)
{
	struct unit_project *u = *state;
	struct project *p = u->project;

	assert_success(mlops_config_set(p, CONFIG_PROJECT, "remote.One.url", "x", &err));
	assert_success(mlops_config_set(p, CONFIG_PROJECT, "remote.Two.url", "y", &err));
	assert_null(mlops_config_lookup(p, "remote.one.url"));
	assert_success(mlops_config_remove_section(p, CONFIG_PROJECT, "remote.One", &err));
	assert_null(mlops_config_lookup(p, "remote.One.url"));
	assert_string_equal(mlops_config_lookup(p, "remote.Two.url"), "y");
	assert_error(mlops_config_remove_section(p, CONFIG_PROJECT, "remote.One", &err), MLOPS_ENOTFOUND,
		     "no section");
}

static int count(enum config_scope scope, const char *key, const char *value, void *arg,
		 struct mlops_error *e)
{
	(void)scope, (void)key, (void)value, (void)e;
	(*(int *)arg)++;
	return 0;
}

static void test_config_broken(void **state)
{
	struct unit_project *u = *state;
	int n = 0;

	write_file(u->dir, ".mlops/config", "[core\n x = \n");
	assert_null(mlops_config_lookup(u->project, "core.x"));
	assert_error(mlops_config_list(u->project, count, &n, &err), MLOPS_EINVALID, "config");
}

static void test_config_no_include(void **state)
{
	struct unit_project *u = *state;

	write_file(u->dir, "other", "[core]\n\tx = stolen\n");
	write_file(u->dir, ".mlops/config", "[include]\n\tpath = ../other\n[core]\n\ty = 1\n");
	assert_null(mlops_config_lookup(u->project, "core.x"));
	assert_string_equal(mlops_config_lookup(u->project, "core.y"), "1");
}

static void test_config_typed(void **state)
{
	struct unit_project *u = *state;
	uint64_t bytes;
	int64_t ms;

	assert_success(project_config_bytes(u->project, "core.b", 7, &bytes, &err));
	assert_int_equal(bytes, 7);
	assert_success(mlops_config_set(u->project, CONFIG_PROJECT, "core.b", "2k", &err));
	assert_success(project_config_bytes(u->project, "core.b", 7, &bytes, &err));
	assert_int_equal(bytes, 2048);
	assert_error(project_config_duration(u->project, "core.b", 1, &ms, &err), MLOPS_EINVALID, "core.b");
}

int main(void)
{
	setenv("HOME", "/nonexistent", 1);
	unsetenv("XDG_CONFIG_HOME");
	const struct CMUnitTest tests[] = {
		unit_project_test(test_init_again),
		unit_project_test(test_init_inside),
		cmocka_unit_test(test_init_needs_git),
		unit_project_test(test_open_below),
		unit_project_test(test_open_newer),
		unit_project_test(test_open_symlink),
		unit_project_test(test_relpath),
		unit_project_test(test_lock),
		unit_project_test(test_config_layers),
		unit_project_test(test_config_lent_stays),
		unit_project_test(test_config_sections),
		unit_project_test(test_config_broken),
		unit_project_test(test_config_no_include),
		unit_project_test(test_config_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
