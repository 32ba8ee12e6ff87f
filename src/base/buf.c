#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "npsd/err.h"

void npsd_buf_init(struct npsd_buf *b, size_t limit)
{
	*b = (struct npsd_buf){.limit = limit};
}

void npsd_buf_free(struct npsd_buf *b)
{
	free(b->p);
	*b = (struct npsd_buf){.limit = b->limit};
}

void npsd_buf_clear(struct npsd_buf *b)
{
	b->n = 0;
	b->full = false;
}

char *npsd_buf_reserve(struct npsd_buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 256;

	if (b->full || n > b->limit - b->n) {
		b->full = true;
		return NULL;
	}
	while (cap < b->n + n)
		cap *= 2;
	if (cap > b->limit)
		cap = b->limit;
	if (cap > b->cap) {
		b->p = realloc(b->p, cap);
		npsd_assert(b->p != NULL);
		b->cap = cap;
	}
	return b->p + b->n;
}

void npsd_buf_add(struct npsd_buf *b, const void *p, size_t n)
{
	char *to = npsd_buf_reserve(b, n);

	if (to && n) {
		memcpy(to, p, n);
		b->n += n;
	}
}

void npsd_buf_addz(struct npsd_buf *b, const char *z)
{
	npsd_buf_add(b, z, strlen(z));
}

void npsd_buf_addf(struct npsd_buf *b, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	npsd_assert(n >= 0 && (size_t)n < sizeof text);
	npsd_buf_add(b, text, (size_t)n);
}
