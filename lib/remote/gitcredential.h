/* Names and passwords that git's credential helpers know (gitcredentials(7)). */
#pragma once

#include "base/str.h"

struct git_login {
	char *basic;        /* "user:password" in base64, as HTTP's Basic has it */
	struct strbuf told; /* all that git said, to be told back */
};

/* Asks for a URL: 0, or -1 when there is none. `ask`: git may ask the user at the terminal. */
int git_login_get(const char *url, bool ask, struct git_login *out);
/* Tells the helpers that it was let in, or refused, so that they keep or forget it. */
void git_login_tell(const struct git_login *login, bool good);
void git_login_clear(struct git_login *login);

/* What the helpers know of a URL, as git_login.basic; new, or NULL. Nobody is asked. */
char *git_credential(const char *url);
