/* The server in a container. */
#include "deploy/runtime.h"

#include <inttypes.h>

const char *runtime_text(const struct json *config, const char *section, const char *key,
			 const char *fallback)
{
	const char *text = js_get_text(js_get(config, section), key);

	return text ? text : fallback;
}

int runtime_image(const struct target_call *call, const struct json *config, const char **out,
		  struct mlops_error *err)
{
	*out = runtime_text(config, "runtime", "image", NULL);
	if (*out)
		return 0;
	err_set(err, MLOPS_EINVALID, "deployment '%s' says no image to run", call->name);
	return err_hint(
		err,
		"give runtime.image in mlops.yaml: a server of models such as MLServer or Triton");
}

int runtime_check_place(const struct target *target, const struct target_call *call,
			const struct json *config, const char *section, const char *const *keys,
			struct mlops_error *err)
{
	autojson *before = NULL;

	if (!call->active)
		return 0;
	if (target_config(target, call->active->config, &before, err))
		return -1;
	for (; *keys; keys++) {
		if (!strcmp(runtime_text(before, section, *keys, ""),
			    runtime_text(config, section, *keys, "")))
			continue;
		err_set(err, MLOPS_EINVALID, "deployment '%s' runs elsewhere: %s.%s is '%s'",
			call->name, section, *keys, runtime_text(before, section, *keys, ""));
		return err_hint(err, "undeploy it there first, or give the new one another name");
	}
	return 0;
}

int runtime_no_secret(const struct target_call *call, const char *name, struct mlops_error *err)
{
	err_set(err, MLOPS_EFAIL,
		"deployment '%s' needs the secret %s, and the environment has no such variable",
		call->name, name);
	return err_hint(err, "set it before deploying; its value goes to the target only");
}

void runtime_each_variable(const struct revision *r, const struct json *config,
			   void (*fn)(const char *name, const char *value, void *arg), void *arg)
{
	autofree char *version = xasprintf("%" PRId64, r->version);
	struct json *value;
	const char *name;

	fn("MLOPS_MODEL", r->model, arg);
	fn("MLOPS_MODEL_VERSION", version, arg);
	fn("MLOPS_MODEL_PATH", runtime_text(config, "runtime", "model_path", RUNTIME_MODEL_PATH),
	   arg);
	for (void *iter = NULL; js_next(js_get(config, "env"), &iter, &name, &value);)
		fn(name, js_text(value), arg);
}
