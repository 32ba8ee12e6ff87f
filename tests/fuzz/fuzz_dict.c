/* libFuzzer: tests/fuzz/fuzz_dict CORPUS */
#include "fuzz_items.h"
#include "dict_same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dict_counts counts;

	if (size <= DRIVE_MOST)
		dict_same(&counts, data, size);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed)
{
	return fuzz_items_mutate(data, size, most, seed, 1, dict_make);
}
