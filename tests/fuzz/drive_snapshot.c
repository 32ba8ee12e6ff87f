/* Snapshots as npsd writes them, and mutations of them: drive_snapshot [SEED [INPUTS]] */
#include <stdio.h>

#include "base/log.h"
#include "npsd/err.h"
#include "shard_pieces.h"
#include "snapshot_same.h"

int main(int argc, char **argv)
{
	struct drive d = drive_begin(argc, argv, 15000);
	struct snapshot_told told = {0};

	npsd_log_level(NPSD_LOG_ERROR);
	while (drive_next(&d)) {
		struct drive_input in;

		snapshot_make(&in);
		for (uint64_t k = drive_below(4); k > 0; k--)
			items_mutate(&in, 1u << SNAPSHOT_BYTES, shard_pieces, SHARD_PIECES);
		snapshot_same(&told, in.p, in.n);
	}
	printf("%ld taken, %ld refused, %ld wait, %ld again\n", told.taken, told.refused, told.waits,
	    told.again);
	npsd_assert(
	    d.inputs < 1000 || (told.taken > d.inputs / 4 && told.refused > d.inputs / 4 && told.again > 0));
	return 0;
}
