/* Paths between the command line and the project. */
#include "paths.h"

#include "base/str.h"
#include "mlops/project.h"

int cmd_relpaths(struct project *project, const struct opt_strs *typed, struct strlist *out,
		 struct mlops_error *err)
{
	for (size_t i = 0; i < typed->n; i++) {
		char *path;

		if (mlops_project_relpath(project, typed->v[i], &path, err))
			return -1;
		strlist_take(out, path);
	}
	return 0;
}

int cmd_stdin0_paths(struct project *project, struct strlist *out, struct mlops_error *err)
{
	autofree char *line = NULL;
	size_t cap = 0;

	while (getdelim(&line, &cap, '\0', stdin) > 0) {
		char *path;

		if (mlops_project_relpath(project, line, &path, err))
			return -1;
		strlist_take(out, path);
	}
	return ferror(stdin) ? err_sys(err, "cannot read standard input") : 0;
}

static bool is_plain(const char *path)
{
	for (const char *c = path; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == '"' || *c == '\\')
			return false;
	return utf8_valid(path, strlen(path));
}

char *cmd_show_path(const char *path)
{
	autobuf out = { 0 };

	if (is_plain(path))
		return xstrdup(path);
	strbuf_addc(&out, '"');
	for (const char *c = path; *c;) {
		size_t n = utf8_sequence(c, strlen(c));

		if (*c == '"' || *c == '\\')
			strbuf_addf(&out, "\\%c", *c);
		else if (!n || (unsigned char)*c < 0x20 || *c == 0x7f)
			strbuf_addf(&out, "\\%03o", (unsigned char)*c);
		else
			strbuf_add(&out, c, n);
		c += n ? n : 1;
	}
	strbuf_addc(&out, '"');
	return strbuf_steal(&out);
}
