/* A record with headers, made of one run of bytes; the driver and the fuzzer share it. */
#ifndef HEADERS_SAME_H
#define HEADERS_SAME_H

#include "decode_same.h"

/*
 *   1 byte: which headers there are (bit i: enum npsd_header); of each its length in a byte and its bytes;
 * the value
 *
 * Holds decode_same() of it. Lengths that reach behind the end are cut. Returns the verdict.
 */
enum npsd_reason headers_same(struct readers *r, const char *p, size_t n);

#endif
