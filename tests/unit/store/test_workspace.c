/* Single paths of the work tree: hash, save, restore, export; visiting; ignoring. */
#include "mlops/workspace.h"

#include "unit_project.h"

static struct mlops_error err;

static char *full(struct unit_project *u, const char *name)
{
	return path_join(u->dir, name);
}

static void make(struct unit_project *u, const char *name, const char *text, mode_t mode)
{
	autofree char *path = full(u, name);

	assert_success(fs_mkdirs_for(path, &err));
	assert_success(fs_write_atomic(path, text, strlen(text), mode, &err));
}

static void make_folder(struct unit_project *u)
{
	autofree char *empty = full(u, "d/empty"), *link = full(u, "d/link");

	make(u, "d/a", "one", 0644);
	make(u, "d/sub/b", "two", 0755);
	assert_success(fs_mkdirs(empty, &err));
	assert_int_equal(symlink("a", link), 0);
}

static void check_content(const char *dir, const char *name, const char *text)
{
	autofree char *path = path_join(dir, name);
	autobuf got = { 0 };

	assert_success(fs_read(path, 1000, &got, &err));
	assert_string_equal(got.buf, text);
}

static void check_folder(const char *dir)
{
	autofree char *b = path_join(dir, "sub/b"), *empty = path_join(dir, "empty");
	autofree char *link = path_join(dir, "link");
	char target[8] = { 0 };
	struct stat st;

	check_content(dir, "a", "one");
	check_content(dir, "sub/b", "two");
	assert_int_equal(stat(b, &st), 0);
	assert_true(st.st_mode & 0100);
	assert_true(fs_is_dir(empty));
	assert_int_equal(readlink(link, target, sizeof(target) - 1), 1);
	assert_string_equal(target, "a");
}

static void test_hash_is_save(void **state)
{
	struct unit_project *u = *state;
	struct object_ref hashed, saved;
	struct store *store;

	make_folder(u);
	assert_success(mlops_store_of(u->project, &store, &err));
	assert_success(mlops_workspace_hash(u->project, "d", &hashed, &err));
	assert_false(mlops_store_has(store, &hashed.oid));
	assert_success(mlops_workspace_save(u->project, "d", &saved, &err));
	assert_true(mlops_store_has(store, &saved.oid));
	assert_true(mlops_oid_equal(&hashed.oid, &saved.oid));
	assert_int_equal(saved.kind, OBJECT_TREE);
	assert_int_equal(saved.files, 3);
	assert_int_equal(saved.size, 7);
}

static void test_restore(void **state)
{
	struct unit_project *u = *state;
	autofree char *dir = full(u, "d"), *extra = full(u, "d/extra/file");
	struct object_ref ref;

	make_folder(u);
	assert_success(mlops_workspace_save(u->project, "d", &ref, &err));
	make(u, "d/a", "changed", 0644);
	make(u, "d/extra/file", "never stored", 0644);
	assert_success(mlops_workspace_restore(u->project, "d", &ref, &err));
	check_folder(dir);
	assert_false(fs_exists(extra));
	assert_success(fs_remove_tree(dir, &err));
	assert_success(mlops_workspace_restore(u->project, "d", &ref, &err));
	check_folder(dir);
	assert_success(fs_remove_tree(dir, &err));
	make(u, "d", "a file now", 0644);
	assert_success(mlops_workspace_restore(u->project, "d", &ref, &err));
	check_folder(dir);
	assert_success(mlops_workspace_restore(u->project, "new/deep/d", &ref, &err));
	autofree char *deep = full(u, "new/deep/d");
	check_folder(deep);
}

static void test_restore_not_through_symlink(void **state)
{
	struct unit_project *u = *state;
	autofree char *sub = full(u, "d/sub"), *outside = full(u, "outside"), *out = full(u, "out");
	autofree char *b = full(u, "outside/b");
	struct object_ref ref;

	make_folder(u);
	assert_success(mlops_workspace_save(u->project, "d", &ref, &err));
	assert_success(fs_remove_tree(sub, &err));
	assert_success(fs_mkdirs(outside, &err));
	assert_int_equal(symlink("../outside", sub), 0);
	assert_success(mlops_workspace_restore(u->project, "d", &ref, &err));
	assert_false(fs_exists(b));
	check_content(u->dir, "d/sub/b", "two");
	assert_int_equal(symlink("outside", out), 0);
	assert_error(mlops_workspace_restore(u->project, "out/x", &ref, &err), MLOPS_EINVALID, "not a folder");
}

static void test_restore_missing(void **state)
{
	struct unit_project *u = *state;
	struct object_ref ref = { .kind = OBJECT_FILE, .oid = { { 7 } } };
	autofree char *path = full(u, "x");

	make(u, "x", "stays", 0644);
	assert_error(mlops_workspace_restore(u->project, "x", &ref, &err), MLOPS_ENOTFOUND, "not in the store");
	check_content(u->dir, "x", "stays");
	ref.kind = OBJECT_TREE;
	assert_error(mlops_workspace_restore(u->project, "x", &ref, &err), MLOPS_ENOTFOUND, "not in the store");
	check_content(u->dir, "x", "stays");
}

static void test_export(void **state)
{
	struct unit_project *u = *state;
	char *dest_dir = unit_scratch();
	autofree char *dest = path_join(dest_dir, "copy");
	struct object_ref ref;

	make_folder(u);
	assert_success(mlops_workspace_save(u->project, "d", &ref, &err));
	assert_success(mlops_workspace_export(u->project, &ref, dest, &err));
	check_folder(dest);
	assert_error(mlops_workspace_export(u->project, &ref, dest, &err), MLOPS_EEXISTS, "already");
	unit_scratch_remove(dest_dir);
}

static void test_refused(void **state)
{
	struct unit_project *u = *state;
	autofree char *link = full(u, "link"), *fifo = full(u, "d/fifo"), *git = full(u, "d/sub/.git");
	struct object_ref ref;

	make_folder(u);
	assert_int_equal(symlink("d", link), 0);
	assert_error(mlops_workspace_hash(u->project, "link", &ref, &err), MLOPS_EINVALID, "is a symlink");
	assert_error(mlops_workspace_hash(u->project, "link/a", &ref, &err), MLOPS_EINVALID, "'link' is not");
	assert_error(mlops_workspace_hash(u->project, "none", &ref, &err), MLOPS_ENOTFOUND, "none");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_error(mlops_workspace_hash(u->project, "d", &ref, &err), MLOPS_EINVALID, "'d/fifo' is a socket");
	assert_int_equal(unlink(fifo), 0);
	assert_success(fs_mkdirs(git, &err));
	assert_error(mlops_workspace_save(u->project, "d", &ref, &err), MLOPS_EINVALID, "'d/sub/.git'");
}

static int note(const struct object_visit *v, void *arg, struct mlops_error *e)
{
	(void)e;
	strbuf_addf(arg, "%s%s%s ", v->path, v->is_tree ? "/" : "", v->missing ? "!" : "");
	return 0;
}

static void test_visit(void **state)
{
	struct unit_project *u = *state;
	struct object_ref ref, none = { .kind = OBJECT_TREE, .oid = { { 9 } } };
	autobuf seen = { 0 };
	struct store *store;

	make_folder(u);
	assert_success(mlops_store_of(u->project, &store, &err));
	assert_success(mlops_workspace_save(u->project, "d", &ref, &err));
	assert_success(mlops_object_visit(store, &ref, note, &seen, &err));
	assert_string_equal(seen.buf, "/ a empty/ link sub/ sub/b ");
	strbuf_trunc(&seen, 0);
	assert_success(mlops_object_visit(store, &none, note, &seen, &err));
	assert_string_equal(seen.buf, "/! ");
}

static void test_ignore(void **state)
{
	struct unit_project *u = *state;
	static const char *const names[] = { "plain", "a*b", "[x]", "#c", "!d", "tail ", "back\\s", "new\nline" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		make(u, names[i], "x", 0644);
		assert_success(mlops_workspace_ignore(u->project, &names[i], 1, &err));
		assert_success(mlops_workspace_ignore(u->project, &names[i], 1, &err));
	}
	check_content(u->dir, ".gitignore", "/plain\n/a\\*b\n/\\[x]\n/#c\n/!d\n/tail\\ \n/back\\\\s\n/new?line\n");
}

/* Saved again after the store lost it, though the index knows it. */
static void test_save_after_loss(void **state)
{
	struct unit_project *u = *state;
	autofree char *store_dir = full(u, ".mlops/store");
	struct object_ref ref;
	struct store *store;

	make_folder(u);
	assert_success(mlops_workspace_save(u->project, "d", &ref, &err));
	mlops_project_free(u->project);
	assert_success(fs_remove_tree(store_dir, &err));
	assert_success(mlops_project_open(u->dir, &u->project, &err));
	assert_success(mlops_workspace_save(u->project, "d", &ref, &err));
	assert_success(mlops_store_of(u->project, &store, &err));
	autobuf seen = { 0 };
	assert_success(mlops_object_visit(store, &ref, note, &seen, &err));
	assert_null(strchr(seen.buf, '!'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_project_test(test_hash_is_save), unit_project_test(test_restore),
		unit_project_test(test_restore_not_through_symlink),
		unit_project_test(test_restore_missing), unit_project_test(test_export),
		unit_project_test(test_refused), unit_project_test(test_visit),
		unit_project_test(test_ignore), unit_project_test(test_save_after_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
