/* For calls of OpenSSL that, used as they are here, can only fail for want of memory. */
#pragma once

#include <stdlib.h>

static inline void must(int ok)
{
	if (ok <= 0)
		abort();
}
