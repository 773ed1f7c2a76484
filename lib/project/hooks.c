/*
 * Hooks of git (githooks(5)), which call `mlops hook`. One that was there before is kept beside
 * ours as NAME.user and called by it, whatever language it is written in.
 */
#include <errno.h>

#include "base/fs.h"
#include "base/path.h"
#include "git/git.h"
#include "project/private.h"

#define MAX_HOOK ((size_t)1 << 20)
#define MARK     "# hook of mlops: "
#define KEPT     ".user"

static const struct {
	const char *name;
	bool fed;     /* git tells it something on standard input, which both need to read */
	bool decides; /* its exit status stops git */
} hooks[] = {
	{ "post-checkout", false, false },
	{ "post-merge", false, false },
	{ "post-rewrite", true, false },
	{ "pre-push", true, true },
};

static void format_hook(size_t i, struct strbuf *out)
{
	const char *feed = hooks[i].fed ? "printf %s \"${input%.}\" | " : "";

	strbuf_addf(out,
		    "#!/bin/sh\n" MARK "made by 'mlops init --hooks', taken out by"
		    " 'mlops init --remove-hooks'.\n"
		    "# A hook that was here before is kept as %s" KEPT " and runs first.\n",
		    hooks[i].name);
	if (hooks[i].fed)
		strbuf_adds(out, "input=$(cat && echo .)\n");
	strbuf_adds(out, "status=0\n");
	strbuf_addf(out, "if [ -x \"$0" KEPT "\" ]; then %s\"$0" KEPT "\" \"$@\"; status=$?; fi\n",
		    feed);
	if (hooks[i].decides)
		strbuf_adds(out, "[ $status = 0 ] || exit $status\n");
	strbuf_addf(out,
		    "if command -v mlops >/dev/null; then %smlops hook %s \"$@\" || status=$?; fi\n"
		    "exit $status\n",
		    feed, hooks[i].name);
}

/* *ours: the file is a hook of mlops; *same: it is the one that this program writes. */
static int look_at(const char *path, const struct strbuf *wanted, bool *ours, bool *same,
		   struct mlops_error *err)
{
	autobuf text = { 0 };
	struct stat st;

	*ours = *same = false;
	if (fs_read(path, MAX_HOOK, &text, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		return 0;
	}
	*ours = text.len && strstr(text.buf, "\n" MARK);
	*same = *ours && !strcmp(text.buf, wanted->buf) && !stat(path, &st) && st.st_mode & 0100;
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

static int change(const char *dir, size_t i, bool wanted, bool *changed, struct mlops_error *err)
{
	autofree char *path = path_join(dir, hooks[i].name);
	autobuf text = { 0 };
	bool ours, same;

	format_hook(i, &text);
	if (look_at(path, &text, &ours, &same, err))
		return -1;
	if (wanted ? same : !ours)
		return 0;
	*changed = true;
	return wanted ? install(path, &text, ours, err) : take_out(path, err);
}

int mlops_project_hooks(struct project *p, bool wanted, bool *changed, struct mlops_error *err)
{
	autofree char *dir = NULL;
	struct git_repo *repo;
	bool any = false;

	if (project_git(p, &repo, err) || git_hooks_dir(repo, &dir, err) ||
	    (wanted && fs_mkdirs(dir, err)))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(hooks); i++)
		if (change(dir, i, wanted, &any, err))
			return err_wrap(err, "cannot change git's hooks");
	*changed = any;
	return 0;
}
