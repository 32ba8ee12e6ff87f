/*
 * How libFuzzer mutates an input that is made of items: as it does any bytes, or within one item, or another
 * that npsd itself has written takes its place, so that no corpus is needed to get behind the first check.
 */
#ifndef FUZZ_ITEMS_H
#define FUZZ_ITEMS_H

#include <string.h>

#include "base/log.h"
#include "items.h"
#include "shard_pieces.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* What is refused is told in the log, thousands of times a second. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	npsd_log_level(NPSD_LOG_ERROR);
	return 0;
}

static size_t fuzz_items_mutate(uint8_t *data, size_t size, size_t most, unsigned int seed,
    unsigned int packed, void (*make)(struct drive_input *))
{
	static struct drive_input in;
	uint64_t what;

	drive_seed(seed);
	what = drive_below(8);
	if (size > sizeof in.p || (what > 3 && size > 0))
		return LLVMFuzzerMutate(data, size, most);
	in.n = 0;
	drive_add(&in, data, size);
	if (what == 0 || size == 0)
		make(&in);
	else
		items_mutate(&in, packed, shard_pieces, SHARD_PIECES);
	if (in.n > most)
		in.n = most;
	memcpy(data, in.p, in.n);
	return in.n;
}

#endif
