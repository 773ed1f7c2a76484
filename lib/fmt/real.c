/*
 * Up to 19 digits are read into an integer w, and w * 10^e is rounded by hand from a 128-bit
 * product (D. Lemire, "Number parsing at a gigabyte per second", 2021, whose idea this is). What is
 * too long, too large or too close to the middle between two doubles goes to strtod(3).
 */
#include "fmt/real.h"

#include <endian.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "base/str.h"
#include "fmt/real_table.h"

#define MAX_POWER 38
#define MAX_DIGITS 19 /* of 10^19 - 1 < 2^64 */

typedef unsigned __int128 uint128;

struct decimal {
	bool negative, whole;
	uint64_t digits;   /* leading zeros are not digits */
	int64_t n_digits, exp;
};

static uint64_t load8(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return le64toh(w);
}

static bool eight_digits(uint64_t w)
{
	const uint64_t high = 0xf0f0f0f0f0f0f0f0, zeros = 0x3030303030303030;

	return ((w & high) == zeros) && (((w + 0x0606060606060606) & high) == zeros);
}

/* Pairs, then fours, then all eight: three multiplications. */
static uint64_t eight_value(uint64_t w)
{
	w -= 0x3030303030303030;
	w = w * 10 + (w >> 8);
	return (((w & 0x000000ff000000ff) * 0x000f424000000064) +
		(((w >> 16) & 0x000000ff000000ff) * 0x0000271000000001)) >> 32;
}

/* Reads digits into d->digits; they wrap when there are too many, which n_digits tells. */
static const char *scan_digits(const char *p, const char *end, uint64_t *digits)
{
	uint64_t v = *digits;

	while (end - p >= 8) {
		uint64_t w = load8(p);

		if (!eight_digits(w))
			break;
		v = v * 100000000 + eight_value(w);
		p += 8;
	}
	for (; p < end && (unsigned char)(*p - '0') < 10; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	*digits = v;
	return p;
}

static const char *skip_zeros(const char *p, const char *end)
{
	while (p < end && *p == '0')
		p++;
	return p;
}

static const char *scan_exponent(const char *p, const char *end, struct decimal *d)
{
	bool negative = false;
	int64_t e = 0;

	d->whole = false;
	if (p < end && (*p == '+' || *p == '-'))
		negative = *p++ == '-';
	const char *start = p;
	for (; p < end && (unsigned char)(*p - '0') < 10; p++)
		if (e < 100000)
			e = e * 10 + (*p - '0');
	d->exp += negative ? -e : e;
	return p > start ? p : NULL;
}

/* The end of the number that starts at p, or NULL when none does. */
static const char *scan(const char *p, const char *end, struct decimal *d)
{
	if (p < end && (*p == '-' || *p == '+'))
		d->negative = *p++ == '-';
	const char *first = p, *significant = skip_zeros(p, end);
	p = scan_digits(significant, end, &d->digits);
	int64_t seen = p - first;
	d->n_digits = p - significant;
	d->whole = true;
	if (p < end && *p == '.') {
		const char *point = ++p;

		d->whole = false;
		significant = d->n_digits ? p : skip_zeros(p, end);
		p = scan_digits(significant, end, &d->digits);
		d->n_digits += p - significant;
		d->exp = point - p;
		seen += p - point;
	}
	if (!seen)
		return NULL;
	return p < end && (*p | 0x20) == 'e' ? scan_exponent(p + 1, end, d) : p;
}

static double from_bits(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

/* w * 10^exp, w > 0; false when the digits at hand don't decide how to round. */
static bool scale(uint64_t w, int64_t exp, double *out)
{
	const struct power_of_ten *power = &powers_of_ten[exp + MAX_POWER];
	const uint128 rest_mask = ((uint128)1 << 75) - 1, half = (uint128)1 << 74;
	int shift = __builtin_clzll(w), e = power->exp + 64 - shift;

	w <<= shift;
	uint128 low = (uint128)w * power->lo;
	uint128 product = (uint128)w * power->hi + (uint64_t)(low >> 64); /* at most 2 too small */
	if (!(product >> 127)) {
		product <<= 1;
		e--;
	}
	uint128 rest = product & rest_mask;
	if (rest >= half - 4 && rest <= half)
		return false;
	uint64_t mantissa = (uint64_t)(product >> 75) + (rest > half);
	*out = from_bits(((uint64_t)(e + 75 + 52 + 1023) << 52) + (mantissa - ((uint64_t)1 << 52)));
	return true;
}

static bool parse_slowly(const char *text, size_t n, double *out)
{
	char small[64];
	autofree char *large = n < sizeof(small) ? NULL : xstrndup(text, n);

	if (large)
		return num_parse_double(large, out);
	memcpy(small, text, n);
	small[n] = '\0';
	return num_parse_double(small, out);
}

static bool is_infinity(const char *text, size_t n, double *out)
{
	bool negative = n && *text == '-', sign = n && (*text == '-' || *text == '+');

	text += sign;
	n -= sign;
	if (!(n == 3 && !strncasecmp(text, "inf", 3)) && !(n == 8 && !strncasecmp(text, "infinity", 8)))
		return false;
	*out = negative ? -INFINITY : INFINITY;
	return true;
}

bool real_parse(const char *text, size_t n, double *out, bool *whole)
{
	struct decimal d = { 0 };
	double v;

	if (n && (*text <= ' ' || text[n - 1] <= ' ')) {
		struct str trimmed = str_trim((struct str){ text, n });

		text = trimmed.p;
		n = trimmed.n;
	}
	*whole = false;
	if (scan(text, text + n, &d) != text + n || !n)
		return is_infinity(text, n, out);
	if (!d.digits && d.n_digits <= MAX_DIGITS)
		v = 0;
	else if (d.n_digits > MAX_DIGITS || d.exp < -MAX_POWER || d.exp > MAX_POWER)
		return *whole = d.whole, parse_slowly(text, n, out);
	else if (!d.exp && !(d.digits >> 53))
		v = (double)d.digits;
	else if (!scale(d.digits, d.exp, &v))
		return *whole = d.whole, parse_slowly(text, n, out);
	*whole = d.whole;
	*out = d.negative ? -v : v;
	return true;
}
