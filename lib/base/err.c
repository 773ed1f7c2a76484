/* Making, wrapping and naming errors. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/mem.h"

#undef err_set
#undef err_sys
#undef err_wrap
#undef err_hint
#undef err_move

static const struct {
	const char *name;
	int exit_code;
} kinds[] = {
#define MLOPS_ERROR(kind, code, name, text) [MLOPS_##kind] = { name, code },
#include "mlops/error.def"
#undef MLOPS_ERROR
};

void mlops_error_clear(struct mlops_error *err)
{
	free(err->msg);
	free(err->hint);
	*err = (struct mlops_error){ 0 };
}

int mlops_error_exit_code(enum mlops_error_kind kind)
{
	return kinds[kind].exit_code;
}

const char *mlops_error_name(enum mlops_error_kind kind)
{
	return kinds[kind].name;
}

int err_set(struct mlops_error *err, enum mlops_error_kind kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *msg = xvasprintf(fmt, ap); /* before the clear: an argument may be err->msg */
	va_end(ap);
	mlops_error_clear(err);
	err->kind = kind;
	err->msg = msg;
	return -1;
}

int err_sys(struct mlops_error *err, const char *fmt, ...)
{
	const char *cause = strerror(errno);
	va_list ap;

	va_start(ap, fmt);
	autofree char *what = xvasprintf(fmt, ap);
	va_end(ap);
	return err_set(err, MLOPS_EIO, "%s: %s", what, cause);
}

int err_wrap(struct mlops_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	autofree char *context = xvasprintf(fmt, ap);
	va_end(ap);
	char *msg = xasprintf("%s: %s", context, err->msg);
	free(err->msg);
	err->msg = msg;
	return -1;
}

int err_hint(struct mlops_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *hint = xvasprintf(fmt, ap);
	va_end(ap);
	free(err->hint);
	err->hint = hint;
	return -1;
}

int err_move(struct mlops_error *to, struct mlops_error *from)
{
	mlops_error_clear(to);
	*to = *from;
	*from = (struct mlops_error){ 0 };
	return -1;
}
