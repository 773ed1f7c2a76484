/* Where imported data came from: the last key of its pointer. */
#include "store/origin.h"

#include <ctype.h>

#include "base/fs.h"
#include "base/path.h"
#include "fmt/yaml.h"
#include "git/git.h"
#include "project/project.h"
#include "store/pointer.h"
#include "store/store.h"

#define COMMIT_DIGITS 40

bool origin_is_hub(const struct origin *o)
{
	return str_starts(o->url, "hf://");
}

void origin_clear(struct origin *o)
{
	free(o->url);
	free(o->path);
	free(o->rev);
	free(o->commit);
	strlist_clear(&o->include);
	*o = (struct origin){ 0 };
}

int origin_check_url(const char *url, struct mlops_error *err)
{
	const char *host = strstr(url, "://");
	size_t n = host ? strcspn(host + 3, "/?#") : 0;
	const char *at = host ? memchr(host + 3, '@', n) : NULL;

	for (const char *c = url; *c; c++)
		if (iscntrl((unsigned char)*c))
			return err_set(err, MLOPS_EINVALID, "the URL holds a control character");
	if (!*url || *url == '-')
		return err_set(err, MLOPS_EINVALID, "'%s' is no URL or folder", url);
	/* of a machine that is logged in to, the user is part of the address */
	if (!at || (str_starts(url, "ssh://") && !memchr(host + 3, ':', (size_t)(at - host - 3))))
		return 0;
	err_set(err, MLOPS_EINVALID,
		"the URL holds a user name or password, which git would share");
	return err_hint(err, "leave it out: git's credential helpers are asked");
}

static int check_commit(const struct yaml_node *map, const char *commit, struct mlops_error *err)
{
	size_t n = 0;

	while (commit && isxdigit((unsigned char)commit[n]))
		n++;
	return n == COMMIT_DIGITS && !commit[n] ?
		       0 :
		       yaml_error(map, err, "'commit' is not 40 hex digits");
}

static int read_include(const struct yaml_node *list, struct strlist *out, struct mlops_error *err)
{
	if (!list)
		return 0;
	if (yaml_want(list, YAML_LIST, "include", err))
		return -1;
	for (size_t i = 0; i < list->n; i++) {
		if (yaml_want(list->values[i], YAML_SCALAR, "a pattern", err))
			return -1;
		strlist_add(out, list->values[i]->text);
	}
	return 0;
}

static int read_keys(const struct yaml_node *map, struct origin *out, struct mlops_error *err)
{
	static const char *const keys[] = { "url", "path", "rev", "commit", "include", NULL };
	const char *url = NULL, *path = NULL, *rev = NULL, *commit = NULL;

	if (yaml_want(map, YAML_MAP, "origin", err) || yaml_check_keys(map, keys, "origin", err) ||
	    yaml_get_text(map, "url", &url, err) || yaml_get_text(map, "path", &path, err) ||
	    yaml_get_text(map, "rev", &rev, err) || yaml_get_text(map, "commit", &commit, err))
		return -1;
	if (!url || origin_check_url(url, err) || check_commit(map, commit, err))
		return url ? -1 : yaml_error(map, err, "an origin needs a 'url'");
	*out = (struct origin){ .url = xstrdup(url),
				.path = xstrdup(path ? path : ""),
				.rev = rev ? xstrdup(rev) : NULL,
				.commit = xstrdup(commit) };
	if (path ? !path_is_safe(path) : !origin_is_hub(out))
		return yaml_error(map, err, "an origin needs a 'path' in it");
	return read_include(yaml_get(map, "include"), &out->include, err);
}

int origin_parse(const struct yaml_node *map, struct origin *out, struct mlops_error *err)
{
	autoorigin o = { 0 };

	if (read_keys(map, &o, err))
		return -1;
	*out = o;
	o = (struct origin){ 0 };
	return 0;
}

static void format(const struct origin *o, struct strbuf *out)
{
	struct yaml_out *y = yaml_out_new(out);

	yaml_map(y);
	yaml_text(y, "origin");
	yaml_map(y);
	yaml_put_text(y, "url", o->url);
	if (*o->path)
		yaml_put_text(y, "path", o->path);
	if (o->rev)
		yaml_put_text(y, "rev", o->rev);
	yaml_put_text(y, "commit", o->commit);
	if (o->include.n) {
		yaml_text(y, "include");
		yaml_list(y);
		for (size_t i = 0; i < o->include.n; i++)
			yaml_text(y, o->include.v[i]);
		yaml_end(y);
	}
	yaml_end(y);
	yaml_out_free(y);
}

/* Reads a pointer's file; *root is in the arena. */
static int load(struct project *project, const char *file, struct arena *arena, struct strbuf *text,
		struct yaml_node **root, struct mlops_error *err)
{
	autofree char *path = project_abspath(project, file);

	return fs_read(path, POINTER_MAX, text, err) ||
			       yaml_parse(arena, file, text->buf, text->len, root, err) ?
		       -1 :
		       0;
}

int origin_read(struct project *project, const char *path, struct origin *out, bool *found,
		struct mlops_error *err)
{
	autofree char *file = xasprintf("%s" POINTER_SUFFIX, path);
	autoarena arena = { 0 };
	autobuf text = { 0 };
	struct yaml_node *root;

	if (load(project, file, &arena, &text, &root, err))
		return -1;
	const struct yaml_node *map = yaml_get(root, "origin");
	*found = map != NULL;
	return map ? origin_parse(map, out, err) : 0;
}

/* Where in the text a line starts, from 1. */
static size_t offset_of(const struct strbuf *text, int line)
{
	size_t at = 0;

	for (int i = 1; i < line && at < text->len; at++)
		i += text->buf[at] == '\n';
	return at;
}

int origin_write(struct project *project, const char *path, const struct origin *o,
		 struct mlops_error *err)
{
	autofree char *file = xasprintf("%s" POINTER_SUFFIX, path);
	const char *files[] = { file };
	autoarena arena = { 0 };
	autobuf text = { 0 };
	struct yaml_node *root;
	struct git_repo *git;

	if (load(project, file, &arena, &text, &root, err) || project_git(project, &git, err))
		return -1;
	const struct yaml_node *key = yaml_key(root, "origin");
	if (key)
		strbuf_trunc(&text, offset_of(&text, key->line));
	format(o, &text);
	return project_write(project, file, &text, err) || git_stage(git, files, 1, err) ? -1 : 0;
}
