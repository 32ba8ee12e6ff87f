/* libFuzzer: tests/fuzz/fuzz_snapshot CORPUS */
#include "fuzz_items.h"
#include "snapshot_same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct snapshot_told told;

	if (size <= DRIVE_MOST)
		snapshot_same(&told, data, size);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed)
{
	return fuzz_items_mutate(data, size, most, seed, 1u << SNAPSHOT_BYTES, snapshot_make);
}
