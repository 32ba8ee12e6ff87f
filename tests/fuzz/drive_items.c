/* drive_X [SEED [INPUTS]], for X whose compare_X.c defines item_test: compares inputs of npsd and mutations
 * of them. */
#include <stdio.h>

#include "base/log.h"
#include "items.h"
#include "npsd/err.h"

int main(int argc, char **argv)
{
	struct drive d = drive_begin(argc, argv, 10000);
	const struct item_test *t = &item_test;
	struct item_counts c = {0};
	double n = (double)d.inputs;

	npsd_log_level(NPSD_LOG_ERROR);
	while (drive_next(&d)) {
		struct drive_input in;

		t->make(&in);
		for (uint64_t k = drive_below(t->mutations); k > 0; k--)
			items_mutate(&in, t->packed);
		t->compare(&c, in.p, in.n);
	}
	printf("%ld accepted, %ld refused, %ld waiting, %ld retried\n", c.accepted, c.refused, c.waiting,
	    c.retried);
	npsd_assert(
	    d.inputs < 1000 || ((double)c.accepted > n * t->accepted_min &&
				   (double)c.refused > n * t->refused_min && (!t->retries || c.retried > 0)));
	return 0;
}
