/* libFuzzer: tests/fuzz/fuzz_headers -dict=tests/fuzz/decode.dict CORPUS */
#include "compare_headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct readers *readers;

	if (!readers)
		readers = readers_new();
	if (size <= readers->room)
		(void)compare_headers(readers, (const char *)data, size);
	return 0;
}
