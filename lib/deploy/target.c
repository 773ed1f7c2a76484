/* The targets there are. */
#include "base/str.h"
#include "deploy/deploy.h"

static const struct target *const targets[] = {
	&target_local,
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

void target_state_clear(struct target_state *state)
{
	free(state->url);
	*state = (struct target_state){ 0 };
}
