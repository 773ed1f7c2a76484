/* What is to be got from where. */
#include "source.h"

#include "base/path.h"

void cmd_source_clear(struct cmd_source *s)
{
	free(s->path);
	free(s->rev);
}

int cmd_source(const char *url, const char *typed, const char *rev, struct cmd_source *out,
	       struct mlops_error *err)
{
	const char *at = rev ? NULL : strrchr(typed, '@');
	size_t n = at ? (size_t)(at - typed) : strlen(typed);

	while (n && typed[n - 1] == '/')
		n--;
	if (!n || (at && !at[1]))
		return err_set(err, MLOPS_EUSAGE, "'%s' is not PATH or PATH@REV", typed);
	*out = (struct cmd_source){ .path = xstrndup(typed, n) };
	if (at || rev)
		out->rev = xstrdup(at ? at + 1 : rev);
	out->source = (struct source){ url, out->path, out->rev };
	return 0;
}
