/* Byte ranges (RFC 9110, 14.1.2): "bytes=A-B", "bytes=A-", "bytes=-N"; one at a time. */
#include "serve/range.h"

#include "base/num.h"
#include "base/str.h"

static bool parse_number(const char *p, size_t n, uint64_t *out)
{
	autofree char *text = xstrndup(p, n);

	return n && n < NUM_SIZE && num_parse_u64(text, out);
}

static enum range_kind last_bytes(const char *p, uint64_t size, uint64_t *from, uint64_t *n)
{
	if (!parse_number(p, strlen(p), n))
		return RANGE_ALL;
	if (!*n || !size)
		return RANGE_NONE;
	*n = *n < size ? *n : size;
	*from = size - *n;
	return RANGE_PART;
}

enum range_kind range_parse(const char *header, uint64_t size, uint64_t *from, uint64_t *n)
{
	uint64_t last;

	if (!header || !str_starts(header, "bytes="))
		return RANGE_ALL;
	const char *p = header + strlen("bytes="), *dash = strchr(p, '-');
	if (!dash)
		return RANGE_ALL;
	if (dash == p)
		return last_bytes(p + 1, size, from, n);
	if (!parse_number(p, (size_t)(dash - p), from))
		return RANGE_ALL;
	if (!dash[1])
		last = UINT64_MAX;
	else if (!parse_number(dash + 1, strlen(dash + 1), &last) || last < *from)
		return RANGE_ALL;
	if (*from >= size)
		return RANGE_NONE;
	*n = (last < size - 1 ? last : size - 1) - *from + 1;
	return RANGE_PART;
}

bool range_parse_content(const char *header, uint64_t *from, uint64_t *size)
{
	const char *p = str_starts(header, "bytes ") ? header + strlen("bytes ") : "";
	const char *dash = strchr(p, '-'), *slash = dash ? strchr(dash, '/') : NULL;
	uint64_t last;

	return slash && parse_number(p, (size_t)(dash - p), from) &&
	       parse_number(dash + 1, (size_t)(slash - dash - 1), &last) &&
	       parse_number(slash + 1, strlen(slash + 1), size) && *from <= last && *size &&
	       last == *size - 1;
}
