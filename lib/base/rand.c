/* getrandom(2), in bytes and in hex. */
#include "base/rand.h"

#include <errno.h>
#include <sys/random.h>

#include "base/hex.h"
#include "base/mem.h"

void rand_bytes(void *buf, size_t n)
{
	char *p = buf;

	while (n) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno != EINTR)
			abort();
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		}
	}
}

char *rand_hex(char *buf, size_t n)
{
	unsigned char raw[64];

	if (n > sizeof(raw))
		abort();
	rand_bytes(raw, n);
	return hex_encode(buf, raw, n);
}

uint64_t rand_u64(void)
{
	uint64_t v;

	rand_bytes(&v, sizeof(v));
	return v;
}
