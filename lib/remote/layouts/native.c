/* The native layout: objects/ab/cdef... below the remote's root (mlops-remote(5)). */
#include <stdio.h>

#include "remote/transport.h"

static void native_key(const struct oid *oid, char *buf)
{
	char hex[MLOPS_OID_HEX + 1];

	mlops_oid_hex(oid, hex);
	snprintf(buf, LAYOUT_KEY_SIZE, "objects/%.2s/%s", hex, hex + 2);
}

const struct layout layout_native = {
	.name = "native",
	.key = native_key,
};
