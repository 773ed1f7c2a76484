/*
 * What other repositories have. git itself is asked, since it knows the user's helpers for
 * passwords, keys and proxies, and can fetch a commit without the files in it.
 */
#include <ctype.h>

#include "base/fs.h"
#include "base/hex.h"
#include "base/proc.h"
#include "base/xxh.h"
#include "git/private.h"

#define ANSWER_MAX ((size_t)1 << 20)
#define SHA1_HEX   40

static const char *const env[] = { GIT_CLEAN_ENV, "GIT_TERMINAL_PROMPT=0",
				   "GIT_ALLOW_PROTOCOL=https:http:ssh:git:file", NULL };

/* What git says on its standard error is for the user. */
static int ask(const char *const *argv, struct strbuf *out, int *status, struct mlops_error *err)
{
	const struct proc_spec spec = { .argv = argv, .env = env, .stdin_fd = -1, .stderr_fd = -1 };
	struct proc_result result;

	strbuf_adds(out, "");
	if (proc_read_of(&spec, ANSWER_MAX, out, &result, err))
		return -1;
	*status = result.status;
	return 0;
}

static int check(const char *const *argv, const char *repo, struct mlops_error *err)
{
	autobuf none = { 0 };
	int status;

	if (ask(argv, &none, &status, err))
		return -1;
	return status ? err_set(err, MLOPS_EREMOTE, "git cannot read the repository '%s'", repo) :
			0;
}

static bool is_commit(const char *rev)
{
	size_t n = 0;

	while (isxdigit((unsigned char)rev[n]))
		n++;
	return n == SHA1_HEX && !rev[n];
}

/* The commit that `name` has among lines of "ID<tab>NAME", or an empty text. */
static struct str find_ref(const struct strbuf *lines, const char *name)
{
	struct str rest = { lines->buf, lines->len };

	while (rest.n) {
		struct str line = str_split(rest, '\n', &rest), found;
		struct str id = str_split(line, '\t', &found);

		if (str_eq(found, name) && id.n == SHA1_HEX)
			return id;
	}
	return (struct str){ "", 0 };
}

/* The ref of the repository that `rev` means there, in git's order, and its commit; both new. */
static int find_rev(const char *url, const char *rev, char **ref, char **commit,
		    struct mlops_error *err)
{
	autofree char *tag = xasprintf("refs/tags/%s", rev), *peeled = xasprintf("%s^{}", tag),
		      *head = xasprintf("refs/heads/%s", rev);
	const char *const argv[] = { "git", "ls-remote", "--quiet", "--", url,
				     rev,   tag,         peeled,    head, NULL };
	const char *const names[][2] = {
		{ rev, rev }, { tag, peeled }, { tag, tag }, { head, head }
	};
	autobuf lines = { 0 };
	int status;

	if (ask(argv, &lines, &status, err))
		return -1;
	if (status)
		return err_set(err, MLOPS_EREMOTE, "git cannot read the repository '%s'", url);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct str id = find_ref(&lines, names[i][1]);

		if (!id.n)
			continue;
		*ref = xstrdup(names[i][0]);
		*commit = xstrndup(id.p, id.n);
		return 0;
	}
	err_set(err, MLOPS_ENOTFOUND, "repository '%s' has no branch or tag '%s'", url, rev);
	return err_hint(err, "a commit is named by all of its 40 digits");
}

/* In the repository here; an empty text when it is not there. */
static int kept_commit(const char *dir, const char *name, struct strbuf *out,
		       struct mlops_error *err)
{
	autofree char *commit = xasprintf("%s^{commit}", name);
	const char *const argv[] = { "git",      "-C",      dir,    "rev-parse",
				     "--verify", "--quiet", commit, NULL };
	int status = 1;

	strbuf_adds(out, "");
	if (fs_is_dir(dir) && ask(argv, out, &status, err))
		return -1;
	strbuf_trunc(out, status ? 0 : str_trim((struct str){ out->buf, out->len }).n);
	return 0;
}

static int fetch(const char *dir, const char *url, const char *ref, const char *keep,
		 struct mlops_error *err)
{
	autofree char *spec = xasprintf("+%s:%s", ref, keep);
	const char *const init[] = { "git", "init", "--quiet", "--bare", "--", dir, NULL };
	const char *const argv[] = { "git",
				     "-C",
				     dir,
				     "-c",
				     "gc.autoDetach=false",
				     "fetch",
				     "--quiet",
				     "--no-tags",
				     "--no-write-fetch-head",
				     "--depth=1",
				     "--filter=blob:none",
				     "--",
				     url,
				     spec,
				     NULL };

	if (!fs_is_dir(dir) && check(init, dir, err))
		return -1;
	return check(argv, url, err);
}

/* One that a killed git left its locks in is made anew. */
static int fetch_again(const char *dir, const char *url, const char *ref, const char *keep,
		       struct mlops_error *err)
{
	bool was_there = fs_is_dir(dir);
	autoerr why = ERR_INIT;

	if (!fetch(dir, url, ref, keep, &why))
		return 0;
	if (!was_there || fs_remove_tree(dir, err) || fetch(dir, url, ref, keep, err))
		return err->kind ? -1 : err_move(err, &why);
	return 0;
}

int git_far_commit(const char *dir, const char *url, const char *rev, char **out,
		   struct mlops_error *err)
{
	autofree char *ref = is_commit(rev) ? xstrdup(rev) : NULL,
		      *commit = ref ? xstrdup(rev) : NULL;
	autobuf kept = { 0 };
	uint8_t hash[16];
	char name[2 * sizeof(hash) + 1];

	if (!ref && find_rev(url, rev, &ref, &commit, err))
		return -1;
	xxh_128(rev, strlen(rev), hash);
	hex_encode(name, hash, sizeof(hash));
	autofree char *keep = xasprintf("refs/far/%s", name);
	if (kept_commit(dir, keep, &kept, err))
		return -1;
	if (strcmp(kept.buf, commit)) {
		strbuf_trunc(&kept, 0);
		if (fetch_again(dir, url, ref, keep, err) || kept_commit(dir, keep, &kept, err))
			return -1;
	}
	*out = strbuf_steal(&kept);
	return 0;
}

int git_far_object(const char *dir, const char *commit, const char *path, char **out,
		   struct mlops_error *err)
{
	autofree char *name = xasprintf("%s:%s", commit, path);
	const char *const argv[] = { "git",      "-C",      dir,  "rev-parse",
				     "--verify", "--quiet", name, NULL };
	autobuf id = { 0 };
	int status;

	if (ask(argv, &id, &status, err))
		return -1;
	if (status)
		return err_set(err, MLOPS_ENOTFOUND, "git knows no '%s' in '%s'", name, dir);
	struct str text = str_trim((struct str){ id.buf, id.len });
	*out = xstrndup(text.p, text.n);
	return 0;
}

int git_far_checkout(const char *dir, const char *url, const char *rev, char **out,
		     struct mlops_error *err)
{
	const char *const init[] = { "git", "init", "--quiet", "--template=", "--", dir, NULL };
	autofree char *ref = NULL, *commit = NULL;
	autobuf id = { 0 };

	rev = rev ? rev : "HEAD";
	/* a repository on this machine knows what else a revision may be called */
	if (*url == '/' && kept_commit(url, rev, &id, err))
		return -1;
	if (id.len || is_commit(rev))
		ref = xstrdup(id.len ? id.buf : rev);
	else if (find_rev(url, rev, &ref, &commit, err))
		return -1;
	const char *const fetch[] = { "git",       "-C", dir, "fetch", "--quiet", "--no-tags",
				      "--depth=1", "--", url, ref,     NULL };
	const char *const checkout[] = {
		"git",      "-C",      dir,        "-c",         "core.hooksPath=/dev/null",
		"checkout", "--quiet", "--detach", "FETCH_HEAD", NULL
	};
	if (check(init, dir, err) || check(fetch, url, err) || check(checkout, url, err))
		return -1;
	strbuf_trunc(&id, 0);
	if (kept_commit(dir, "HEAD", &id, err))
		return -1;
	*out = strbuf_steal(&id);
	return 0;
}

int git_far_name(const char *url, const char *rev, char **out, struct mlops_error *err)
{
	autofree char *ref = NULL;
	autobuf id = { 0 };

	rev = rev ? rev : "HEAD";
	if (*url == '/' && kept_commit(url, rev, &id, err))
		return -1;
	if (!id.len && !is_commit(rev))
		return find_rev(url, rev, &ref, out, err);
	*out = xstrdup(id.len ? id.buf : rev);
	return 0;
}
