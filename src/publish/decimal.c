#include "publish/decimal.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "npsd/err.h"

/* Writes v in decimal, at least `least` digits; returns how many. */
static size_t digits(char *out, uint64_t v, size_t least)
{
	char back[24];
	size_t n = 0;

	while (v > 0 || n < least) {
		back[n++] = (char)('0' + v % 10);
		v /= 10;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = back[n - 1 - i];
	return n;
}

size_t npsd_decimal_int(char out[NPSD_DECIMAL_MAX], int64_t v)
{
	uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	size_t n = 0;

	if (v < 0)
		out[n++] = '-';
	n += digits(out + n, size, 1);
	out[n] = 0;
	return n;
}

/*
 * size * 10^4, rounded to an integer, ties to even. A double is m * 2^-s with m below 2^53, so m * 10^4
 * fits in 67 bits and what is shifted out decides exactly. 0 <= size < 2^49.
 */
static uint64_t scaled(double size)
{
	int exp, s;
	uint64_t m = (uint64_t)ldexp(frexp(size, &exp), 53), q;
	unsigned __int128 product = (unsigned __int128)m * 10000, rest, half;

	s = 53 - exp;
	if (s > 100) /* below 2^-33 of a unit */
		return 0;
	npsd_assert(s > 0);
	q = (uint64_t)(product >> s);
	rest = product - ((unsigned __int128)q << s);
	half = (unsigned __int128)1 << (s - 1);
	if (rest > half || (rest == half && (q & 1)))
		q++;
	return q;
}

int64_t npsd_decimal_units(double v)
{
	int64_t size = (int64_t)scaled(fabs(v));

	return v < 0 ? -size : size;
}

size_t npsd_decimal_fixed4(char out[NPSD_DECIMAL_MAX], double v)
{
	uint64_t q;
	size_t n = 0;

	npsd_assert(isfinite(v));
	if (fabs(v) >= 0x1p49)
		return (size_t)snprintf(out, NPSD_DECIMAL_MAX, "%.4f", v);
	q = scaled(fabs(v));
	if (v < 0 && q > 0)
		out[n++] = '-';
	n += digits(out + n, q / 10000, 1);
	out[n++] = '.';
	n += digits(out + n, q % 10000, 4);
	out[n] = 0;
	return n;
}
