/* Mutations of nested msgpack arrays of integers that keep them well-formed, which random bytes rarely do. */
#ifndef MUTATE_MSGPACK_H
#define MUTATE_MSGPACK_H

#include "drive.h"

/*
 * Changes an integer or the length of an array, or removes, doubles or swaps elements and adapts the length.
 * No change if the bytes are not such arrays.
 */
void mutate_msgpack(struct drive_input *in);

#endif
