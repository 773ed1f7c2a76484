/* The names of the user and of the machine. */
#include "base/user.h"

#include <pwd.h>

#include "base/mem.h"

char *user_name(void)
{
	const char *name = getenv("USER");

	if (name && *name)
		return xstrdup(name);
	const struct passwd *entry = getpwuid(getuid());
	return entry ? xstrdup(entry->pw_name) : xasprintf("%u", (unsigned)getuid());
}

char *host_name(void)
{
	char buf[256];

	if (gethostname(buf, sizeof(buf)))
		buf[0] = '\0';
	buf[sizeof(buf) - 1] = '\0';
	return xstrdup(buf);
}
