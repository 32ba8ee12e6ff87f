/* libFuzzer: tests/fuzz/fuzz_stored CORPUS */
#include "fuzz_items.h"
#include "stored_same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct stored_told told;

	if (size <= DRIVE_MOST)
		stored_same(&told, data, size);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed)
{
	return fuzz_items_mutate(data, size, most, seed, 0, stored_make);
}
