/* The scripts that put another configuration in force or drop what was counted. */
#include <criterion/criterion.h>

#include <stdio.h>

#include "help_script.h"

#define NOBODY "nnnnnnnnnnnnnnnn"
#define MINE "mmmmmmmmmmmmmmmm"

static const char *call(struct help_bed *b, enum npsd_script script, size_t nargs, const char *const *args)
{
	static const char *const keys[] = {K("fence"), K("dict"), K("config"), K("totals"), K("meta"),
	    K("lost"), "nps:alerts", K("dictids"), K("dictcount")};
	const char *all[32] = {b->config, "0", ""};

	for (size_t i = 0; i < nargs; i++)
		all[3 + i] = args[i];
	return help_store_call(&b->store, script, keys, script == NPSD_S_rebuild ? 9 : 3, all, 3 + nargs);
}

#define CALL(b, script, ...)                                                                                 \
	call(b, script, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[]){__VA_ARGS__})

static const char *redis(struct help_bed *b, const char *command, const char *key, const char *arg)
{
	return help_redis_do(&b->redis, command, key, arg, NULL);
}

/* Partition t/0 counted from 0:5 to 0:8, with an entry in the logs of shards 0 and 3, and a manifest of
 * shard 3. */
static void count_some(struct help_bed *b)
{
	help_bed_open(b);
	help_part(b, NPSD_S_base, "t/0", "0:5", NOBODY, NULL);
	help_part(b, NPSD_S_claim, "t/0", NOBODY, "0:5", MINE, NULL);
	cr_assert_str_eq(help_commit(b, &(struct help_batch){.claim = MINE,
					    .from = "0:5",
					    .to = "0:8",
					    .state = "3 2 1",
					    .clock_ms = "77",
					    .first_ms = "70",
					    .rulings = "ahead 0:5 6\nlateness 0:6 10\n",
					    .marks = "5 marksmarks12",
					    .totals = "\x81\xa8"
						      "consumed\x03",
					    .deltas0 = "\x90",
					    .deltas3 = "\x90"}),
	    "[ok written [1 1]]");
	help_redis_do(&b->redis, "HSET", K("fence"), "epoch:3", "9000000000000", "alert_id", "5-0", NULL);
	help_redis_do(&b->redis, "HSET", K("manifest:3"), "version", "1-1", "t_ms", "99", "chunk:7/60/1",
	    "3-1-1", "chunk:7/300/0", "3-1-2", NULL);
	help_redis_do(&b->redis, "SADD", K("chunks:3"), "3-1-1", "3-1-2", NULL);
	help_redis_do(&b->redis, "MSET", K("chunk:3-1-1"), "a", K("chunk:3-1-2"), "b", NULL);
}

Test(scripts_change, config_reads_texts_and_clocks)
{
	struct help_bed b;
	const char *reply;

	help_bed_open(&b);
	reply = call(&b, NPSD_S_config, 0, NULL);
	cr_expect_eq(strncmp(reply, "[ok   ", 6), 0, "%s", reply);
	help_bed_close(&b);
	count_some(&b);
	reply = call(&b, NPSD_S_config, 0, NULL);
	cr_expect_eq(strncmp(reply, "[ok cfg 77 ", 11), 0, "%s", reply);
	cr_expect(strstr(reply, " 99 [cfg the text]]") != NULL, "%s", reply);
	help_bed_close(&b);
}

Test(scripts_change, apply_takes_what_was_made_for_this_moment)
{
	static const struct {
		const char *header, *clock, *most, *kind, *expect;
	} rows[] = {
	    {"old", "77", "99", "event", "[refused config cfg]"},
	    {"cfg", "76", "99", "event", "[refused clock]"},
	    {"cfg", "", "", "event", "[refused clock]"},
	    {"cfg", "77", "98", "event", "[refused clock]"},
	    {"cfg", "77", "99", "wall", "[refused clock]"},
	};
	struct help_bed b;
	char before[4096];

	count_some(&b);
	snprintf(before, sizeof before, "%s", redis(&b, "HGETALL", K("fence"), NULL));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		b.config = rows[i].header;
		cr_expect_str_eq(CALL(&b, NPSD_S_apply, "new", "its text", rows[i].clock, rows[i].most,
				     rows[i].kind, ",300,"),
		    rows[i].expect, "%zu", i);
		cr_expect_str_eq(redis(&b, "HGETALL", K("fence"), NULL), before);
		cr_expect_str_eq(redis(&b, "LLEN", K("rulings:t/0"), NULL), "2");
	}
	b.config = "cfg";
	cr_expect_str_eq(
	    CALL(&b, NPSD_S_apply, "new", "its text", "77", "9000000000000", "wall", ",300,"), "[ok]");
	cr_expect_str_eq(
	    CALL(&b, NPSD_S_apply, "new", "its text", "77", "9000000000000", "wall", ",300,"), "[ok]");
	cr_expect_str_eq(help_fence(&b, "config"), "new");
	cr_expect_str_eq(redis(&b, "HGET", K("config"), "new"), "its text");
	cr_expect_str_eq(redis(&b, "HGET", K("config"), "cfg"), "the text");
	cr_expect_str_eq(help_redis_do(&b.redis, "LRANGE", K("rulings:t/0"), "0", "-1", NULL),
	    "[ahead 0:5 6 lateness 0:6 10 config 0:8 cfg 0]", "once, however often it is sent");
	cr_expect_str_eq(redis(&b, "HKEYS", K("manifest:3"), NULL), "[version t_ms chunk:7/300/0]",
	    "no window uses minutes any more");
	cr_expect_str_eq(redis(&b, "SMEMBERS", K("chunks:3"), NULL), "[3-1-2]");
	cr_expect_str_eq(help_redis_do(&b.redis, "EXISTS", K("chunk:3-1-1"), K("chunk:3-1-2"), NULL), "1");
	cr_expect_str_eq(help_commit(&b, &(struct help_batch){.claim = MINE, .from = "0:8", .to = "0:9"}),
	    "[refused config new]");
	help_bed_close(&b);
}

Test(scripts_change, rebuild_drops_and_keeps)
{
	struct help_bed b;

	count_some(&b);
	help_redis_do(&b.redis, "SADD", K("keys:0"), "nps:v:{a}", NULL);
	help_redis_do(&b.redis, "SADD", K("keys:3"), "nps:v:{b}", NULL);
	b.config = "old";
	cr_expect_str_eq(
	    CALL(&b, NPSD_S_rebuild, "new", "its text", NOBODY, "", "2", "t/0", "5"), "[refused config cfg]");
	b.config = "cfg";
	cr_expect_str_eq(CALL(&b, NPSD_S_rebuild, "new", "its text", NOBODY, "", "2", "t/0", "6"),
	    "[refused loss t/0 0:5 6]");
	cr_expect_str_eq(
	    CALL(&b, NPSD_S_rebuild, "new", "its text", NOBODY, "", "2"), "[refused loss t/0 0:5 ]");
	cr_expect_str_eq(help_fence(&b, "pos:t/0"), "0:8");
	cr_expect_str_eq(CALL(&b, NPSD_S_rebuild, "new", "its text", NOBODY, "", "2", "t/0", "3"), "[ok 1]");
	cr_expect_str_eq(help_fence(&b, "config"), "new");
	cr_expect_str_eq(help_fence(&b, "told:t/0"), "0:8");
	cr_expect_str_eq(help_fence(&b, "clock_ms"), "nil");
	cr_expect_str_eq(help_fence(&b, "log:0"), "nil");
	cr_expect_str_eq(redis(&b, "SCARD", K("keys:0"), NULL), "2", "of two shards, 3 is none");
	cr_expect_str_eq(redis(&b, "EXISTS", K("keys:3"), NULL), "0");
	cr_expect_str_eq(
	    help_fence(&b, "epoch:3"), "9000000000001", "what the former holder writes is refused");
	cr_expect_str_eq(help_redis_do(&b.redis, "EXISTS", K("log:0"), K("log:3"), K("manifest:3"),
			     K("chunks:3"), K("chunk:3-1-1"), K("chunk:3-1-2"), K("totals"), NULL),
	    "0");
	cr_expect_str_eq(help_redis_do(&b.redis, "LRANGE", K("rulings:t/0"), "0", "-1", NULL),
	    "[ahead 0:5 6 config 0:8 cfg 0]");
	b.config = "new";
	cr_expect_str_eq(help_part(&b, NPSD_S_base, "t/0", "0:0", NOBODY, NULL),
	    "[ok " NOBODY " 0:3 0:3 - - - [ahead 0:5 6 config 0:8 cfg 0] 0:8 ]");
	help_bed_close(&b);
}

Test(scripts_change, a_rebuild_that_loses_records_it_and_keeps_told)
{
	struct help_bed b;
	const char *lost;

	count_some(&b);
	help_redis_do(&b.redis, "HSET", K("fence"), "marks:t/0", "1 0123456789abcdef 5;", NULL);
	cr_expect_str_eq(CALL(&b, NPSD_S_rebuild, "cfg", "the text", NOBODY, "1", "2", "t/0", "7"), "[ok 1]");
	lost = help_redis_do(&b.redis, "LRANGE", K("lost"), "0", "-1", NULL);
	cr_expect_eq(strncmp(lost, "[t/0 gap 0:5 7 ", 15), 0, "%s", lost);
	cr_expect_str_eq(redis(&b, "EXISTS", K("history:t/0"), NULL), "0", "its records are counted again");
	cr_expect_str_eq(help_fence(&b, "marks:t/0"), "nil");
	cr_expect(strstr(lost, " rebuild]") != NULL, "%s", lost);
	cr_expect(atoll(help_fence(&b, "lost_ms")) > 0);
	cr_expect_str_eq(help_fence(&b, "pos:t/0"), "0:7");
	cr_expect_str_eq(CALL(&b, NPSD_S_rebuild, "cfg", "the text", NOBODY, "", "2", "t/0", "7"), "[ok 1]");
	cr_expect_str_eq(help_fence(&b, "told:t/0"), "0:8", "a second rebuild came before that position");
	cr_expect_str_eq(CALL(&b, NPSD_S_rebuild, "cfg", "the text", NOBODY, "1", "2"), "[ok 1]");
	cr_expect_str_eq(help_fence(&b, "pos:t/0"), "nil", "its topic is gone");
	help_bed_close(&b);
}

/* An entry that is not there was never emitted: entries leave the stream oldest first. */
Test(scripts_change, a_rebuild_emits_what_is_not_in_the_stream)
{
	struct help_bed b;

	count_some(&b);
	help_redis_do(&b.redis, "XADD", "nps:alerts", "*", "source", "t/0/5", NULL);
	help_redis_do(&b.redis, "XADD", "nps:alerts", "*", "source", "t/0/6", NULL);
	for (int i = 0; i < 1500; i++) /* the script reads pages */
		help_redis_do(&b.redis, "XADD", "nps:alerts", "*", "source", "u/0/9", NULL);
	cr_expect_str_eq(CALL(&b, NPSD_S_rebuild, "cfg", "the text", NOBODY, "", "2", "t/0", "5"), "[ok 1]");
	cr_expect_str_eq(help_fence(&b, "told:t/0"), "0:7");
	help_redis_do(&b.redis, "DEL", "nps:alerts", NULL);
	help_redis_do(&b.redis, "HDEL", K("fence"), "alert_id", NULL);
	cr_expect_str_eq(CALL(&b, NPSD_S_rebuild, "cfg", "the text", NOBODY, "", "2", "t/0", "5"), "[ok 1]");
	cr_expect_str_eq(help_fence(&b, "told:t/0"), "nil", "no alert was ever emitted");
	help_bed_close(&b);
}

/* Each row: a script that writes several keys, and a key of another type than the script needs. */
Test(scripts_change, a_key_of_another_type_fails_before_the_first_write)
{
	static const char *const commit_keys[] = {"{nps:alerts}:totals", "{nps:alerts}:meta",
	    "{nps:alerts}:rulings:t/0", "{nps:alerts}:log:0", "{nps:alerts}:history:t/0", "nps:alerts"};
	struct help_batch batch = {.claim = MINE,
	    .from = "0:8",
	    .to = "0:9",
	    .rulings = "ahead 0:8 9\n",
	    .marks = "8 marksmarks34",
	    .totals = "\x81\xa8"
		      "consumed\x03",
	    .meta = "\x81\xa7"
		    "undated\x01",
	    .alerts = "\x91\x99\xa3r:1\xa6raised\xa8"
		      "critical\xa1r\xa1"
		      "1\xa5t/0/8\xa2{}\x01\x90",
	    .deltas0 = "\x90",
	    .deltas3 = "\x90"};
	struct help_bed b;
	char before[4096], kept[64];

	count_some(&b);
	snprintf(before, sizeof before, "%s", redis(&b, "HGETALL", K("fence"), NULL));
	for (size_t i = 0; i < sizeof commit_keys / sizeof commit_keys[0]; i++) {
		snprintf(kept, sizeof kept, "kept:%zu", i);
		redis(&b, "RENAME", commit_keys[i], kept);
		redis(&b, "SET", commit_keys[i], "1");
		cr_expect_eq(strncmp(help_commit(&b, &batch), "broken: ", 8), 0, "%s", commit_keys[i]);
		redis(&b, "DEL", commit_keys[i], NULL);
		redis(&b, "RENAME", kept, commit_keys[i]);
		cr_expect_str_eq(redis(&b, "HGETALL", K("fence"), NULL), before, "%s", commit_keys[i]);
		cr_expect_str_eq(redis(&b, "XLEN", K("log:0"), NULL), "1");
		cr_expect_str_eq(redis(&b, "XLEN", K("log:3"), NULL), "1");
	}
	redis(&b, "SET", K("lost"), "1");
	cr_expect_eq(strncmp(help_part(&b, NPSD_S_skip, "t/0", MINE, "0:8", "0:9", "retention", "", NULL),
			 "broken: ", 8),
	    0);
	redis(&b, "RENAME", K("rulings:t/0"), "kept");
	redis(&b, "SET", K("rulings:t/0"), "1");
	cr_expect_eq(
	    strncmp(help_part(&b, NPSD_S_claim, "t/0", MINE, "0:8", NOBODY, NULL), "broken: ", 8), 0);
	cr_expect_eq(
	    strncmp(CALL(&b, NPSD_S_apply, "new", "its text", "77", "", "event", ",300,"), "broken: ", 8), 0);
	cr_expect_str_eq(redis(&b, "HGETALL", K("fence"), NULL), before);
	redis(&b, "DEL", K("rulings:t/0"), NULL);
	redis(&b, "RENAME", "kept", K("rulings:t/0"));
	redis(&b, "DEL", K("lost"), NULL);
	cr_expect_str_eq(help_commit(&b, &batch), "[ok written [2 2]]");
	help_bed_close(&b);
}

/* A script of an earlier version wrote the log and failed before the fence. */
Test(scripts_change, a_log_that_is_longer_than_the_fence_says_is_not_written)
{
	struct help_bed b;

	count_some(&b);
	help_redis_do(&b.redis, "XADD", K("log:3"), "2-0", "d", "x", NULL);
	cr_expect(
	    strstr(help_commit(&b,
		       &(struct help_batch){
			   .claim = MINE, .from = "0:8", .to = "0:9", .deltas0 = "\x90", .deltas3 = "\x90"}),
		"broken: ERR the log of shard 3") != NULL);
	cr_expect_str_eq(redis(&b, "XLEN", K("log:0"), NULL), "1", "the first shard is not written either");
	help_bed_close(&b);
}
