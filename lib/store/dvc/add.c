/* What DVC does not track yet, as `dvc add` makes it tracked. */
#include "base/log.h"
#include "base/path.h"
#include "fmt/json.h"
#include "fmt/ruamel.h"
#include "git/git.h"
#include "project/project.h"
#include "store/dvc/dvc.h"

/* Keys in DVC's order. */
static struct json *out_value(const char *name, const struct object_ref *ref)
{
	bool is_folder = ref->kind == OBJECT_TREE;
	struct json *out = js_obj();
	char hex[33];
	autofree char *md5 = xasprintf("%s%s", dvc_hex(&ref->oid, hex), is_folder ? ".dir" : "");

	js_set(out, "md5", js_str(md5));
	js_set(out, "size", js_int((int64_t)ref->size));
	if (is_folder)
		js_set(out, "nfiles", js_int((int64_t)ref->files));
	if (ref->executable)
		js_set(out, "isexec", js_bool(true));
	js_set(out, "hash", js_str("md5"));
	js_set(out, "path", js_str(name));
	return out;
}

static int write_file(struct dvc *d, const char *path, const struct object_ref *ref,
		      struct mlops_error *err)
{
	autofree char *file = xasprintf("%s.dvc", path);
	autojson *outs = js_arr();
	autobuf text = { 0 };

	js_push(outs, out_value(path_base(path), ref));
	ruamel_put(&text, 0, "outs", outs);
	return project_write(d->project, file, &text, err);
}

/* core.autostage asks for it. */
static int stage(struct dvc *d, const char *path, struct mlops_error *err)
{
	const struct dvc_setting *wanted = dvc_setting(d, "core", "autostage");
	autofree char *file = xasprintf("%s.dvc", path), *dir = path_dir(path);
	autofree char *ignore = path_join(strcmp(dir, ".") ? dir : "", ".gitignore");
	const char *files[] = { file, ignore };
	struct git_repo *git;

	if (!wanted || strcasecmp(wanted->value, "true"))
		return 0;
	return project_git(d->project, &git, err) || git_stage(git, files, ARRAY_LEN(files), err) ?
		       -1 :
		       0;
}

static int check_free(struct dvc *d, const char *path, struct mlops_error *err)
{
	struct git_repo *git;
	bool staged;

	if (!*path)
		return err_set(err, MLOPS_EINVALID, "the whole repository cannot be tracked");
	if (project_git(d->project, &git, err) || git_is_staged(git, path, &staged, err))
		return -1;
	if (!staged)
		return 0;
	err_set(err, MLOPS_EINVALID, "'%s' is in git already", path);
	return err_hint(err, "take it out first: git rm -r --cached %s", path);
}

int dvc_add(struct dvc *d, const char *path, bool dry_run, struct object_ref *out,
	    struct mlops_error *err)
{
	if (check_free(d, path, err) || mlops_dvc_look(d, path, !dry_run, out, err) ||
	    mlops_dvc_commit(d, err))
		return -1;
	if (dry_run)
		return 0;
	return mlops_workspace_ignore(d->project, &path, 1, err) || write_file(d, path, out, err) ||
			       stage(d, path, err) ?
		       -1 :
		       0;
}
