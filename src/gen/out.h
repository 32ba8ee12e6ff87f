/* Bytes of a record while they are written: one buffer of fixed size for the life of the program. */
#ifndef GEN_OUT_H
#define GEN_OUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

void gen_put_u64(struct gen_out *o, uint64_t v);
void gen_put_i64(struct gen_out *o, int64_t v);
/* Exactly `digits` decimal digits, leading zeros. */
void gen_put_pad(struct gen_out *o, uint64_t v, int digits);
void gen_put_hex(struct gen_out *o, uint64_t v, int digits);
/* A JSON string, with its quotes; `ascii`: everything beyond ASCII as \uXXXX, surrogate pairs included. UTF-8
 * in. */
void gen_put_json(struct gen_out *o, const char *p, size_t n, int ascii);
/* RFC 3339; `offset_min` is the zone that is written; digits of the second's fraction: 0 or 3. */
void gen_put_rfc3339(struct gen_out *o, int64_t ms, int offset_min, int digits);

#endif
