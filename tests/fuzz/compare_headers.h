/* compare_decode() for a record with headers; one input holds both. */
#ifndef COMPARE_HEADERS_H
#define COMPARE_HEADERS_H

#include "compare_decode.h"

/*
 * | bit i: header i of enum npsd_header is present (1 byte) | length (1 byte), bytes | ... | value
 *
 * A length after the end of the input is cut. Returns the result of compare_decode().
 */
enum npsd_reason compare_headers(struct readers *r, const char *p, size_t n);

#endif
