#include "decode/number.h"

#include <string.h>

enum { EXPONENT_MAX = 1000000000 };
#define EPOCH_MS_FROM 100000000000u

/* [+-]?[0-9]+; a value over EXPONENT_MAX is not exact. */
static int64_t exponent(const char *p, const char *end)
{
	bool neg = *p == '-';
	int64_t e = 0;

	if (*p == '-' || *p == '+')
		p++;
	for (; p < end; p++)
		if (e < EXPONENT_MAX)
			e = e * 10 + (*p - '0');
	return neg ? -e : e;
}

static uint64_t times_ten(uint64_t whole, uint64_t digit)
{
	return whole >= NPSD_WHOLE_MAX / 10 ? NPSD_WHOLE_MAX : whole * 10 + digit;
}

/*
 *   -12.345e1     digits 12345, two of them before the point; e1 and the scale move the point to the right.
 *     12345       The first `keep` digits are the whole part, the others the rest.
 *       ^keep
 */
struct npsd_decimal npsd_decimal(const char *p, uint32_t n, int scale)
{
	struct npsd_decimal d = {0};
	const char *end = p + n, *q;
	int64_t keep = scale;

	if (p < end && *p == '-') {
		d.neg = true;
		p++;
	}
	for (q = p; q < end && npsd_is_digit(*q); q++)
		keep++;
	while (q < end && (*q | 32) != 'e')
		q++;
	if (q < end)
		keep += exponent(q + 1, end);
	for (; p < q; p++) {
		if (*p == '.')
			continue;
		if (keep-- > 0)
			d.whole = times_ten(d.whole, (uint64_t)(*p - '0'));
		else
			d.rest |= *p != '0';
	}
	for (; keep > 0 && d.whole > 0 && d.whole < NPSD_WHOLE_MAX; keep--)
		d.whole = times_ten(d.whole, 0);
	return d;
}

bool npsd_time_epoch(int64_t *ms, const char *p, uint32_t n)
{
	struct npsd_decimal d = npsd_decimal(p, n, 0);

	if (d.whole < EPOCH_MS_FROM)
		d = npsd_decimal(p, n, 3);
	if (d.whole >= NPSD_WHOLE_MAX)
		return false;
	*ms = d.neg ? -(int64_t)d.whole - d.rest : (int64_t)d.whole;
	return true;
}

/* Two digits from 0 to most, or -1. */
static inline int two(const char *p, int most)
{
	int v;

	if (!npsd_is_digit(p[0]) || !npsd_is_digit(p[1]))
		return -1;
	v = (p[0] - '0') * 10 + (p[1] - '0');
	return v <= most ? v : -1;
}

/* Days since 1970-01-01 in the Gregorian calendar. Years begin in March, so a leap day is the last of a year.
 */
static int64_t days(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int month_days(int year, int month)
{
	static const uint8_t most[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : most[month];
}

/*
 *   2026-11-22T21:04
 *   0123456789012345
 */
static bool minute(struct npsd_minute *m, const char *p)
{
	int century = two(p, 99), year = two(p + 2, 99), month = two(p + 5, 12), day = two(p + 8, 31);
	int hour = two(p + 11, 23), min = two(p + 14, 59);

	if (century < 0 || year < 0 || month < 1 || day < 1 || hour < 0 || min < 0)
		return false;
	year += century * 100;
	if (p[4] != '-' || p[7] != '-' || (p[10] | 32) != 't' || p[13] != ':' ||
	    day > month_days(year, month))
		return false;
	m->ms = ((days(year, month, day) * 24 + hour) * 60 + min) * 60000;
	memcpy(m->text, p, sizeof m->text);
	return true;
}

/*
 *   Z   +01:30   -00:00      in minutes east of Greenwich
 */
static bool zone(int *east, const char *p, uint32_t n)
{
	int hour, min;

	*east = 0;
	if (n == 1)
		return (*p | 32) == 'z';
	if (n != 6 || (p[0] != '+' && p[0] != '-') || p[3] != ':')
		return false;
	hour = two(p + 1, 23);
	min = two(p + 4, 59);
	*east = p[0] == '-' ? -(hour * 60 + min) : hour * 60 + min;
	return hour >= 0 && min >= 0;
}

/*
 *   2026-11-22T21:04:05.123456+01:00
 *   minute          ^16^19     ^ zone
 */
bool npsd_time_text(struct npsd_minute *m, int64_t *ms, const char *p, uint32_t n)
{
	int east, sec, milli = 0;
	uint32_t i = 19;

	if (n < 20 || (memcmp(p, m->text, sizeof m->text) != 0 && !minute(m, p)))
		return false;
	sec = two(p + 17, 59);
	if (p[16] != ':' || sec < 0)
		return false;
	if (p[i] == '.') {
		int unit = 100;
		for (i++; i < n && npsd_is_digit(p[i]); i++, unit /= 10)
			milli += (p[i] - '0') * unit;
		if (i == 20)
			return false;
	}
	if (!zone(&east, p + i, n - i))
		return false;
	*ms = m->ms + sec * INT64_C(1000) + milli - east * INT64_C(60000);
	return true;
}
