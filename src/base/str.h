/* A run of bytes that belongs to somebody else; p == NULL means absent. Not zero-terminated. */
#ifndef NPSD_STR_H
#define NPSD_STR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct npsd_str {
	const char *p;
	uint32_t n;
};

#define NPSD_STR(lit) ((struct npsd_str){(lit), sizeof(lit) - 1})

static inline struct npsd_str npsd_str(const char *z)
{
	return (struct npsd_str){z, z ? (uint32_t)strlen(z) : 0};
}

static inline bool npsd_str_eq(struct npsd_str a, struct npsd_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

#endif
