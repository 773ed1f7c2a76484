/* How the commands about deployments show them. */
#pragma once

#include "cmd.h"
#include "mlops/deploy.h"

/* One revision, and one deployment (without its history), as JSON; new. */
struct json *revision_json(const struct revision *r);
struct json *deployment_json(const struct deployment *d);
/* After deploy and rollback: "prod: revision 3 serves wine:1 on http://...". */
void deployment_announce(const struct deployment *d);
