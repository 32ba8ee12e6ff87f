/* The scripts against a private redis-server: what each stores, what each refuses, and that it then wrote
 * nothing. */
#include <criterion/criterion.h>

#include <stdio.h>

#include "help_names.h"
#include "help_script.h"

#define NOBODY "nnnnnnnnnnnnnnnn"
#define MINE "mmmmmmmmmmmmmmmm"
#define OTHER "oooooooooooooooo"
#define LATER "\xcf\x01\x01\x01\x01\x01\x01\x01\x01" /* a time far ahead, as msgpack */

/* A bed whose partition t/0 is mine at 0:5. */
static void take(struct help_bed *b)
{
	help_bed_open(b);
	help_part(b, NPSD_S_base, "t/0", "0:5", NOBODY, NULL);
	cr_assert_str_eq(
	    help_part(b, NPSD_S_claim, "t/0", NOBODY, "0:5", MINE, NULL), "[ok " MINE " 0:5 0:5 - - - [] ]");
}

Test(scripts, base_stores_once_and_reads_for_ever)
{
	struct help_bed b;

	help_bed_open(&b);
	cr_expect_str_eq(help_part(&b, NPSD_S_base, "t/0", "", NOBODY, NULL), "[ok     []  ]");
	cr_expect_str_eq(help_redis_do(&b.redis, "DBSIZE", NULL), "0", "an empty base writes nothing");
	cr_expect_str_eq(
	    help_part(&b, NPSD_S_base, "t/0", "0:5", NOBODY, NULL), "[ok " NOBODY " 0:5 0:5 - - - []  ]");
	cr_expect_str_eq(
	    help_part(&b, NPSD_S_base, "t/0", "0:9", OTHER, NULL), "[ok " NOBODY " 0:5 0:5 - - - []  ]");
	cr_expect_str_eq(help_part(&b, NPSD_S_base, "t/1", "", NOBODY, NULL), "[ok     []  ]");
	cr_expect_str_eq(help_redis_do(&b.redis, "HGETALL", K("config"), NULL), "[cfg the text]");
	b.config = "new";
	cr_expect_str_eq(
	    help_part(&b, NPSD_S_base, "t/1", "0:0", NOBODY, NULL), "[refused config cfg the text]");
	b.config = "cfg";
	b.dict_len = "1";
	cr_expect_str_eq(help_part(&b, NPSD_S_base, "t/1", "0:0", NOBODY, NULL), "[refused dict 0 ]");
	cr_expect_str_eq(help_fence(&b, "pos:t/1"), "nil");
	help_redis_do(&b.redis, "FLUSHALL", NULL);
	cr_expect_str_eq(help_part(&b, NPSD_S_base, "t/0", "0:0", NOBODY, NULL), "[refused dict 0 ]",
	    "a copy of a dictionary that is gone");
	help_bed_close(&b);
}

Test(scripts, a_partition_that_comes_later_begins_at_its_first_record)
{
	struct help_bed b;

	take(&b);
	cr_expect_str_eq(help_fence(&b, "parts:t"), "3");
	help_part(&b, NPSD_S_base, "t/2", "0:7", NOBODY, NULL);
	cr_expect_str_eq(help_fence(&b, "base:t/2"), "0:7", "it was there from the beginning");
	cr_expect_str_eq(help_fence(&b, "grown:t"), "nil");
	cr_expect_str_eq(
	    help_part(&b, NPSD_S_base, "t/3", "0:7", NOBODY, NULL), "[ok " NOBODY " 0:2 0:2 - - - []  1]");
	cr_expect(atoll(help_fence(&b, "grown:t")) > 0);
	help_part(&b, NPSD_S_base, "t/9", "", NOBODY, NULL);
	cr_expect_str_eq(help_fence(&b, "pos:t/9"), "nil", "an empty base only reads");
	help_bed_close(&b);
}

Test(scripts, claim_takes_only_what_is_as_it_was_read)
{
	static const struct {
		const char *config, *claim, *pos, *expect;
	} rows[] = {
	    {"cfg", NOBODY, "0:5", "[refused claim t/0 " MINE " 0:5]"},
	    {"cfg", MINE, "0:6", "[refused position t/0 " MINE " 0:5]"},
	    {"cfg", MINE, "1:5", "[refused position t/0 " MINE " 0:5]"},
	    {"old", MINE, "0:5", "[refused config cfg]"},
	};
	struct help_bed b;

	take(&b);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		b.config = rows[i].config;
		cr_expect_str_eq(help_part(&b, NPSD_S_claim, "t/0", rows[i].claim, rows[i].pos, OTHER, NULL),
		    rows[i].expect);
		cr_expect_str_eq(help_fence(&b, "claim:t/0"), MINE);
	}
	b.config = "cfg";
	cr_expect_str_eq(
	    help_part(&b, NPSD_S_claim, "t/9", MINE, "0:5", OTHER, NULL), "[refused claim t/9  ]");
	help_bed_close(&b);
}

Test(scripts, skip_writes_the_loss_down)
{
	struct help_bed b;
	const char *lost;

	take(&b);
	help_commit(&b, &(struct help_batch){.claim = MINE, .from = "0:5", .to = "0:7", .state = "3 2 1"});
	cr_expect_str_eq(help_part(&b, NPSD_S_skip, "t/0", MINE, "0:5", "0:9", "retention", NULL),
	    "[refused position t/0 " MINE " 0:7]");
	cr_expect_str_eq(
	    help_part(&b, NPSD_S_skip, "t/0", MINE, "0:7", "0:9", "retention", NULL), "[ok 0:9]");
	cr_expect_str_eq(help_fence(&b, "state:t/0"), "3 2 1");
	cr_expect(strstr(
	    help_part(&b, NPSD_S_skip, "t/0", MINE, "0:9", "0:8", "retention", NULL), "never goes back"));
	cr_expect_str_eq(
	    help_part(&b, NPSD_S_skip, "t/0", MINE, "0:9", "1:2", "recreated", NULL), "[ok 1:2]");
	cr_expect_str_eq(help_fence(&b, "state:t/0"), "- - -");
	lost = help_redis_do(&b.redis, "LRANGE", K("lost"), "0", "-1", NULL);
	cr_expect_eq(strncmp(lost, "[t/0 gap 0:7 9 ", 15), 0, "%s", lost);
	cr_expect(strstr(lost, " retention t/0 gap 1:0 2 ") != NULL, "%s", lost);
	cr_expect_str_eq(help_redis_do(&b.redis, "LLEN", K("rulings:t/0"), NULL), "2");
	help_bed_close(&b);
}

Test(scripts, fence_check_and_positions_see_what_is_stored)
{
	struct help_bed b;

	help_bed_open(&b);
	cr_expect_str_eq(help_plain(&b, NPSD_S_fence_check, NULL), "[refused empty]");
	cr_expect_str_eq(help_plain(&b, NPSD_S_positions, "1", NULL), "[refused empty]");
	help_bed_close(&b);
	take(&b);
	cr_expect_str_eq(help_plain(&b, NPSD_S_fence_check, "t/0", MINE, "0:5", NULL), "[ok]");
	cr_expect_str_eq(help_plain(&b, NPSD_S_fence_check, "t/0", MINE, "0:5", "t/1", MINE, "0:5", NULL),
	    "[refused claim t/1  ]");
	cr_expect_str_eq(help_plain(&b, NPSD_S_fence_check, "t/0", MINE, "0:4", NULL),
	    "[refused position t/0 " MINE " 0:5]");
	cr_expect_str_eq(help_plain(&b, NPSD_S_positions, "2", "t/0", "t/1", NULL), "[ok  [0:5 ] [ ]]");
	help_commit(&b, &(struct help_batch){
			    .claim = MINE, .from = "0:5", .to = "0:7", .clock_ms = "77", .deltas0 = "\x90"});
	cr_expect_eq(strncmp(help_plain(&b, NPSD_S_positions, "2", "t/0", NULL), "[ok 77 [0:7] [1 ", 15), 0);
	help_bed_close(&b);
}

Test(scripts, a_batch_is_written_once)
{
	struct help_bed b;
	struct help_batch batch = {.claim = MINE,
	    .from = "0:5",
	    .to = "0:8",
	    .state = "30 20 10",
	    .first_ms = "29",
	    .clock_ms = "33",
	    .rulings = "ahead 0:5 6\nlateness 0:6 10\n",
	    .totals = "\x82\xa8"
		      "consumed\x03\xa7"
		      "counted\x02",
	    .meta = "\x81\xa7undated\x01",
	    .deltas0 = "\x91\x01",
	    .deltas3 = "\x91\x02"};

	take(&b);
	cr_expect_str_eq(help_commit(&b, &batch), "[ok written [1 1]]");
	cr_expect_str_eq(help_commit(&b, &batch), "[ok stored]");
	cr_expect_str_eq(help_fence(&b, "pos:t/0"), "0:8");
	cr_expect_str_eq(help_fence(&b, "state:t/0"), "30 20 10");
	cr_expect_str_eq(help_fence(&b, "since_ms"), "29");
	cr_expect_str_eq(help_fence(&b, "clock_ms"), "33");
	cr_expect_str_eq(help_redis_do(&b.redis, "HGET", K("totals"), "consumed", NULL), "3");
	cr_expect_str_eq(help_redis_do(&b.redis, "HGET", K("meta"), "undated", NULL), "1");
	cr_expect_str_eq(help_redis_do(&b.redis, "LRANGE", K("rulings:t/0"), "0", "-1", NULL),
	    "[ahead 0:5 6 lateness 0:6 10]");
	/* printf 't/0 mmmmmmmmmmmmmmmm 0:8' | sha1sum; then that and 't/0 mmmmmmmmmmmmmmmm 0:9' */
	cr_expect_str_eq(help_redis_do(&b.redis, "XRANGE", K("log:3"), "-", "+", NULL),
	    "[[1-0 [h cfg 0  b t/0 " MINE
	    " 0:8 c 33 x a6c319194ad67c1a768a8aa418098c289abc9db0 d \x91\x02]]]");
	batch = (struct help_batch){.claim = MINE,
	    .from = "0:8",
	    .to = "0:9",
	    .clock_ms = "32",
	    .first_ms = "28",
	    .totals = "\x81\xa8"
		      "consumed\x01",
	    .deltas3 = "\x90"};
	cr_expect_str_eq(help_commit(&b, &batch), "[ok written [2]]");
	cr_expect_str_eq(help_fence(&b, "clock_ms"), "33", "the event clock never goes back");
	cr_expect_str_eq(help_fence(&b, "since_ms"), "29");
	cr_expect_str_eq(help_fence(&b, "log:3"), "2 362d737e17504375983fb6b8db378d292490e85d");
	cr_expect_str_eq(help_fence(&b, "log:0"), "1 a6c319194ad67c1a768a8aa418098c289abc9db0");
	cr_expect_str_eq(help_redis_do(&b.redis, "HGET", K("totals"), "consumed", NULL), "4");
	help_bed_close(&b);
}

Test(scripts, a_refused_batch_writes_nothing)
{
	static const struct {
		const char *config, *len, *chain;
		struct help_batch batch;
		const char *expect;
	} rows[] = {
	    {"new", "0", "", {.claim = MINE, .from = "0:5", .to = "0:6"}, "[refused config cfg]"},
	    {"cfg", "1", "aa", {.claim = MINE, .from = "0:5", .to = "0:6"}, "[refused dict 0 ]"},
	    {"cfg", "0", "", {.claim = OTHER, .from = "0:5", .to = "0:6"},
		"[refused claim t/0 " MINE " 0:5]"},
	    {"cfg", "0", "", {.claim = MINE, .from = "0:4", .to = "0:6"},
		"[refused position t/0 " MINE " 0:5]"},
	    {"cfg", "0", "", {.claim = MINE, .from = "0:6", .to = "0:7"},
		"[refused position t/0 " MINE " 0:5]"},
	};
	struct help_bed b;
	char before[4096];

	take(&b);
	snprintf(before, sizeof before, "%s", help_redis_do(&b.redis, "HGETALL", K("fence"), NULL));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct help_batch batch = rows[i].batch;

		batch.deltas0 = "\x90";
		batch.totals = "\x81\xa8"
			       "consumed\x01";
		b.config = rows[i].config;
		b.dict_len = rows[i].len;
		b.dict_chain = rows[i].chain;
		cr_expect_str_eq(help_commit(&b, &batch), rows[i].expect);
		cr_expect_str_eq(help_redis_do(&b.redis, "HGETALL", K("fence"), NULL), before);
		cr_expect_str_eq(help_redis_do(&b.redis, "EXISTS", K("log:0"), K("totals"), NULL), "0");
	}
	help_redis_do(&b.redis, "FLUSHALL", NULL);
	b.config = "cfg";
	b.dict_len = "0";
	cr_expect_str_eq(help_commit(&b, &rows[0].batch), "[refused empty]");
	help_bed_close(&b);
}

Test(scripts, the_dictionary_admits_up_to_its_caps)
{
	struct help_bed b;
	char one[41], two[41];

	take(&b);
	help_chain(one, "", "location", npsd_str("north"));
	help_chain(two, one, "location", npsd_str("north/lisbon"));
	help_plain(
	    &b, NPSD_S_admit, "0", "location", "2", "north", "0", "location", "2", "north/lisbon", NULL);
	cr_expect_str_eq(help_fence(&b, "dict_len"), "2");
	cr_expect_str_eq(help_fence(&b, "dict_chain"), two);
	help_plain(&b, NPSD_S_admit, "0", "location", "2", "south", "1", "channel", "2", "email", "0",
	    "location", "2", "north", NULL);
	cr_expect_str_eq(help_fence(&b, "dict_len"), "3", "south is beyond the cap, north is there");
	cr_expect_str_eq(help_redis_do(&b.redis, "HGETALL", K("dictcount"), NULL), "[0 2 1 1]");
	cr_expect_str_eq(help_redis_do(&b.redis, "HMGET", K("dictids"), "0:north", "0:north/lisbon",
			     "1:email", "0:south", NULL),
	    "[2 3 4 nil]");
	b.dict_len = "2";
	b.dict_chain = two;
	cr_expect_eq(strncmp(help_plain(&b, NPSD_S_admit, NULL),
			 "[ok 2 0 [\x93\x01\xa5"
			 "email",
			 16),
	    0);
	b.dict_len = "3";
	b.dict_chain = help_fence(&b, "dict_chain");
	cr_expect_str_eq(help_plain(&b, NPSD_S_admit, NULL), "[ok 3 0 []]");
	b.dict_len = "2";
	b.dict_chain = one;
	cr_expect_eq(strncmp(help_plain(&b, NPSD_S_admit, NULL), "[refused dict 3 ", 16), 0);
	b.dict_len = "4";
	cr_expect_eq(strncmp(help_plain(&b, NPSD_S_admit, NULL), "[refused dict 3 ", 16), 0);
	b.dict_len = "0";
	cr_expect(strstr(help_plain(&b, NPSD_S_admit, "0", "location", "9", "a/b", NULL),
		      "broken: ERR a location") != NULL);
	cr_expect(strstr(help_plain(&b, NPSD_S_admit, "1", "channel", "9", "__none__", NULL),
		      "broken: ERR a reserved") != NULL);
	cr_expect_str_eq(help_fence(&b, "dict_len"), "3");
	help_bed_close(&b);
}

Test(scripts, a_long_dictionary_comes_in_pieces)
{
	struct help_bed b;
	char value[8];

	take(&b);
	for (int i = 0; i < 2001; i++) {
		snprintf(value, sizeof value, "v%d", i);
		b.dict_len = "0";
		help_plain(&b, NPSD_S_admit, "1", "channel", "10000", value, NULL);
	}
	cr_expect_eq(strncmp(help_plain(&b, NPSD_S_admit, NULL), "[ok 0 1 [\x93\x01\xa2v0", 12), 0);
	cr_expect_str_eq(help_redis_do(&b.redis, "LLEN", K("dict"), NULL), "2001");
	help_bed_close(&b);
}

#define ALERT(at, stale_after)                                                                               \
	"\x91\x99\xa3r:1\xa6raised\xa8"                                                                      \
	"critical\xa1r" at "\xa5t/0/7\xa7{\"n\":1}" stale_after "\x92\xa3"                                   \
	"all\xa7team:ab"

Test(scripts, alerts_go_to_the_stream_and_fresh_ones_to_the_channels)
{
	struct help_bed b;
	struct help_batch batch = {.claim = MINE,
	    .from = "0:5",
	    .to = "0:6",
	    .wall_ms = "9000000000000",
	    .alerts = ALERT("\xb2"
			    "999999999999999999",
		LATER)};

	take(&b);
	help_redis_do(&b.redis, "SUBSCRIBE", "nps:alerts:all", NULL);
	help_commit(&b, &batch);
	cr_expect_str_eq(help_redis_next(&b.redis),
	    "[message nps:alerts:all {\"n\":1,\"stream_id\":\"9000000000000-0\"}]");
	batch.from = "0:6";
	batch.to = "0:7";
	batch.wall_ms = "1";
	batch.alerts = ALERT("\xa2-1", "\x01");
	help_commit(&b, &batch);
	cr_expect_str_eq(help_redis_do(&b.redis, "UNSUBSCRIBE", NULL), "[unsubscribe nps:alerts:all 0]",
	    "a stale one is sent to no channel");
	cr_expect_str_eq(help_redis_do(&b.redis, "XRANGE", "nps:alerts", "-", "+", NULL),
	    "[[9000000000000-0 [id r:1 kind raised severity critical response_id r at_ms 999999999999999999 "
	    "source t/0/7 json "
	    "{\"n\":1}]] "
	    "[9000000000000-1 [id r:1 kind raised severity critical response_id r at_ms -1 source t/0/7 json "
	    "{\"n\":1} stale 1]]]");
	cr_expect_str_eq(help_fence(&b, "alert_id"), "9000000000000-1");
	cr_expect_str_eq(help_commit(&b, &batch), "[ok stored]");
	cr_expect_str_eq(help_redis_do(&b.redis, "XLEN", "nps:alerts", NULL), "2");
	help_redis_do(&b.redis, "DEL", "nps:alerts", NULL);
	help_redis_do(&b.redis, "SET", "nps:alerts", "x", NULL);
	batch.from = "0:7";
	batch.to = "0:8";
	cr_expect(strstr(help_commit(&b, &batch), "nps:alerts must be a stream") != NULL);
	cr_expect_str_eq(help_fence(&b, "pos:t/0"), "0:7");
	help_bed_close(&b);
}

Test(scripts, the_stream_of_alerts_is_bounded)
{
	struct help_bed b;
	char from[16], to[16];

	take(&b);
	for (int i = 5; i < 605; i++) {
		struct help_batch batch = {.claim = MINE,
		    .from = from,
		    .to = to,
		    .alerts = ALERT("\xa1"
				    "7",
			"\x01"),
		    .keep = i < 405 ? "200" : "100000",
		    .keep_bytes = i < 405 ? "100000" : "2000"};

		snprintf(from, sizeof from, "0:%d", i);
		snprintf(to, sizeof to, "0:%d", i + 1);
		cr_assert_str_eq(help_commit(&b, &batch), "[ok written []]");
		if (i == 404) {
			int n = atoi(help_redis_do(&b.redis, "XLEN", "nps:alerts", NULL));

			cr_expect(n >= 200 && n <= 300, "%d", n);
		}
	}
	cr_expect_leq(atoi(help_fence(&b, "alert_bytes")), 2000 + 100 * 40);
	help_bed_close(&b);
}

/* Otherwise the next alerts would be trimmed for entries that do not exist. */
Test(scripts, a_stream_of_alerts_that_was_deleted_begins_anew)
{
	struct help_bed b;
	char from[16], to[16];

	take(&b);
	for (int i = 5; i < 96; i++) {
		struct help_batch batch = {.claim = MINE,
		    .from = from,
		    .to = to,
		    .alerts = ALERT("\xa1"
				    "7",
			"\x01"),
		    .keep_bytes = "2000"};

		snprintf(from, sizeof from, "0:%d", i);
		snprintf(to, sizeof to, "0:%d", i + 1);
		if (i == 95)
			help_redis_do(&b.redis, "DEL", "nps:alerts", NULL);
		cr_assert_str_eq(help_commit(&b, &batch), "[ok written []]");
	}
	cr_expect_str_eq(help_redis_do(&b.redis, "XLEN", "nps:alerts", NULL), "1");
	cr_expect_lt(atoi(help_fence(&b, "alert_bytes")), 100);
	help_bed_close(&b);
}

Test(scripts, a_log_that_is_gone_is_not_gone_on_with)
{
	struct help_bed b;
	struct help_batch batch = {.claim = MINE, .from = "0:5", .to = "0:6", .deltas0 = "\x90"};

	take(&b);
	help_commit(&b, &batch);
	help_redis_do(&b.redis, "DEL", K("log:0"), NULL);
	batch.from = "0:6";
	batch.to = "0:7";
	cr_expect(strstr(help_commit(&b, &batch), "broken: ERR the log of shard 0") != NULL);
	cr_expect_str_eq(help_fence(&b, "pos:t/0"), "0:6");
	help_bed_close(&b);
}

/* Lua's unpack takes some 8000 values; a set that Redis holds as one piece is scanned as one, whatever COUNT
 * says. */
Test(scripts, members_of_a_large_set_that_comes_whole)
{
	const char *const keys[] = {"nps:index:all"}, *const args[] = {"SSCAN", "0", "200"};
	const char *page;
	struct help_bed b;

	help_bed_open(&b);
	help_redis_do(&b.redis, "CONFIG", "SET", "set-max-intset-entries", "20000", NULL);
	help_redis_do(
	    &b.redis, "EVAL", "for i = 1, 12000 do redis.call('SADD', KEYS[1], i) end", "1", keys[0], NULL);
	page = help_store_call(&b.store, NPSD_S_members, keys, 1, args, 3);
	cr_expect(strncmp(page, "[ok 0 1 2 3 ", 12) == 0 && strstr(page, " 12000]"), "%.60s", page);
	help_bed_close(&b);
}

/* Of the records counted last at least 4096 marks are kept, at most twice as many; one mark a minute stays of
 * others. */
Test(scripts, the_history_of_a_partition_is_bounded)
{
	static char marks[16 + 4096 * 12 + 1];
	struct help_bed b;
	char from[16], to[16];

	take(&b);
	memset(marks, 'A', sizeof marks - 1);
	memcpy(marks, "5 ", 2);
	marks[2 + 4096 * 12] = 0;
	for (int i = 5; i < 9; i++) {
		struct help_batch batch = {.claim = MINE, .from = from, .to = to, .marks = marks};

		snprintf(from, sizeof from, "0:%d", i);
		snprintf(to, sizeof to, "0:%d", i + 1);
		cr_assert_str_eq(help_commit(&b, &batch), "[ok written []]");
		cr_expect_str_eq(help_redis_do(&b.redis, "LLEN", K("history:t/0"), NULL), "1");
	}
	cr_expect_eq(strncmp(help_fence(&b, "marks:t/0"), "1094795590 4141414141414141 ", 28), 0);
	cr_expect_eq(strchr(help_fence(&b, "marks:t/0"), ';')[1], 0, "one in a minute");
	cr_expect_str_eq(
	    help_part(&b, NPSD_S_skip, "t/0", MINE, "0:9", "1:8", "truncated", "3 5 AAAA", "4 - B", NULL),
	    "[ok 1:8]");
	cr_expect_str_eq(
	    help_redis_do(&b.redis, "LRANGE", K("history:t/0"), "0", "-1", NULL), "[3 5 AAAA 4 - B]");
	cr_expect_eq(
	    strncmp(help_redis_do(&b.redis, "LRANGE", K("rulings:t/0"), "0", "-1", NULL), "[gap 0:8 9 ", 11),
	    0);
	cr_expect_str_eq(
	    help_part(&b, NPSD_S_skip, "t/0", MINE, "1:8", "2:0", "recreated", NULL), "[ok 2:0]");
	cr_expect_str_eq(help_redis_do(&b.redis, "EXISTS", K("history:t/0"), NULL), "0");
	cr_expect_str_eq(help_fence(&b, "marks:t/0"), "nil");
	help_bed_close(&b);
}
