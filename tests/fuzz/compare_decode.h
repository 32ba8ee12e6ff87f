/* Compares all decoders with each other and with a second JSON reader, on any bytes. */
#ifndef COMPARE_DECODE_H
#define COMPARE_DECODE_H

#include "help_decode.h"

#define COMPARE_DECODE_NOW 1795381445000 /* 2026-11-22T21:04:05Z, the record's timestamp */

/*
 * Decodes p with the headers r->headers. All decoders agree on reason, position and values, and a second
 * reader agrees on whether p is a document and on its values. If not, prints the input and aborts. Returns
 * the reason.
 */
enum npsd_reason compare_decode(struct readers *r, const char *p, size_t n);
/* Prints how often each reason was returned. */
void compare_decode_report(const long seen[NPSD_NREASON]);

#endif
