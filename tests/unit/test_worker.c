/* The worker's step between hand-driven rings: orders, fates, deltas, rulings, back-pressure. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "count/worker.h"
#include "help_count.h"

#define MINUTE 60000LL
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define PANE(ms) ((ms) / 60000 * 60)

static const char *const plain_sets[] = {"segments=[[], [location], [channel], [location, channel]]"};

static void submit(
    struct rig *r, int64_t offset, int64_t record_ms, const char *id, const char *score, const char *more)
{
	char json[2048];

	snprintf(json, sizeof json,
	    "{\"type\":\"response.submitted\",\"response_id\":\"%s\",\"score\":%s,"
	    "\"survey_kind\":\"transactional\",\"location\":\"north/lisbon\"%s}",
	    id, score, more);
	rig_record(r, 0, offset, record_ms, json);
}

Test(worker, counts_an_answer_in_every_set_and_ancestor)
{
	static const char *const segs[] = {"kind=transactional", "kind=transactional,location=north",
	    "kind=transactional,location=north/lisbon", "kind=transactional,channel=email",
	    "kind=transactional,location=north,channel=email",
	    "kind=transactional,location=north/lisbon,channel=email"};
	struct rig *r = rig_new(plain_sets, 1);

	rig_take(r, 0, 0, 0);
	submit(r, 0, RIG_NOW, "a", "9", ",\"channel\":\"email\",\"comment\":\"good\"");
	submit(r, 1, RIG_NOW, "b", "null", ",\"channel\":\"email\"");
	rig_run(r);
	for (size_t i = 0; i < sizeof segs / sizeof segs[0]; i++) {
		cr_expect_eq(rig_sum(r, segs[i], PANE(RIG_NOW), NPSD_C_h9), 1, "%s", segs[i]);
		cr_expect_eq(rig_sum(r, segs[i], PANE(RIG_NOW), NPSD_C_no_score), 1, "%s", segs[i]);
		cr_expect_eq(rig_sum(r, segs[i], PANE(RIG_NOW), NPSD_C_comments), 1, "%s", segs[i]);
	}
	cr_expect_eq(r->ndelta, sizeof segs / sizeof segs[0]);
	cr_expect_eq(r->batches, 1);
	cr_expect_eq(r->asked, 3, "north, north/lisbon, email");
	cr_expect_eq(r->last[0].end.pos.offset, 2);
	cr_expect_eq(r->last[0].end.stream_ms, RIG_NOW);
	cr_expect_eq(r->last[0].end.horizon_ms, RIG_NOW - 7 * DAY);
	cr_expect_eq(r->clock_ms, RIG_NOW);
	cr_expect_str_eq(r->rulings, "lateness 0:0 604800000\n");
	cr_expect_eq(rig_total(r, "consumed"), 2);
	cr_expect_eq(rig_total(r, "survey-events/counted"), 2);
	cr_expect_eq(rig_meta(r, "undated"), 2);
	cr_expect_eq(r->released, r->nlog);
	rig_free(&r);
}

/* Each row is a record behind the ones before it; what the totals say after it. */
Test(worker, fates_of_a_partition)
{
	static const struct {
		const char *id, *score, *more;
		int64_t record_ms;
		const char *total;
		int64_t value;
	} rows[] = {
	    {"a", "9", "", RIG_NOW, "counted", 1},
	    {"a", "9", ",\"revision\":2", RIG_NOW, "counted", 2},
	    {"a", "8", ",\"revision\":2", RIG_NOW, "duplicate", 1},
	    {"a", "8", ",\"revision\":1", RIG_NOW, "duplicate", 2},
	    {"a", "7", "", RIG_NOW, "counted", 3},
	    {"b", "7", ",\"updated_at\":1795381445", RIG_NOW, "counted", 4},
	    {"b", "7", ",\"updated_at\":1795381445", RIG_NOW, "duplicate", 3},
	    {"b", "6", ",\"updated_at\":1795381446", RIG_NOW, "counted", 5},
	    {"c", "6", ",\"responded_at\":\"2026-11-15T21:04:04Z\"", RIG_NOW, "late", 1},
	    {"c", "6", ",\"responded_at\":\"2026-11-15T21:04:05Z\"", RIG_NOW, "counted", 6},
	    {"c", "6", ",\"responded_at\":\"2026-11-15T21:04:05Z\",\"revision\":1", RIG_NOW + 1, "counted",
		7},
	    {"c", "6", ",\"responded_at\":\"2026-11-15T21:04:05Z\",\"revision\":1", RIG_NOW + 1, "duplicate",
		4},
	    {"d", "6", ",\"responded_at\":\"2026-11-22T21:10:05Z\"", RIG_NOW, "rejected:future", 1},
	    {"e", "6", "", RIG_NOW + DAY + 1, "rejected:future", 2},
	    {"f", "11", "", RIG_NOW, "rejected:out_of_range", 1},
	    {"", "1", "", RIG_NOW, "rejected:no_id", 1},
	};
	struct rig *r = rig_new(plain_sets, 1);

	rig_take(r, 0, 0, 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		submit(r, (int64_t)i, rows[i].record_ms, rows[i].id, rows[i].score, rows[i].more);
		rig_run(r);
		cr_expect_eq(rig_total(r, rows[i].total), rows[i].value, "row %zu: %s is %ld", i,
		    rows[i].total, (long)rig_total(r, rows[i].total));
		cr_expect_eq(rig_total(r, "consumed"), (int64_t)i + 1);
	}
	cr_expect_eq(r->last[0].end.stream_ms, RIG_NOW + 1, "the future moves no time");
	cr_expect_str_eq(r->rulings, "lateness 0:0 604800000\nahead 0:13 14\n");
	rig_free(&r);
}

Test(worker, a_record_moves_time_before_it_is_judged_whatever_its_fate)
{
	struct rig *r = rig_new(plain_sets, 1);

	rig_take(r, 0, 0, 0);
	submit(r, 0, RIG_NOW - 10 * DAY, "a", "9", "");
	rig_record(r, 0, 1, RIG_NOW - 2 * DAY, "no json");
	submit(r, 2, RIG_NOW - 10 * DAY, "a", "3", "");
	submit(r, 3, RIG_NOW - 10 * DAY, "b", "3", ",\"responded_at\":\"2026-11-20T21:04:05Z\"");
	rig_run(r);
	cr_expect_eq(rig_total(r, "counted"), 1, "a is forgotten, its record is its time");
	cr_expect_eq(rig_total(r, "late"), 1);
	cr_expect_eq(rig_total(r, "rejected:future"), 1);
	cr_expect_eq(r->last[0].end.stream_ms, RIG_NOW - 2 * DAY);
	rig_free(&r);
}

/* Kafka takes any timestamp from a producer: the horizon behind the least of them must not come out in the
 * future. */
Test(worker, timestamps_at_the_ends_of_their_range_do_no_harm)
{
	static const char stage[] = "{\"type\":\"survey.invited\",\"invitation_id\":\"i\",\"survey_kind\":"
				    "\"transactional\",\"location\":\"north\"}";
	struct rig *r = rig_new(plain_sets, 1);

	rig_take(r, 0, 0, 0);
	rig_record(r, 0, 0, INT64_MIN, stage);
	submit(r, 1, INT64_MIN + 1, "a", "9", "");
	submit(r, 2, INT64_MAX, "b", "9", ",\"responded_at\":1");
	submit(r, 3, RIG_NOW, "c", "9", "");
	rig_run(r);
	cr_expect_eq(rig_total(r, "counted"), 3);
	cr_expect_eq(rig_total(r, "rejected:future"), 1);
	cr_expect_eq(rig_sum(r, "kind=transactional", -1, NPSD_C_h9), 2);
	cr_expect_eq(r->last[0].end.stream_ms, RIG_NOW);
	cr_expect_eq(r->last[0].end.horizon_ms, RIG_NOW - 7 * DAY);
	rig_free(&r);
}

Test(worker, records_ahead_of_the_clock_are_listed_as_ranges_and_move_no_time)
{
	struct rig *r = rig_new(plain_sets, 1);

	rig_take(r, 0, 0, 0);
	submit(r, 0, RIG_NOW, "a", "9", "");
	submit(r, 1, RIG_NOW + DAY + 1, "b", "9", "");
	rig_record(r, 0, 2, RIG_NOW + 2 * DAY, NULL);
	submit(r, 3, RIG_NOW, "c", "9", "");
	submit(r, 4, RIG_NOW + 2 * DAY, "d", "9", "");
	submit(r, 5, RIG_NOW + DAY, "e", "9", "");
	rig_run(r);
	cr_expect_str_eq(r->rulings, "lateness 0:0 604800000\nahead 0:1 3\nahead 0:4 5\n");
	cr_expect_eq(r->last[0].end.stream_ms, RIG_NOW + DAY);
	cr_expect_eq(rig_total(r, "counted"), 3);
	cr_expect_eq(rig_total(r, "ignored:tombstone"), 1);
	cr_expect_eq(rig_total(r, "rejected:future"), 2);
	cr_expect_eq(rig_meta(r, "ahead"), 4);
	rig_free(&r);
}

Test(worker, an_edit_moves_the_contribution_within_its_pane)
{
	struct rig *r = rig_new(plain_sets, 1);
	int64_t pane = PANE(RIG_NOW - HOUR);

	rig_take(r, 0, 0, 0);
	submit(r, 0, RIG_NOW - HOUR, "a", "9", ",\"channel\":\"email\",\"comment\":\"x\"");
	rig_run(r);
	submit(r, 1, RIG_NOW, "a", "2", ",\"channel\":\"sms\",\"responded_at\":\"2026-11-22T21:04:05Z\"");
	rig_run(r);
	cr_expect_eq(rig_sum(r, "kind=transactional", pane, NPSD_C_h9), 0);
	cr_expect_eq(rig_sum(r, "kind=transactional", pane, NPSD_C_h2), 1);
	cr_expect_eq(rig_sum(r, "kind=transactional,channel=email", pane, NPSD_C_h9), 0);
	cr_expect_eq(rig_sum(r, "kind=transactional,channel=email", pane, NPSD_C_comments), 0);
	cr_expect_eq(rig_sum(r, "kind=transactional,channel=sms", pane, NPSD_C_h2), 1);
	cr_expect_eq(rig_sum(r, "kind=transactional", PANE(RIG_NOW), NPSD_C_h2), 0);
	cr_expect_eq(r->batches, 2);
	rig_free(&r);
}

/* A count that begins with a record of the year 6429 would be partial until then. */
Test(worker, a_first_record_ahead_of_the_clock_begins_the_count_now)
{
	static const struct {
		int64_t record_ms, first_ms;
	} rows[] = {{RIG_NOW + DAY, RIG_NOW + DAY}, {RIG_NOW + DAY + 1, RIG_NOW}, {RIG_NOW * 1000, RIG_NOW}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rig *r = rig_new(plain_sets, 1);

		rig_take(r, 0, 10, 10);
		submit(r, 10, rows[i].record_ms, "a", "9", "");
		submit(r, 11, RIG_NOW, "b", "9", "");
		rig_run(r);
		cr_expect_eq(rig_total(r, "consumed"), 2);
		cr_expect_eq(r->last[0].first_ms, rows[i].first_ms, "row %zu", i);
		rig_free(&r);
	}
}

Test(worker, messages_of_an_earlier_assignment_are_dropped_and_holes_passed)
{
	struct rig *r = rig_new(plain_sets, 1);

	rig_take(r, 0, 10, 10);
	submit(r, 8, RIG_NOW, "a", "9", "");
	submit(r, 9, RIG_NOW, "b", "9", "");
	rig_msg(r, NPSD_MSG_END, 0, 10);
	submit(r, 12, RIG_NOW, "c", "9", "");
	rig_msg(r, NPSD_MSG_END, 0, 15);
	rig_msg(r, NPSD_MSG_END, 1, 99);
	rig_run(r);
	cr_expect_eq(rig_total(r, "consumed"), 1);
	cr_expect_eq(r->last[0].end.pos.offset, 15);
	cr_expect_eq(r->last[0].first_ms, RIG_NOW, "the base is above 0");
	cr_expect_eq(r->released, r->nlog);
	rig_msg(r, NPSD_MSG_GONE, 0, 15);
	rig_run(r);
	cr_expect_eq(npsd_fault_of(&r->pl.fault_worker[0], r->session), NPSD_FAULT_OFFSET);
	cr_expect(strstr(r->pl.fault_worker[0].text, "survey-events/0"), "%s", r->pl.fault_worker[0].text);
	rig_free(&r);
}

/* Partition 0 at offset 7, counted so far with a lateness of seven days. */
static void take_with_a_week(struct rig *r)
{
	struct npsd_command *o = rig_command(NPSD_CMD_ACQUIRE);

	o->names = r->names;
	o->load_from = 7;
	o->state = (struct npsd_part_state){.tp = {0, 0},
	    .claim = "c",
	    .pos = {0, 7},
	    .stream_ms = RIG_NOW,
	    .horizon_ms = RIG_NOW - 7 * DAY,
	    .lateness_ms = 7 * DAY};
	rig_send(r, o);
	rig_send(r, rig_command(NPSD_CMD_FETCH));
}

Test(worker, a_changed_lateness_is_a_ruling_where_it_begins)
{
	static const char *const sets[] = {"segments=[[]]", "lateness=1d"};
	struct rig *r = rig_new(sets, 2);

	take_with_a_week(r);
	submit(r, 7, RIG_NOW - HOUR, "a", "9", ",\"responded_at\":\"2026-11-21T21:04:04Z\"");
	submit(r, 8, RIG_NOW - HOUR, "b", "9", ",\"responded_at\":\"2026-11-21T21:04:05Z\"");
	rig_run(r);
	cr_expect_str_eq(r->rulings, "lateness 0:7 86400000\n");
	cr_expect_eq(r->last[0].end.lateness_ms, DAY);
	cr_expect_eq(rig_total(r, "late"), 1);
	cr_expect_eq(rig_total(r, "counted"), 1);
	cr_expect_eq(r->last[0].end.horizon_ms, RIG_NOW - DAY);
	rig_free(&r);
}

Test(worker, a_longer_lateness_brings_nothing_back)
{
	static const char *const sets[] = {"segments=[[]]", "lateness=30d"};
	struct rig *r = rig_new(sets, 2);

	take_with_a_week(r);
	submit(r, 7, RIG_NOW, "a", "9", ",\"responded_at\":\"2026-11-14T21:04:05Z\"");
	rig_run(r);
	cr_expect_eq(rig_total(r, "late"), 1);
	cr_expect_eq(r->last[0].end.lateness_ms, 30 * DAY);
	cr_expect_eq(r->last[0].end.horizon_ms, RIG_NOW - 7 * DAY);
	rig_free(&r);
}

Test(worker, a_response_is_known_within_its_partition)
{
	struct rig *r = rig_new(plain_sets, 1);

	rig_take(r, 0, 0, 0);
	rig_take(r, 1, 0, 0);
	submit(r, 0, RIG_NOW, "a", "9", ",\"revision\":1");
	rig_record(r, 1, 0, RIG_NOW,
	    "{\"type\":\"response.submitted\",\"response_id\":\"a\",\"score\":3,\"revision\":1,"
	    "\"survey_kind\":\"transactional\",\"location\":\"north\"}");
	rig_run(r);
	cr_expect_eq(rig_total(r, "counted"), 2);
	cr_expect_eq(rig_sum(r, "kind=transactional", PANE(RIG_NOW), NPSD_C_h9), 1);
	cr_expect_eq(rig_sum(r, "kind=transactional", PANE(RIG_NOW), NPSD_C_h3), 1);
	rig_free(&r);
}

Test(worker, one_batch_is_on_its_way_and_the_next_fills_up_to_its_limits)
{
	struct rig *r = rig_new(plain_sets, 1);
	char id[16];

	rig_take(r, 0, 0, 0);
	submit(r, 0, RIG_NOW, "first", "0", "");
	for (int i = 0; i < 6 && (int)npsd_worker_step(r->worker, 0) | (int)rig_commit(r); i++)
		;
	r->hold = true;
	r->mono_ms += 4;
	npsd_worker_step(r->worker, 0);
	cr_expect_eq(npsd_ring_size_any(r->pl.worker_to_commit[0]), 0, "not before 5 ms");
	r->mono_ms += 1;
	npsd_worker_step(r->worker, 0);
	cr_expect_eq(npsd_ring_size_any(r->pl.worker_to_commit[0]), 1, "a critical alert does not wait");
	for (int i = 1; i <= 400; i++) {
		snprintf(id, sizeof id, "r%d", i);
		submit(r, i, RIG_NOW, id, "5", "");
	}
	for (int i = 0; i < 100; i++) {
		npsd_worker_step(r->worker, 1);
		r->mono_ms += 1000;
	}
	cr_expect_eq(npsd_ring_size_any(r->pl.worker_to_commit[0]), 1);
	cr_expect_lt(r->at, 400, "no more is fetched when the batch is full");
	cr_expect_gt(r->waits, 50);
	r->hold = false;
	rig_run(r);
	cr_expect_eq(rig_total(r, "counted"), 401);
	cr_expect_eq(r->nalert, 401);
	cr_expect_eq(r->batches, 3, "1, 256, 144");
	rig_free(&r);
}

Test(worker, a_full_log_stops_counting)
{
	struct rig *r = rig_new(plain_sets, 1);

	rig_take(r, 0, 0, 0);
	npsd_store_relaxed(&r->pl.log_full, 1);
	submit(r, 0, RIG_NOW, "a", "9", "");
	rig_run(r);
	cr_expect_eq(r->at, 0);
	npsd_store_relaxed(&r->pl.log_full, 0);
	rig_run(r);
	cr_expect_eq(rig_total(r, "counted"), 1);
	rig_free(&r);
}

Test(worker, ledgers_stop_at_their_limit)
{
	static const char *const sets[] = {"segments=[[]]", "ledger.memory_max=1MB"};
	struct rig *r = rig_new(sets, 2);
	char id[16];

	rig_take(r, 0, 0, 0);
	for (int i = 0; i < 30000; i++) {
		snprintf(id, sizeof id, "r%d", i);
		submit(r, i, RIG_NOW, id, "9", "");
	}
	rig_run(r);
	cr_expect_eq(npsd_fault_of(&r->pl.fault_worker[0], r->session), NPSD_FAULT_BROKEN);
	cr_expect(strstr(r->pl.fault_worker[0].text, "ledger.memory_max"), "%s", r->pl.fault_worker[0].text);
	cr_expect_gt(r->at, 7000);
	cr_expect_lt(r->at, 18000);
	rig_free(&r);
}

Test(worker, does_not_ask_for_ever)
{
	struct rig *r = rig_new(plain_sets, 1);

	rig_take(r, 0, 0, 0);
	r->admits_nothing = true;
	submit(r, 0, RIG_NOW, "a", "9", "");
	rig_run(r);
	cr_expect_eq(r->asks, 64);
	cr_expect_eq(npsd_fault_of(&r->pl.fault_worker[0], r->session), NPSD_FAULT_BROKEN);
	cr_expect(strstr(r->pl.fault_worker[0].text, "dictionary"), "%s", r->pl.fault_worker[0].text);
	cr_expect_eq(r->batches, 0);
	rig_free(&r);
}

/* A topic lost its end, and gets a record of it once more: it is known from now on, and was counted. */
Test(worker, a_record_that_was_counted_before_a_cut_is_loaded)
{
	struct rig *r = rig_new(NULL, 0);
	struct npsd_command *o = rig_command(NPSD_CMD_ACQUIRE);
	static const char value[] = "{\"type\":\"response.submitted\",\"response_id\":\"r\",\"score\":3,"
				    "\"survey_kind\":\"other\",\"location\":\"north\"}";

	o->names = r->names;
	o->load_from = 5;
	o->state = (struct npsd_part_state){.tp = {0, 0},
	    .claim = "0123456789abcdef",
	    .base = {1, 5},
	    .pos = {1, 5},
	    .stream_ms = NPSD_TIME_NONE,
	    .horizon_ms = NPSD_TIME_NONE};
	o->cut = malloc(sizeof *o->cut);
	o->cut[0] = npsd_record_hash(value, strlen(value), RIG_NOW);
	o->ncut = 1;
	rig_send(r, o);
	rig_send(r, rig_command(NPSD_CMD_FETCH));
	rig_record(r, 0, 5, RIG_NOW, value);
	rig_record(r, 0, 6, RIG_NOW + 1, value);
	rig_run(r);
	cr_expect_eq(r->last[0].end.pos.offset, 7);
	cr_expect_eq(r->nalert, 0, "it was emitted");
	for (size_t i = 0; i < r->ntotal; i++)
		if (strcmp(r->total[i].name, "consumed") == 0)
			cr_expect_eq(r->total[i].value, 1, "the second one is another record");
	cr_expect_eq(r->ndelta, 0, "which edits nothing");
	rig_free(&r);
}
