/* Secrets are taken from the environment, and go nowhere but to the stages that name them. */
#include "pipeline/secrets.h"

#define MASK_MIN 4 /* bytes: shorter lines would blot out what has nothing to do with them */

static void add_masks(struct secrets *s, const char *value)
{
	struct str rest = str_of(value);

	while (rest.n) {
		struct str line = str_trim(str_split(rest, '\n', &rest));

		if (line.n >= MASK_MIN)
			strlist_take(&s->masks, xstrndup(line.p, line.n));
	}
}

void secrets_find(struct secrets *s, const struct pipeline *p)
{
	for (size_t i = 0; i < p->stages.n; i++) {
		const struct spec_stage *stage = &p->stages.v[i];

		for (size_t k = 0; k < stage->secrets.n; k++) {
			const char *name = stage->secrets.v[k], *value = getenv(name);

			if (strlist_has(&s->names, name))
				continue;
			strlist_add(&s->names, name);
			if (value)
				add_masks(s, value);
		}
	}
}

int secrets_check(const struct spec_stage *stage, struct mlops_error *err)
{
	for (size_t i = 0; i < stage->secrets.n; i++) {
		if (getenv(stage->secrets.v[i]))
			continue;
		yaml_error(stage->at, err, "stage '%s' needs the secret '%s', which is not set",
			   stage->name, stage->secrets.v[i]);
		return err_hint(err, "set the environment variable %s", stage->secrets.v[i]);
	}
	return 0;
}

bool secrets_has(const struct spec_stage *stage, const char *name)
{
	for (size_t i = 0; i < stage->secrets.n; i++)
		if (!strcmp(stage->secrets.v[i], name))
			return true;
	return false;
}

void secrets_clear(struct secrets *s)
{
	strlist_clear(&s->names);
	strlist_clear(&s->masks);
}
