/* UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef NPSD_DECODE_UTF8_H
#define NPSD_DECODE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

/* False: not valid, *bad is where the first broken sequence begins. Thread: any */
bool npsd_utf8_check(uint32_t *bad, const char *p, uint32_t n);
/* The most bytes of valid p[0, n), at most `most`, that end between two characters. Thread: any */
uint32_t npsd_utf8_cut(const char *p, uint32_t n, uint32_t most);
/* Writes a code point, 1 to 4 bytes; returns how many. Thread: any */
uint32_t npsd_utf8_put(char out[4], uint32_t code);

#endif
