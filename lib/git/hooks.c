/*
 * Hooks of git (githooks(5)), which call `mlops hook` for projects and `mlops lfs` for Git LFS. One that
 * was there before is kept beside ours as NAME.user and called by it, whatever language it is
 * written in; but one that git-lfs wrote is replaced, since ours does its work.
 */
#include <errno.h>

#include "base/fs.h"
#include "base/path.h"
#include "git/git.h"

#define MAX_HOOK ((size_t)1 << 20)
#define MARK     "# hook of mlops: "
#define KEPT     ".user"

static const struct hook {
	const char *name;
	bool fed;       /* git tells it something on standard input, which all need to read */
	bool decides;   /* its exit status stops git */
	unsigned parts; /* that have something to do there */
} hooks[] = {
	{ "post-checkout", false, false, GIT_HOOKS_PROJECTS | GIT_HOOKS_LFS },
	{ "post-commit", false, false, GIT_HOOKS_LFS },
	{ "post-merge", false, false, GIT_HOOKS_PROJECTS | GIT_HOOKS_LFS },
	{ "post-rewrite", true, false, GIT_HOOKS_PROJECTS },
	{ "pre-push", true, true, GIT_HOOKS_PROJECTS | GIT_HOOKS_LFS },
};

static const struct part {
	enum git_hooks part;
	const char *command;
} parts[] = {
	{ GIT_HOOKS_LFS, "mlops lfs" },
	{ GIT_HOOKS_PROJECTS, "mlops hook" },
};

static void format_hook(const struct hook *h, unsigned wanted, struct strbuf *out)
{
	const char *feed = h->fed ? "printf %s \"${input%.}\" | " : "";

	strbuf_addf(out,
		    "#!/bin/sh\n" MARK "'mlops init --hooks' and 'mlops lfs install' make it,"
		    " --remove-hooks and uninstall take it out.\n"
		    "# A hook that was here before is kept as %s" KEPT " and runs first.\n",
		    h->name);
	if (h->fed)
		strbuf_adds(out, "input=$(cat && echo .)\n");
	strbuf_adds(out, "status=0\n");
	strbuf_addf(out, "if [ -x \"$0" KEPT "\" ]; then %s\"$0" KEPT "\" \"$@\"; status=$?; fi\n",
		    feed);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (!(wanted & parts[i].part))
			continue;
		if (h->decides)
			strbuf_adds(out, "[ $status = 0 ] || exit $status\n");
		strbuf_addf(
			out,
			"if command -v mlops >/dev/null; then %s%s %s \"$@\" || status=$?; fi\n",
			feed, parts[i].command, h->name);
	}
	strbuf_adds(out, "exit $status\n");
}

/* The parts that a hook of ours was made for. */
static unsigned parts_of(const struct hook *h, const char *text)
{
	unsigned found = 0;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		autofree char *call = xasprintf("%s %s ", parts[i].command, h->name);

		found |= strstr(text, call) ? parts[i].part : 0;
	}
	return found ? found : h->parts & GIT_HOOKS_PROJECTS;
}

/* What `git lfs install` writes: a look for git-lfs, and a call of it. */
static bool is_of_git_lfs(const struct hook *h, const char *text)
{
	autofree char *call = xasprintf("git lfs %s \"$@\"", h->name);
	struct str rest = str_of(text);
	bool calls = false;

	while (rest.n) {
		struct str line = str_trim(str_split(rest, '\n', &rest));

		if (str_eq(line, call))
			calls = true;
		else if (line.n && !str_eq(line, "#!/bin/sh") &&
			 !(line.n > 18 && !memcmp(line.p, "command -v git-lfs", 18)))
			return false;
	}
	return calls;
}

struct state {
	bool ours; /* it is a hook of mlops */
	bool of_git_lfs;
	unsigned parts; /* of ours */
	struct strbuf text;
	bool runs; /* it can be run */
};

static int look_at(const struct hook *h, const char *path, struct state *out,
		   struct mlops_error *err)
{
	struct stat st;

	if (fs_read(path, MAX_HOOK, &out->text, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		return 0;
	}
	const char *text = out->text.buf ? out->text.buf : "";
	out->ours = strstr(text, "\n" MARK);
	out->parts = out->ours ? parts_of(h, text) : 0;
	out->of_git_lfs = is_of_git_lfs(h, text);
	out->runs = !stat(path, &st) && st.st_mode & 0100;
	return 0;
}

/* A user's hook steps aside; when killed in between, doing it again writes ours beside it. */
static int install(const char *path, const struct strbuf *text, bool ours, struct mlops_error *err)
{
	autofree char *kept = xasprintf("%s" KEPT, path);
	struct stat st;

	if (!ours && !lstat(path, &st)) {
		if (!lstat(kept, &st)) {
			err_set(err, MLOPS_EEXISTS, "'%s' and '%s' are both there", path, kept);
			return err_hint(err, "make one hook of the two, and name it '%s'", kept);
		}
		if (fs_rename(path, kept, err))
			return -1;
	}
	return fs_write_atomic(path, text->buf, text->len, 0777, err);
}

static int take_out(const char *path, struct mlops_error *err)
{
	autofree char *kept = xasprintf("%s" KEPT, path);
	struct stat st;

	if (!lstat(kept, &st))
		return fs_rename(kept, path, err);
	return unlink(path) && errno != ENOENT ? err_sys(err, "cannot remove '%s'", path) : 0;
}

static int change_as(const char *path, const struct hook *h, const struct state *now,
		     enum git_hooks part, enum git_hooks_how how, bool *changed,
		     struct mlops_error *err)
{
	bool wanted = how != GIT_HOOKS_OFF;
	bool replaced = now->ours || (part == GIT_HOOKS_LFS && now->of_git_lfs);
	unsigned after = wanted ? now->parts | part : now->parts & ~(unsigned)part;
	autobuf text = { 0 };

	if (how == GIT_HOOKS_ON_ALONE && now->text.len && !replaced)
		return 0;
	format_hook(h, after, &text);
	if (after ? now->ours && now->runs && !strcmp(text.buf, now->text.buf) : !now->ours)
		return 0;
	*changed = true;
	return after ? install(path, &text, replaced, err) : take_out(path, err);
}

static int change(const char *dir, const struct hook *h, enum git_hooks part,
		  enum git_hooks_how how, bool *changed, struct mlops_error *err)
{
	autofree char *path = path_join(dir, h->name);
	struct state now = { 0 };

	int rc = look_at(h, path, &now, err) || change_as(path, h, &now, part, how, changed, err) ?
			 -1 :
			 0;
	strbuf_clear(&now.text);
	return rc;
}

int git_hooks_change(const char *dir, enum git_hooks part, enum git_hooks_how how, bool *changed,
		     struct mlops_error *err)
{
	bool any = false;

	if (how != GIT_HOOKS_OFF && fs_mkdirs(dir, err))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(hooks); i++)
		if (hooks[i].parts & part && change(dir, &hooks[i], part, how, &any, err))
			return err_wrap(err, "cannot change git's hooks");
	*changed = any;
	return 0;
}
