/*
 * Git's settings, as `git config` tells them, and those of .lfsconfig, which is committed: anyone who
 * can change the repository can set them, so only harmless ones count (git-lfs-config(5)).
 */
#include <pthread.h>
#include <strings.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/proc.h"
#include "git/git.h"
#include "lfs/lfs.h"

#define MAX_SETTINGS ((size_t)16 << 20)

static const char *const safe[] = {
	"lfs.allowincompletepush", "lfs.fetchexclude", "lfs.fetchinclude",       "lfs.gitprotocol",
	"lfs.locksverify",         "lfs.pushurl",      "lfs.skipdownloaderrors", "lfs.url",
};

static bool is_safe(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(safe); i++)
		if (!strcmp(key, safe[i]))
			return true;
	return (str_starts(key, "remote.") && str_ends(key, ".lfsurl")) ||
	       (str_starts(key, "lfs.") &&
		(str_ends(key, ".access") || str_ends(key, ".locksverify")));
}

void lfs_settings_clear(lfs_settings *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].key);
		if (s->v[i].value) /* some are secrets */
			explicit_bzero(s->v[i].value, strlen(s->v[i].value));
		free(s->v[i].value);
	}
	vec_free(s);
}

/* "key\nvalue" and a NUL each; a key without a value is a true one. */
static void parse(struct str text, bool shared, lfs_settings *out)
{
	while (text.n) {
		struct str record = str_split(text, '\0', &text);
		const char *end = memchr(record.p, '\n', record.n);
		size_t n = end ? (size_t)(end - record.p) : record.n;
		autofree char *key = xstrndup(record.p, n);

		if (shared && !is_safe(key))
			continue;
		vec_push(out, { steal_ptr(&key),
				end ? xstrndup(end + 1, record.n - n - 1) : xstrdup("true") });
	}
}

int lfs_settings_load(struct lfs *l, struct mlops_error *err)
{
	static const char *const argv[] = { "git", "config", "-z", "--list", NULL };
	struct proc_result result;
	autobuf text = { 0 };

	if (proc_read(argv, MAX_SETTINGS, &text, &result, err))
		return -1;
	if (result.status)
		return err_set(err, MLOPS_EFAIL, "git cannot read its settings");
	parse((struct str){ text.buf, text.len }, false, &l->git);
	if (text.len)
		explicit_bzero(text.buf, text.len);
	return 0;
}

static int add_shared(const char *key, const char *value, void *arg, struct mlops_error *err)
{
	struct lfs *l = arg;

	(void)err;
	if (is_safe(key))
		vec_push(&l->shared, { xstrdup(key), xstrdup(value) });
	return 0;
}

static bool add_record(struct lfs *l, const char *blob)
{
	const char *const argv[] = { "git", "config", "-z", "--list", "--blob", blob, NULL };
	struct lfs_git g = { .quiet = true };
	autoerr ignored = ERR_INIT;
	autobuf text = { 0 };
	char piece[4096];
	int status = 1;
	size_t n;

	if (lfs_git_start(l, argv, -1, &g, &ignored))
		return false;
	while ((n = fread(piece, 1, sizeof(piece), g.out)) > 0 && text.len < MAX_SETTINGS)
		strbuf_add(&text, piece, n);
	if (lfs_git_end(&g, argv, &status, &ignored) || status)
		return false;
	parse((struct str){ text.buf, text.len }, true, &l->shared);
	return true;
}

/* The one of the work tree, else of the index, else of HEAD: in a fresh clone it is not out yet. */
static void load_shared(struct lfs *l)
{
	autofree char *path = l->top ? path_join(l->top, ".lfsconfig") : NULL;
	autoerr ignored = ERR_INIT;
	struct stat st;

	l->shared_loaded = true;
	if (path && !lstat(path, &st)) {
		if (S_ISREG(st.st_mode))
			git_config_each(path, add_shared, l, &ignored);
		return;
	}
	if (!add_record(l, ":.lfsconfig"))
		add_record(l, "HEAD:.lfsconfig");
}

static const char *find(const lfs_settings *s, const char *key)
{
	for (size_t i = s->n; i-- > 0;)
		if (!strcmp(s->v[i].key, key))
			return s->v[i].value;
	return NULL;
}

const char *lfs_setting(struct lfs *l, const char *key)
{
	static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
	const char *value = find(&l->git, key);

	if (value || !is_safe(key))
		return value;
	pthread_mutex_lock(&loading);
	if (!l->shared_loaded)
		load_shared(l);
	pthread_mutex_unlock(&loading);
	return find(&l->shared, key);
}

const char *lfs_settingf(struct lfs *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	autofree char *key = xvasprintf(fmt, ap);
	va_end(ap);
	return lfs_setting(l, key);
}

bool lfs_is_true(const char *text)
{
	static const char *const words[] = { "1", "true", "yes", "on", "t" };

	for (size_t i = 0; text && i < ARRAY_LEN(words); i++)
		if (!strcasecmp(text, words[i]))
			return true;
	return false;
}

bool lfs_setting_bool(struct lfs *l, const char *key, bool fallback)
{
	const char *value = lfs_setting(l, key);

	return value ? lfs_is_true(value) : fallback;
}
