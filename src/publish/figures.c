#include "npsd/figures.h"

#include <math.h>

#include "npsd/err.h"

static const double z95 = 1.959963984540054;

struct npsd_counts npsd_counts_of(const int64_t v[NPSD_NCOUNTER])
{
	struct npsd_counts c = {0};

	for (int i = NPSD_C_h0; i <= NPSD_C_h6; i++)
		c.detractors += v[i];
	c.passives = v[NPSD_C_h7] + v[NPSD_C_h8];
	c.promoters = v[NPSD_C_h9] + v[NPSD_C_h10];
	c.n = c.promoters + c.passives + c.detractors;
	return c;
}

/* Mean and variance of one adjusted answer (+1, 0, -1), and the adjusted number of answers. */
struct adjusted {
	double n, mean, var;
};

static struct adjusted adjust(struct npsd_counts c)
{
	struct adjusted a = {.n = (double)c.n + 3};

	npsd_assert(c.n > 0);
	a.mean = (double)(c.promoters - c.detractors) / a.n;
	a.var = ((double)(c.promoters + c.detractors) + 1.5) / a.n - a.mean * a.mean;
	return a;
}

static double nps_of(struct npsd_counts c)
{
	return 100 * (double)(c.promoters - c.detractors) / (double)c.n;
}

struct npsd_nps npsd_nps_of(struct npsd_counts c)
{
	struct adjusted a = adjust(c);
	double half = z95 * sqrt(a.var / a.n);

	return (struct npsd_nps){
	    .nps = nps_of(c),
	    .lo = 100 * fmax(-1, a.mean - half),
	    .hi = 100 * fmin(1, a.mean + half),
	};
}

struct npsd_change npsd_change_of(struct npsd_counts now, struct npsd_counts prev)
{
	struct adjusted a = adjust(now), b = adjust(prev);
	struct npsd_change c = {.delta = nps_of(now) - nps_of(prev)};

	c.z = (a.mean - b.mean) / sqrt(a.var / a.n + b.var / b.n);
	c.p_value = erfc(fabs(c.z) / sqrt(2));
	c.significant = c.p_value < 0.05;
	return c;
}

void npsd_rate_interval(double *lo, double *hi, int64_t k, int64_t n)
{
	double m = (double)n, p, z2 = z95 * z95, centre, half;

	npsd_assert(n > 0 && k >= 0 && k <= n);
	p = (double)k / m;
	centre = (p + z2 / (2 * m)) / (1 + z2 / m);
	half = z95 / (1 + z2 / m) * sqrt(p * (1 - p) / m + z2 / (4 * m * m));
	*lo = k == 0 ? 0 : fmax(0, centre - half);
	*hi = k == n ? 1 : fmin(1, centre + half);
}

void npsd_spread(double *mean, double *sd, const int64_t v[NPSD_NCOUNTER])
{
	double n = 0, sum = 0, squares = 0;

	for (int i = 0; i < NPSD_NSCORE; i++) {
		double h = (double)v[NPSD_C_FIRST_SCORE + i];

		n += h;
		sum += h * i;
		squares += h * i * i;
	}
	npsd_assert(n > 0);
	*mean = sum / n;
	/* n * squares - sum^2 is an integer: exact below 2^53, and never below zero for equal scores. */
	*sd = sqrt(fmax(0, n * squares - sum * sum)) / n;
}
