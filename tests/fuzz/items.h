/*
 * An input that is made of several texts, as one run of bytes:
 *
 *   | kind | length (2 bytes, the upper first) | bytes | kind | ...
 *
 * The last one may be cut off: it then ends where the input does.
 */
#ifndef ITEMS_H
#define ITEMS_H

#include "base/str.h"
#include "drive.h"

struct item {
	uint8_t kind;
	struct npsd_str text;
};

/* The item at *at, which moves behind it; false at the end. */
bool item_next(struct item *out, size_t *at, const void *p, size_t n);
void item_add(struct drive_input *in, uint8_t kind, const void *p, size_t n);
/*
 * Mutates the bytes of one item, or takes one away, or has one twice. packed: bit k says that items of kind
 * k, modulo 4, are msgpack.
 */
void items_mutate(struct drive_input *in, unsigned int packed, const char *const *pieces, size_t npieces);

#endif
