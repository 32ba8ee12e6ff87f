/* libFuzzer: tests/fuzz/fuzz_entry CORPUS */
#include "entry_same.h"
#include "fuzz_items.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct entry_told told;

	if (size <= DRIVE_MOST)
		entry_same(&told, data, size);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed)
{
	return fuzz_items_mutate(data, size, most, seed, 1u << ENTRY_DELTAS, entry_make);
}
