/*
 * Where the tokens of a JSON text begin: the first stage of simdjson, with a C interface. It also checks that
 * the text is valid UTF-8 and that its strings are closed and have no raw control characters. The library has
 * one kernel for each family of processors (icelake: AVX-512, haswell: AVX2, westmere: SSE4.2, arm64, ppc64)
 * and the choice is made at run time.
 *
 *   {"score": 9, "themes": ["a"]}
 *   ^^      ^ ^^ ^       ^ ^^  ^^
 *
 * The index has brackets, `:`, `,` and the first byte of every string and scalar. Any other byte that is not
 * white space continues the token before it.
 */
#ifndef NPSD_DECODE_TOKEN_INDEX_H
#define NPSD_DECODE_TOKEN_INDEX_H

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
/* Name of kernel i of those that this processor can run, the best first. False: there are fewer. Thread: any
 */
bool npsd_index_kernel(char name[NPSD_KERNEL_NAME], int i) NPSD_NOTHROW;
/* Thread: main; Owns: the caller frees it; Fails: NULL if there is no such kernel, or no memory */
struct npsd_index *npsd_index_new(size_t longest, const char *kernel) NPSD_NOTHROW;
void npsd_index_free(struct npsd_index **x) NPSD_NOTHROW;
/*
 * Number of positions in *out, which is valid until the next call. Reads p[0, n) only.
 * Thread: worker; Waits: never; Fails: -1 if the text is refused
 */
int64_t npsd_index_make(struct npsd_index *x, const uint32_t **out, const char *p, size_t n) NPSD_NOTHROW;

#ifdef __cplusplus
}
#endif
#endif
