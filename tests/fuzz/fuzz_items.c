/*
 * libFuzzer: tests/fuzz/fuzz_X CORPUS, for X whose compare_X.c defines item_test.
 *
 * An input is mutated as any bytes are, or within one item, or replaced by one that npsd wrote: so no corpus
 * is needed to pass the first check.
 */
#include <string.h>

#include "base/log.h"
#include "items.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Refusals are logged, thousands per second. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	npsd_log_level(NPSD_LOG_ERROR);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct item_counts counts;

	if (size <= DRIVE_MAX)
		item_test.compare(&counts, data, size);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	static struct drive_input in;
	uint64_t choice;

	drive_seed(seed);
	choice = drive_below(8);
	if (size > sizeof in.p || (choice > 3 && size > 0))
		return LLVMFuzzerMutate(data, size, max);
	in.n = 0;
	drive_add(&in, data, size);
	if (choice == 0 || size == 0)
		item_test.make(&in);
	else
		items_mutate(&in, item_test.packed);
	if (in.n > max)
		in.n = max;
	memcpy(data, in.p, in.n);
	return in.n;
}
