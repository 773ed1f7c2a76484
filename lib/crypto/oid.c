/* Object names as text. */
#include "mlops/oid.h"

#include <string.h>

#include "base/hex.h"

char *mlops_oid_hex(const struct oid *oid, char *buf)
{
	return hex_encode(buf, oid->sha256, sizeof(oid->sha256));
}

bool mlops_oid_parse(const char *text, struct oid *out)
{
	struct oid oid;

	if (!strncmp(text, "sha256:", 7))
		text += 7;
	if (strnlen(text, MLOPS_OID_HEX + 1) != MLOPS_OID_HEX ||
	    !hex_decode(oid.sha256, sizeof(oid.sha256), text))
		return false;
	*out = oid;
	return true;
}

int mlops_oid_compare(const struct oid *a, const struct oid *b)
{
	return memcmp(a->sha256, b->sha256, sizeof(a->sha256));
}

bool mlops_oid_equal(const struct oid *a, const struct oid *b)
{
	return !mlops_oid_compare(a, b);
}
