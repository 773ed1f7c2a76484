/* The commands, grouped and ordered as `mlops help` shows them. */
#include "cmd.h"

/* project */

/* data */

/* share */

/* pipelines and runs */

/* models */

/* deployments */

/* about */
extern const struct cmd_spec cmd_help, cmd_version, cmd_complete;

const struct cmd_spec *const cmd_registry[] = {
	/* project */

	/* data */

	/* share */

	/* pipelines and runs */

	/* models */

	/* deployments */

	/* about */
	&cmd_help,
	&cmd_version,
	&cmd_complete,
	NULL,
};
