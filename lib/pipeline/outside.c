/* One HEAD request, or one look into a repository; nothing is downloaded. */
#include "pipeline/outside.h"

#include "base/str.h"
#include "fmt/json.h"
#include "git/git.h"
#include "http/client.h"
#include "project/project.h"

bool outside_is_url(const char *text)
{
	return str_starts(text, "https://") || str_starts(text, "http://");
}

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

int outside_git_version(struct project *project, const struct spec_url *dep, char **out,
			struct mlops_error *err)
{
	autofree char *folder = *dep->repo == '/' ? xstrdup(dep->repo) :
						    project_abspath(project, dep->repo);
	autofree char *root = realpath(folder, NULL);
	autofree char *name = xasprintf("%s:%s", dep->rev, dep->path);
	struct git_repo *repo;
	struct git_id id;

	if (!root)
		return err_sys(err, "cannot open the repository '%s'", dep->repo);
	if (git_open(root, &repo, err))
		return -1;
	int rc = git_object_at(repo, name, &id, err);
	git_free(repo);
	if (rc)
		return -1;
	autofree char *hex = git_id_text(&id);
	*out = xasprintf("\"%s\"", hex);
	return 0;
}
