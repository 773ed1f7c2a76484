/* The Range header of a GET, and Content-Range of a PUT. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum range_kind {
	RANGE_ALL,  /* none, or one that is to be ignored (several, another unit, not a range) */
	RANGE_PART, /* [*from, *from + *n) */
	RANGE_NONE, /* it starts behind the end: 416 */
};
enum range_kind range_parse(const char *header, uint64_t size, uint64_t *from, uint64_t *n);
/* "bytes FROM-LAST/SIZE" of an upload, when it is the rest of SIZE bytes, one at least. */
bool range_parse_content(const char *header, uint64_t *from, uint64_t *size);
