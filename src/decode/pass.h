/* For tests and fuzzers: a decoder that reads in one way only. */
#ifndef NPSD_DECODE_PASS_H
#define NPSD_DECODE_PASS_H

#include "npsd/decode.h"

/*
 * kernel: a name of npsd_index_kernel(), or "exact": byte by byte, always. NULL where there is none of that
 * name. Thread: main; Owns: the caller frees
 */
struct npsd_decoder *npsd_decoder_new_kernel(const struct npsd_config *cfg, const char *kernel);
/* Records that were read byte by byte so far. Thread: worker */
uint64_t npsd_decoder_exact_passes(const struct npsd_decoder *d);

#endif
