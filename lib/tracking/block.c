/*
 * A block: some hundred points of one metric, packed, in column metric_blocks.data. Byte 0 is the
 * version, 1. Then for each point, sorted by step, time and value: the step less that of the point
 * before (of the first: less 0), the time in milliseconds likewise, both in zigzag varints as
 * protobuf has them, and the value as a little-endian double. A training loop's point takes about
 * 11 bytes.
 */
#include "tracking/point.h"

#include <math.h>

#include "base/le.h"
#include "base/vec.h"

#define VERSION 1

static int compare_int(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_value(double a, double b)
{
	double x = isnan(a) ? 0 : a, y = isnan(b) ? 0 : b;

	return x != y ? (x > y) - (x < y) : isnan(a) - isnan(b);
}

int point_compare(const void *pa, const void *pb)
{
	const struct point *a = pa, *b = pb;
	int rc = compare_int(a->step, b->step);

	if (!rc)
		rc = compare_int(a->timestamp_ms, b->timestamp_ms);
	return rc ? rc : compare_value(a->value, b->value);
}

int point_compare_time(const void *pa, const void *pb)
{
	const struct point *a = pa, *b = pb;
	int rc = compare_int(a->timestamp_ms, b->timestamp_ms);

	return rc ? rc : point_compare(a, b);
}

static void put_varint(struct strbuf *out, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		strbuf_addc(out, (char)(v | 0x80));
	strbuf_addc(out, (char)v);
}

/* Differences wrap around, so that any two numbers have one. */
static void put_delta(struct strbuf *out, int64_t before, int64_t now)
{
	uint64_t d = (uint64_t)now - (uint64_t)before;

	put_varint(out, d << 1 ^ (0 - (d >> 63)));
}

void block_encode(const struct point *points, size_t n, struct strbuf *out)
{
	struct point before = { 0 };
	uint8_t value[8];
	uint64_t bits;

	strbuf_addc(out, VERSION);
	for (size_t i = 0; i < n; i++) {
		put_delta(out, before.step, points[i].step);
		put_delta(out, before.timestamp_ms, points[i].timestamp_ms);
		memcpy(&bits, &points[i].value, sizeof(bits));
		le64_put(value, bits);
		strbuf_add(out, value, sizeof(value));
		before = points[i];
	}
}

static bool get_delta(const uint8_t **p, const uint8_t *end, int64_t before, int64_t *out)
{
	uint64_t v = 0;
	unsigned shift = 0;

	do {
		if (*p == end || shift > 63)
			return false;
		v |= (uint64_t)(**p & 0x7f) << shift;
		shift += 7;
	} while (*(*p)++ & 0x80);
	*out = (int64_t)((uint64_t)before + (v >> 1 ^ (0 - (v & 1))));
	return true;
}

static bool get_point(const uint8_t **p, const uint8_t *end, const struct point *before,
		      struct point *out)
{
	if (!get_delta(p, end, before->step, &out->step) ||
	    !get_delta(p, end, before->timestamp_ms, &out->timestamp_ms) || end - *p < 8)
		return false;
	uint64_t bits = le64_get(*p);
	memcpy(&out->value, &bits, sizeof(bits));
	*p += 8;
	return true;
}

int block_decode(const void *data, size_t n, int64_t points, struct point_list *out,
		 struct mlops_error *err)
{
	const uint8_t *p = data, *end = p + n;
	struct point point = { 0 };
	int64_t got = 0;

	for (bool good = n && *p++ == VERSION; good && p < end && got < points;) {
		struct point before = point;

		good = get_point(&p, end, &before, &point);
		if (good) {
			vec_push(out, point);
			got++;
		}
	}
	if (got == points && p == end)
		return 0;
	return err_set(err, MLOPS_ECORRUPT, "the database holds a block of metric points that is none");
}
