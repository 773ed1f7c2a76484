/* A line at a time; of a setting that is there twice the last counts, as for botocore. */
#include "remote/s3/ini.h"

static bool is_section(struct str line, const char *section)
{
	struct str name = str_trim((struct str){ line.p + 1, line.n - 1 });
	const char *end = name.n ? memchr(name.p, ']', name.n) : NULL;

	if (!end)
		return false;
	name.n = (size_t)(end - name.p);
	return str_eq(str_trim(name), section);
}

/* "value ; comment" ends before a comment that has a space before it. */
static struct str without_comment(struct str value)
{
	for (size_t i = 1; i < value.n; i++)
		if ((value.p[i] == '#' || value.p[i] == ';') &&
		    (value.p[i - 1] == ' ' || value.p[i - 1] == '\t'))
			return str_trim((struct str){ value.p, i });
	return value;
}

char *ini_get(const struct strbuf *text, const char *section, const char *key)
{
	struct str rest = { text->buf ? text->buf : "", text->len };
	char *found = NULL;
	bool inside = false;

	while (rest.n) {
		struct str raw = str_split(rest, '\n', &rest), line = str_trim(raw), value;

		if (!line.n || *line.p == '#' || *line.p == ';')
			continue;
		if (*line.p == '[') {
			inside = is_section(line, section);
			continue;
		}
		struct str name = str_trim(str_split(line, '=', &value));
		if (!inside || raw.p != line.p || !str_eq(name, key))
			continue;
		value = without_comment(str_trim(value));
		free(found);
		found = xstrndup(value.p, value.n);
	}
	return found;
}
