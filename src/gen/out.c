#include "gen/out.h"

void gen_put_u64(struct gen_out *o, uint64_t v)
{
	char t[20];
	int i = 20;

	do {
		t[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	gen_put(o, t + i, (size_t)(20 - i));
}

void gen_put_i64(struct gen_out *o, int64_t v)
{
	if (v < 0)
		gen_putc(o, '-');
	gen_put_u64(o, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void gen_put_pad(struct gen_out *o, uint64_t v, int digits)
{
	char t[20];

	for (int i = digits; i-- > 0; v /= 10)
		t[i] = (char)('0' + v % 10);
	gen_put(o, t, (size_t)digits);
}

void gen_put_hex(struct gen_out *o, uint64_t v, int digits)
{
	for (int i = digits; i-- > 0;)
		gen_putc(o, "0123456789abcdef"[v >> 4 * i & 15]);
}

static void put_unit(struct gen_out *o, unsigned unit)
{
	gen_put(o, "\\u", 2);
	gen_put_hex(o, unit, 4);
}

/* One code point of two to four bytes as one or two \uXXXX; returns its length. */
static size_t put_escaped(struct gen_out *o, const char *p)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t n = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
	unsigned c = u[0] & (0x7fu >> n);

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (u[i] & 0x3f);
	if (c >= 0x10000) {
		put_unit(o, 0xd800 + ((c - 0x10000) >> 10));
		put_unit(o, 0xdc00 + ((c - 0x10000) & 0x3ff));
	} else {
		put_unit(o, c);
	}
	return n;
}

static void put_control(struct gen_out *o, unsigned char c)
{
	switch (c) {
	case '\n':
		gen_put(o, "\\n", 2);
		break;
	case '\t':
		gen_put(o, "\\t", 2);
		break;
	case '"':
		gen_put(o, "\\\"", 2);
		break;
	case '\\':
		gen_put(o, "\\\\", 2);
		break;
	default:
		put_unit(o, c);
	}
}

void gen_put_json(struct gen_out *o, const char *p, size_t n, int ascii)
{
	size_t i = 0, from = 0;

	gen_putc(o, '"');
	while (i < n) {
		unsigned char c = (unsigned char)p[i];

		if (c >= 0x20 && c != '"' && c != '\\' && (c < 0x80 || !ascii)) {
			i++;
			continue;
		}
		gen_put(o, p + from, i - from);
		if (c >= 0x80) {
			i += put_escaped(o, p + i);
		} else {
			put_control(o, c);
			i++;
		}
		from = i;
	}
	gen_put(o, p + from, i - from);
	gen_putc(o, '"');
}

/* Days since 1970 to a date of the Gregorian calendar, for days >= 0 (years counted from March, 400 at a
 * time). */
static void civil(unsigned *y, unsigned *m, unsigned *d, uint64_t days)
{
	uint64_t z = days + 719468, era = z / 146097, doe = z % 146097;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*d = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	*m = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	*y = (unsigned)(yoe + era * 400 + (*m <= 2));
}

void gen_put_rfc3339(struct gen_out *o, int64_t ms, int offset_min, int digits)
{
	uint64_t local = (uint64_t)(ms + (int64_t)offset_min * 60000), s = local / 1000;
	unsigned y, m, d, zone = (unsigned)(offset_min < 0 ? -offset_min : offset_min);

	civil(&y, &m, &d, s / 86400);
	gen_put_pad(o, y, 4);
	gen_putc(o, '-');
	gen_put_pad(o, m, 2);
	gen_putc(o, '-');
	gen_put_pad(o, d, 2);
	gen_putc(o, 'T');
	gen_put_pad(o, s / 3600 % 24, 2);
	gen_putc(o, ':');
	gen_put_pad(o, s / 60 % 60, 2);
	gen_putc(o, ':');
	gen_put_pad(o, s % 60, 2);
	if (digits) {
		gen_putc(o, '.');
		gen_put_pad(o, local % 1000, 3);
	}
	if (offset_min == 0) {
		gen_putc(o, 'Z');
		return;
	}
	gen_putc(o, offset_min < 0 ? '-' : '+');
	gen_put_pad(o, zone / 60, 2);
	gen_putc(o, ':');
	gen_put_pad(o, zone % 60, 2);
}
