/* The commands, grouped and ordered as `mlops help` shows them. */
#include "cmd.h"

extern const struct cmd_spec cmd_complete, cmd_help, cmd_version;

const struct cmd_spec *const cmd_registry[] = {
	/* about */
	&cmd_help,
	&cmd_version,
	&cmd_complete,
	NULL,
};
