/* Bytes owned by another object; not zero-terminated. p == NULL: absent. */
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

/* Takes the next item of a list with `by` between its items off *rest. False: no item is left. Thread: any */
static inline bool npsd_str_next(struct npsd_str *piece, struct npsd_str *rest, char by)
{
	const char *end = rest->n ? (const char *)memchr(rest->p, by, rest->n) : NULL;
	uint32_t n = end ? (uint32_t)(end - rest->p) : rest->n;

	*piece = (struct npsd_str){rest->p, n};
	if (rest->n == 0)
		return false;
	n += end != NULL;
	*rest = (struct npsd_str){rest->p + n, rest->n - n};
	return true;
}

/* Cuts what is before the first `by` off *rest, and `by` with it. False: there is none. Thread: any */
static inline bool npsd_str_cut(struct npsd_str *word, struct npsd_str *rest, char by)
{
	const char *at = rest->n ? (const char *)memchr(rest->p, by, rest->n) : NULL;

	if (!at)
		return false;
	*word = (struct npsd_str){rest->p, (uint32_t)(at - rest->p)};
	*rest = (struct npsd_str){at + 1, rest->n - word->n - 1};
	return true;
}

/* Reads decimal digits; `-` before them only where `least` is below 0. False: they are none, or out of range.
 * Thread: any */
static inline bool npsd_str_number(int64_t *out, struct npsd_str text, int64_t least, int64_t most)
{
	uint32_t minus = least < 0 && text.n > 0 && text.p[0] == '-'; /* bytes of the sign */
	int64_t v = 0;

	if (text.n == minus)
		return false;
	for (uint32_t i = minus; i < text.n; i++) {
		int digit = text.p[i] - '0';

		if (digit < 0 || digit > 9 || v > (INT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = minus ? -v : v;
	return *out >= least && *out <= most;
}

/*
 * Length of the control character at s.p (s is not empty), or 0 if there is none: 00-1F, 7F, or U+0080 to
 * U+009F, which terminals interpret as escapes too (C2 9B is the same as ESC [). Thread: any
 */
static inline uint32_t npsd_str_control(struct npsd_str s)
{
	unsigned char a = (unsigned char)s.p[0];

	if (a < 0x20 || a == 0x7f)
		return 1;
	return a == 0xc2 && s.n > 1 && (unsigned char)s.p[1] >= 0x80 && (unsigned char)s.p[1] < 0xa0 ? 2 : 0;
}

#endif
