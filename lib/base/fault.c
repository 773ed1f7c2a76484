/* Fault points for tests. */
#include "base/fault.h"

#ifdef MLOPS_FAULTS
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

bool fault_hit(const char *point)
{
	static atomic_int_fast64_t passes;
	const char *spec = getenv("MLOPS_FAULT");
	struct str rest, name, count;
	int64_t wanted;

	if (!spec)
		return false;
	name = str_split(str_of(spec), ':', &rest);
	if (!str_eq(name, point) && !str_eq(name, "any"))
		return false;
	count = str_split(rest, ':', &rest);
	autofree char *number = xstrndup(count.p, count.n);
	if (!num_parse_i64(number, &wanted) || ++passes != wanted)
		return false;
	if (str_eq(rest, "kill"))
		raise(SIGKILL);
	errno = EIO;
	return true;
}
#endif
