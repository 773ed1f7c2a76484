/* The helpers are git's own affair, so git is asked: `git credential fill`. */
#include "remote/gitcredential.h"

#include "base/base64.h"
#include "base/proc.h"
#include "base/url.h"

#define MAX_REPLY 16384

/* "protocol=https\nhost=h:1\npath=p\n\n" */
static void describe(const struct url *u, struct strbuf *out)
{
	strbuf_addf(out, "protocol=%s\nhost=%s", u->scheme, u->host);
	if (u->port)
		strbuf_addf(out, ":%d", u->port);
	strbuf_adds(out, "\n");
	if (*u->path == '/' && u->path[1])
		strbuf_addf(out, "path=%s\n", u->path + 1);
	if (u->user)
		strbuf_addf(out, "username=%s\n", u->user);
	strbuf_adds(out, "\n");
}

static bool ask(const struct strbuf *question, struct strbuf *reply)
{
	static const char *const argv[] = { "git", "credential", "fill", NULL };
	static const char *const env[] = { "GIT_TERMINAL_PROMPT=0",
					   "GIT_ASKPASS=", "SSH_ASKPASS=", NULL };
	struct proc_result result = { .status = 1 };
	autoerr ignored = ERR_INIT;

	return !proc_ask(argv, env, question, MAX_REPLY, reply, &result, &ignored) && !result.status;
}

static struct str value_of(const struct strbuf *reply, const char *name)
{
	struct str rest = { reply->buf ? reply->buf : "", reply->len }, value;

	while (rest.n) {
		struct str line = str_split(rest, '\n', &rest);

		if (str_eq(str_split(line, '=', &value), name))
			return value;
	}
	return (struct str){ "", 0 };
}

char *git_credential(const char *url)
{
	autobuf question = { 0 }, reply = { 0 }, pair = { 0 };
	struct strbuf text = { 0 };
	autoerr ignored = ERR_INIT;
	autourl u = { 0 };

	if (url_parse(url, &u, &ignored))
		return NULL;
	describe(&u, &question);
	if (ask(&question, &reply)) {
		struct str user = value_of(&reply, "username"),
			   password = value_of(&reply, "password");

		if (password.n) {
			strbuf_addf(&pair, STR_FMT ":" STR_FMT, STR_ARG(user), STR_ARG(password));
			base64_encode(&text, pair.buf, pair.len);
			explicit_bzero(pair.buf, pair.len);
		}
	}
	if (reply.len)
		explicit_bzero(reply.buf, reply.len);
	return text.len ? strbuf_steal(&text) : NULL;
}
