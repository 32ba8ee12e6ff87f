/* The check of the stored dictionary for any bytes in it; shared by the driver and the fuzzer. */
#ifndef DICT_SAME_H
#define DICT_SAME_H

#include "items.h"

struct dict_counts {
	long taken, refused;
};

/*
 * The items are the entries of a dictionary whose copy is empty. The copy accepts them up to the first that a
 * naive reader of docs/formats.md refuses, and is then reported as wrong. Every accepted entry is found, with
 * its dimension, ancestor and chain hash. If that does not hold, prints the input and aborts.
 */
void dict_same(struct dict_counts *counts, const void *p, size_t n);
/* Makes entries as admit.lua writes them. */
void dict_make(struct drive_input *out);

#endif
