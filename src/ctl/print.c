/* What npsctl prints: texts of events, which may contain escape sequences that must not reach a terminal,
 * times, errors. */
#include <stdio.h>
#include <time.h>

#include "ctl/ctl.h"

bool ctl_print(struct npsd_str s, uint32_t most)
{
	while (s.n > 0 && most-- > 0) {
		uint32_t control = npsd_str_control(s), n = control ? control : 1;

		while (!control && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
			n++;
		if (control)
			putchar(' ');
		else
			fwrite(s.p, 1, n, stdout);
		s = (struct npsd_str){s.p + n, s.n - n};
	}
	return s.n == 0;
}

const char *ctl_time(char out[32], int64_t ms)
{
	time_t s = (time_t)(ms >= 0 ? ms / 1000 : -((-ms + 999) / 1000));
	struct tm tm;

	if (!gmtime_r(&s, &tm) || !strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(out, 32, "%lld ms", (long long)ms);
	return out;
}

void ctl_print_fragile(const json_t *window)
{
	const json_t *word;
	size_t i;

	json_array_foreach(json_object_get(window, "fragile"), i, word)
	    printf("%s%s", i ? "," : "", json_string_value(word));
	putchar('\n');
}

void ctl_print_json(json_t *o)
{
	json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
	putchar('\n');
	json_decref(o);
}

int ctl_failed(const struct ctl *c)
{
	fprintf(stderr, "npsctl: %s\n", c->err.text);
	return c->err.code == NPSD_INVALID ? CTL_USAGE : CTL_REDIS;
}
