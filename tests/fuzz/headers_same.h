/* The check of decode for a record with headers, both from one input; shared by the driver and the fuzzer. */
#ifndef HEADERS_SAME_H
#define HEADERS_SAME_H

#include "decode_same.h"

/*
 * | bit i: header i of enum npsd_header is present (1 byte) | length (1 byte), bytes | ... | value
 *
 * A length after the end of the input is cut. Returns the result of decode_same().
 */
enum npsd_reason headers_same(struct readers *r, const char *p, size_t n);

#endif
