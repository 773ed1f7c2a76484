/* Arguments of the form KEY=VALUE. */
#pragma once

#include "cmd.h"

/* Splits at the first '='; *key is the caller's, *value is lent. */
static inline int cmd_split_pair(const char *pair, char **key, const char **value,
				 struct mlops_error *err)
{
	const char *equals = strchr(pair, '=');

	if (!equals || equals == pair)
		return err_set(err, MLOPS_EUSAGE, "'%s' is not of the form KEY=VALUE", pair);
	*key = xstrndup(pair, (size_t)(equals - pair));
	*value = equals + 1;
	return 0;
}
