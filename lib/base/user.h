/* Who runs this program. */
#pragma once

/* $USER, else the name of the user id, else the id as a number; new. */
char *user_name(void);
