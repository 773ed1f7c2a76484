/* Functions that overrun, lose errors or keep hidden state; included by base/mem.h. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef __clang__ /* with which glibc makes macros of some, and a macro can't be banned */
#pragma GCC poison strcpy strcat sprintf vsprintf strtok gets atoi atol atof
#endif
