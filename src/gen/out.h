/* A buffer of fixed size that bytes are appended to. */
#ifndef GEN_OUT_H
#define GEN_OUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "npsd/err.h"

struct gen_out {
	char *p;
	size_t n, cap; /* n <= cap */
};

static inline void gen_put(struct gen_out *o, const void *p, size_t n)
{
	npsd_assert(n <= o->cap - o->n);
	memcpy(o->p + o->n, p, n);
	o->n += n;
}

static inline void gen_putc(struct gen_out *o, char c)
{
	npsd_assert(o->n < o->cap);
	o->p[o->n++] = c;
}

static inline void gen_puts(struct gen_out *o, const char *z)
{
	gen_put(o, z, strlen(z));
}

void gen_putf(struct gen_out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A JSON string with its quotes, from UTF-8; `ascii`: other characters as \uXXXX, with surrogate pairs. */
void gen_put_json(struct gen_out *o, struct npsd_str s, bool ascii);
/* RFC 3339 in the zone offset_min; digits of the fraction of a second: 0 or 3. */
void gen_put_rfc3339(struct gen_out *o, int64_t ms, int offset_min, int digits);

#endif
