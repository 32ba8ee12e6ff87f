#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "help_names.h"
#include "help_publish.h"
#include "publish/pub.h"

#define EPOCH 1795334390000
#define KEY(seg) "nps:v:{kind=transactional" seg "}"
#define SWEEP_MS 600000

static struct help_publish h;

static void open_publish(void)
{
	help_publish_open(&h);
}

static void close_publish(void)
{
	help_publish_close(&h);
}

TestSuite(sweep, .init = open_publish, .fini = close_publish, .timeout = 120);

#define DO(...) help_redis_do(&h.redis, __VA_ARGS__, NULL)
#define REGISTER(key) help_publish_register(&h, key)

/* A shard at rest: north and all hold something. */
static void rest(void)
{
	help_publish_count(&h, "location=north", HELP_T0, 9, 1);
	help_publish_count(&h, "", HELP_T0, 9, 1);
	help_publish_acquire(&h, EPOCH);
	help_publish_settle(&h);
	help_publish_wait(&h, 1000);
	cr_assert(npsd_pub_clean(h.pub));
}

static void sweep(void)
{
	help_publish_wait(&h, SWEEP_MS);
	for (int i = 0; i < 5; i++)
		help_publish_wait(&h, 1000);
	cr_assert(npsd_pub_clean(h.pub));
	cr_assert_not(h.pub->sweep.running);
}

Test(sweep, what_was_altered_deleted_or_replaced_is_written_again)
{
	char whole[4096];

	rest();
	snprintf(whole, sizeof whole, "%s", DO("HGET", KEY(""), "1h"));
	DO("HSET", KEY(""), "1h", "wrong", "2h", "more");
	DO("DEL", KEY(",location=north"));
	DO("SREM", "nps:index:location", "kind=transactional,location=north");
	help_publish_wait(&h, SWEEP_MS - 10000);
	cr_expect_str_eq(DO("HGET", KEY(""), "1h"), "wrong", "too early");
	help_publish_wait(&h, 10000);
	cr_expect_str_eq(DO("HMGET", KEY(""), "2h", "rev"), "[nil 1795334390000-000000000007-1795334390123]");
	cr_expect_str_eq(DO("HGET", KEY(""), "1h"), whole);
	cr_expect_str_eq(DO("HLEN", KEY(",location=north")), "3");
	cr_expect_str_eq(DO("SMEMBERS", "nps:index:location"), "[kind=transactional,location=north]");
	DO("SET", KEY(""), "a string");
	DO("DEL", "nps:index:all");
	DO("SET", "nps:index:all", "a string");
	sweep();
	cr_expect_str_eq(DO("HGET", KEY(""), "1h"), whole);
	cr_expect_str_eq(DO("SMEMBERS", "nps:index:all"), "[kind=transactional]");
}

Test(sweep, names_that_nobody_counts_are_removed)
{
	static const char *const gone[] = {KEY(",location=atlantis"), "nps:v:garbage", "nps:v:{}",
	    "nps:v:{all}", "nps:v:{kind=transactional,channel=email}", "nps:index:channel"};
	static const char *const stay[] = {
	    "npsx:v:{kind=transactional,location=atlantis}", "nps:v", "xnps:v:{y}", "nps:index", "nps:other"};

	rest();
	for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
		DO("HSET", gone[i], "1h", "old", "rev", "1");
		REGISTER(gone[i]);
	}
	for (size_t i = 0; i < sizeof stay / sizeof stay[0]; i++)
		DO("SET", stay[i], "1");
	DO("SET", "nps:v:{string}", "1");
	REGISTER("nps:v:{string}");
	DO("SADD", "nps:index:location", "kind=transactional,location=atlantis", "x",
	    "kind=transactional,location=south");
	sweep();
	for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
		cr_expect_str_eq(DO("EXISTS", gone[i]), "0", "%s", gone[i]);
	for (size_t i = 0; i < sizeof stay / sizeof stay[0]; i++)
		cr_expect_str_eq(DO("EXISTS", stay[i]), "1", "%s", stay[i]);
	cr_expect_str_eq(DO("EXISTS", "nps:v:{string}"), "0");
	cr_expect_str_eq(DO("SMEMBERS", "nps:index:location"), "[kind=transactional,location=north]");
	cr_expect_str_eq(DO("HLEN", KEY("")), "3");
	cr_expect_str_eq(
	    DO("SCARD", "{nps:alerts}:keys:0"), "6", "%s", DO("SMEMBERS", "{nps:alerts}:keys:0"));
}

Test(sweep, an_own_segment_that_is_not_held_leaves_its_rev)
{
	rest();
	DO("HSET", KEY(",location=south"), "1h", "old", "rev", "1795334380000-000000000003-1795334380000");
	REGISTER(KEY(",location=south"));
	sweep();
	cr_expect_str_eq(
	    DO("HGETALL", KEY(",location=south")), "[rev 1795334390000-000000000007-1795334390123]");
	cr_expect_gt(atoll(DO("PTTL", KEY(",location=south"))), 0);
	/* and what holds its rev alone is left to its time */
	DO("PEXPIRE", KEY(",location=south"), "5000000");
	sweep();
	cr_expect_lt(atoll(DO("PTTL", KEY(",location=south"))), 5000001);
	cr_expect_str_eq(DO("EXISTS", KEY(",location=south")), "1");
}

Test(sweep, a_newer_rev_of_an_own_segment_is_respected)
{
	rest();
	DO("HSET", KEY(",location=south"), "1h", "theirs", "rev", "1795334390001-000000000003-1795334380000");
	REGISTER(KEY(",location=south"));
	help_publish_wait(&h, SWEEP_MS);
	help_publish_wait(&h, 1000);
	cr_expect_eq(npsd_pub_state(h.pub), NPSD_PUB_REACQUIRE);
	cr_expect_eq(npsd_pub_seen(h.pub), EPOCH + 1);
	cr_expect_str_eq(DO("HGET", KEY(",location=south"), "1h"), "theirs");
	cr_expect_not(npsd_pub_busy(h.pub));
}

Test(sweep, only_what_is_as_scanned_is_removed)
{
	const char *key[] = {"nps:v:{x}"}, *rev = "1795334390000-000000000007-1795334390123";

	DO("HSET", key[0], "rev", "new", "1h", "1");
	cr_expect_str_eq(
	    help_store_call(&h.server, NPSD_S_remove, key, 1, (const char *[]){"old"}, 1), "[ok 0 new]");
	cr_expect_str_eq(
	    help_store_call(&h.server, NPSD_S_publish, key, 1, (const char *[]){rev, "old"}, 2), "[ok 0]");
	cr_expect_str_eq(DO("HGET", key[0], "1h"), "1");
	cr_expect_str_eq(
	    help_store_call(&h.server, NPSD_S_remove, key, 1, (const char *[]){"new"}, 1), "[ok 1 new]");
	cr_expect_str_eq(DO("EXISTS", key[0]), "0");
}

/* The dictionary in Redis is one entry ahead of the process's copy. */
static void grow_dictionary(void)
{
	const char *chain = npsd_names_chain_any(h.names, 4);

	for (int i = 0; i < 5; i++)
		DO("EVAL", "return redis.call('RPUSH', KEYS[1], cmsgpack.pack({0, 'v', ARGV[1]}))", "1",
		    "{nps:alerts}:dict", i == 3 ? chain : "elsewhere");
	DO("HSET", "{nps:alerts}:fence", "dict_len", "5", "dict_chain", "elsewhere");
}

Test(sweep, a_value_that_another_process_just_admitted_is_not_unknown)
{
	rest();
	grow_dictionary();
	DO("HSET", KEY(",location=new"), "1h", "theirs", "rev", "1");
	DO("SADD", "nps:index:location", "kind=transactional,location=new");
	DO("HSET", KEY(",location=south"), "1h", "old", "rev", "1");
	DO("HSET", "nps:v:{garbage}", "1h", "old");
	REGISTER(KEY(",location=new"));
	REGISTER(KEY(",location=south"));
	REGISTER("nps:v:{garbage}");
	help_publish_wait(&h, SWEEP_MS);
	for (int i = 0; i < 3; i++)
		help_publish_wait(&h, 1000);
	cr_expect_str_eq(DO("HGET", KEY(",location=new"), "1h"), "theirs");
	cr_expect_str_eq(DO("SISMEMBER", "nps:index:location", "kind=transactional,location=new"), "1");
	/*
	 * Nothing that this process counts needs the new value, so nothing else would read it. While
	 * the copy ended before it, unknown names stayed in Redis for good.
	 */
	cr_expect_eq(npsd_pub_needs(h.pub), 5);
	cr_expect_not(npsd_pub_busy(h.pub), "it waits without a round");
	cr_expect_str_eq(DO("HLEN", "nps:v:{garbage}"), "1", "not yet known to be unknown");
	help_admit(h.names, &h.cfg.sets, NPSD_DIM_location, "new");
	DO("HSET", "{nps:alerts}:fence", "dict_chain", npsd_names_chain_any(h.names, 5));
	for (int i = 0; i < 5; i++)
		help_publish_wait(&h, 1000);
	cr_expect_str_eq(DO("EXISTS", "nps:v:{garbage}"), "0");
	cr_expect_str_eq(DO("HLEN", KEY(",location=south")), "1", "known and not held");
	cr_expect_eq(npsd_pub_needs(h.pub), 0);
	cr_expect(npsd_pub_clean(h.pub));
	cr_expect_not(h.pub->sweep.running);
}

/*
 * When a sweep took longer than the time between two sweeps, one followed the other, something was always
 * due, and a drain never ended.
 */
Test(sweep, none_begins_in_a_flush_but_after_a_reconnect)
{
	uint32_t number;

	rest();
	number = h.pub->sweep.number;
	help_publish_count(&h, "", HELP_T0, 9, 1);
	npsd_pub_flush(h.pub);
	h.mono_ms += 2 * SWEEP_MS;
	help_publish_settle(&h);
	cr_expect(npsd_pub_clean(h.pub));
	cr_expect_eq(h.pub->sweep.number, number);
	help_publish_wait(&h, 1000);
	cr_expect_eq(h.pub->sweep.number, number + 1, "after the flush");
	help_publish_wait(&h, 1000);
	cr_assert_not(h.pub->sweep.running);
	/* another server may hold something else than the one that was swept */
	DO("DEL", KEY(""));
	h.pub->sweep.connection++;
	npsd_pub_flush(h.pub);
	npsd_pub_step(h.pub, &h.view, &h.store, h.mono_ms);
	cr_expect_not(npsd_pub_clean(h.pub));
	help_publish_settle(&h);
	cr_expect(npsd_pub_clean(h.pub));
	cr_expect_eq(h.pub->sweep.number, number + 2);
	cr_expect_str_eq(DO("EXISTS", KEY("")), "1");
}

/*
 * The owner could not read such a name and left it to shard 0, which could once it had read the rest, and
 * left it to the owner.
 */
Test(sweep, the_owner_of_a_name_waits_for_its_value)
{
	static const char *const seg[] = {"location=new", "location=new,channel=email",
	    "location=new,channel=__none__", "location=new,channel=__other__"};
	char key[4][128];
	int mine = 0;

	h.cfg.shards = 2;
	h.view.shard = 1;
	help_publish_acquire(&h, EPOCH);
	help_publish_settle(&h);
	help_publish_wait(&h, 1000);
	grow_dictionary();
	for (int i = 0; i < 4; i++) {
		snprintf(key[i], sizeof key[i], "nps:v:{kind=transactional,%s}", seg[i]);
		DO("HSET", key[i], "1h", "old", "rev", "1");
		REGISTER(key[i]);
	}
	help_publish_wait(&h, SWEEP_MS);
	help_publish_wait(&h, 1000);
	cr_expect_eq(npsd_pub_needs(h.pub), 5);
	help_admit(h.names, &h.cfg.sets, NPSD_DIM_location, "new");
	DO("HSET", "{nps:alerts}:fence", "dict_chain", npsd_names_chain_any(h.names, 5));
	for (int i = 0; i < 5; i++)
		help_publish_wait(&h, 1000);
	for (int i = 0; i < 4; i++) {
		uint32_t k = help_publish_seg(&h, seg[i]);
		bool own = npsd_seg_shard(npsd_panes_seg(h.view.panes, k), 2) == 1;

		cr_expect_str_eq(DO("HEXISTS", key[i], "1h"), own ? "0" : "1", "%s", key[i]);
		mine += own;
	}
	cr_expect_gt(mine, 0, "the test needs one");
}

Test(sweep, a_shard_leaves_others_alone)
{
	static const char *const seg[] = {"location=north", "location=north/lisbon", "location=south"};
	int mine = 0, theirs = 0;

	h.cfg.shards = 2;
	h.view.shard = 1;
	help_publish_acquire(&h, EPOCH);
	help_publish_settle(&h);
	help_publish_wait(&h, 1000);
	DO("HSET", "nps:v:garbage", "1h", "old");
	for (int i = 0; i < 3; i++) {
		char key[128];

		snprintf(key, sizeof key, "nps:v:{kind=transactional,%s}", seg[i]);
		DO("HSET", key, "1h", "old", "rev", "1");
		REGISTER(key);
	}
	sweep();
	for (int i = 0; i < 3; i++) {
		uint32_t k = help_publish_seg(&h, seg[i]);
		bool own = npsd_seg_shard(npsd_panes_seg(h.view.panes, k), 2) == 1;
		char key[128];

		snprintf(key, sizeof key, "nps:v:{kind=transactional,%s}", seg[i]);
		cr_expect_str_eq(DO("HEXISTS", key, "1h"), own ? "0" : "1", "%s", key);
		*(own ? &mine : &theirs) += 1;
	}
	cr_expect(mine > 0 && theirs > 0, "the test needs both");
	cr_expect_str_eq(DO("EXISTS", "nps:v:garbage"), "1", "registered by no shard");
	cr_expect_str_eq(DO("EXISTS", "nps:totals"), "0", "shard 0's");
}

/* After a rebuild with another number of shards. */
Test(sweep, names_of_another_shard_are_handed_over)
{
	static const char *const seg[] = {"location=north", "location=north/lisbon", "location=south",
	    "location=north,channel=email", "location=south,channel=email"};
	int theirs = 0;

	h.cfg.shards = 2;
	help_publish_acquire(&h, EPOCH);
	help_publish_settle(&h);
	help_publish_wait(&h, 1000);
	for (int i = 0; i < 5; i++) {
		char key[128];

		snprintf(key, sizeof key, "nps:v:{kind=transactional,%s}", seg[i]);
		DO("HSET", key, "1h", "old", "rev", "1");
		REGISTER(key);
	}
	sweep();
	for (int i = 0; i < 5; i++) {
		uint32_t k = help_publish_seg(&h, seg[i]);
		bool own = npsd_seg_shard(npsd_panes_seg(h.view.panes, k), 2) == 0;
		char key[128];

		snprintf(key, sizeof key, "nps:v:{kind=transactional,%s}", seg[i]);
		cr_expect_str_eq(DO("HEXISTS", key, "1h"), own ? "0" : "1", "%s", key);
		cr_expect_str_eq(DO("SISMEMBER", "{nps:alerts}:keys:0", key), "0", "%s", key);
		cr_expect_str_eq(DO("SISMEMBER", "{nps:alerts}:keys:1", key), own ? "0" : "1", "%s", key);
		theirs += !own;
	}
	cr_expect(theirs > 0 && theirs < 5, "the test needs both");
}

Test(sweep, records_of_rounds_go_after_two_whole_sweeps)
{
	const char *first = "1795334390000-000000000007-1795334390123", *rounds = "{nps:alerts}:rounds:0";

	rest();
	for (int n = 1; n <= 3; n++) {
		cr_expect_str_eq(DO("HEXISTS", rounds, first), "1", "after %d sweeps", n);
		h.view.seq++;
		help_publish_count(&h, "", HELP_T0, 9, 1);
		help_publish_wait(&h, 1000);
		sweep();
	}
	h.view.seq++;
	help_publish_count(&h, "", HELP_T0, 9, 1);
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(DO("HEXISTS", rounds, first), "0");
	cr_expect_geq(atoi(DO("HLEN", rounds)), 2);
}

Test(sweep, a_large_shard_is_written_within_its_budget)
{
	enum { N = 700 };
	char name[64];

	for (int i = 0; i < N; i++) {
		snprintf(name, sizeof name, "place%d", i);
		help_admit(h.names, &h.cfg.sets, NPSD_DIM_location, name);
		snprintf(name, sizeof name, "location=place%d,channel=email", i);
		help_publish_count(&h, name, HELP_T0, i % 11, 1);
	}
	snprintf(name, sizeof name, "%u", npsd_names_len_any(h.names));
	DO("HSET", "{nps:alerts}:fence", "dict_len", name, "dict_chain",
	    npsd_names_chain_any(h.names, npsd_names_len_any(h.names)));
	h.cfg.publish_budget = 0.01; /* with 50 us a key: one in 5 ms */
	help_publish_acquire(&h, EPOCH);
	h.pub->context.budget.tokens = 100;
	h.pub->context.budget.cost_us = 50;
	help_publish_settle(&h);
	cr_expect_eq(help_publish_calls(&h, "publish "), 100);
	help_publish_wait(&h, 1000);
	cr_expect_eq(help_publish_calls(&h, "publish "), 300);
	npsd_pub_flush(h.pub);
	help_publish_settle(&h);
	cr_expect(npsd_pub_clean(h.pub));
	cr_expect_eq(help_publish_calls(&h, "publish "), N);
	cr_expect_str_eq(DO("SCARD", "nps:index:location,channel"), "700");
	/* all orphans of a large scan go, page by page */
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof name, "nps:v:{orphan%d}", i);
		DO("HSET", name, "1h", "1");
		REGISTER(name);
	}
	h.cfg.publish_budget = 0.5;
	for (int i = 0; i < 20 || h.pub->sweep.running; i++)
		help_publish_wait(&h, i ? 1000 : SWEEP_MS);
	cr_expect_str_eq(
	    DO("DBSIZE"), "706", "beside the keys an index, totals, meta, fence, rounds and the registry");
}

Test(sweep, totals_and_meta_are_copied_and_the_heart_beats)
{
	static const struct {
		const char *field, *value;
	} rows[] = {{"contract", "1"}, {"windows", "1h,24h"}, {"steps", "60,300"},
	    {"dimensions", "kind,location,channel"}, {"sets", "all;location;location,channel"},
	    {"since_ms:all", "17"}, {"since_ms:location,channel", "17"}, {"shards", "1"},
	    {"partitions:t", "2"}, {"partitions:a/b", "1"},
	    {"lost", "t/0 gap 0:1 5 99 lost;t/1 gap 0:3 4 98 x"}, {"undated", "3"}, {"ahead", "0"},
	    {"other:location", "4"}, {"other:channel", "0"}, {"other:stage", "nil"}};

	DO("HSET", "{nps:alerts}:fence", "clock_ms", "123", "pos:t/0", "0:1", "pos:t/1", "0:4", "pos:a/b/7",
	    "0:0", "since_ms", "17");
	DO("HSET", "{nps:alerts}:totals", "consumed", "5", "counted", "5", "t/consumed", "5", "t/counted",
	    "5");
	DO("HSET", "{nps:alerts}:meta", "undated", "3", "other:location", "4");
	DO("RPUSH", "{nps:alerts}:lost", "t/0 gap 0:1 5 99 lost", "t/1 gap 0:3 4 98 x");
	rest();
	cr_expect_str_eq(DO("HMGET", "nps:totals", "consumed", "counted", "duplicate", "late", "rejected",
			     "ignored", "clock_ms", "t/consumed", "t/counted"),
	    "[5 5 0 0 0 0 123 5 5]");
	cr_expect_str_eq(DO("HLEN", "nps:totals"), "9");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		cr_expect_str_eq(DO("HGET", "nps:meta", rows[i].field), rows[i].value, "%s", rows[i].field);
	cr_expect_gt(atoll(DO("HGET", "nps:meta", "heartbeat_ms")), 1700000000000);
	/* nothing of this shard changes, but another's commit does */
	DO("HINCRBY", "{nps:alerts}:totals", "consumed", "2");
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(DO("HGET", "nps:totals", "consumed"), "7");
	DO("DEL", "nps:meta", "nps:totals");
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(DO("EXISTS", "nps:meta", "nps:totals"), "0", "nothing changed");
	help_publish_wait(&h, 8000);
	cr_expect_str_eq(DO("EXISTS", "nps:meta", "nps:totals"), "2", "the heart beats");
}

Test(sweep, a_lost_copy_of_totals_is_made_again)
{
	DO("HSET", "{nps:alerts}:totals", "consumed", "5");
	h.lose_script = NPSD_S_copy;
	h.lose = 1;
	help_publish_acquire(&h, EPOCH);
	help_publish_settle(&h);
	cr_expect_str_eq(DO("EXISTS", "nps:totals"), "0");
	help_publish_wait(&h, 250);
	cr_expect_str_eq(DO("HGET", "nps:totals", "consumed"), "5");
	cr_expect_str_eq(DO("HGET", "nps:meta", "contract"), "1");
}
