/* Rulings, states and positions as npsd writes them, and mutations of them: drive_stored [SEED [INPUTS]] */
#include <stdio.h>

#include "npsd/err.h"
#include "shard_pieces.h"
#include "stored_same.h"

int main(int argc, char **argv)
{
	struct drive d = drive_begin(argc, argv, 200000);
	struct stored_told told = {0};

	while (drive_next(&d)) {
		struct drive_input in;

		stored_make(&in);
		for (uint64_t k = drive_below(3); k > 0; k--)
			items_mutate(&in, 0, shard_pieces, SHARD_PIECES);
		stored_same(&told, in.p, in.n);
	}
	printf("%ld taken, %ld refused\n", told.taken, told.refused);
	npsd_assert(d.inputs < 1000 || (told.taken > d.inputs / 4 && told.refused > d.inputs / 8));
	return 0;
}
