/* Ranks against a server: what stands in them, how they follow the windows, and what sweeps make good. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "help_names.h"
#include "help_publish.h"
#include "publish/pub.h"

#define EPOCH 1795334390000
#define RANK(dim, w) "nps:rank:transactional:" dim ":" w
#define SWEEP_MS 600000

static struct help_publish h;

static void open_publish(void)
{
	help_publish_open(&h);
	h.cfg.sets.attr[0] = "plan";
	h.cfg.sets.attr_word[0] = "attributes.plan";
	h.cfg.sets.nattr = 1;
	h.cfg.sets.set[3] =
	    (struct npsd_set){.number = 3, .ndims = 1, .dims = {NPSD_DIM_ATTR0}, .name = "attributes.plan"};
	h.cfg.sets.n = 4;
}

static void close_publish(void)
{
	help_publish_close(&h);
}

TestSuite(rank, .init = open_publish, .fini = close_publish, .timeout = 120);

#define DO(...) help_redis_do(&h.redis, __VA_ARGS__, NULL)
#define REGISTER(key) help_publish_register(&h, key)

/* The process's copy of the dictionary is also the stored one. */
static void store_header(void)
{
	char len[16];
	uint32_t n = npsd_names_len_any(h.names);

	snprintf(len, sizeof len, "%u", n);
	DO("HSET", "{nps:alerts}:fence", "dict_len", len, "dict_chain", npsd_names_chain_any(h.names, n));
}

static void admit(int dim, const char *value)
{
	help_admit(h.names, &h.cfg.sets, dim, value);
	store_header();
}

/* What is due is written; an interval later the ranks follow. */
static void write_and_rank(void)
{
	help_publish_wait(&h, 1000);
	help_publish_wait(&h, 1000);
}

static void sweep(void)
{
	help_publish_wait(&h, SWEEP_MS);
	for (int i = 0; i < 6; i++)
		help_publish_wait(&h, 1000);
	cr_assert(npsd_pub_clean(h.pub));
	cr_assert_not(h.pub->sweep.running);
}

/* The member's score is the nps_lo that the segment's window shows. */
static void expect_published(const char *rank, const char *member, const char *seg, const char *window)
{
	char key[256], score[64], json[4096];
	const char *lo;

	snprintf(key, sizeof key, "nps:v:{kind=transactional,%s}", seg);
	snprintf(json, sizeof json, "%s", DO("HGET", key, window));
	snprintf(score, sizeof score, "%s", DO("ZSCORE", rank, member));
	lo = strstr(json, "\"nps_lo\":");
	cr_assert_not_null(lo, "%s %s: %s", seg, window, json);
	cr_assert_str_neq(score, "nil", "%s in %s", member, rank);
	cr_expect_eq(strtod(lo + 9, NULL), strtod(score, NULL), "%s in %s", member, rank);
}

Test(rank, members_are_values_and_scores_the_published_bounds)
{
	admit(NPSD_DIM_ATTR0, "a:b, c=100%");
	help_publish_count(&h, "location=north", HELP_T0, 9, 8);
	help_publish_count(&h, "location=north", HELP_T0, 3, 4);
	help_publish_count(&h, "location=north/lisbon", HELP_T0, 2, 11);
	help_publish_count(&h, "location=south", HELP_T0, 10, 9);
	help_publish_count(&h, "location=south", HELP_T0 - 2 * 3600000, 10, 1);
	help_publish_count(&h, "attributes.plan=a%3Ab%2C c%3D100%25", HELP_T0, 10, 10);
	help_publish_count(&h, "", HELP_T0, 10, 100);
	help_publish_count(&h, "location=north,channel=email", HELP_T0, 10, 100);
	help_publish_rest(&h, EPOCH);
	cr_expect_str_eq(DO("ZRANGE", RANK("location/1", "1h"), "0", "-1"), "[north]", "9 are too few");
	cr_expect_str_eq(DO("ZRANGE", RANK("location/1", "24h"), "0", "-1"), "[north south]");
	cr_expect_str_eq(DO("ZRANGE", RANK("location/2", "24h"), "0", "-1"), "[north/lisbon]");
	cr_expect_str_eq(DO("ZRANGE", RANK("attributes.plan", "1h"), "0", "-1"), "[a%3Ab%2C c%3D100%25]");
	cr_expect_str_eq(DO("EVAL", "return #redis.call('KEYS', 'nps:rank:*')", "0"), "6");
	expect_published(RANK("location/1", "1h"), "north", "location=north", "1h");
	expect_published(RANK("location/1", "24h"), "south", "location=south", "24h");
	expect_published(RANK("location/2", "1h"), "north/lisbon", "location=north/lisbon", "1h");
}

Test(rank, none_and_other_are_never_ranked)
{
	static const char *const seg[] = {"location=__none__", "location=__other__",
	    "attributes.plan=__none__", "attributes.plan=__other__"};

	for (int i = 0; i < 4; i++)
		help_publish_count(&h, seg[i], HELP_T0, 10, 100);
	help_publish_rest(&h, EPOCH);
	cr_expect_str_eq(DO("SCARD", "nps:index:location"), "2", "they have windows");
	cr_expect_str_eq(DO("EVAL", "return #redis.call('KEYS', 'nps:rank:*')", "0"), "0");
	DO("ZADD", RANK("location/1", "1h"), "1", "__none__", "2", "__other__");
	REGISTER(RANK("location/1", "1h"));
	sweep();
	cr_expect_str_eq(DO("EXISTS", RANK("location/1", "1h")), "0");
}

Test(rank, without_kinds_the_kind_is_all)
{
	uint32_t id[NPSD_SET_DIMS] = {npsd_names_find_any(h.names, NPSD_DIM_location, NPSD_STR("south"))};
	int64_t n = 10;
	uint32_t i;

	h.cfg.kinds_split = false;
	i = npsd_panes_find(h.view.panes, npsd_seg_pack(1, NPSD_KIND_NONE, id), true);
	npsd_panes_add(h.view.panes, i, HELP_T0 / 60000 * 60, 1u << NPSD_C_h9, &n);
	help_publish_rest(&h, EPOCH);
	cr_expect_str_eq(DO("ZRANGE", "nps:rank:all:location/1:1h", "0", "-1"), "[south]");
	DO("ZADD", RANK("location/1", "1h"), "1", "south");
	REGISTER(RANK("location/1", "1h"));
	sweep();
	cr_expect_str_eq(
	    DO("EVAL", "return redis.call('KEYS', 'nps:rank:*1h')", "0"), "[nps:rank:all:location/1:1h]");
}

Test(rank, a_segment_that_falls_below_the_least_leaves)
{
	int64_t minus = -1;
	uint32_t i = help_publish_seg(&h, "location=north");

	help_publish_count(&h, "location=north", HELP_T0, 9, 10);
	help_publish_count(&h, "location=south", HELP_T0, 9, 10);
	help_publish_rest(&h, EPOCH);
	cr_expect_str_eq(DO("ZCARD", RANK("location/1", "1h")), "2");
	npsd_panes_add(h.view.panes, i, HELP_T0 / 60000 * 60, 1u << NPSD_C_h9, &minus);
	npsd_pub_touch(h.pub, &h.view, i, HELP_T0 / 60000 * 60, h.mono_ms);
	write_and_rank();
	cr_expect_str_eq(DO("ZRANGE", RANK("location/1", "1h"), "0", "-1"), "[south]");
	cr_expect_str_eq(DO("ZRANGE", RANK("location/1", "24h"), "0", "-1"), "[south]");
	/* south's answers leave the hour, then the day */
	help_publish_turn(&h, HELP_T0 + 3600000);
	write_and_rank();
	cr_expect_str_eq(DO("EXISTS", RANK("location/1", "1h")), "0");
	cr_expect_str_eq(DO("ZRANGE", RANK("location/1", "24h"), "0", "-1"), "[south]");
	help_publish_turn(&h, HELP_T0 + 3 * 86400000);
	write_and_rank();
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(DO("EXISTS", RANK("location/1", "24h")), "0");
	cr_expect(npsd_pub_clean(h.pub));
}

Test(rank, a_sweep_makes_good_what_was_altered)
{
	char score[64];

	help_publish_count(&h, "location=north", HELP_T0, 9, 10);
	help_publish_count(&h, "location=north/lisbon", HELP_T0, 9, 9);
	help_publish_rest(&h, EPOCH);
	snprintf(score, sizeof score, "%s", DO("ZSCORE", RANK("location/1", "1h"), "north"));
	DO("ZADD", RANK("location/1", "1h"), "99", "north", "1", "atlantis", "2", "south", "3",
	    "north/lisbon", "4", "a%zz", "5", "");
	DO("ZADD", RANK("location/2", "1h"), "1", "north/lisbon", "2", "north");
	DO("SET", RANK("location/1", "24h"), "a string");
	DO("ZADD", RANK("location/3", "24h"), "1", "north/lisbon");
	DO("ZADD", RANK("location", "1h"), "1", "north");
	DO("ZADD", RANK("location/1", "7d"), "1", "north");
	DO("ZADD", RANK("channel", "1h"), "1", "email");
	DO("SET", "nps:rank:x", "1");
	REGISTER(RANK("location/3", "24h"));
	REGISTER(RANK("location", "1h"));
	REGISTER(RANK("location/1", "7d"));
	REGISTER(RANK("channel", "1h"));
	REGISTER("nps:rank:x");
	DO("ZADD", "other:rank:transactional:location/1:1h", "1", "atlantis");
	sweep();
	cr_expect_str_eq(DO("ZRANGE", RANK("location/1", "1h"), "0", "-1"), "[north]");
	cr_expect_str_eq(DO("ZSCORE", RANK("location/1", "1h"), "north"), score);
	cr_expect_str_eq(DO("ZRANGE", RANK("location/1", "24h"), "0", "-1"), "[north]");
	cr_expect_str_eq(DO("EVAL", "return #redis.call('KEYS', 'nps:rank:*')", "0"), "2");
	cr_expect_str_eq(DO("EXISTS", "other:rank:transactional:location/1:1h"), "1");
}

Test(rank, a_new_owner_removes_what_the_former_left)
{
	help_publish_count(&h, "location=north", HELP_T0, 9, 1);
	DO("ZADD", RANK("location/1", "1h"), "50", "north", "60", "south");
	REGISTER(RANK("location/1", "1h"));
	help_publish_rest(&h, EPOCH);
	cr_expect_str_eq(DO("EXISTS", RANK("location/1", "1h")), "0");
}

Test(rank, a_value_that_another_process_just_admitted_stays)
{
	help_publish_count(&h, "location=north", HELP_T0, 9, 10);
	help_publish_rest(&h, EPOCH);
	DO("EVAL", "return redis.call('RPUSH', KEYS[1], cmsgpack.pack({0, 'v', ARGV[1]}))", "1",
	    "{nps:alerts}:dict", "x");
	for (int i = 0; i < 4; i++)
		DO("EVAL", "return redis.call('LPUSH', KEYS[1], cmsgpack.pack({0, 'v', ARGV[1]}))", "1",
		    "{nps:alerts}:dict", i == 0 ? npsd_names_chain_any(h.names, 4) : "y");
	DO("HSET", "{nps:alerts}:fence", "dict_len", "5", "dict_chain", "x");
	DO("ZADD", RANK("location/1", "1h"), "50", "new", "60", "south");
	help_publish_wait(&h, SWEEP_MS);
	write_and_rank();
	cr_expect_str_eq(DO("ZRANGE", RANK("location/1", "1h"), "0", "-1"), "[north new]");
	cr_expect_eq(npsd_pub_needs(h.pub), 5, "until it can say whether it is known");
	help_admit(h.names, &h.cfg.sets, NPSD_DIM_location, "new");
	DO("HSET", "{nps:alerts}:fence", "dict_chain", npsd_names_chain_any(h.names, 5));
	help_publish_count(&h, "location=new", HELP_T0, 9, 10);
	write_and_rank();
	write_and_rank();
	cr_expect_str_eq(DO("ZRANGE", RANK("location/1", "1h"), "0", "-1"), "[new north]");
}

Test(rank, a_shard_leaves_others_members_alone)
{
	static const char *const value[] = {"north", "south", "north/lisbon"};
	int mine = 0;

	h.cfg.shards = 2;
	h.view.shard = 1;
	help_publish_acquire(&h, EPOCH);
	help_publish_settle(&h);
	help_publish_wait(&h, 1000);
	DO("ZADD", RANK("location/1", "1h"), "1", "north", "2", "south", "9", "atlantis");
	DO("ZADD", RANK("location/2", "1h"), "3", "north/lisbon");
	REGISTER(RANK("location/1", "1h"));
	REGISTER(RANK("location/2", "1h"));
	sweep();
	for (int k = 0; k < 3; k++) {
		char seg[64];
		uint32_t i;
		bool own;

		snprintf(seg, sizeof seg, "location=%s", value[k]);
		i = help_publish_seg(&h, seg);
		own = npsd_seg_shard(npsd_panes_seg(h.view.panes, i), 2) == 1;
		mine += own;
		cr_expect_eq(strcmp(DO("ZSCORE", k < 2 ? RANK("location/1", "1h") : RANK("location/2", "1h"),
					value[k]),
				 "nil") == 0,
		    own, "%s", value[k]);
	}
	cr_expect(mine > 0 && mine < 3, "the test needs both");
	cr_expect_str_eq(DO("ZSCORE", RANK("location/1", "1h"), "atlantis"), "nil", "nobody's");
}

Test(rank, a_lost_call_is_made_again)
{
	help_publish_count(&h, "location=north", HELP_T0, 9, 10);
	h.lose_script = NPSD_S_rank;
	h.lose = 2;
	help_publish_acquire(&h, EPOCH);
	help_publish_settle(&h);
	cr_expect_not(npsd_pub_clean(h.pub));
	help_publish_wait(&h, 250);
	cr_expect_str_eq(DO("EVAL", "return #redis.call('KEYS', 'nps:rank:*')", "0"), "0");
	help_publish_wait(&h, 250);
	help_publish_wait(&h, 1000);
	cr_expect_str_eq(DO("EVAL", "return #redis.call('KEYS', 'nps:rank:*')", "0"), "2");
	cr_expect(npsd_pub_clean(h.pub));
}

/* A busy shard submits a rank once for several writes, and all of it in a flush. */
Test(rank, busy_segments_lag_a_few_intervals_and_a_flush_waits_for_none)
{
	char name[64];
	int keys, ranks;

	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "place%d", i);
		admit(NPSD_DIM_location, name);
		snprintf(name, sizeof name, "location=place%d", i);
		help_publish_count(&h, name, HELP_T0, 9, 10);
	}
	help_publish_rest(&h, EPOCH);
	cr_expect_str_eq(DO("ZCARD", RANK("location/1", "1h")), "200");
	help_publish_forget(&h);
	h.pub->context.budget.tokens = 1000;
	for (int step = 0; step < 20; step++) {
		for (int i = 0; i < 200; i++) {
			snprintf(name, sizeof name, "location=place%d", i);
			help_publish_count(&h, name, HELP_T0, 9, 1);
		}
		h.mono_ms += 500; /* half an interval: always something cools that has changed */
		help_publish_settle(&h);
	}
	keys = help_publish_calls(&h, "publish ");
	ranks = help_publish_calls(&h, "rank " RANK("location/1", "1h"));
	cr_expect_geq(keys, 5 * 200);
	cr_expect_geq(ranks, 1);
	cr_expect_leq(ranks, 4 * (200 / 64 + 1), "passes of ten seconds: %d calls", ranks);
	npsd_pub_flush(h.pub);
	help_publish_settle(&h);
	cr_expect(npsd_pub_clean(h.pub));
	expect_published(RANK("location/1", "24h"), "place7", "location=place7", "24h");
}
