/* The ledger's table, its shared rows, and what an entry keeps. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "count/decide.h"

#define MANY 50000u

static struct npsd_key key_of(uint32_t i)
{
	char id[16];

	snprintf(id, sizeof id, "r%" PRIu32, i);
	return npsd_key_of(NPSD_SPACE_RESPONSE, npsd_str(id));
}

static struct npsd_content content_of(uint32_t i)
{
	struct npsd_content c = {.score = (int8_t)(i % 12) - 1,
	    .kind = 1 + i % 3,
	    .has_comment = i & 1,
	    .over_cap = i % 5 == 0,
	    .nthemes = 1 + i % 3,
	    .comment_hash = i & 1 ? i * 77 : 0};

	for (int dim = 0; dim < NPSD_NDIM; dim++)
		c.value[dim] = dim == NPSD_DIM_theme ? 0 : (i * 31 + (uint32_t)dim) % 40;
	c.value[NPSD_DIM_owner] = NPSD_ID_MAX - i;
	for (uint32_t t = 0; t < c.nthemes; t++)
		c.theme[t] = i % 7 + t * 10;
	return c;
}

static bool same(const struct npsd_content *a, const struct npsd_content *b)
{
	return a->score == b->score && a->kind == b->kind && a->has_comment == b->has_comment &&
	       a->over_cap == b->over_cap && a->comment_hash == b->comment_hash && a->nthemes == b->nthemes &&
	       !memcmp(a->value, b->value, sizeof a->value) &&
	       !memcmp(a->theme, b->theme, a->nthemes * sizeof a->theme[0]);
}

static void fill(struct npsd_ledger *l, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		struct npsd_content c = content_of(i);
		struct npsd_entry *e;

		npsd_ledger_reserve(l, 1);
		e = npsd_ledger_add(l, key_of(i));
		e->event_ms = i;
		e->after_ms = 0;
		npsd_entry_set(l, e, &c);
	}
}

static void check(const struct npsd_ledger *l, uint32_t i, bool there)
{
	struct npsd_entry *e = npsd_ledger_find(l, key_of(i));
	struct npsd_content want = content_of(i), have;

	cr_assert_eq(e != NULL, there, "%" PRIu32, i);
	if (!e)
		return;
	npsd_entry_get(&have, l, e);
	cr_assert(same(&have, &want), "%" PRIu32, i);
	cr_assert_eq(e->event_ms, i);
}

Test(ledger, finds_what_it_holds_and_forgets_what_is_swept)
{
	struct npsd_ledger *l = npsd_ledger_new();

	fill(l, 0, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		check(l, i, true);
	cr_expect_null(npsd_ledger_find(l, key_of(MANY)));
	npsd_ledger_sweep(l, MANY / 2, MANY); /* only what it has looked at goes */
	cr_expect_eq(l->live, MANY - MANY / 2);
	npsd_ledger_sweep(l, MANY, MANY / 4 * 3);
	cr_expect_eq(l->live, MANY / 4);
	for (uint32_t i = 0; i < MANY; i++)
		check(l, i, i >= MANY / 4 * 3);
	fill(l, MANY, MANY * 7 / 4);
	cr_expect_eq(l->high, MANY, "freed places are taken again");
	for (uint32_t i = MANY / 4 * 3; i < MANY * 7 / 4; i++)
		check(l, i, true);
	npsd_ledger_sweep(l, MANY, INT64_MAX);
	cr_expect_eq(l->live, 0);
	cr_expect_eq(l->rest.live, 1);
	cr_expect_eq(l->themes.live, 1);
	npsd_ledger_free(&l);
}

Test(ledger, an_entry_costs_at_most_96_bytes)
{
	static const struct npsd_content plain = {.score = 9, .nthemes = 1};
	struct npsd_ledger *l = npsd_ledger_new();

	for (uint32_t i = 0; i < 1000000; i++) {
		npsd_ledger_reserve(l, 1);
		npsd_entry_set(l, npsd_ledger_add(l, key_of(i)), &plain);
		if (i >= 10000 && i % 1000 == 0)
			cr_assert_leq(npsd_ledger_bytes(l) / i, 96, "%" PRIu32, i);
	}
	npsd_ledger_free(&l);
}

Test(ledger, name_spaces_are_apart_and_ids_any_bytes)
{
	struct npsd_ledger *l = npsd_ledger_new();
	static const struct npsd_str ids[] = {{"a", 1}, {"a\0", 2}, {"\0a", 2}, {"a\0b", 3}};

	npsd_ledger_reserve(l, 8);
	for (int i = 0; i < 4; i++) {
		cr_expect_null(npsd_ledger_find(l, npsd_key_of(NPSD_SPACE_RESPONSE, ids[i])));
		npsd_ledger_add(l, npsd_key_of(NPSD_SPACE_RESPONSE, ids[i]));
	}
	cr_expect_not_null(npsd_ledger_find(l, npsd_key_of(NPSD_SPACE_RESPONSE, ids[1])));
	cr_expect_null(npsd_ledger_find(l, npsd_key_of(NPSD_SPACE_INVITATION, ids[1])));
	npsd_ledger_free(&l);
}

static void judge(struct npsd_decision *out, struct npsd_ledger *l, uint32_t id, const struct npsd_event *ev,
    const struct npsd_content *c, const struct npsd_moment *at)
{
	struct npsd_resolved said = {key_of(id), ev, c};

	npsd_decide(out, l, &said, at);
}

/* Order of two events of one response: what the first said, what the second says, and whether it is newer. */
Test(ledger, order_of_two_events)
{
	static const struct {
		const char *name;
		int64_t revision1, updated1, revision2, updated2;
		uint32_t inc2;
		int64_t offset2;
		bool newer;
	} rows[] = {
	    {"later offset", 0, NPSD_TIME_NONE, 0, NPSD_TIME_NONE, 1, 11, true},
	    {"revision up", 1, NPSD_TIME_NONE, 2, NPSD_TIME_NONE, 1, 11, true},
	    {"revision equal", 2, NPSD_TIME_NONE, 2, NPSD_TIME_NONE, 1, 11, false},
	    {"revision down", 3, NPSD_TIME_NONE, 2, NPSD_TIME_NONE, 1, 11, false},
	    {"revision beats updated_at", 1, 500, 2, 400, 1, 11, true},
	    {"revision equal, updated_at up", 2, 400, 2, 500, 1, 11, false},
	    {"only one has a revision", 5, NPSD_TIME_NONE, 0, NPSD_TIME_NONE, 1, 11, true},
	    {"only one has a revision, updated_at up", 5, 400, 0, 500, 1, 11, true},
	    {"only one has a revision, updated_at equal", 5, 400, 0, 400, 1, 11, false},
	    {"updated_at down", 0, 400, 0, 399, 1, 11, false},
	    {"largest revision", INT64_MAX - 1, 400, INT64_MAX, 399, 1, 11, true},
	    {"updated_at beyond all years", 0, INT64_MAX - 1, 0, INT64_MAX, 1, 11, true},
	    {"later incarnation", 9, 400, 1, 100, 2, 0, true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_ledger *l = npsd_ledger_new();
		struct npsd_event ev = {.type = NPSD_T_SUBMITTED,
		    .revision = rows[i].revision1,
		    .updated_ms = rows[i].updated1,
		    .event_ms = 1000};
		struct npsd_content c = content_of(9);
		struct npsd_moment at = {{1, 10}, 1000, NPSD_TIME_NONE, true};
		struct npsd_decision j;

		npsd_ledger_reserve(l, 2);
		judge(&j, l, 1, &ev, &c, &at);
		cr_assert_eq(j.fate, NPSD_F_counted);
		cr_assert(j.first && !j.had);
		ev.revision = rows[i].revision2;
		ev.updated_ms = rows[i].updated2;
		ev.event_ms = 2000;
		at.pos = (struct npsd_pos){rows[i].inc2, rows[i].offset2};
		judge(&j, l, 1, &ev, &c, &at);
		cr_expect_eq(j.fate, rows[i].newer ? NPSD_F_counted : NPSD_F_duplicate, "%s", rows[i].name);
		if (rows[i].newer) {
			cr_expect(j.had && !j.first);
			cr_expect_eq(j.entry->event_ms, 1000, "%s: event time is fixed", rows[i].name);
			cr_expect_eq(j.entry->revision,
			    rows[i].revision2 ? rows[i].revision2 : rows[i].revision1, "%s", rows[i].name);
		}
		npsd_ledger_free(&l);
	}
}

/* Known up to the horizon, also where the sweep has not been there. */
Test(ledger, known_late_and_forgotten)
{
	static const struct {
		const char *name;
		int64_t event1, stream1, event2, stream2, horizon2;
		enum npsd_fate fate;
		bool first;
	} rows[] = {
	    {"known at the horizon", 100, 200, 100, 300, 200, NPSD_F_counted, false},
	    {"forgotten behind it, and late", 100, 200, 100, 300, 201, NPSD_F_late, false},
	    {"forgotten, but dated anew", 100, 200, 201, 300, 201, NPSD_F_counted, true},
	    {"known by an event time ahead of the stream", 400, 200, 400, 500, 400, NPSD_F_counted, false},
	    {"the horizon itself is not late", 100, 200, 500, 600, 500, NPSD_F_counted, true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_ledger *l = npsd_ledger_new();
		struct npsd_event ev = {
		    .type = NPSD_T_SUBMITTED, .updated_ms = NPSD_TIME_NONE, .event_ms = rows[i].event1};
		struct npsd_content c = content_of(6);
		struct npsd_moment at = {{0, 1}, rows[i].stream1, NPSD_TIME_NONE, true};
		struct npsd_decision j;

		npsd_ledger_reserve(l, 2);
		judge(&j, l, 1, &ev, &c, &at);
		cr_assert(j.fate == NPSD_F_counted && j.transition == NPSD_TRANSITION_RAISED &&
			  j.entry->transitions == 1);
		ev.event_ms = rows[i].event2;
		c.score = 9;
		at = (struct npsd_moment){{0, 2}, rows[i].stream2, rows[i].horizon2, true};
		judge(&j, l, 1, &ev, &c, &at);
		cr_expect_eq(j.fate, rows[i].fate, "%s", rows[i].name);
		cr_expect_eq(j.first, rows[i].first, "%s", rows[i].name);
		if (j.fate == NPSD_F_counted)
			cr_expect_eq(j.entry->transitions, rows[i].first ? 0 : 2, "%s", rows[i].name);
		npsd_ledger_free(&l);
	}
}

/* A source that sends all its answers under one id must not end npsd when the alerts of that one are counted
 * out. */
Test(ledger, an_answer_that_was_told_so_often_tells_no_more)
{
	struct npsd_ledger *l = npsd_ledger_new();
	struct npsd_event ev = {.type = NPSD_T_SUBMITTED, .updated_ms = NPSD_TIME_NONE, .event_ms = 100};
	struct npsd_content c = content_of(6);
	struct npsd_moment at = {{0, 1}, 100, NPSD_TIME_NONE, true};
	struct npsd_decision j;

	npsd_ledger_reserve(l, 1);
	judge(&j, l, 1, &ev, &c, &at);
	cr_assert(j.transition == NPSD_TRANSITION_RAISED && j.entry->incident == 1);
	j.entry->transitions = NPSD_TRANSITIONS_MAX - 1;
	for (int i = 0; i < 3; i++) {
		c.score = (int8_t)(i % 2 ? 3 : 9);
		at.pos.offset++;
		judge(&j, l, 1, &ev, &c, &at);
		cr_expect(j.fate == NPSD_F_counted && j.now && j.now->score == c.score);
		cr_expect_eq(j.transition, i == 0 ? NPSD_TRANSITION_RETRACTED : NPSD_TRANSITION_NONE);
		cr_expect_eq(j.entry->transitions, NPSD_TRANSITIONS_MAX);
		cr_expect_eq(j.entry->incident, 1);
	}
	npsd_ledger_free(&l);
}
