/* Clocks and how times are written. */
#include "base/clock.h"

#include <errno.h>
#include <time.h>

#include "base/mem.h"
#include "base/num.h"

static int64_t read_clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_now_ms(void)
{
	const char *frozen = getenv("MLOPS_NOW");
	int64_t ms;

	if (frozen && num_parse_i64(frozen, &ms))
		return ms;
	return read_clock_ns(CLOCK_REALTIME) / 1000000;
}

int64_t clock_mono_ns(void)
{
	return read_clock_ns(CLOCK_MONOTONIC);
}

int64_t clock_mono_ms(void)
{
	return clock_mono_ns() / 1000000;
}

void clock_sleep_ms(int64_t ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

char *clock_format_iso(int64_t ms, char *buf)
{
	time_t sec = ms / 1000 - (ms % 1000 < 0);
	int frac = (int)(ms - (int64_t)sec * 1000);
	char date[CLOCK_ISO_SIZE - sizeof(".000Z") + 1]; /* years of up to nine digits fit */
	struct tm tm;

	gmtime_r(&sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf, CLOCK_ISO_SIZE, "%s.%03dZ", date, frac);
	return buf;
}

/* "Z", "+02:00" or "-0530": the milliseconds that the clock there is ahead. */
static bool parse_zone(const char *s, int64_t *ms)
{
	size_t n = strlen(s);
	int hours, minutes;

	*ms = 0;
	if (!strcmp(s, "Z") || !strcmp(s, "z"))
		return true;
	if ((*s != '+' && *s != '-') || (n != 5 && (n != 6 || s[3] != ':')) ||
	    strspn(s + 1, "0123456789:") != n - 1 ||
	    sscanf(s + 1, n == 6 ? "%2d:%2d" : "%2d%2d", &hours, &minutes) != 2 || hours > 23 || minutes > 59)
		return false;
	*ms = (int64_t)(hours * 60 + minutes) * 60000 * (*s == '-' ? -1 : 1);
	return true;
}

bool clock_parse_iso(const char *text, int64_t *ms)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int64_t fraction = 0, zone;

	if (rest && *rest == '.') {
		size_t digits = strspn(++rest, "0123456789");

		for (size_t i = 0; i < 3; i++)
			fraction = fraction * 10 + (i < digits ? rest[i] - '0' : 0);
		rest = digits ? rest + digits : NULL;
	}
	if (!rest || !parse_zone(rest, &zone))
		return false;
	*ms = (int64_t)timegm(&tm) * 1000 + fraction - zone;
	return true;
}

char *clock_format_ago(int64_t ms, int64_t now_ms, char *buf)
{
	static const struct {
		int64_t below_s, unit_s;
		const char *name;
	} units[] = { { 60, 1, "second" },
		      { 3600, 60, "minute" },
		      { 86400, 3600, "hour" },
		      { 14 * 86400, 86400, "day" } };
	int64_t s = now_ms > ms ? (now_ms - ms) / 1000 : 0;

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		int64_t n = s / units[i].unit_s;

		if (s >= units[i].below_s)
			continue;
		snprintf(buf, CLOCK_ISO_SIZE, "%lld %s%s ago", (long long)n, units[i].name,
			 n == 1 ? "" : "s");
		return buf;
	}
	time_t sec = ms / 1000;
	struct tm tm;
	gmtime_r(&sec, &tm);
	strftime(buf, CLOCK_ISO_SIZE, "%Y-%m-%d", &tm);
	return buf;
}

char *clock_format_duration(int64_t ms, char *buf)
{
	if (ms < 1000)
		snprintf(buf, CLOCK_ISO_SIZE, "%lld ms", (long long)ms);
	else if (ms < 60000)
		snprintf(buf, CLOCK_ISO_SIZE, "%.1f s", (double)ms / 1000);
	else
		snprintf(buf, CLOCK_ISO_SIZE, "%lld m %lld s", (long long)(ms / 60000),
			 (long long)(ms / 1000 % 60));
	return buf;
}
