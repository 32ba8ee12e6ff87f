/* What must hold of every run of bytes, whoever made it up. */
#ifndef DECODE_SAME_H
#define DECODE_SAME_H

#include "help_decode.h"

#define DECODE_SAME_NOW 1795381445000 /* 2026-11-22T21:04:05Z, the record's timestamp */

/*
 * r->headers are the record's. All ways of decoding agree on verdict, position and values; a second reader
 * agrees on what a document is and on what stands in it. Otherwise prints the input and aborts. Returns the
 * verdict.
 */
enum npsd_reason decode_same(struct readers *r, const char *p, size_t n);

#endif
