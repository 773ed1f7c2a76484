/* Adding to the audit trail. */
#include "db/audit.h"

#include "base/clock.h"
#include "base/user.h"

int audit_add(struct db *db, const char *action, const char *subject, const char *detail,
	      struct mlops_error *err)
{
	autofree char *user = user_name();

	return db_change(db, err,
			 "INSERT INTO audit (at_ms, user, action, subject, detail)"
			 " VALUES (?, ?, ?, ?, ?)",
			 "issss", clock_now_ms(), user, action, subject, detail ? detail : "");
}
