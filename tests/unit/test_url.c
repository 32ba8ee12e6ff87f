/* The grammar of redis.url. */
#include <criterion/criterion.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "redis/url.h"

/* `user|password|tls host port,host port master db|path` */
static void describe(char *text, size_t size, const struct npsd_redis_url *u)
{
	size_t n = (size_t)snprintf(text, size, "%s|%s|%s", u->user, u->password, u->tls ? "tls " : "");

	for (int i = 0; i < u->nhosts; i++)
		n += (size_t)snprintf(
		    text + n, size - n, "%s%s %s", i ? "," : "", u->host[i].name, u->host[i].port);
	snprintf(text + n, size - n, " %s %d|%s", u->master, u->db, u->path);
}

Test(url, it_is_taken_apart)
{
	static const struct {
		const char *url, *expect; /* NULL: refused */
	} rows[] = {
	    {"redis://127.0.0.1:6379/0", "||127.0.0.1 6379  0|"},
	    {"redis://h", "||h 6379  0|"},
	    {"redis://h/", "||h 6379  0|"},
	    {"redis://h/3", "||h 6379  3|"},
	    {"redis://[::1]:7/15", "||::1 7  15|"},
	    {"redis://u:p%40%2f@h:1/2", "u|p@/|h 1  2|"},
	    {"redis://:p/q@h", "|p/q|h 6379  0|"},
	    {"redis://p@h", "|p|h 6379  0|"},
	    {"rediss://u:p@h/1", "u|p|tls h 6379  1|"},
	    {"rediss://[::1]", "||tls ::1 6379  0|"},
	    {"unix:///run/redis.sock", "||  0|/run/redis.sock"},
	    {"unix://u:p@/run/redis.sock", "u|p|  0|/run/redis.sock"},
	    {"redis+sentinel://a/m", "||a 26379 m 0|"},
	    {"redis+sentinel://a:1,b,[::1]:3/m/4", "||a 1,b 26379,::1 3 m 4|"},
	    {"redis+sentinel://u:p%2c@a:1,b:2/my.master-1/", "u|p,|a 1,b 2 my.master-1 0|"},
	    {"redis+sentinel://:p/q@a/m", "|p/q|a 26379 m 0|"},
	    {"rediss+sentinel://a,b/m", "||tls a 26379,b 26379 m 0|"},
	    {"redis+sentinel://1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16/m",
		"||1 26379,2 26379,3 26379,4 26379,5 26379,6 26379,7 26379,8 26379,9 26379,10 26379,11 "
		"26379,12 26379,13 26379,14 26379,15 26379,16 26379 m 0|"},
	    {"redis+sentinel://1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17/m", NULL},
	    {"redis+sentinel://a", NULL},
	    {"redis+sentinel://a/", NULL},
	    {"redis+sentinel://a//1", NULL},
	    {"redis+sentinel:///m", NULL},
	    {"redis+sentinel://a,/m", NULL},
	    {"redis+sentinel://,a/m", NULL},
	    {"redis+sentinel://a:0/m", NULL},
	    {"redis+sentinel://a/m/x", NULL},
	    {"redis+sentinel://a/m/1/2", NULL},
	    {"redis+sentinel+tls://a/m", NULL},
	    {"unixs:///run/redis.sock", NULL},
	    {"http://h", NULL},
	    {"redis:/h", NULL},
	    {"", NULL},
	    {"redis://", NULL},
	    {"rediss://", NULL},
	    {"redis://:1", NULL},
	    {"redis://h,h2", NULL},
	    {"redis://h:x", NULL},
	    {"redis://h:123456", NULL},
	    {"redis://h:65536", NULL},
	    {"redis://h:0", NULL},
	    {"redis://h/x", NULL},
	    {"redis://%4@h", NULL},
	    {"redis://%00@h", NULL},
	    {"redis://[::1/0", NULL},
	    {"unix://run/redis.sock", NULL},
	    {"unix:///", NULL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_err err = {.code = NPSD_OK};
		struct npsd_redis_url u;
		bool ok = npsd_redis_url_parse(&u, rows[i].url, &err);
		char text[6000];

		cr_expect_eq(ok, rows[i].expect != NULL, "%s", rows[i].url);
		cr_expect_eq(err.code, ok ? NPSD_OK : NPSD_INVALID);
		describe(text, sizeof text, &u);
		if (ok && rows[i].expect)
			cr_expect_str_eq(text, rows[i].expect);
	}
}

/* Texts of the pieces of URLs, in any order. With the sanitizers this finds reads past the end. */
Test(url, no_text_breaks_the_reader)
{
	static const char *const pieces[] = {"redis", "rediss", "+sentinel", "unix", "://", ":", "/", "@",
	    ",", "[", "]", "%", "%4", "%40", "%00", "a", "::1", "6379", "0", "65536", "m",
	    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"};
	uint64_t seed = 1;
	long accepted = 0;

	for (int i = 0; i < 200000; i++) {
		struct npsd_err err = {.code = NPSD_OK};
		struct npsd_redis_url u;
		char url[1200];
		size_t n = 0;

		/* half of the texts begin as a URL does */
		if (i % 2)
			n = (size_t)snprintf(url, sizeof url, "redis%s://a", i % 4 == 1 ? "" : "+sentinel");
		do {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			n += (size_t)snprintf(url + n, sizeof url - n, "%s",
			    pieces[(seed >> 33) % (sizeof pieces / sizeof pieces[0])]);
		} while (seed >> 62 && n < 1000);
		if (!npsd_redis_url_parse(&u, url, &err))
			continue;
		accepted++;
		cr_assert_eq(u.path[0] != 0, u.nhosts == 0, "%s", url);
		cr_assert(u.nhosts <= 1 || u.master[0], "%s", url);
		for (int k = 0; k < u.nhosts; k++)
			cr_assert(u.host[k].name[0] && u.host[k].port[0], "%s", url);
	}
	cr_expect_gt(accepted, 1000);
}
