/*
 * DVC's settings: an INI file such as Python's configobj reads. Those of the system and the user come
 * first, then the repository's, then what is in config.local; names are in any case.
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

/* "[core]", or "['remote "name"']" with the quotes of configobj around what holds some. */
static struct str section_of(struct str line)
{
	line.p++;
	line.n -= line.n > 1 && line.p[line.n - 2] == ']' ? 2 : 1;
	return unquote(str_trim(line));
}

static char *text_of(struct str s)
{
	return xstrndup(s.p, s.n);
}

/* A path that is relative is so to the folder of the file. */
static int read_file(struct dvc *d, const char *dir, const char *name, bool shared,
		     struct mlops_error *err)
{
	autofree char *path = path_join(dir, name);
	struct str rest, line, value, section = { "", 0 };
	autobuf text = { 0 };

	if (!fs_exists(path))
		return 0;
	if (fs_read(path, CONFIG_MAX, &text, err))
		return -1;
	for (rest = (struct str){ text.buf, text.len }; rest.n;) {
		line = str_trim(str_split(rest, '\n', &rest));
		if (!line.n || *line.p == '#' || *line.p == ';')
			continue;
		if (*line.p == '[') {
			section = section_of(line);
			continue;
		}
		struct str key = str_trim(str_split(line, '=', &value));
		vec_push(&d->settings, { text_of(section), text_of(key), text_of(value_of(value)),
					 xstrdup(dir), shared });
	}
	return 0;
}

const struct dvc_setting *dvc_setting(const struct dvc *d, const char *section, const char *key)
{
	for (size_t i = d->settings.n; i-- > 0;) {
		const struct dvc_setting *s = &d->settings.v[i];

		if (!strcasecmp(s->section, section) && !strcasecmp(s->key, key) && *s->value)
			return s;
	}
	return NULL;
}

bool mlops_dvc_has_remote(const struct dvc *d, const char *name)
{
	autofree char *section = xasprintf("remote \"%s\"", name);

	return dvc_setting(d, section, "url");
}

char *dvc_setting_path(const struct dvc_setting *s)
{
	autofree char *home = path_expand(s->value);
	autofree char *joined = path_join(s->dir, home);

	return path_normalize(joined);
}

void dvc_settings_clear(struct dvc *d)
{
	for (size_t i = 0; i < d->settings.n; i++) {
		struct dvc_setting *s = &d->settings.v[i];

		explicit_bzero(s->value, strlen(s->value));
		free(s->section);
		free(s->key);
		free(s->value);
		free(s->dir);
	}
	vec_free(&d->settings);
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
				       "DVC's cache.type is '" STR_FMT
				       "', which is no kind of link",
				       STR_ARG(name));
		d->links[d->n_links++] = (enum dvc_link)i;
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

static char *system_dir(void)
{
	const char *own = getenv("DVC_SYSTEM_CONFIG_DIR");

	return xstrdup(own && *own ? own : "/etc/xdg/dvc");
}

int dvc_config_read(struct dvc *d, struct mlops_error *err)
{
	autofree char *own = project_abspath(d->project, DVC_DIR);
	autofree char *user = user_dir(), *system = system_dir();
	const struct dvc_setting *dir, *type;

	if (read_file(d, system, "config", false, err) ||
	    read_file(d, user, "config", false, err) || read_file(d, own, "config", true, err) ||
	    read_file(d, own, "config.local", false, err))
		return -1;
	dir = dvc_setting(d, "cache", "dir");
	type = dvc_setting(d, "cache", "type");
	d->cache = dir ? dvc_setting_path(dir) : path_join(own, "cache");
	return set_links(d, str_of(type ? type->value : "reflink,copy"), err);
}
