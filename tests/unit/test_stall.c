#include <criterion/criterion.h>

#include "base/stall.h"

#define LIMIT 4000

Test(stall, no_step_for_longer_than_the_limit)
{
	struct npsd_stall s = {.looked_mono_ms = 100};

	for (int64_t now = 120; now <= 100 + LIMIT; now += 20)
		cr_assert_not(npsd_stall_look(&s, 0, now, LIMIT));
	cr_expect(npsd_stall_look(&s, 0, 100 + LIMIT + 20, LIMIT));
}

Test(stall, a_step_begins_it_anew)
{
	struct npsd_stall s = {.looked_mono_ms = 0};

	for (int64_t now = 1000; now <= 20000; now += 1000)
		cr_assert_not(npsd_stall_look(&s, now / 3000, now, LIMIT));
}

/* If the whole process was stopped, or its machine, no component hangs. */
Test(stall, a_process_that_stood_still_goes_on)
{
	struct npsd_stall s = {.looked_mono_ms = 0};

	cr_expect_not(npsd_stall_look(&s, 7, 20, LIMIT));
	cr_expect_not(npsd_stall_look(&s, 7, 3600000, LIMIT));
	cr_expect_not(npsd_stall_look(&s, 7, 3600020, LIMIT), "its threads go on first");
	cr_expect_not(npsd_stall_look(&s, 8, 3600040, LIMIT));
	cr_expect_not(npsd_stall_look(&s, 8, 3600060, LIMIT));
}
