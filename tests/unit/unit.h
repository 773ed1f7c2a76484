/* What a unit test starts from: cmocka, and a folder of its own. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/path.h"

/* A new folder, to be given to unit_scratch_remove(). */
static inline char *unit_scratch(void)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = xasprintf("%s/mlops-unit.XXXXXX", tmp ? tmp : "/tmp");

	assert_non_null(mkdtemp(dir));
	return dir;
}

static inline void unit_scratch_remove(char *dir)
{
	autoerr err = ERR_INIT;

	assert_int_equal(fs_remove_tree(dir, &err), 0);
	free(dir);
}

/* The call failed with this kind, and its message holds this text; clears the error. */
#define assert_error(call, kind_, text)                                                            \
	do {                                                                                       \
		assert_int_equal(call, -1);                                                        \
		assert_string_equal(mlops_error_name(err.kind), mlops_error_name(kind_));          \
		if (!strstr(err.msg, text))                                                        \
			fail_msg("'%s' is not in: %s", text, err.msg);                             \
		mlops_error_clear(&err);                                                           \
	} while (0)

/* The call succeeded; else its error is shown. */
#define assert_success(call)                                                                       \
	do {                                                                                       \
		if (call)                                                                          \
			fail_msg("%s", err.msg ? err.msg : "failed without a message");            \
	} while (0)

/* A string that the expression makes equals the text; freed. */
#define assert_made(expression, text)                                                              \
	do {                                                                                       \
		char *made_ = (expression);                                                        \
		assert_string_equal(made_, text);                                                  \
		free(made_);                                                                       \
	} while (0)
