/* What publish does so that indexes and ranks become right whatever happened to them: against a server. */
#include <criterion/criterion.h>

#include <stdio.h>

#include "help_names.h"
#include "help_publish.h"
#include "publish/pub.h"

#define EPOCH 1795334390000
#define INDEX "nps:index:location"
#define RANK "nps:rank:transactional:location/1:1h"
#define NORTH "kind=transactional,location=north"
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

TestSuite(converge, .init = open_publish, .fini = close_publish, .timeout = 120);

#define DO(...) help_redis_do(&h.redis, __VA_ARGS__, NULL)

/* n more answers of the score, or fewer. */
static void add(const char *seg, int64_t n)
{
	help_publish_count(&h, seg, HELP_T0, 9, n);
}

static void rest(void)
{
	add("location=north", 20);
	add("location=south", 20);
	help_publish_rest(&h, EPOCH);
}

/*
 * The sweep scanned the index while the segment held nothing, and removed the member by a call of its own.
 * The key was written again only after the segment was filled again: the member seemed to be there.
 */
Test(converge, a_segment_that_is_empty_for_a_moment_stays_a_member)
{
	rest();
	/* the keys are written, then the scan of members waits */
	h.lose_script = NPSD_S_members;
	h.lose = 1;
	help_publish_wait(&h, SWEEP_MS);
	cr_assert_eq(h.lose, 0);
	cr_assert(h.pub->sweep.running);
	add("location=north", -20);
	help_publish_wait(&h, 250);
	cr_assert_neq(help_publish_calls(&h, "members " INDEX), 0);
	add("location=north", 20);
	for (int i = 0; i < 4; i++)
		help_publish_wait(&h, 1000);
	cr_assert(npsd_pub_clean(h.pub));
	cr_expect_str_eq(DO("SISMEMBER", INDEX, NORTH), "1");
	cr_expect_str_neq(DO("ZSCORE", RANK, "north"), "nil");
}

Test(converge, a_flush_finds_what_is_missing_wrong_or_too_much)
{
	rest();
	add("location=south", -20);
	help_publish_wait(&h, 1000);
	help_publish_wait(&h, 1000);
	DO("SREM", INDEX, NORTH);
	DO("SADD", INDEX, "kind=transactional,location=south");
	DO("ZADD", RANK, "99", "north", "1", "south");
	npsd_pub_flush(h.pub);
	help_publish_settle(&h);
	cr_assert(npsd_pub_clean(h.pub));
	cr_expect_str_eq(DO("SMEMBERS", INDEX), "[" NORTH "]");
	cr_expect_str_eq(DO("ZRANGE", RANK, "0", "-1"), "[north]");
	cr_expect_str_neq(DO("ZSCORE", RANK, "north"), "99");
	DO("DEL", INDEX, RANK);
	DO("SET", INDEX, "another type");
	npsd_pub_flush(h.pub);
	help_publish_settle(&h);
	cr_expect_str_eq(DO("SMEMBERS", INDEX), "[" NORTH "]");
	cr_expect_str_eq(DO("ZRANGE", RANK, "0", "-1"), "[north]");
}

Test(converge, a_flush_gives_up_where_something_else_writes)
{
	int steps = 0;

	rest();
	npsd_pub_flush(h.pub);
	while (npsd_pub_state(h.pub) == NPSD_PUB_OK && steps++ < 1000) {
		struct npsd_done done;

		DO("SREM", INDEX, NORTH);
		npsd_pub_step(h.pub, &h.view, &h.store, h.mono_ms);
		if (h.store.poll(h.store.self, &done, 20))
			npsd_pub_done(h.pub, &h.view, &done, h.mono_ms);
	}
	cr_expect_eq(npsd_pub_state(h.pub), NPSD_PUB_DIFFERS);
	cr_expect_not(npsd_pub_clean(h.pub));
}

/* A call that was lost may have run: what it was to do is done again, in the state that is wanted then. */
Test(converge, a_lost_call_is_made_up_for)
{
	static const struct {
		enum npsd_script lost;
		int64_t n;
		const char *member;
	} rows[] = {{NPSD_S_index, -20, "0"}, {NPSD_S_index, 20, "1"}, {NPSD_S_rank, -20, "0"},
	    {NPSD_S_rank, 20, "1"}};

	rest();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		h.lose_script = rows[i].lost;
		h.lose = 1;
		add("location=north", rows[i].n);
		for (int k = 0; k < 6; k++)
			help_publish_wait(&h, 1000);
		cr_assert_eq(h.lose, 0, "%zu", i);
		cr_expect_str_eq(DO("SISMEMBER", INDEX, NORTH), rows[i].member, "%zu", i);
		cr_expect_eq(strcmp(DO("ZSCORE", RANK, "north"), "nil") == 0, rows[i].n < 0, "%zu", i);
	}
}
