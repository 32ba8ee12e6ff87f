/*
 * Reads arrays of integers and texts in msgpack directly from their bytes. It allocates nothing: there may be
 * millions of values per second, and lengths in the input are not trusted. A value that is cut off or has
 * another type than the one that is read sets `bad` (sticky) and reads as 0. Thread: owner
 */
#ifndef NPSD_UNPACK_H
#define NPSD_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct npsd_unpack {
	const uint8_t *p, *end;
	bool bad;
};

static inline struct npsd_unpack npsd_unpack_of(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	return (struct npsd_unpack){p, p + n, false};
}

/* n bytes, big endian. */
static inline uint64_t npsd_unpack_bytes(struct npsd_unpack *u, size_t n)
{
	uint64_t v = 0;

	if (u->bad || (size_t)(u->end - u->p) < n) {
		u->bad = true;
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		v = v << 8 | *u->p++;
	return v;
}

/* The number of elements of the array that begins here. */
static inline uint32_t npsd_unpack_array(struct npsd_unpack *u)
{
	uint32_t tag = (uint32_t)npsd_unpack_bytes(u, 1);

	if ((tag & 0xf0) == 0x90)
		return tag & 0x0f;
	if (tag == 0xdc || tag == 0xdd)
		return (uint32_t)npsd_unpack_bytes(u, tag == 0xdc ? 2 : 4);
	u->bad = true;
	return 0;
}

/* *v is the value. True: it is negative, and *v is its int64_t. */
static inline bool npsd_unpack_number(struct npsd_unpack *u, uint64_t *v)
{
	uint32_t tag = (uint32_t)npsd_unpack_bytes(u, 1);
	uint32_t shift;

	if (tag < 0x80 || tag >= 0xe0) {
		*v = (uint64_t)(int64_t)(int8_t)tag;
		return tag >= 0xe0;
	}
	if (tag < 0xcc || tag > 0xd3) {
		u->bad = true;
		*v = 0;
		return false;
	}
	*v = npsd_unpack_bytes(u, (size_t)1 << (tag & 3));
	if (tag < 0xd0)
		return false;
	shift = 64 - (8u << (tag & 3));
	*v = (uint64_t)((int64_t)(*v << shift) >> shift);
	return (int64_t)*v < 0;
}

static inline uint64_t npsd_unpack_uint(struct npsd_unpack *u)
{
	uint64_t v;

	if (npsd_unpack_number(u, &v))
		u->bad = true;
	return u->bad ? 0 : v;
}

static inline int64_t npsd_unpack_int(struct npsd_unpack *u)
{
	uint64_t v;

	if (!npsd_unpack_number(u, &v) && v > INT64_MAX)
		u->bad = true;
	return u->bad ? 0 : (int64_t)v;
}

/* A text, in place. p == NULL: there is none. */
static inline struct npsd_str npsd_unpack_text(struct npsd_unpack *u)
{
	uint32_t tag = (uint32_t)npsd_unpack_bytes(u, 1), n = tag & 0x1f;
	const char *p = NULL;

	if (tag >= 0xd9 && tag <= 0xdb)
		n = (uint32_t)npsd_unpack_bytes(u, (size_t)1 << (tag - 0xd9));
	else if ((tag & 0xe0) != 0xa0)
		u->bad = true;
	if (u->bad || (size_t)(u->end - u->p) < n) {
		u->bad = true;
		return (struct npsd_str){NULL, 0};
	}
	p = (const char *)u->p;
	u->p += n;
	return (struct npsd_str){p, n};
}

#endif
