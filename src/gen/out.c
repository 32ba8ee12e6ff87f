#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "gen/out.h"

static bool is_plain(char c, bool ascii)
{
	unsigned char u = (unsigned char)c;

	return u >= 0x20 && u != '"' && u != '\\' && (u < 0x80 || !ascii);
}

/* Appends one character that is not plain; returns its length. */
static uint32_t put_escaped(struct npsd_buf *o, const char *p)
{
	static const char raw[] = "\n\t\"\\", escape[] = "nt\"\\";
	const unsigned char *u = (const unsigned char *)p;
	const char *found = memchr(raw, *u, sizeof(raw) - 1);
	uint32_t n = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : u[0] >= 0x80 ? 2 : 1;
	unsigned c = n == 1 ? u[0] : u[0] & (0x7fu >> n);

	for (uint32_t i = 1; i < n; i++)
		c = c << 6 | (u[i] & 0x3f);
	if (found)
		npsd_buf_addf(o, "\\%c", escape[found - raw]);
	else if (c >= 0x10000)
		npsd_buf_addf(o, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
	else
		npsd_buf_addf(o, "\\u%04x", c);
	return n;
}

void gen_put_json(struct npsd_buf *o, struct npsd_str s, bool ascii)
{
	npsd_buf_addz(o, "\"");
	for (uint32_t i = 0; i < s.n;) {
		uint32_t from = i;

		while (i < s.n && is_plain(s.p[i], ascii))
			i++;
		npsd_buf_add(o, s.p + from, i - from);
		if (i < s.n)
			i += put_escaped(o, s.p + i);
	}
	npsd_buf_addz(o, "\"");
}

struct npsd_str gen_rfc3339(char out[GEN_TIME_BYTES], int64_t ms, int offset_min, int digits)
{
	time_t s = (time_t)(ms / 1000 + offset_min * 60);
	char fraction[16] = "", zone[32] = "Z";
	int minutes = abs(offset_min);
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(out, GEN_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	if (digits)
		snprintf(fraction, sizeof(fraction), ".%03d", (int)(ms % 1000));
	if (offset_min)
		snprintf(zone, sizeof(zone), "%c%02d:%02d", offset_min < 0 ? '-' : '+', minutes / 60,
		    minutes % 60);
	return npsd_str(strcat(strcat(out, fraction), zone));
}
