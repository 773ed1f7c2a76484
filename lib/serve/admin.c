/*
 * Tokens over HTTP, for who has one with the scope admin: of all projects, or of the one that it is
 * for.
 */
#include "base/clock.h"
#include "base/path.h"
#include "serve/access.h"

#define MAX_REQUEST ((size_t)4 << 10)

static struct json *describe(const struct token *t)
{
	char when[CLOCK_ISO_SIZE];
	struct json *v = js_obj();

	js_set(v, "name", js_str(t->name));
	js_set(v, "scope", js_str(token_scope_name(t->scope)));
	js_set(v, "project", js_str(t->project));
	js_set(v, "created", js_str(clock_format_iso(t->created_ms, when)));
	return v;
}

static void note(const struct http_call *call, const struct server *s, const char *event,
		 const char *name, const char *project)
{
	struct json *line = js_obj();
	char peer[HTTP_PEER_SIZE];

	js_set(line, "event", js_str(event));
	js_set(line, "peer", js_str(http_call_peer(call, peer)));
	js_set(line, "token", js_str(http_call_user(call)));
	js_set(line, "name", js_str(name));
	js_set(line, "project", js_str(project));
	json_log_add(s->audit, line);
}

static int list(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct object_server *s = arg;
	autofree char *path = path_join(s->server->data, "tokens");
	struct json *top = js_obj(), *all = js_arr();
	token_vec tokens = { 0 };
	struct token own;

	js_set(top, "tokens", all);
	if (access_token(call, s->tokens, &own, err) || token_file_read(path, &tokens, err)) {
		js_free(top);
		return -1;
	}
	for (size_t i = 0; i < tokens.n; i++)
		if (token_is_for(&own, tokens.v[i].project))
			js_push(all, describe(&tokens.v[i]));
	vec_free(&tokens);
	return http_reply_json(call, 200, top);
}

static bool take_name(const struct json *body, const char *key, const char *usual, char *out)
{
	const char *text = js_get_text(body, key);

	text = text ? text : usual;
	bool good = text && (token_name_is_good(text) || text == usual);
	if (good)
		snprintf(out, TOKEN_NAME_SIZE, "%s", text);
	return good;
}

static int read_wish(const struct http_call *call, const struct token *own, struct token *out,
		     struct mlops_error *err)
{
	struct str text = http_call_body(call);
	autojson *body = NULL;

	if (js_parse(text.p, text.n, "the request", &body, err))
		return err->kind = MLOPS_EINVALID, -1;
	const char *scope = js_get_text(body, "scope");
	if (token_scope_parse(scope ? scope : "read", &out->scope, err))
		return -1;
	if (!take_name(body, "name", NULL, out->name) ||
	    !take_name(body, "project", own->project, out->project))
		return err_set(err, MLOPS_EINVALID, "no good name of a token or project is given");
	if (!token_is_for(own, out->project))
		return err_set(err, MLOPS_ENO, "the token is for another project");
	return 0;
}

static int add(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct object_server *s = arg;
	const char *data = s->server->data;
	struct token own, wish = { 0 };
	char *text;

	if (access_token(call, s->tokens, &own, err) || read_wish(call, &own, &wish, err))
		return -1;
	if (strcmp(wish.project, TOKEN_ANY_PROJECT) && project_make(data, wish.project, err))
		return -1;
	if (token_file_add(data, &wish, &text, err))
		return -1;
	wish.created_ms = clock_now_ms();
	note(call, s->server, "token added", wish.name, wish.project);
	struct json *v = describe(&wish);
	js_set(v, "token", js_str(text));
	explicit_bzero(text, strlen(text));
	free(text);
	http_reply_header(call, "Cache-Control", "no-store");
	return http_reply_json(call, 201, v);
}

static int drop(struct http_call *call, void *arg, struct mlops_error *err)
{
	const char *name = http_call_param(call, "name");
	const struct object_server *s = arg;
	struct token own;

	if (access_token(call, s->tokens, &own, err) ||
	    token_file_remove(s->server->data, name, own.project, err))
		return -1;
	note(call, s->server, "token removed", name, own.project);
	return http_reply(call, 204, NULL, "", 0);
}

const struct http_route admin_routes[] = {
	{ .method = "GET", .path = "/v1/tokens", .handle = list, .admin = true },
	{ .method = "POST",
	  .path = "/v1/tokens",
	  .handle = add,
	  .max_body = MAX_REQUEST,
	  .admin = true },
	{ .method = "DELETE", .path = "/v1/tokens/{name}", .handle = drop, .admin = true },
	{ .method = NULL },
};
