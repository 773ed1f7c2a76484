/* Names and passwords that git's credential helpers know. */
#pragma once

/* "user:password" for a URL in base64, as HTTP's Basic has it, new; NULL when there is none. Nobody is
 * asked at the terminal. */
char *git_credential(const char *url);
