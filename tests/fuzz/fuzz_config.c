/* libFuzzer: tests/fuzz/fuzz_config -dict=tests/fuzz/config.dict CORPUS </dev/null */
#include <stdint.h>

#include "config_same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	config_same((const char *)data, size);
	return 0;
}
