/*
 * Where the tokens of a JSON text begin: simdjson's first stage, behind a C face. It also proves the text to
 * be valid UTF-8, its strings to be closed and free of raw control characters. The library holds one kernel
 * per processor family (icelake: AVX-512, haswell: AVX2, westmere: SSE4.2, arm64, ppc64); which one runs is
 * chosen at run time.
 *
 *   {"score": 9, "themes": ["a"]}
 *   ^^      ^ ^^ ^       ^ ^^  ^^
 *
 * Indexed are brackets, `:`, `,` and the first byte of every string and scalar: every byte that is not white
 * space either begins a token or continues the one before it.
 */
#ifndef NPSD_DECODE_INDEX_H
#define NPSD_DECODE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define NPSD_NOTHROW noexcept
extern "C" {
#else
#define NPSD_NOTHROW
#endif

struct npsd_index;

#define NPSD_KERNEL_NAME 32
/* Name of the i-th kernel that this processor can run, the best first; false behind the last. Thread: any */
bool npsd_index_kernel(char name[NPSD_KERNEL_NAME], int i) NPSD_NOTHROW;
/* NULL: no such kernel, or no memory. Thread: main; Owns: the caller frees */
struct npsd_index *npsd_index_new(size_t longest, const char *kernel) NPSD_NOTHROW;
void npsd_index_free(struct npsd_index **x) NPSD_NOTHROW;
/*
 * Number of positions; *out is valid until the next call. -1: refused, for whatever reason. Reads p[0, n)
 * only. Thread: worker; Waits: never
 */
int64_t npsd_index_make(struct npsd_index *x, const uint32_t **out, const char *p, size_t n) NPSD_NOTHROW;

#ifdef __cplusplus
}
#endif
#endif
