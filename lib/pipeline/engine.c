/* The engines there are, their settings, and what they share. */
#include "pipeline/engine.h"

#include "base/fs.h"
#include "base/path.h"
#include "mlops/config.h"

static const struct engine *const engines[] = {
	&engine_local,
	&engine_ssh,
	&engine_kubernetes,
	&engine_make,
};

const char *engine_setting(struct project *project, const char *name, const char *key)
{
	autofree char *full = xasprintf("engine.%s.%s", name, key);

	return mlops_config_lookup(project, full);
}

int engine_own_setting(struct project *project, const char *name, const char *key, const char **out,
		       struct mlops_error *err)
{
	autofree char *full = xasprintf("engine.%s.%s", name, key);

	return project_config_personal(project, full, out, err);
}

int engine_find(struct project *project, const char *name, const struct engine **out,
		struct mlops_error *err)
{
	const char *type = engine_setting(project, name, "type");
	autobuf names = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(engines); i++) {
		if (!strcmp(engines[i]->name, type ? type : name)) {
			*out = engines[i];
			return 0;
		}
		strbuf_addf(&names, "%s%s", i ? ", " : "", engines[i]->name);
	}
	if (type)
		err_set(err, MLOPS_EUSAGE, "engine '%s' is of the unknown type '%s'", name, type);
	else
		err_set(err, MLOPS_EUSAGE, "no engine named '%s'", name);
	return err_hint(err,
			"there is: %s; or one of these under another name, by: mlops config "
			"engine.NAME.type TYPE",
			names.buf);
}

int engine_scratch(const struct engine_call *call, char **out, struct mlops_error *err)
{
	const char *tmp;

	if (project_tmp(call->project, &tmp, err))
		return -1;
	char *dir = path_join(tmp, "outs.XXXXXX");
	if (!mkdtemp(dir)) {
		err_sys(err, "cannot make a folder in '%s'", tmp);
		free(dir);
		return -1;
	}
	*out = dir;
	return 0;
}

/* What is above an out in `dir` must be folders: a symlink would make it a file of ours. */
static int check_above(const char *dir, const char *out, struct mlops_error *err)
{
	autofree char *above = path_dir(out);
	autofree char *wanted = strcmp(above, ".") ? path_join(dir, above) : xstrdup(dir);
	autofree char *real_dir = NULL, *real = NULL;

	if (fs_realpath(dir, &real_dir, err) || fs_realpath(wanted, &real, err))
		return -1;
	autofree char *should = strcmp(above, ".") ? path_join(real_dir, above) : xstrdup(real_dir);
	if (strcmp(real, should))
		return err_set(err, MLOPS_EINVALID, "output '%s' came back below a symlink", out);
	return 0;
}

static int bring_home(const struct engine_call *call, const char *dir, const char *out,
		      struct mlops_error *err)
{
	autofree char *from = path_join(dir, out);
	autofree char *to = project_abspath(call->project, out);
	autofree char *checked = NULL;
	struct stat st;

	if (lstat(from, &st))
		return 0;
	if (check_above(dir, out, err) || mlops_project_relpath(call->project, to, &checked, err) ||
	    fs_remove_tree(to, err) || fs_mkdirs_for(to, err))
		return -1;
	return rename(from, to) ? err_sys(err, "cannot move '%s' into the work tree", out) : 0;
}

int engine_bring_home(const struct engine_call *call, const char *dir, struct mlops_error *err)
{
	for (size_t i = 0; i < call->stage->n_outs; i++)
		if (bring_home(call, dir, call->stage->outs[i], err))
			return -1;
	return 0;
}

char *stage_shell_command(const struct spec_stage *stage)
{
	autobuf text = { 0 };

	if (stage->cmds.n == 1)
		return xstrdup(stage->cmds.v[0].text);
	for (size_t i = 0; i < stage->cmds.n; i++) {
		strbuf_adds(&text, i ? " &&\nsh -c " : "sh -c ");
		strbuf_add_shell(&text, stage->cmds.v[i].text);
	}
	return strbuf_steal(&text);
}
