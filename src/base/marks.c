#include "base/marks.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t npsd_record_hash(const void *value, size_t len, int64_t record_ms)
{
	return XXH3_64bits_withSeed(value, value ? len : 0, (uint64_t)record_ms);
}

static void put(char *to, uint64_t v, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--, v >>= 8)
		to[i] = (char)(v & 0xff);
}

static uint64_t get(const char *from, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | (unsigned char)from[i];
	return v;
}

void npsd_marks_add(struct npsd_buf *b, int64_t *from, struct npsd_mark m)
{
	const size_t kept = (size_t)NPSD_MARKS_KEPT * NPSD_MARK_BYTES;
	char packed[NPSD_MARK_BYTES];

	if (b->n > 0 && m.offset - *from > UINT32_MAX)
		npsd_buf_clear(b); /* a hole that is too wide to be packed */
	if (b->n == 0)
		*from = m.offset;
	if (b->n == 2 * kept) {
		memcpy(b->p, b->p + kept, kept);
		b->n = kept;
	}
	put(packed, (uint64_t)(m.offset - *from), 4);
	put(packed + 4, m.hash, 8);
	npsd_buf_add(b, packed, sizeof packed);
}

struct npsd_str npsd_marks_last(const struct npsd_buf *b)
{
	size_t n = (size_t)NPSD_MARKS_KEPT * NPSD_MARK_BYTES;

	if (n >= b->n) /* p is NULL where no mark was ever added */
		return npsd_buf_str(b);
	return (struct npsd_str){b->p + (b->n - n), (uint32_t)n};
}

struct npsd_mark npsd_marks_at(const char *packed, int64_t from, size_t i)
{
	const char *p = packed + i * NPSD_MARK_BYTES;

	return (struct npsd_mark){from + (int64_t)get(p, 4), get(p + 4, 8)};
}
