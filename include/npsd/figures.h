/*
 * The figures of a window, from its counts. P, N, D: promoters, passives, detractors; n = P + N + D; z
 * = 1.959963984540054. Scores and intervals in points, shares and rates as fractions; unrounded (four
 * decimals where they are written).
 */
#ifndef NPSD_FIGURES_H
#define NPSD_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "npsd/segment.h"

struct npsd_counts { /* promoters + passives + detractors == n == h0 + ... + h10 */
	int64_t n, promoters, passives, detractors;
};

struct npsd_nps {
	double nps, lo, hi;
};

struct npsd_change {
	double delta, z, p_value;
	bool significant; /* p_value < 0.05 */
};

/* Thread: any, for all; Waits: never; Fails: never */
struct npsd_counts npsd_counts_of(const int64_t v[NPSD_NCOUNTER]);
/*
 * Adjusted Wald interval (Rocks 2016, "Interval estimation for the Net Promoter Score", The American
 * Statistician 70:4, 365-372: add three answers, one of each kind but in proportion 3/4, 3/2, 3/4): n' = n+3,
 * m' = (P-D)/n', v' = (P+D+1.5)/n' - m'^2, lo = 100 max(-1, m' - z sqrt(v'/n')), hi likewise. n > 0.
 */
struct npsd_nps npsd_nps_of(struct npsd_counts c);
/* z = (m1'-m2') / sqrt(v1'/n1' + v2'/n2'); p = erfc(|z|/sqrt 2), two-sided. Both n > 0. */
struct npsd_change npsd_change_of(struct npsd_counts now, struct npsd_counts prev);
/* Wilson score interval of k of n, 0 <= k <= n, n > 0 (Wilson 1927, JASA 22:158, 209-212). */
void npsd_rate_interval(double *lo, double *hi, int64_t k, int64_t n);
/* Mean and population standard deviation over h0..h10. n > 0. */
void npsd_spread(double *mean, double *sd, const int64_t v[NPSD_NCOUNTER]);

#endif
