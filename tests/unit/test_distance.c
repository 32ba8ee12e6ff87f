/* The distance of two names. */
#include <criterion/criterion.h>

#include "base/distance.h"

static int distance(const char *a, const char *b, int most)
{
	return npsd_distance(npsd_str(a), npsd_str(b), most);
}

Test(distance, of_names)
{
	static const struct {
		const char *a, *b;
		int expect;
	} rows[] = {{"", "", 0}, {"a", "a", 0}, {"", "abc", 3}, {"abc", "", 3}, {"shard", "shards", 1},
	    {"north", "nroth", 2}, {"north", "norte", 1}, {"kitten", "sitting", 3}, {"abc", "xyz", 3}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		cr_expect_eq(
		    distance(rows[i].a, rows[i].b, 9), rows[i].expect, "%s %s", rows[i].a, rows[i].b);
		cr_expect_eq(distance(rows[i].b, rows[i].a, rows[i].expect), rows[i].expect);
		if (rows[i].expect)
			cr_expect_eq(distance(rows[i].a, rows[i].b, rows[i].expect - 1), rows[i].expect);
	}
}

Test(distance, a_name_that_is_too_long_is_far)
{
	static char name[NPSD_DISTANCE_NAME_MAX + 1];

	memset(name, 'a', sizeof name);
	struct npsd_str longest = {name, NPSD_DISTANCE_NAME_MAX}, longer = {name, NPSD_DISTANCE_NAME_MAX + 1};

	cr_expect_eq(npsd_distance(longest, longest, 5), 0);
	cr_expect_eq(npsd_distance(longer, longer, 5), 6);
}
