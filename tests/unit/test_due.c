#include <criterion/criterion.h>

#include "publish/due.h"

static struct npsd_due d;

static void open_due(void)
{
	npsd_due_reset(&d);
}

static void close_due(void)
{
	npsd_due_free(&d);
}

TestSuite(due, .init = open_due, .fini = close_due);

/* Tells the classes of what is fresh: that of segment i is class[i]. */
static void classify(const int *class, int64_t mono_ms)
{
	for (uint32_t i; (i = npsd_due_fresh(&d)) != NPSD_LIST_NONE;)
		npsd_due_classify(&d, class[i], mono_ms);
}

static void write_next(uint32_t expect, int64_t mono_ms)
{
	uint32_t i = npsd_due_take(&d);

	cr_assert_eq(i, expect, "%u instead of %u", i, expect);
	if (i != NPSD_LIST_NONE)
		npsd_due_written(&d, i, mono_ms);
}

Test(due, a_first_change_is_ready_at_once_the_next_after_the_interval)
{
	static const int class[] = {0};

	npsd_due_touch(&d, 0, 5000);
	classify(class, 5000);
	write_next(0, 5000);
	cr_expect_eq(d.due, 0);
	npsd_due_touch(&d, 0, 5001);
	cr_expect_eq(d.due, 1);
	npsd_due_cool(&d, 5999, 1000);
	write_next(NPSD_LIST_NONE, 5999);
	npsd_due_cool(&d, 6000, 1000);
	write_next(0, 6000);
	/* not touched since */
	npsd_due_cool(&d, 7000, 1000);
	write_next(NPSD_LIST_NONE, 7000);
	npsd_due_touch(&d, 0, 7500);
	write_next(0, 7500);
}

Test(due, a_change_while_it_is_written_is_written_after_the_interval)
{
	static const int class[] = {0};

	npsd_due_touch(&d, 0, 0);
	classify(class, 0);
	cr_assert_eq(npsd_due_take(&d), 0);
	npsd_due_touch(&d, 0, 1);
	npsd_due_written(&d, 0, 2);
	cr_expect_eq(d.due, 1);
	npsd_due_cool(&d, 1001, 1000);
	write_next(NPSD_LIST_NONE, 1001);
	npsd_due_cool(&d, 1002, 1000);
	write_next(0, 1002);
	cr_expect_eq(d.due, 0);
}

Test(due, short_before_long_and_old_before_new)
{
	static const int class[] = {2, 0, 1, 2, 0, 1};

	for (uint32_t i = 0; i < 6; i++)
		npsd_due_touch(&d, i, i);
	classify(class, 10);
	write_next(1, 10);
	write_next(4, 10);
	write_next(2, 10);
	/* every fourth is the oldest of all; all are equally old here, so the shortest */
	write_next(5, 10);
	write_next(0, 10);
	write_next(3, 10);
	write_next(NPSD_LIST_NONE, 10);
}

Test(due, a_long_one_does_not_starve)
{
	enum { N = 40 };
	int class[N + 1] = {0};
	int taken = 0;

	class[N] = 9;
	npsd_due_touch(&d, N, 0);
	classify(class, 0);
	for (uint32_t i = 0; i < N; i++)
		npsd_due_touch(&d, i, 1);
	classify(class, 1);
	while (npsd_due_take(&d) != N)
		taken++;
	cr_expect_eq(taken, 3);
}

Test(due, what_could_not_be_written_is_the_first_again)
{
	static const int class[] = {1, 1, 0};

	npsd_due_touch(&d, 0, 0);
	npsd_due_touch(&d, 1, 0);
	classify(class, 0);
	cr_assert_eq(npsd_due_take(&d), 0);
	npsd_due_touch(&d, 0, 1);
	npsd_due_retry(&d, 0, 2);
	cr_expect_eq(d.due, 2);
	write_next(0, 3);
	write_next(1, 3);
	npsd_due_cool(&d, 5000, 1000);
	write_next(NPSD_LIST_NONE, 5000);
	cr_expect_eq(d.due, 0);
}

Test(due, a_sweep_seizes_only_what_is_idle)
{
	static const int class[] = {0, 0, 0};

	cr_expect(npsd_due_seize(&d, 2), "made as needed");
	cr_expect_eq(d.due, 1);
	cr_expect_not(npsd_due_seize(&d, 2), "in flight");
	npsd_due_written(&d, 2, 0);
	cr_expect_not(npsd_due_seize(&d, 2), "cooling");
	npsd_due_touch(&d, 0, 0);
	cr_expect_not(npsd_due_seize(&d, 0), "fresh");
	classify(class, 0);
	cr_expect_not(npsd_due_seize(&d, 0), "ready");
	cr_expect(npsd_due_seize(&d, 1));
	npsd_due_retry(&d, 1, 0);
	classify(class, 0);
	cr_expect_eq(d.nready, 2);
	npsd_due_reset(&d);
	cr_expect_eq(d.due, 0);
	write_next(NPSD_LIST_NONE, 0);
}

/* Any sequence: each segment is in one place, and due counts what still must be written. */
Test(due, books_are_kept)
{
	enum { N = 30 };
	int class[N];
	uint64_t s = 42;
	int64_t now = 0;
	uint32_t flight[N], n = 0;
	bool owed[N] = {false};

	for (int i = 0; i < N; i++)
		class[i] = i % 5;
	for (int step = 0; step < 20000; step++) {
		uint32_t r = (uint32_t)((s = s * 6364136223846793005u + 1442695040888963407u) >> 33),
			 i = r / 8 % N, due = 0;

		now += r % 3;
		if (r % 8 < 3) {
			npsd_due_touch(&d, i, now);
			owed[i] = true;
		} else if (r % 8 < 5 && n < N) {
			classify(class, now);
			npsd_due_cool(&d, now, 50);
			i = npsd_due_take(&d);
			if (i != NPSD_LIST_NONE) {
				cr_assert(owed[i], "it was not touched");
				flight[n++] = i;
				owed[i] = false;
			}
		} else if (n > 0) {
			i = flight[--n];
			if (r % 8 == 5) {
				npsd_due_retry(&d, i, now);
				owed[i] = true;
			} else {
				npsd_due_written(&d, i, now);
			}
		}
		for (i = 0; i < d.n; i++)
			due += d.seg[i].place == NPSD_DUE_FLIGHT || owed[i];
		cr_assert_eq(d.due, due, "step %d", step);
	}
}
