/* A field is a set of bits; the next time is found day by day. */
#include "fmt/cron.h"

#include <ctype.h>
#include <strings.h>
#include <time.h>

#include "base/str.h"

#define DAYS_AHEAD (8 * 366 + 1) /* from one 29 February to the next, over a century's end */
#define DAY_S      86400

struct field {
	const char *what;
	int low, high;
	const char *const *names; /* of low and those behind it, or NULL */
};

static const char *const month_names[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul",
					   "aug", "sep", "oct", "nov", "dec", NULL };
static const char *const day_names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL };

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, N_FIELDS };

static const struct field fields[N_FIELDS] = {
	[MINUTE] = { "minute", 0, 59, NULL },
	[HOUR] = { "hour", 0, 23, NULL },
	[DAY] = { "day", 1, 31, NULL },
	[MONTH] = { "month", 1, 12, month_names },
	[WEEKDAY] = { "weekday", 0, 7, day_names }, /* 7 is Sunday too */
};

/* A number of at most two digits, or a name; moves *s behind it. */
static bool take_number(const struct field *f, const char **s, int *out)
{
	for (int i = 0; f->names && f->names[i]; i++)
		if (!strncasecmp(*s, f->names[i], 3)) {
			*s += 3;
			*out = f->low + i;
			return true;
		}
	if (!isdigit((unsigned char)**s))
		return false;
	for (*out = 0; isdigit((unsigned char)**s) && *out < 100; (*s)++)
		*out = *out * 10 + (**s - '0');
	return true;
}

/* "*", "5", "1-5", each with a step such as "/2". */
static bool take_range(const struct field *f, const char **s, uint64_t *bits)
{
	int from = f->low, to = f->high, step = 1;

	if (**s == '*') {
		(*s)++;
	} else {
		if (!take_number(f, s, &from))
			return false;
		to = **s == '/' ? f->high : from;
		if (**s == '-' && (++*s, !take_number(f, s, &to)))
			return false;
	}
	if (**s == '/' && (++*s, !take_number(&fields[MINUTE], s, &step)))
		return false;
	if (from < f->low || to > f->high || from > to || step < 1)
		return false;
	for (int i = from; i <= to; i += step)
		*bits |= (uint64_t)1 << i;
	return true;
}

static int read_field(const struct field *f, struct str text, uint64_t *out,
		      struct mlops_error *err)
{
	autofree char *word = xstrndup(text.p, text.n);
	const char *s = word;

	*out = 0;
	for (bool more = true; more; s += more) {
		if (!take_range(f, &s, out))
			return err_set(err, MLOPS_EINVALID, "'%s' is no %s (%d to %d)", word,
				       f->what, f->low, f->high);
		more = *s == ',';
	}
	return *s ? err_set(err, MLOPS_EINVALID, "'%s' is no %s (%d to %d)", word, f->what, f->low,
			    f->high) :
		    0;
}

static const char *expand_name(const char *text)
{
	static const char *const names[][2] = {
		{ "@hourly", "0 * * * *" },  { "@daily", "0 0 * * *" },  { "@weekly", "0 0 * * 0" },
		{ "@monthly", "0 0 1 * *" }, { "@yearly", "0 0 1 1 *" },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(text, names[i][0]))
			return names[i][1];
	return text;
}

static struct str first_word(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t')
		n++;
	return (struct str){ s.p, n };
}

int cron_parse(const char *text, struct cron *out, struct mlops_error *err)
{
	struct str rest = str_trim(str_of(expand_name(text))), word;
	uint64_t bits[N_FIELDS] = { 0 };
	bool any[N_FIELDS] = { 0 };
	int n = 0;

	for (; rest.n; n++, rest = str_trim(rest)) {
		if (n == N_FIELDS)
			break;
		word = first_word(rest);
		rest = (struct str){ rest.p + word.n, rest.n - word.n };
		any[n] = *word.p == '*';
		if (read_field(&fields[n], word, &bits[n], err))
			return -1;
	}
	if (n != N_FIELDS || rest.n)
		return err_set(
			err, MLOPS_EINVALID,
			"a schedule is 'minute hour day month weekday' or @daily and the like, not '%s'",
			text);
	*out = (struct cron){ .minutes = bits[MINUTE],
			      .hours = (uint32_t)bits[HOUR],
			      .days = (uint32_t)bits[DAY],
			      .months = (uint32_t)bits[MONTH],
			      .weekdays = (uint32_t)(bits[WEEKDAY] | bits[WEEKDAY] >> 7) & 0x7f,
			      .any_day = any[DAY],
			      .any_weekday = any[WEEKDAY] };
	return 0;
}

static bool is_on_day(const struct cron *cron, const struct tm *tm)
{
	bool day = cron->days >> tm->tm_mday & 1, weekday = cron->weekdays >> tm->tm_wday & 1;

	if (!(cron->months >> (tm->tm_mon + 1) & 1))
		return false;
	return cron->any_day || cron->any_weekday ? day && weekday : day || weekday;
}

/* The first minute of the day from `minute` on, or -1. */
static int first_minute(const struct cron *cron, int minute)
{
	for (; minute < 24 * 60; minute++)
		if (cron->hours >> (minute / 60) & 1 && cron->minutes >> (minute % 60) & 1)
			return minute;
	return -1;
}

int64_t cron_next(const struct cron *cron, int64_t after)
{
	int64_t day = after / DAY_S - (after % DAY_S < 0);
	int minute = (int)((after - day * DAY_S) / 60) + 1;

	for (int i = 0; i < DAYS_AHEAD; i++, day++, minute = 0) {
		time_t start = (time_t)(day * DAY_S);
		struct tm tm;

		if (!gmtime_r(&start, &tm) || !is_on_day(cron, &tm))
			continue;
		minute = first_minute(cron, minute);
		if (minute >= 0)
			return day * DAY_S + (int64_t)minute * 60;
	}
	return -1;
}
