/* libFuzzer: tests/fuzz/fuzz_headers -dict=tests/fuzz/decode.dict CORPUS */
#include "headers_same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct readers *readers;

	if (!readers)
		readers = readers_new();
	if (size <= readers->room)
		(void)headers_same(readers, (const char *)data, size);
	return 0;
}
