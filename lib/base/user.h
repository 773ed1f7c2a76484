/* Who runs this program, and where. */
#pragma once

/* $USER, else the name of the user id, else the id as a number; new. */
char *user_name(void);
/* The name of this machine, "" when it has none; new. */
char *host_name(void);
