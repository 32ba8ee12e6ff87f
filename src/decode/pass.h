/* For tests and fuzzers: a decoder with one source of tokens. */
#ifndef NPSD_DECODE_PASS_H
#define NPSD_DECODE_PASS_H

#include "npsd/decode.h"

/* kernel: a name from npsd_index_kernel(), or "exact" for exact passes only.
 * Thread: main; Owns: the caller frees it; Fails: NULL if there is no such kernel, or no memory */
struct npsd_decoder *npsd_decoder_new_kernel(const struct npsd_config *cfg, const char *kernel);
/* How many records needed an exact pass so far. Thread: worker */
uint64_t npsd_decoder_exact_passes(const struct npsd_decoder *d);

#endif
