/* What MLflow takes as a name, and how long things may be. */
#include "serve/api/mlflow.h"

#include <ctype.h>

#include "base/path.h"

#define MAX_KEY 250

/* Letters of any script, digits, and _ - . space : / */
static bool has_bad_character(const char *key)
{
	for (const unsigned char *c = (const unsigned char *)key; *c; c++)
		if (!isalnum(*c) && *c < 0x80 && !strchr("_-. :/", *c))
			return true;
	return false;
}

/* One character is one code point. */
static size_t count_characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

int rule_length(const char *what, const char *value, size_t max, struct mlops_error *err)
{
	if (strlen(value) <= max || count_characters(value) <= max)
		return 0;
	return err_set(err, MLOPS_EINVALID, "'%s' exceeds the maximum length of %zu characters", what,
		       max);
}

const char *rule_cut(struct arena *arena, const char *value, size_t max)
{
	size_t n = 0;

	if (strlen(value) <= max)
		return value;
	for (const char *c = value; *c; c++) {
		n += (*c & 0xc0) != 0x80;
		if (n > max)
			return arena_strndup(arena, value, (size_t)(c - value));
	}
	return value;
}

int rule_key(const char *what, const char *key, struct mlops_error *err)
{
	if (has_bad_character(key))
		return err_set(err, MLOPS_EINVALID,
			       "Invalid value \"%.250s\" for parameter '%s' supplied: Names may only"
			       " contain alphanumerics, underscores (_), dashes (-), periods (.), spaces"
			       " ( ), colon(:) and slashes (/).", key, what);
	autofree char *normal = path_normalize(key);
	if (strcmp(normal, key) || *key == '/' || !strcmp(key, ".") || str_starts(key, ".."))
		return err_set(err, MLOPS_EINVALID,
			       "Invalid value \"%.250s\" for parameter '%s' supplied: Names may be treated"
			       " as files in certain cases, and must not resolve to other names when"
			       " treated as such. This name would resolve to '%.250s'", key, what, normal);
	return rule_length(what, key, MAX_KEY, err);
}
