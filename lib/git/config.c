/* Files in git-config syntax. Includes are not followed: a committed file must not read others. */
#include "base/vec.h"
#include "git/private.h"

static void cleanup_config(git_config **config)
{
	if (*config)
		git_config_free(*config);
}
#define autoconfig __attribute__((cleanup(cleanup_config))) git_config

static int open_file(const char *file, git_config **out, struct mlops_error *err)
{
	int code;

	if (git_start(err))
		return -1;
	code = git_config_open_ondisk(out, file);
	if (!code)
		return 0;
	git_fail(err, code, "cannot read '%s'", file);
	err->kind = MLOPS_EINVALID;
	return -1;
}

struct each {
	int (*fn)(const char *key, const char *value, void *arg, struct mlops_error *err);
	void *arg;
	struct mlops_error *err;
	int rc; /* what fn returned */
};

static int each_entry(const git_config_entry *entry, void *payload)
{
	struct each *e = payload;

	if (entry->include_depth)
		return 0;
	e->rc = e->fn(entry->name, entry->value ? entry->value : "true", e->arg, e->err);
	return e->rc ? 1 : 0;
}

int git_config_each(const char *file,
		    int (*fn)(const char *key, const char *value, void *arg,
			      struct mlops_error *err),
		    void *arg, struct mlops_error *err)
{
	struct each e = { fn, arg, err, 0 };
	autoconfig *config = NULL;

	if (open_file(file, &config, err))
		return -1;
	int code = git_config_foreach(config, each_entry, &e);
	return code < 0 ? git_fail(err, code, "cannot read '%s'", file) : e.rc;
}

static int set_or_delete(git_config *config, const char *key, const char *value,
			 struct mlops_error *err)
{
	int code = value ? git_config_set_string(config, key, value) :
			   git_config_delete_multivar(config, key, ".*");

	if (code == GIT_ENOTFOUND)
		return err_set(err, MLOPS_ENOTFOUND, "'%s' is not set", key);
	return code ? git_fail(err, code, "cannot change '%s'", key) : 0;
}

int git_config_write(const char *file, const char *key, const char *value, struct mlops_error *err)
{
	autoconfig *config = NULL;

	if (open_file(file, &config, err))
		return -1;
	return set_or_delete(config, key, value, err);
}

struct collect {
	const char *section;
	struct strlist keys;
};

static int collect_key(const char *key, const char *value, void *arg, struct mlops_error *err)
{
	struct collect *c = arg;
	size_t n = strlen(c->section);

	(void)value, (void)err;
	if (!strncmp(key, c->section, n) && key[n] == '.' && !strchr(key + n + 1, '.') &&
	    !strlist_has(&c->keys, key))
		strlist_add(&c->keys, key);
	return 0;
}

/* libgit2 removes keys, not sections: an empty heading stays in the file. */
int git_config_delete_section(const char *file, const char *section, struct mlops_error *err)
{
	struct collect c = { .section = section };
	int rc = git_config_each(file, collect_key, &c, err);

	if (!rc && !c.keys.n)
		rc = err_set(err, MLOPS_ENOTFOUND, "there is no section '%s' in '%s'", section,
			     file);
	for (size_t i = 0; !rc && i < c.keys.n; i++)
		rc = git_config_write(file, c.keys.v[i], NULL, err);
	strlist_clear(&c.keys);
	return rc;
}
