/* The targets there are. */
#include "base/str.h"
#include "deploy/deploy.h"

static const struct target *const targets[] = {
	&target_local,
	&target_docker,
	&target_kubernetes,
};

int target_find(const char *name, const struct target **out, struct mlops_error *err)
{
	autobuf names = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		if (!strcmp(targets[i]->name, name)) {
			*out = targets[i];
			return 0;
		}
		strbuf_addf(&names, "%s%s", i ? ", " : "", targets[i]->name);
	}
	err_set(err, MLOPS_EUSAGE, "no target named '%s'", name);
	return err_hint(err, "there is: %s", names.buf);
}

static bool heeds(const struct target *target, const char *key)
{
	for (const char *const *k = target->keys; *k; k++)
		if (!strcmp(*k, key))
			return true;
	return false;
}

int target_config(const struct target *target, const char *config, struct json **out, struct mlops_error *err)
{
	autojson *v = NULL;
	const char *key;
	struct json *value;

	if (js_parse(config, strlen(config), "the deployment's configuration", &v, err))
		return -1;
	for (void *iter = NULL; js_next(v, &iter, &key, &value);)
		if (!heeds(target, key))
			return err_set(err, MLOPS_EINVALID, "target '%s' has no use for '%s'", target->name, key);
	if (target->check && target->check(v, err))
		return -1;
	*out = steal_ptr(&v);
	return 0;
}

void target_state_clear(struct target_state *state)
{
	free(state->url);
	*state = (struct target_state){ 0 };
}
