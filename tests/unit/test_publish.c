#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "help_publish.h"
#include "npsd/clock.h"

#define EPOCH 1795334390000
#define KEY(seg) "nps:v:{kind=transactional" seg "}"
#define PAIR ",location=north/lisbon,channel=email"

static struct help_publish h;

static void open_publish(void)
{
	help_publish_open(&h);
}

static void close_publish(void)
{
	help_publish_close(&h);
}

TestSuite(publish, .init = open_publish, .fini = close_publish, .timeout = 120);

static int n_of(const char *key, const char *window)
{
	const char *json = help_redis_do(&h.redis, "HGET", key, window, NULL);

	return strncmp(json, "{\"n\":", 5) == 0 ? atoi(json + 5) : -1;
}

static int field_of(const char *key, const char *window, const char *field)
{
	const char *json = help_redis_do(&h.redis, "HGET", key, window, NULL), *at = strstr(json, field);

	return at ? atoi(at + strlen(field)) : -1;
}

Test(publish, all_windows_of_a_segment_stand_in_one_hash)
{
	help_publish_count(&h, "location=north", HELP_T0, 9, 3);
	help_publish_count(
	    &h, "location=north", HELP_T0 - 7000000, 9, 2); /* in the 24 h, and the hour before */
	help_publish_count(&h, "", HELP_T0, 2, 1);
	help_publish_acquire(&h, EPOCH);
	help_publish_settle(&h);
	cr_expect_eq(n_of(KEY(",location=north"), "1h"), 3);
	cr_expect_eq(field_of(KEY(",location=north"), "1h", "\"prev_n\":"), 2);
	cr_expect_eq(n_of(KEY(",location=north"), "24h"), 5);
	cr_expect_eq(n_of(KEY(""), "1h"), 1);
	cr_expect_str_eq(help_redis_do(&h.redis, "HLEN", KEY(",location=north"), NULL), "3");
	cr_expect_str_eq(help_redis_do(&h.redis, "HGET", KEY(""), "rev", NULL),
	    "1795334390000-000000000007-1795334390123");
	cr_expect_str_eq(help_redis_do(&h.redis, "HGETALL", "{nps:alerts}:rounds:0", NULL),
	    "[1795334390000-000000000007-1795334390123 aa t/0 0:12]");
	cr_expect_str_eq(help_redis_do(&h.redis, "SMEMBERS", "nps:index:location", NULL),
	    "[kind=transactional,location=north]");
	cr_expect_str_eq(help_redis_do(&h.redis, "SMEMBERS", "nps:index:all", NULL), "[kind=transactional]");
	help_publish_wait(&h, 250);
	cr_expect(npsd_pub_clean(h.pub));
	cr_expect_not(npsd_pub_busy(h.pub));
}

Test(publish, the_record_of_a_round_is_written_before_its_keys)
{
	help_publish_count(&h, "", HELP_T0, 9, 1);
	help_publish_acquire(&h, EPOCH);
	h.lose_script = NPSD_S_round;
	h.lose = 1;
	help_publish_settle(&h);
	cr_expect_eq(help_publish_calls(&h, "publish "), 0, "no key without a record");
	cr_expect_not(npsd_pub_busy(h.pub));
	help_publish_wait(&h, 250);
	cr_expect_eq(help_publish_calls(&h, "round "), 1);
	cr_expect_eq(n_of(KEY(""), "1h"), 1);
}

Test(publish, a_segment_is_written_once_per_interval)
{
	help_publish_acquire(&h, EPOCH);
	help_publish_settle(&h);
	for (int i = 0; i < 3; i++) {
		help_publish_forget(&h);
		help_publish_wait(&h, 5000);
		h.view.seq++;
		help_publish_count(&h, "", HELP_T0, 9, 1);
		help_publish_settle(&h);
		cr_expect_eq(help_publish_calls(&h, "publish "), 1, "the first change at once");
		h.view.seq++;
		help_publish_count(&h, "", HELP_T0, 9, 1);
		help_publish_wait(&h, 999);
		cr_expect_eq(help_publish_calls(&h, "publish "), 1, "too early");
		cr_expect_not(npsd_pub_clean(h.pub));
		help_publish_wait(&h, 1);
		cr_expect_eq(help_publish_calls(&h, "publish "), 2);
		cr_expect_eq(n_of(KEY(""), "1h"), 2 * i + 2);
	}
}

Test(publish, a_flush_waits_for_no_interval)
{
	help_publish_count(&h, "", HELP_T0, 9, 1);
	help_publish_acquire(&h, EPOCH);
	help_publish_settle(&h);
	help_publish_count(&h, "", HELP_T0, 9, 1);
	help_publish_settle(&h);
	cr_expect_eq(n_of(KEY(""), "1h"), 1);
	npsd_pub_flush(h.pub);
	cr_expect_not(npsd_pub_clean(h.pub));
	help_publish_settle(&h);
	cr_expect(npsd_pub_clean(h.pub));
	cr_expect_eq(n_of(KEY(""), "1h"), 2);
}

Test(publish, short_segments_go_first)
{
	static const char *const order[] = {"publish " KEY("") "\n", "publish " KEY(",location=south"),
	    "publish " KEY(",location=north/lisbon") "\n", "publish " KEY(PAIR)};
	const char *at;

	help_publish_count(&h, &PAIR[1], HELP_T0, 9, 1);
	help_publish_count(&h, "location=north/lisbon", HELP_T0, 9, 1);
	help_publish_count(&h, "location=south", HELP_T0, 9, 1);
	help_publish_count(&h, "", HELP_T0, 9, 1);
	help_publish_acquire(&h, EPOCH);
	help_publish_settle(&h);
	at = h.calls.p;
	npsd_buf_add(&h.calls, "", 1);
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		at = strstr(at, order[i]);
		cr_assert_not_null(at, "%s", order[i]);
	}
}

Test(publish, an_older_state_replaces_nothing)
{
	const char *ahead = "1795334390001-000000000001-1795334390000";

	help_publish_count(&h, "", HELP_T0, 9, 1);
	help_redis_do(&h.redis, "HSET", KEY(""), "rev", ahead, "1h", "theirs", NULL);
	help_publish_acquire(&h, EPOCH);
	help_publish_settle(&h);
	cr_expect_eq(npsd_pub_state(h.pub), NPSD_PUB_REACQUIRE);
	cr_expect_eq(npsd_pub_seen(h.pub), EPOCH + 1);
	cr_expect_not(npsd_pub_busy(h.pub));
	cr_expect_not(npsd_pub_clean(h.pub));
	cr_expect_str_eq(help_redis_do(&h.redis, "HGET", KEY(""), "1h", NULL), "theirs");
	help_publish_acquire(&h, EPOCH + 2);
	help_publish_settle(&h);
	cr_expect_eq(npsd_pub_state(h.pub), NPSD_PUB_OK);
	cr_expect_eq(n_of(KEY(""), "1h"), 1);
}

Test(publish, a_rev_of_another_form_is_no_rev)
{
	char far[64];
	int64_t now = npsd_clock_system.wall_ms(NULL);
	const char *rows[] = {"", "zzz", "9795334390001-000000000001-179533439000",
	    "9795334390001 000000000001 1795334390000", "97953343900010000000000001-1795334390000xx", far};

	snprintf(far, sizeof far, "%013lld-000000000001-1795334390000", (long long)now + 86400000 + 60000);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		help_redis_do(&h.redis, "HSET", "nps:v:{x}", "rev", rows[i], "old", "1", NULL);
		cr_expect_str_eq(
		    help_store_call(&h.server, NPSD_S_publish, (const char *[]){"nps:v:{x}"}, 1,
			(const char *[]){"1795334390000-000000000007-1795334390123", "*", "1h", "new"}, 4),
		    "[ok 1]", "row %zu", i);
		cr_expect_str_eq(
		    help_redis_do(&h.redis, "HMGET", "nps:v:{x}", "1h", "old", NULL), "[new nil]");
	}
	/* just inside the day it holds */
	snprintf(far, sizeof far, "%013lld-000000000001-1795334390000", (long long)now + 86400000 - 600000);
	help_redis_do(&h.redis, "HSET", "nps:v:{x}", "rev", far, NULL);
	cr_expect_neq(strstr(help_store_call(&h.server, NPSD_S_publish, (const char *[]){"nps:v:{x}"}, 1,
				 (const char *[]){"1795334390000-000000000007-1795334390123", "*"}, 2),
			  "refused rev"),
	    NULL);
}

Test(publish, another_epoch_stops_the_round)
{
	help_publish_count(&h, "", HELP_T0, 9, 1);
	help_publish_acquire(&h, EPOCH);
	help_redis_do(&h.redis, "HSET", "{nps:alerts}:fence", "epoch:0", "1795334399999", NULL);
	help_publish_settle(&h);
	cr_expect_eq(npsd_pub_state(h.pub), NPSD_PUB_REACQUIRE);
	cr_expect_eq(npsd_pub_seen(h.pub), 1795334399999);
	cr_expect_eq(help_publish_calls(&h, "publish "), 0);
}

Test(publish, an_emptied_key_keeps_its_rev_for_a_day)
{
	int64_t day2 = HELP_T0 + 3 * 86400000ll;
	int64_t ttl;

	help_publish_count(&h, "location=north", HELP_T0, 9, 1);
	help_publish_acquire(&h, EPOCH);
	help_publish_settle(&h);
	help_publish_turn(&h, HELP_T0 + 2 * 3600000);
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(
	    help_redis_do(&h.redis, "HLEN", KEY(",location=north"), NULL), "2", "the hour is over");
	cr_expect_eq(n_of(KEY(",location=north"), "24h"), 1);
	help_publish_turn(&h, day2);
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(help_redis_do(&h.redis, "HGETALL", KEY(",location=north"), NULL),
	    "[rev 1795334390000-000000000007-1795593590123]");
	ttl = atoll(help_redis_do(&h.redis, "PTTL", KEY(",location=north"), NULL));
	cr_expect(ttl > 86000000 && ttl <= 86400000);
	cr_expect_str_eq(help_redis_do(&h.redis, "EXISTS", "nps:index:location", NULL), "0");
	help_publish_wait(&h, 250);
	help_publish_wait(&h, 250);
	cr_expect(npsd_pub_clean(h.pub));
	cr_expect_str_eq(
	    help_redis_do(&h.redis, "SISMEMBER", "{nps:alerts}:keys:0", KEY(",location=north"), NULL), "0",
	    "it expires by itself");
	/* it counts again: the key lives on */
	help_publish_count(&h, "location=north", day2, 9, 1);
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(help_redis_do(&h.redis, "PTTL", KEY(",location=north"), NULL), "-1");
	cr_expect_str_eq(help_redis_do(&h.redis, "SCARD", "nps:index:location", NULL), "1");
	cr_expect_str_eq(
	    help_redis_do(&h.redis, "SISMEMBER", "{nps:alerts}:keys:0", KEY(",location=north"), NULL), "1");
}

Test(publish, a_pane_that_turns_makes_due_what_holds_something)
{
	help_publish_count(&h, "location=north", HELP_T0, 9, 1);
	help_publish_count(&h, "location=south", HELP_T0 - 20 * 3600000ll, 9, 1); /* only in 24h */
	help_publish_count(&h, "", HELP_T0 + 120000, 9, 1);			  /* ahead of t */
	help_publish_acquire(&h, EPOCH);
	help_publish_settle(&h);
	cr_expect_eq(n_of(KEY(""), "1h"), -1);
	help_publish_forget(&h);
	help_publish_wait(&h, 5000);
	help_publish_turn(&h, HELP_T0 + 5000); /* inside the minute */
	help_publish_wait(&h, 5000);
	cr_expect_eq(help_publish_calls(&h, "publish "), 0);
	help_publish_turn(&h, HELP_T0 + 60000); /* 08:00:50, minute and five minutes */
	help_publish_wait(&h, 5000);
	cr_expect_eq(help_publish_calls(&h, "publish "), 3, "24h of the one ahead begins");
	cr_expect_eq(n_of(KEY(""), "24h"), 1);
	help_publish_forget(&h);
	help_publish_turn(&h, HELP_T0 + 120000);
	help_publish_wait(&h, 5000);
	cr_expect_eq(help_publish_calls(&h, "publish "), 2);
	cr_expect_eq(help_publish_calls(&h, "publish " KEY(",location=north")), 1);
	cr_expect_eq(n_of(KEY(""), "1h"), 1);
}

Test(publish, a_lost_write_is_written_again)
{
	help_publish_count(&h, "", HELP_T0, 9, 1);
	help_publish_acquire(&h, EPOCH);
	h.lose_script = NPSD_S_publish;
	h.lose = 1;
	help_publish_settle(&h);
	cr_expect_eq(n_of(KEY(""), "1h"), -1);
	cr_expect_not(npsd_pub_busy(h.pub), "fold may go on");
	cr_expect_not(npsd_pub_clean(h.pub));
	help_publish_wait(&h, 250);
	cr_expect_eq(n_of(KEY(""), "1h"), 1);
	h.lose_script = NPSD_S_index;
	h.lose = 1;
	help_publish_count(&h, "location=north", HELP_T0, 9, 1);
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(help_redis_do(&h.redis, "EXISTS", "nps:index:location", NULL), "0");
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(help_redis_do(&h.redis, "SCARD", "nps:index:location", NULL), "1");
	cr_expect(npsd_pub_clean(h.pub));
}

Test(publish, a_reply_from_before_the_acquisition_is_ignored)
{
	struct npsd_done old = {.outcome = NPSD_LOST, .text = "late"};

	help_publish_count(&h, "", HELP_T0, 9, 1);
	help_publish_acquire(&h, EPOCH);
	cr_assert(npsd_pub_step(h.pub, &h.view, &h.store, h.mono_ms));
	cr_expect(npsd_pub_busy(h.pub));
	help_publish_acquire(&h, EPOCH + 5);
	for (uint64_t n = 0; n < 256; n++) {
		old.tag = npsd_tag(NPSD_TAG_PUBLISH, 0, 1ull << 8 | n);
		npsd_pub_done(h.pub, &h.view, &old, h.mono_ms);
	}
	help_publish_settle(&h);
	cr_expect_eq(n_of(KEY(""), "1h"), 1);
	help_publish_wait(&h, 250);
	cr_expect(npsd_pub_clean(h.pub));
}
