/*
 * A byte buffer with a limit at birth. An append that does not fit sets `full` (sticky) and writes nothing,
 * so that a caller may write a whole thing and look once.
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

/* Thread: owner; Owns: the buffer owns p */
void npsd_buf_init(struct npsd_buf *b, size_t limit);
void npsd_buf_free(struct npsd_buf *b);
void npsd_buf_clear(struct npsd_buf *b); /* keeps the memory; clears full */
/* Room for n more bytes, or NULL (then full is set). The caller adds to b->n what it wrote. */
char *npsd_buf_reserve(struct npsd_buf *b, size_t n);
void npsd_buf_add(struct npsd_buf *b, const void *p, size_t n);
void npsd_buf_addz(struct npsd_buf *b, const char *z);
void npsd_buf_addf(struct npsd_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline struct npsd_str npsd_buf_str(const struct npsd_buf *b)
{
	return (struct npsd_str){b->p, (uint32_t)b->n};
}

#endif
