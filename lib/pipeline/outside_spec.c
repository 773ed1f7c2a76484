/* How dependencies outside of the project are written: none with a password, as git has the file. */
#include "base/path.h"
#include "base/url.h"
#include "pipeline/outside.h"

#define TEXT_MARK ".git:" /* "project.git:path@rev" */

static bool is_http(const char *text)
{
	return str_starts(text, "https://") || str_starts(text, "http://");
}

/* What is before the host, of "https://ada:pw@host/"; NULL when there is nothing. */
static const char *user_end(const char *url)
{
	const char *host = strstr(url, "://") + 3;

	return memchr(host, '@', strcspn(host, "/?#"));
}

static int refuse_user(const struct yaml_node *node, struct mlops_error *err)
{
	return yaml_error(node, err, "a URL with a name or password in it; ~/.netrc may have them");
}

static int read_url(const struct yaml_node *node, struct spec_url *out, struct mlops_error *err)
{
	autourl url = { 0 };

	if (user_end(node->text))
		return refuse_user(node, err);
	if (url_parse(node->text, &url, err))
		return err_wrap(err, "%s:%d:%d", node->file, node->line, node->column);
	*out = (struct spec_url){ .url = node->text, .at = node };
	return 0;
}

/* "git@host:path" */
static bool is_scp(const char *repo)
{
	size_t user = strcspn(repo, "@:/"), host;

	if (!user || repo[user] != '@')
		return false;
	host = strcspn(repo + user + 1, ":/");
	return host && repo[user + 1 + host] == ':';
}

/* A user is no secret where one logs in to a machine by a key. */
static int check_repo_url(const struct yaml_node *node, const char *repo, struct mlops_error *err)
{
	static const char *const schemes[] = { "https://", "http://", "ssh://", "git://",
					       "file://" };
	const char *end = user_end(repo);
	size_t i = 0;

	while (i < ARRAY_LEN(schemes) && !str_starts(repo, schemes[i]))
		i++;
	if (i == ARRAY_LEN(schemes))
		return yaml_error(node, err, "git is asked by https, http, ssh, git and file, not '%s'",
				  repo);
	if (end && (is_http(repo) || memchr(repo + 6, ':', (size_t)(end - repo - 6))))
		return refuse_user(node, err);
	return 0;
}

static int set_repo(struct arena *arena, const char *dir, const struct yaml_node *node,
		    const char *repo, struct spec_url *dep, struct mlops_error *err)
{
	for (const char *p = repo; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return yaml_error(node, err, "a repository with blanks in its name");
	if (!*repo || *repo == '-')
		return yaml_error(node, err, "'%s' is no repository", repo);
	dep->is_far = strstr(repo, "://") || is_scp(repo);
	if (strstr(repo, "://") && check_repo_url(node, repo, err))
		return -1;
	autofree char *joined = dep->is_far || *repo == '/' ? xstrdup(repo) : path_join(dir, repo);
	dep->repo = arena_strdup(arena, joined);
	return 0;
}

static int finish_git(struct arena *arena, struct spec_url *dep, struct mlops_error *err)
{
	if (!dep->path || !path_is_safe(dep->path))
		return yaml_error(dep->at, err, "path is missing, or no path in a repository");
	if (!*dep->rev || *dep->rev == '-' || strpbrk(dep->rev, ": \t\n*?["))
		return yaml_error(dep->at, err, "'%s' is no revision", dep->rev);
	dep->url = arena_printf(arena, "git:%s@%s:%s", dep->repo, dep->rev, dep->path);
	return 0;
}

/* {git: REPOSITORY, path: PATH, rev: REV}; a folder is seen from that of the file. */
static int read_git_map(struct arena *arena, const char *dir, const struct yaml_node *node,
		    struct spec_url *dep, struct mlops_error *err)
{
	static const char *const known[] = { "git", "path", "rev", NULL };
	const char *repo = NULL;

	if (yaml_check_keys(node, known, "a dependency of a git repository", err) ||
	    yaml_get_text(node, "git", &repo, err) || yaml_get_text(node, "path", &dep->path, err) ||
	    yaml_get_text(node, "rev", &dep->rev, err) ||
	    set_repo(arena, dir, yaml_get(node, "git"), repo, dep, err))
		return -1;
	return finish_git(arena, dep, err);
}

/* "project.git:path@rev" */
static int read_git_text(struct arena *arena, const char *dir, const struct yaml_node *node,
		     struct spec_url *dep, struct mlops_error *err)
{
	const char *path = strstr(node->text, TEXT_MARK) + strlen(TEXT_MARK);
	const char *at = strrchr(path, '@');
	const char *repo =
		arena_strndup(arena, node->text, (size_t)(path - node->text) - 1);

	dep->path = at ? arena_strndup(arena, path, (size_t)(at - path)) : path;
	if (at)
		dep->rev = at + 1;
	return set_repo(arena, dir, node, repo, dep, err) ? -1 : finish_git(arena, dep, err);
}

int outside_read(struct arena *arena, const char *dir, const struct yaml_node *node,
		 struct spec_url *out, bool *found, struct mlops_error *err)
{
	bool is_text = node->kind == YAML_SCALAR;

	*found = true;
	*out = (struct spec_url){ .rev = "HEAD", .at = node };
	if (node->kind == YAML_MAP && yaml_get(node, "git"))
		return read_git_map(arena, dir, node, out, err);
	if (is_text && strstr(node->text, TEXT_MARK))
		return read_git_text(arena, dir, node, out, err);
	if (is_text && is_http(node->text))
		return read_url(node, out, err);
	*found = false;
	return 0;
}
