/* libFuzzer: tests/fuzz/fuzz_decode -dict=tests/fuzz/decode.dict CORPUS */
#include "compare_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct readers *readers;

	if (!readers)
		readers = readers_new();
	if (size <= readers->room)
		(void)compare_decode(readers, (const char *)data, size);
	return 0;
}
