#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publish/decimal.h"

static void same_as_printf(double v)
{
	char got[NPSD_DECIMAL_MAX], expect[NPSD_DECIMAL_MAX];
	size_t n = npsd_decimal_fixed4(got, v);

	snprintf(expect, sizeof expect, "%.4f", v);
	if (strcmp(expect, "-0.0000") == 0)
		strcpy(expect, "0.0000");
	cr_expect_str_eq(got, expect, "%a", v);
	cr_expect_eq(n, strlen(expect));
}

Test(decimal, edges)
{
	static const double rows[] = {0, -0.0, 0.00005, -0.00005, 0.00004999999, 0.00015, 0.03125, 0.09375,
	    -0.03125, 0.15625, 1, -1, 9.99995, 9.999949999999999, 99.99995, 100, -100, 0x1p-1074, 0x1p-30,
	    0x1p-60, 0.5, 0.1, 1e15, 562949953421311.94, 0x1p49, 0x1p53, -0x1p60, 1e22,
	    1.7976931348623157e308, -1.7976931348623157e308, 33.333333333333336, 66.66666666666667, 2.5e-5,
	    7.5e-5};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		same_as_printf(rows[i]);
}

/* splitmix64, so that a failure can be repeated */
static uint64_t next(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static uint64_t seed(void)
{
	const char *set = getenv("NPSD_SEED");

	return set ? strtoull(set, NULL, 0) : 42;
}

Test(decimal, many_values)
{
	uint64_t s = seed();

	cr_log_info("seed %llu", (unsigned long long)s);
	for (int i = 0; i < 200000; i++) {
		int64_t k = (int64_t)(next(&s) % 2000001) - 1000000;
		double n = (double)(next(&s) % 1000000 + 1), v;
		uint64_t bits = next(&s);

		same_as_printf(100 * (double)k / n);  /* as figures are made */
		same_as_printf((double)k / 32 / 625); /* often half way between two texts */
		memcpy(&v, &bits, sizeof v);	      /* any double */
		if (isfinite(v))
			same_as_printf(v);
	}
}

Test(decimal, whole_numbers)
{
	static const struct {
		int64_t v;
		const char *text;
	} rows[] = {{0, "0"}, {7, "7"}, {-7, "-7"}, {10, "10"}, {1795334400000, "1795334400000"},
	    {INT64_MAX, "9223372036854775807"}, {INT64_MIN, "-9223372036854775808"}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char got[NPSD_DECIMAL_MAX];

		cr_expect_eq(npsd_decimal_int(got, rows[i].v), strlen(rows[i].text));
		cr_expect_str_eq(got, rows[i].text);
	}
}
