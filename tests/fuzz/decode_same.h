/* The check of decode for any bytes. */
#ifndef DECODE_SAME_H
#define DECODE_SAME_H

#include "help_decode.h"

#define DECODE_SAME_NOW 1795381445000 /* 2026-11-22T21:04:05Z, the record's timestamp */

/*
 * Decodes p with the headers r->headers. All decoders agree on reason, position and values, and a second
 * reader agrees on whether p is a document and on its values. If not, prints the input and aborts. Returns
 * the reason.
 */
enum npsd_reason decode_same(struct readers *r, const char *p, size_t n);

#endif
