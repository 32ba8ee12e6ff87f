#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "gen/out.h"

void gen_putf(struct gen_out *o, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(o->p + o->n, o->cap - o->n, fmt, args);
	va_end(args);
	npsd_assert(n >= 0 && (size_t)n < o->cap - o->n);
	o->n += (size_t)n;
}

/* One code point of two to four bytes as one or two \uXXXX; returns its length. */
static size_t put_escaped(struct gen_out *o, const char *p)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t n = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
	unsigned c = u[0] & (0x7fu >> n);

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (u[i] & 0x3f);
	if (c >= 0x10000)
		gen_putf(o, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
	else
		gen_putf(o, "\\u%04x", c);
	return n;
}

static void put_control(struct gen_out *o, unsigned char c)
{
	static const char raw[] = "\n\t\"\\", escape[] = "nt\"\\";
	const char *found = memchr(raw, c, sizeof(raw) - 1);

	if (found)
		gen_putf(o, "\\%c", escape[found - raw]);
	else
		gen_putf(o, "\\u%04x", c);
}

void gen_put_json(struct gen_out *o, struct npsd_str s, bool ascii)
{
	gen_putc(o, '"');
	for (uint32_t i = 0; i < s.n;) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80 && ascii) {
			i += put_escaped(o, s.p + i);
			continue;
		}
		if (c < 0x20 || c == '"' || c == '\\')
			put_control(o, c);
		else
			gen_putc(o, (char)c);
		i++;
	}
	gen_putc(o, '"');
}

void gen_put_rfc3339(struct gen_out *o, int64_t ms, int offset_min, int digits)
{
	time_t s = (time_t)(ms / 1000 + offset_min * 60);
	int zone = offset_min < 0 ? -offset_min : offset_min;
	struct tm tm;

	gmtime_r(&s, &tm);
	o->n += strftime(o->p + o->n, o->cap - o->n, "%Y-%m-%dT%H:%M:%S", &tm);
	if (digits)
		gen_putf(o, ".%03d", (int)(ms % 1000));
	if (offset_min)
		gen_putf(o, "%c%02d:%02d", offset_min < 0 ? '-' : '+', zone / 60, zone % 60);
	else
		gen_putc(o, 'Z');
}
