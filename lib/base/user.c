/* The user's name. */
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
