/*
 * A byte buffer with a fixed limit. An append that does not fit writes nothing and sets `full` (sticky), so a
 * caller may append many times and check once.
 */
#ifndef NPSD_BUF_H
#define NPSD_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct npsd_buf {
	char *p;
	size_t n, cap; /* n <= cap <= limit; cap grows by doubling up to limit */
	size_t limit;
	bool full;
};

/* Thread: owner, for all; Owns: the buffer owns p */
void npsd_buf_init(struct npsd_buf *b, size_t limit);
void npsd_buf_free(struct npsd_buf *b);
void npsd_buf_clear(struct npsd_buf *b); /* keeps the memory; clears full */
/* Room for n more bytes; the caller adds the number of bytes written to b->n. NULL: full is set. */
char *npsd_buf_reserve(struct npsd_buf *b, size_t n);
void npsd_buf_add(struct npsd_buf *b, const void *p, size_t n);
void npsd_buf_addz(struct npsd_buf *b, const char *z);
void npsd_buf_addf(struct npsd_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline struct npsd_str npsd_buf_str(const struct npsd_buf *b)
{
	return (struct npsd_str){b->p, (uint32_t)b->n};
}

#endif
