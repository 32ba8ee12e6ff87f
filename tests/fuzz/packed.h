/* Mutations of msgpack arrays of arrays of integers, which leave it one: what a byte more or less rarely
 * does. */
#ifndef PACKED_H
#define PACKED_H

#include "drive.h"

/*
 * An integer becomes another one, an array says another length, or an element of an array is gone, stands
 * there twice or behind the next one, and the array's length with it. Nothing where these are no such bytes.
 */
void packed_mutate(struct drive_input *in);

#endif
