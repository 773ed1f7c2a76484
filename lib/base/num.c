/* Reading and writing numbers, strictly. */
#include "base/num.h"

#include <errno.h>
#include <math.h>
#include <strings.h>

#include "base/mem.h"

bool num_parse_i64(const char *s, int64_t *out)
{
	char *end;

	if (!*s || !strchr("-+0123456789", *s))
		return false;
	errno = 0;
	long long v = strtoll(s, &end, 10);
	if (errno || *end || end == s)
		return false;
	*out = v;
	return true;
}

bool num_parse_u64(const char *s, uint64_t *out)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	unsigned long long v = strtoull(s, &end, 10);
	if (errno || *end)
		return false;
	*out = v;
	return true;
}

bool num_parse_double(const char *s, double *out)
{
	char *end;

	if (!*s || !strchr("+-.0123456789iInN", *s) || strpbrk(s, "xX("))
		return false;
	double v = strtod(
		s, &end); /* the C locale: nothing in the project calls setlocale(LC_NUMERIC) */
	if (*end || end == s)
		return false;
	*out = v;
	return true;
}

bool num_parse_bytes(const char *s, uint64_t *out)
{
	static const char units[] = "kmgtp";
	char *end;

	if (num_parse_u64(s, out)) /* exact, where a double would round */
		return true;
	if (*s < '0' || *s > '9' || strpbrk(s, "xX"))
		return false;
	double v = strtod(s, &end);
	if (*end) {
		const char *unit = strchr(units, *end | 0x20);

		if (!unit)
			return false;
		v = ldexp(v, 10 * (int)(unit - units + 1));
		end++;
		if (*end && strcasecmp(end, "b") && strcasecmp(end, "ib"))
			return false;
	}
	if (!(v >= 0 && v < 9.2e18))
		return false;
	*out = (uint64_t)v;
	return true;
}

bool num_parse_duration(const char *s, int64_t *out_ms)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = { { "", 1e3 },  { "ms", 1 },    { "s", 1e3 },
		      { "m", 6e4 }, { "h", 3.6e6 }, { "d", 8.64e7 } };
	char *end;

	if (*s < '0' || *s > '9' || strpbrk(s, "xX"))
		return false;
	double v = strtod(s, &end);
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(end, units[i].name))
			continue;
		v *= units[i].ms;
		if (!(v < 9e15))
			return false;
		*out_ms = (int64_t)v;
		return true;
	}
	return false;
}

char *num_format_u64(uint64_t n, char *buf)
{
	char *p = buf + NUM_SIZE - 1;

	*p = '\0';
	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	return p;
}

char *num_format_bytes(uint64_t n, char *buf)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double v = (double)n;
	size_t u = 0;

	for (; v >= 1024 && u + 1 < ARRAY_LEN(units); u++)
		v /= 1024;
	snprintf(buf, NUM_SIZE, u && v < 100 ? "%.1f %s" : "%.0f %s", v, units[u]);
	return buf;
}

/* In scientific notation, with as few digits as tell it from its neighbours; returns how many. */
static int shortest(double d, char *buf)
{
	int digits = 1;

	for (; digits <= 17; digits++) {
		snprintf(buf, NUM_SIZE, "%.*e", digits - 1, d);
		if (strtod(buf, NULL) == d)
			break;
	}
	return digits;
}

char *num_format_python(double d, char *buf)
{
	int digits = shortest(d, buf);
	long exponent = strtol(strchr(buf, 'e') + 1, NULL, 10);
	int decimals = digits - 1 - (int)exponent;

	if (exponent >= -4 && exponent < 16)
		snprintf(buf, NUM_SIZE, "%.*f", decimals > 0 ? decimals : 1, d);
	return buf;
}

char *num_format_double(double d, char *buf)
{
	if (isnan(d) || isinf(d)) {
		snprintf(buf, NUM_SIZE, "%s", isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity");
		return buf;
	}
	int digits = shortest(d, buf);
	long exponent = strtol(strchr(buf, 'e') + 1, NULL, 10);
	if (exponent >= -5 && exponent < 16) { /* 100, not 1e+02 */
		int decimals = digits - 1 - (int)exponent;

		snprintf(buf, NUM_SIZE, "%.*f", decimals > 0 ? decimals : 0, d);
	}
	return buf;
}
