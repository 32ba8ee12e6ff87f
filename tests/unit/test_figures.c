#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>

#include "npsd/figures.h"

/* Each line of tests/data/stat-vectors.json that holds an object is one vector, four decimals. */
static FILE *open_vectors(void)
{
	FILE *f = fopen(NPSD_SOURCE_DIR "/tests/data/stat-vectors.json", "r");

	cr_assert_not_null(f);
	return f;
}

static bool near(double got, double expect)
{
	return fabs(got - expect) <= 0.00005 + 1e-9;
}

static struct npsd_counts counts(int64_t p, int64_t s, int64_t d)
{
	return (struct npsd_counts){.n = p + s + d, .promoters = p, .passives = s, .detractors = d};
}

Test(figures, intervals_of_the_vectors)
{
	FILE *f = open_vectors();
	char line[512];
	int seen = 0;

	while (fgets(line, sizeof line, f)) {
		long long p, s, d, n;
		double nps, lo, hi;
		struct npsd_nps got;

		if (sscanf(line,
			" {\"p\": %lld, \"s\": %lld, \"d\": %lld, \"n\": %lld, \"nps\": %lf, \"lo\": %lf, "
			"\"hi\": %lf}",
			&p, &s, &d, &n, &nps, &lo, &hi) != 7)
			continue;
		got = npsd_nps_of(counts(p, s, d));
		cr_expect(near(got.nps, nps) && near(got.lo, lo) && near(got.hi, hi), "%s got %f %f %f", line,
		    got.nps, got.lo, got.hi);
		seen++;
	}
	cr_expect_eq(seen, 10);
	fclose(f);
}

Test(figures, changes_of_the_vectors)
{
	FILE *f = open_vectors();
	char line[512];
	int seen = 0;

	while (fgets(line, sizeof line, f)) {
		long long a[3], b[3];
		double delta, z, p;
		int sig;
		struct npsd_change got;

		if (sscanf(line,
			" {\"now\": [%lld, %lld, %lld], \"prev\": [%lld, %lld, %lld], \"delta\": %lf, \"z\": "
			"%lf, "
			"\"p_value\": %lf, \"sig\": %d}",
			&a[0], &a[1], &a[2], &b[0], &b[1], &b[2], &delta, &z, &p, &sig) != 10)
			continue;
		got = npsd_change_of(counts(a[0], a[1], a[2]), counts(b[0], b[1], b[2]));
		cr_expect(near(got.delta, delta) && near(got.z, z) && near(got.p_value, p) &&
			      got.significant == sig,
		    "%s got %f %f %f %d", line, got.delta, got.z, got.p_value, got.significant);
		seen++;
	}
	cr_expect_eq(seen, 3);
	fclose(f);
}

Test(figures, rates_of_the_vectors)
{
	FILE *f = open_vectors();
	char line[512];
	int seen = 0;

	while (fgets(line, sizeof line, f)) {
		long long k, n;
		double rate, lo, hi, got_lo, got_hi;

		if (sscanf(line, " {\"k\": %lld, \"n\": %lld, \"rate\": %lf, \"lo\": %lf, \"hi\": %lf}", &k,
			&n, &rate, &lo, &hi) != 5)
			continue;
		npsd_rate_interval(&got_lo, &got_hi, k, n);
		cr_expect(near((double)k / (double)n, rate) && near(got_lo, lo) && near(got_hi, hi),
		    "%s got %f %f", line, got_lo, got_hi);
		seen++;
	}
	cr_expect_eq(seen, 4);
	fclose(f);
}

Test(figures, spreads_of_the_vectors)
{
	FILE *f = open_vectors();
	char line[512];
	int seen = 0;

	while (fgets(line, sizeof line, f)) {
		long long h[11];
		double mean, sd, got_mean, got_sd;
		int64_t v[NPSD_NCOUNTER] = {0};

		if (sscanf(line,
			" {\"h\": [%lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld], "
			"\"mean\": %lf, \"sd\": %lf}",
			&h[0], &h[1], &h[2], &h[3], &h[4], &h[5], &h[6], &h[7], &h[8], &h[9], &h[10], &mean,
			&sd) != 13)
			continue;
		for (int i = 0; i <= 10; i++)
			v[NPSD_C_h0 + i] = h[i];
		npsd_spread(&got_mean, &got_sd, v);
		cr_expect(near(got_mean, mean) && near(got_sd, sd), "%s got %f %f", line, got_mean, got_sd);
		seen++;
	}
	cr_expect_eq(seen, 2);
	fclose(f);
}

Test(figures, scores_fall_into_three_kinds)
{
	int64_t v[NPSD_NCOUNTER] = {0};
	struct npsd_counts c;

	for (int i = 0; i <= 10; i++)
		v[NPSD_C_h0 + i] = 1 << i;
	v[NPSD_C_no_score] = 5000;
	v[NPSD_C_comments] = 5000;
	c = npsd_counts_of(v);
	cr_expect_eq(c.detractors, 127);
	cr_expect_eq(c.passives, 128 + 256);
	cr_expect_eq(c.promoters, 512 + 1024);
	cr_expect_eq(c.n, 2047);
}

Test(figures, equal_scores_have_no_spread)
{
	int64_t v[NPSD_NCOUNTER] = {0};
	double mean, sd;

	v[NPSD_C_h7] = 999983;
	npsd_spread(&mean, &sd, v);
	cr_expect(mean == 7 && sd == 0, "%f %f", mean, sd);
}

Test(figures, intervals_stay_on_the_scale)
{
	for (int64_t n = 1; n < 200; n++) {
		struct npsd_nps up = npsd_nps_of(counts(n, 0, 0)), down = npsd_nps_of(counts(0, 0, n));
		double lo, hi;

		cr_expect(up.hi <= 100 && up.lo < up.hi && down.lo >= -100 && down.lo < down.hi);
		cr_expect(fabs(up.lo + down.hi) < 1e-9 && fabs(up.hi + down.lo) < 1e-9, "mirrored, n %lld",
		    (long long)n);
		npsd_rate_interval(&lo, &hi, 0, n);
		cr_expect(lo == 0 && hi > 0 && hi < 1);
		npsd_rate_interval(&lo, &hi, n, n);
		cr_expect(hi == 1 && lo > 0 && lo < 1);
	}
}
