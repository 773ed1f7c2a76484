/*
 * DVC's settings: an INI file such as Python's configobj reads, of which the section [cache] counts
 * here. Those of the user come first, then the repository's, then what is in config.local.
 */
#include "store/dvc/dvc.h"

#include <stdlib.h>

#include "base/fs.h"
#include "base/path.h"
#include "project/project.h"

#define CONFIG_MAX ((size_t)1 << 20)

static struct str unquote(struct str s)
{
	if (s.n > 1 && (*s.p == '"' || *s.p == '\'') && s.p[s.n - 1] == *s.p)
		return (struct str){ s.p + 1, s.n - 2 };
	return s;
}

/* A comment behind a value begins with " #". */
static struct str value_of(struct str s)
{
	s = str_trim(s);
	if (s.n && (*s.p == '"' || *s.p == '\''))
		return unquote(s);
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] == '#' && (s.p[i - 1] == ' ' || s.p[i - 1] == '\t'))
			return str_trim((struct str){ s.p, i });
	return s;
}

static int set_links(struct dvc *d, struct str value, struct mlops_error *err)
{
	static const char *const names[] = { "reflink", "hardlink", "symlink", "copy" };

	for (d->n_links = 0; value.n && d->n_links < ARRAY_LEN(d->links);) {
		struct str name = str_trim(str_split(value, ',', &value));
		size_t i = 0;

		while (i < ARRAY_LEN(names) && !str_eq(name, names[i]))
			i++;
		if (i == ARRAY_LEN(names))
			return err_set(err, MLOPS_EINVALID,
				       "DVC's cache.type is '" STR_FMT "', which is no kind of link",
				       STR_ARG(name));
		d->links[d->n_links++] = (enum dvc_link)i;
	}
	return 0;
}

static int set(struct dvc *d, const char *dir, struct str key, struct str value,
	       struct mlops_error *err)
{
	if (str_eq(key, "type"))
		return set_links(d, value, err);
	if (!str_eq(key, "dir") || !value.n)
		return 0;
	autofree char *typed = xstrndup(value.p, value.n);
	autofree char *home = path_expand(typed);
	autofree char *joined = path_join(dir, home);
	free(d->cache);
	d->cache = path_normalize(joined);
	return 0;
}

/* A folder that is named relative is so to that of the file. */
static int read_file(struct dvc *d, const char *dir, const char *name, struct mlops_error *err)
{
	autofree char *path = path_join(dir, name);
	autobuf text = { 0 };
	struct str rest, line, value;
	bool in_cache = false;

	if (!fs_exists(path))
		return 0;
	if (fs_read(path, CONFIG_MAX, &text, err))
		return -1;
	for (rest = (struct str){ text.buf, text.len }; rest.n;) {
		line = str_trim(str_split(rest, '\n', &rest));
		if (!line.n || *line.p == '#' || *line.p == ';')
			continue;
		if (*line.p == '[') {
			in_cache = str_eq(line, "[cache]");
			continue;
		}
		struct str key = str_trim(str_split(line, '=', &value));
		if (in_cache && set(d, dir, key, value_of(value), err))
			return err_wrap(err, "in '%s'", path);
	}
	return 0;
}

/* As platformdirs has it. */
static char *user_dir(void)
{
	const char *own = getenv("DVC_GLOBAL_CONFIG_DIR"), *xdg = getenv("XDG_CONFIG_HOME");

	if (own && *own)
		return xstrdup(own);
	return xdg && *xdg ? path_join(xdg, "dvc") : path_expand("~/.config/dvc");
}

int dvc_config_read(struct dvc *d, struct mlops_error *err)
{
	autofree char *own = project_abspath(d->project, DVC_DIR);
	autofree char *user = user_dir();

	d->cache = path_join(own, "cache");
	d->links[0] = DVC_REFLINK;
	d->links[1] = DVC_COPY;
	d->n_links = 2;
	return read_file(d, user, "config", err) || read_file(d, own, "config", err) ||
			       read_file(d, own, "config.local", err) ?
		       -1 :
		       0;
}
