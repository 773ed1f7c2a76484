/* One HEAD request, or one look into a repository; nothing is downloaded. */
#include "pipeline/outside.h"

#include "base/fs.h"
#include "base/hex.h"
#include "base/str.h"
#include "base/xxh.h"
#include "fmt/json.h"
#include "git/git.h"
#include "http/client.h"
#include "project/project.h"

#define FAR_LOCK_MS 600000

static void add_header(const struct http_response *r, const char *name, struct strbuf *out)
{
	struct str value = http_response_header(r, name);

	if (value.n)
		strbuf_addf(out, "%s%s: " STR_FMT, out->len ? ", " : "", name, STR_ARG(value));
}

static int version_of(const struct http_response *r, const char *url, char **out,
		      struct mlops_error *err)
{
	autobuf text = { 0 }, dump = { 0 };
	autojson *v = NULL;

	add_header(r, "ETag", &text);
	if (!text.len) {
		add_header(r, "Last-Modified", &text);
		add_header(r, "Content-Length", &text);
	}
	if (!text.len) {
		err_set(err, MLOPS_EINVALID, "'%s' has no ETag, date or size to know a change by", url);
		return err_hint(err, "let a stage with 'always: true' download it");
	}
	v = js_strn(text.buf, text.len);
	js_dump(v, JS_COMPACT, &dump);
	*out = strbuf_steal(&dump);
	return 0;
}

int outside_version(const char *url, char **out, struct mlops_error *err)
{
	const struct http_request request = { .method = "HEAD", .url = url };
	struct http_client *client;
	auto_response response = { 0 };
	autofree char *what = xasprintf("cannot look at '%s'", url);

	if (http_client_new(&client, err))
		return -1;
	int rc = http_exchange(client, &request, &response, err);
	http_client_free(client);
	if (rc)
		return err_wrap(err, "%s", what);
	if (response.status < 200 || response.status > 299)
		return http_status_error(&response, what, err);
	return version_of(&response, url, out, err);
}

/*
 * Of a repository elsewhere a bare one here holds the folders, and no files, of the commits that
 * were asked for: .mlops/run/git/NAME, which may be deleted at any time.
 */
static int look_far(struct project *project, const struct spec_url *dep, char **dir, char **commit,
		    struct mlops_error *err)
{
	uint8_t hash[16];
	char name[2 * sizeof(hash) + 1];
	autoclose int lock = -1;

	xxh_128(dep->repo, strlen(dep->repo), hash);
	hex_encode(name, hash, sizeof(hash));
	autofree char *relative = xasprintf("run/git/%s", name);
	autofree char *path = project_shared_file(project, relative);
	autofree char *lock_path = xasprintf("%s.lock", path);
	if (fs_mkdirs_for(path, err) ||
	    fs_lock(lock_path, FS_LOCK_EXCLUSIVE, FAR_LOCK_MS, &lock, err) ||
	    git_far_commit(path, dep->repo, dep->rev, commit, err))
		return -1;
	*dir = steal_ptr(&path);
	return 0;
}

static int look_near(struct project *project, const struct spec_url *dep, char **dir, char **commit,
		     struct mlops_error *err)
{
	autofree char *folder = *dep->repo == '/' ? xstrdup(dep->repo) :
						    project_abspath(project, dep->repo);

	*dir = realpath(folder, NULL);
	*commit = xstrdup(dep->rev);
	return *dir ? 0 : err_sys(err, "cannot open the repository '%s'", dep->repo);
}

/* What is tracked is not in git; its pointer is, or that of a folder above it. */
static int find_pointer(const char *dir, const char *commit, const struct spec_url *dep, char **id,
			struct mlops_error *err)
{
	static const char *const suffixes[] = { ".mlops", ".dvc" };
	autofree char *path = xstrdup(dep->path);

	for (char *end = path + strlen(path); end; end = strrchr(path, '/')) {
		*end = '\0';
		for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
			autofree char *pointer = xasprintf("%s%s", path, suffixes[i]);

			if (!git_far_object(dir, commit, pointer, id, err))
				return 0;
			if (err->kind != MLOPS_ENOTFOUND)
				return -1;
			mlops_error_clear(err);
		}
	}
	return err_set(err, MLOPS_ENOTFOUND, "repository '%s' has no '%s' in its revision '%s'",
		       dep->repo, dep->path, dep->rev);
}

int outside_git_version(struct project *project, const struct spec_url *dep, char **out,
			struct mlops_error *err)
{
	autofree char *dir = NULL, *commit = NULL, *id = NULL;

	if ((dep->is_far ? look_far : look_near)(project, dep, &dir, &commit, err))
		return -1;
	if (git_far_object(dir, commit, dep->path, &id, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		if (find_pointer(dir, commit, dep, &id, err))
			return -1;
	}
	*out = xasprintf("\"%s\"", id);
	return 0;
}
