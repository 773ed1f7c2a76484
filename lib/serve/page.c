/*
 * A web page out of a folder, such as the one that MLflow's wheel carries: its index at "/", and what that
 * loads below "/static-files/". What it shows, it asks of the API.
 */
#include "serve/page.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/path.h"
#include "serve/access.h"
#include "serve/objects.h"

#define INDEX	   "index.html"
#define NAMED_ONCE "static/" /* files below have their hash in their names */

static const struct {
	const char *suffix, *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".json", "application/json" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".gif", "image/gif" },
	{ ".jpg", "image/jpeg" },
	{ ".ico", "image/x-icon" },
	{ ".woff2", "font/woff2" },
	{ ".woff", "font/woff" },
	{ ".ttf", "font/ttf" },
	{ ".wasm", "application/wasm" },
	{ ".txt", "text/plain; charset=utf-8" },
};

static const char *type_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_ends(path, types[i].suffix))
			return types[i].type;
	return "application/octet-stream";
}

/* What has changed has another size or time: no more is needed to ask whether it has. */
static void print_tag(const struct stat *st, char *out, size_t n)
{
	snprintf(out, n, "\"%llx-%llx\"", (unsigned long long)st->st_size,
		 (unsigned long long)st->st_mtim.tv_sec * 1000000000ULL + (unsigned long long)st->st_mtim.tv_nsec);
}

static int send_file(struct http_call *call, const char *dir, const char *path, struct mlops_error *err)
{
	autofree char *file = path_join(dir, path);
	autoclose int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *known = http_call_header(call, "If-None-Match");
	char tag[64];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return err_set(err, MLOPS_ENOTFOUND, "the page has no file '%s'", path);
	print_tag(&st, tag, sizeof(tag));
	http_reply_header(call, "ETag", tag);
	http_reply_header(call, "Cache-Control",
			  str_starts(path, NAMED_ONCE) ? "max-age=31536000, immutable" : "no-cache");
	if (known && !strcmp(known, tag))
		return http_reply(call, 304, NULL, "", 0);
	return http_reply_file(call, 200, type_of(path), steal_fd(&fd), 0, (uint64_t)st.st_size);
}

static int answer(struct http_call *call, void *arg, struct mlops_error *err)
{
	const char *dir = ((const struct object_server *)arg)->server->page_dir;
	const char *path = http_call_param(call, "file");

	if (!dir) {
		err_set(err, MLOPS_ENOTFOUND, "this server shows no web page");
		return err_hint(err, "give it the folder of one: mlops server --ui-dir DIR");
	}
	if (path && !path_is_safe(path))
		return err_set(err, MLOPS_ENOTFOUND, "the page has no such file");
	return send_file(call, dir, path ? path : INDEX, err);
}

bool page_is_asked(const char *path)
{
	return !strcmp(path, "/") || str_starts(path, PAGE_FILES) || str_starts(path, "/ajax-api/") ||
	       !strcmp(path, "/graphql");
}

int page_check(const char *dir, struct mlops_error *err)
{
	autofree char *file = path_join(dir, INDEX);

	if (fs_exists(file))
		return 0;
	err_set(err, MLOPS_ENOTFOUND, "'%s' has no " INDEX, dir);
	return err_hint(err, "that of MLflow is in its wheel: mlflow/server/js/build");
}

const struct http_route page_routes[] = {
	{ .method = "GET", .path = "/", .handle = answer },
	{ .method = "GET", .path = PAGE_FILES "{file*}", .handle = answer },
	{ .method = NULL },
};
