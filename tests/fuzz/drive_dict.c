/* Dictionaries as admit.lua writes them, and mutations: drive_dict [SEED [INPUTS]] */
#include <stdio.h>

#include "base/log.h"
#include "dict_same.h"
#include "npsd/err.h"
#include "shard_pieces.h"

int main(int argc, char **argv)
{
	struct drive d = drive_begin(argc, argv, 10000);
	struct dict_counts counts = {0};

	npsd_log_level(NPSD_LOG_ERROR);
	while (drive_next(&d)) {
		struct drive_input in;

		dict_make(&in);
		for (uint64_t k = drive_below(3); k > 0; k--)
			items_mutate(&in, 1, shard_pieces, SHARD_PIECES);
		dict_same(&counts, in.p, in.n);
	}
	printf("%ld taken, %ld refused\n", counts.taken, counts.refused);
	npsd_assert(d.inputs < 1000 || (counts.taken > d.inputs && counts.refused > d.inputs / 8));
	return 0;
}
