/*
 * Settings. A file is read once; libgit2 is loaded to parse it only when it has the section that
 * is asked for, so that a command without settings does not pay for that.
 */
#include "mlops/config.h"

#include <ctype.h>
#include <pthread.h>

#include "base/arena.h"
#include "base/fs.h"
#include "base/map.h"
#include "base/num.h"
#include "base/path.h"
#include "git/git.h"
#include "project/private.h"

#define MAX_FILE ((size_t)1 << 20)
#define SCOPES   (CONFIG_SYSTEM + 1)

struct config_file {
	char *path; /* NULL: there is no such scope */
	bool read, parsed;
	struct strbuf text;
	struct map values; /* key -> text in the arena */
};

struct config {
	struct config_file files[SCOPES];
	struct arena arena; /* every value that was ever lent: setting one must not take it away */
	pthread_mutex_t lock;
};

static char *user_file(void)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (xdg && *xdg == '/')
		return path_join(xdg, "mlops/config");
	return home && *home == '/' ? path_join(home, ".config/mlops/config") : NULL;
}

struct config *config_new(const char *dir, const char *home)
{
	struct config *c = xcalloc(1, sizeof(*c));

	pthread_mutex_init(&c->lock, NULL);
	if (dir) {
		c->files[CONFIG_LOCAL].path = path_join(home, "config.local");
		c->files[CONFIG_PROJECT].path = path_join(dir, "config");
	}
	c->files[CONFIG_USER].path = user_file();
	c->files[CONFIG_SYSTEM].path = xstrdup("/etc/mlops/config");
	return c;
}

static void forget(struct config_file *f)
{
	f->read = f->parsed = false;
	strbuf_clear(&f->text);
	map_clear(&f->values);
}

void config_free(struct config *c)
{
	for (size_t i = 0; i < SCOPES; i++) {
		forget(&c->files[i]);
		free(c->files[i].path);
	}
	arena_clear(&c->arena);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static struct config *outside; /* of no project; made once, kept for good */

static void make_outside(void)
{
	outside = config_new(NULL, NULL);
}

static struct config *config_of(struct project *project)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (project)
		return project->config;
	pthread_once(&once, make_outside);
	return outside;
}

/* "Core.lockTimeout" is "core.locktimeout"; what is between the first and last dot stays. */
static char *fold_key(const char *key)
{
	char *folded = xstrdup(key), *last = strrchr(folded, '.'), *c = folded;

	for (; *c && *c != '.'; c++)
		*c = (char)tolower((unsigned char)*c);
	for (c = last ? last : c; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return folded;
}

static int read_file(struct config_file *f, struct mlops_error *err)
{
	if (f->read || !f->path)
		return 0;
	f->read = true;
	if (!fs_read(f->path, MAX_FILE, &f->text, err))
		return 0;
	f->read = err->kind == MLOPS_ENOTFOUND;
	strbuf_clear(&f->text);
	if (!f->read)
		return -1;
	mlops_error_clear(err);
	return 0;
}

/* Whether the text may hold a heading of this section: a guess that only errs on the safe side. */
static bool may_hold(const struct strbuf *text, const char *key)
{
	size_t n = strcspn(key, ".");

	for (const char *at = text->buf; at && (at = strchr(at, '['));) {
		at += 1 + strspn(at + 1, " \t");
		if (!strncasecmp(at, key, n))
			return true;
	}
	return false;
}

struct collect {
	struct config *config;
	struct map *values;
};

static int collect_value(const char *key, const char *value, void *arg, struct mlops_error *err)
{
	struct collect *c = arg;

	(void)err;
	map_put(c->values, key, arena_strdup(&c->config->arena, value));
	return 0;
}

static int parse_file(struct config *c, struct config_file *f, struct mlops_error *err)
{
	struct collect into = { c, &f->values };

	if (f->parsed || !f->text.len)
		return 0;
	f->parsed = !git_config_each(f->path, collect_value, &into, err);
	return f->parsed ? 0 : -1;
}

static const char *from_environment(const char *key)
{
	autofree char *name = xasprintf("MLOPS_%s", key);

	for (char *c = name; *c; c++)
		*c = (char)(isalnum((unsigned char)*c) ? toupper((unsigned char)*c) : '_');
	return getenv(name);
}

static const char *from_files(struct config *c, const char *key, bool *shared)
{
	for (size_t i = 0; i < SCOPES; i++) {
		struct config_file *f = &c->files[i];
		autoerr ignored = ERR_INIT;

		if (read_file(f, &ignored) || !may_hold(&f->text, key) ||
		    parse_file(c, f, &ignored))
			continue;
		const char *value = map_get(&f->values, key);
		*shared = value && i == CONFIG_PROJECT;
		if (value)
			return value;
	}
	return NULL;
}

const char *project_config_source(struct project *project, const char *key, bool *shared)
{
	struct config *c = config_of(project);
	const char *value = from_environment(key);

	*shared = false;
	if (value)
		return value;
	autofree char *folded = fold_key(key);
	pthread_mutex_lock(&c->lock);
	value = from_files(c, folded, shared);
	pthread_mutex_unlock(&c->lock);
	return value;
}

const char *mlops_config_lookup(struct project *project, const char *key)
{
	bool ignored;

	return project_config_source(project, key, &ignored);
}

/* The file of a scope, ready to be written; what was read of it is stale then. */
static int open_scope(struct config *c, enum config_scope scope, const char **path,
		      struct mlops_error *err)
{
	struct config_file *f = &c->files[scope];

	if (!f->path && scope == CONFIG_USER)
		return err_set(err, MLOPS_ENOTFOUND, "HOME is not set, so there is no user config");
	if (!f->path)
		return err_set(err, MLOPS_ENOTFOUND, "settings of a project need a project");
	pthread_mutex_lock(&c->lock);
	forget(f);
	pthread_mutex_unlock(&c->lock);
	*path = f->path;
	return fs_mkdirs_for(f->path, err);
}

int mlops_config_set(struct project *project, enum config_scope scope, const char *key,
		     const char *value, struct mlops_error *err)
{
	const char *path;

	if (open_scope(config_of(project), scope, &path, err))
		return -1;
	return git_config_write(path, key, value, err);
}

int mlops_config_remove_section(struct project *project, enum config_scope scope,
				const char *section, struct mlops_error *err)
{
	const char *path;

	if (open_scope(config_of(project), scope, &path, err))
		return -1;
	return git_config_delete_section(path, section, err);
}

struct listed {
	const char *key, *value;
	enum config_scope scope;
};

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct listed *)a)->key, ((const struct listed *)b)->key);
}

typedef VEC(struct listed) listed_vec;

static int gather(struct config *c, listed_vec *out, struct mlops_error *err)
{
	automap seen = { 0 };

	for (size_t i = 0; i < SCOPES; i++) {
		struct config_file *f = &c->files[i];

		if (read_file(f, err) || parse_file(c, f, err))
			return -1;
		for (size_t k = 0; k < f->values.n; k++) {
			const struct map_entry *e = &f->values.v[k];

			if (!map_put(&seen, e->key, c))
				vec_push(out, { e->key, e->value, (enum config_scope)i });
		}
	}
	vec_sort(out, by_key);
	return 0;
}

int mlops_config_list(struct project *project,
		      int (*fn)(enum config_scope scope, const char *key, const char *value,
				void *arg, struct mlops_error *err),
		      void *arg, struct mlops_error *err)
{
	struct config *c = config_of(project);
	listed_vec list = { 0 };

	pthread_mutex_lock(&c->lock);
	int rc = gather(c, &list, err);
	pthread_mutex_unlock(&c->lock);
	for (size_t i = 0; !rc && i < list.n; i++)
		rc = fn(list.v[i].scope, list.v[i].key, list.v[i].value, arg, err);
	vec_free(&list);
	return rc;
}

static int bad_value(const char *key, const char *kind, const char *value, struct mlops_error *err)
{
	err_set(err, MLOPS_EINVALID, "setting '%s' takes %s, not '%s'", key, kind, value);
	return err_hint(err, "set it with: mlops config %s VALUE", key);
}

int project_config_bytes(struct project *project, const char *key, uint64_t fallback, uint64_t *out,
			 struct mlops_error *err)
{
	const char *value = mlops_config_lookup(project, key);
	uint64_t bytes = fallback;

	if (value && !num_parse_bytes(value, &bytes))
		return bad_value(key, "a size such as 64M", value, err);
	*out = bytes;
	return 0;
}

int project_config_duration(struct project *project, const char *key, int64_t fallback_ms,
			    int64_t *out_ms, struct mlops_error *err)
{
	const char *value = mlops_config_lookup(project, key);
	int64_t ms = fallback_ms;

	if (value && !num_parse_duration(value, &ms))
		return bad_value(key, "a duration such as 90s", value, err);
	*out_ms = ms;
	return 0;
}

int project_config_bool(struct project *project, const char *key, bool *out,
			struct mlops_error *err)
{
	const char *value = mlops_config_lookup(project, key);
	bool on = false;

	if (value && !str_parse_bool(value, &on))
		return bad_value(key, "true or false", value, err);
	*out = on;
	return 0;
}

int project_config_personal(struct project *project, const char *key, const char **out,
			    struct mlops_error *err)
{
	bool shared;
	const char *value = project_config_source(project, key, &shared);

	if (shared) {
		err_set(err, MLOPS_EINVALID, "setting '%s' is in .mlops/config, which is shared",
			key);
		return err_hint(err, "set it for yourself: mlops config --local %s VALUE", key);
	}
	*out = value;
	return 0;
}

int project_config_shared(struct project *project, const char *key, const char **out,
			  struct mlops_error *err)
{
	bool shared;
	const char *value = project_config_source(project, key, &shared);

	if (value && !shared) {
		err_set(err, MLOPS_EINVALID,
			"setting '%s' is a rule for all, and is not taken from elsewhere than "
			".mlops/config",
			key);
		return err_hint(err, "set it there: mlops config %s VALUE", key);
	}
	*out = value;
	return 0;
}
