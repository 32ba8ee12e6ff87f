/* What must hold of the stored dictionary, whatever bytes stand in it; the driver and the fuzzer share it. */
#ifndef DICT_SAME_H
#define DICT_SAME_H

#include "items.h"

struct dict_told {
	long taken, refused;
};

/*
 * The items are the entries that follow a copy which has none. They are taken up to the first that a naive
 * reader of docs/formats.md does not take, and there the copy is said to be wrong; what was taken is found,
 * with its dimension, its ancestor and its chain hash. Otherwise prints the input and aborts.
 */
void dict_same(struct dict_told *told, const void *p, size_t n);
/* Entries as admit.lua writes them. */
void dict_make(struct drive_input *out);

#endif
