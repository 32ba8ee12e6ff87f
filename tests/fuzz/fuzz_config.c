/* libFuzzer: tests/fuzz/fuzz_config -dict=tests/fuzz/config.dict CORPUS </dev/null */
#include <stdint.h>

#include "compare_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	compare_config((const char *)data, size);
	return 0;
}
