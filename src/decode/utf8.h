/* UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef NPSD_DECODE_UTF8_H
#define NPSD_DECODE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

/* Thread: any; Fails: false if p is not valid, *bad is where the first invalid sequence begins */
bool npsd_utf8_check(uint32_t *bad, const char *p, uint32_t n);
/* The length of the longest prefix of valid p[0, n) of at most `most` bytes and of whole characters. Thread:
 * any */
uint32_t npsd_utf8_cut(const char *p, uint32_t n, uint32_t most);
/* Writes a code point in 1 to 4 bytes and returns their number. Thread: any */
uint32_t npsd_utf8_put(char out[4], uint32_t code);

#endif
