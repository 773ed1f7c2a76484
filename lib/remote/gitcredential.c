/* The helpers are git's own affair: `git credential` is asked, and told what came of it. */
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

/* `git credential VERB`. Where git may ask the user, it does so at the terminal itself. */
static bool run(const char *verb, bool may_ask, const struct strbuf *input, struct strbuf *reply)
{
	const char *const argv[] = { "git", "credential", verb, NULL };
	static const char *const silent[] = { "GIT_TERMINAL_PROMPT=0",
					      "GIT_ASKPASS=", "SSH_ASKPASS=", NULL };
	struct proc_result result = { .status = 1 };
	autoerr ignored = ERR_INIT;

	return !proc_ask(argv, may_ask ? NULL : silent, input, MAX_REPLY, reply, &result,
			 &ignored) &&
	       !result.status;
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

int git_login_get(const char *url, bool may_ask, struct git_login *out)
{
	autobuf question = { 0 }, pair = { 0 }, text = { 0 };
	autoerr ignored = ERR_INIT;
	autourl u = { 0 };

	*out = (struct git_login){ 0 };
	if (url_parse(url, &u, &ignored))
		return -1;
	describe(&u, &question);
	if (run("fill", may_ask, &question, &out->told)) {
		struct str user = value_of(&out->told, "username"),
			   password = value_of(&out->told, "password");

		if (password.n) {
			strbuf_addf(&pair, STR_FMT ":" STR_FMT, STR_ARG(user), STR_ARG(password));
			base64_encode(&text, pair.buf, pair.len);
			explicit_bzero(pair.buf, pair.len);
			out->basic = strbuf_steal(&text);
			return 0;
		}
	}
	git_login_clear(out);
	return -1;
}

void git_login_tell(const struct git_login *login, bool good)
{
	autobuf nothing = { 0 };

	if (login->told.len)
		run(good ? "approve" : "reject", false, &login->told, &nothing);
}

void git_login_clear(struct git_login *login)
{
	if (login->told.len)
		explicit_bzero(login->told.buf, login->told.len);
	strbuf_clear(&login->told);
	if (login->basic)
		explicit_bzero(login->basic, strlen(login->basic));
	free(steal_ptr(&login->basic));
}

char *git_credential(const char *url)
{
	struct git_login login;

	if (git_login_get(url, false, &login))
		return NULL;
	char *basic = steal_ptr(&login.basic);
	git_login_clear(&login);
	return basic;
}
