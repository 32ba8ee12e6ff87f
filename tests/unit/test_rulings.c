/* What a load obeys: the rulings of its own incarnation, and the configuration that each record was counted
 * under. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "count/worker.h"
#include "help_count.h"

#define MINUTE 60000LL
#define DAY (24 * 60 * MINUTE)

/* Partition 0 of incarnation `inc`, counted up to pos, delivered from its begin. */
static void take(struct rig *r, uint32_t inc, int64_t pos, const struct npsd_ruling *rulings, size_t n)
{
	struct npsd_command *o = rig_command(NPSD_CMD_ACQUIRE);

	o->names = r->names;
	o->state = (struct npsd_part_state){.claim = "0123456789abcdef",
	    .pos = {inc, pos},
	    .stream_ms = NPSD_TIME_NONE,
	    .horizon_ms = NPSD_TIME_NONE};
	o->rulings = calloc(n + 1, sizeof *o->rulings);
	cr_assert(o->rulings);
	memcpy(o->rulings, rulings, n * sizeof *rulings);
	o->nrulings = n;
	rig_send(r, o);
	rig_wait_answer(r, 1);
	rig_send(r, rig_command(NPSD_CMD_FETCH));
	rig_wait_answer(r, 1);
}

static void submit(struct rig *r, int64_t offset, int64_t record_ms, const char *id)
{
	char json[256];

	snprintf(json, sizeof json,
	    "{\"type\":\"response.submitted\",\"response_id\":\"%s\",\"score\":9,\"survey_kind\":\"other\","
	    "\"location\":\"north\",\"responded_at\":%lld}",
	    id, (long long)record_ms);
	rig_record(r, 0, offset, record_ms, json);
}

/* A topic that was deleted and made anew begins at offset 0 again: what was ruled of the old one's offsets is
 * over. */
Test(rulings, of_another_incarnation_mean_nothing)
{
	static const struct npsd_ruling rulings[] = {
	    {.what = NPSD_RULING_LATENESS, .from = {0, 0}, .ms = MINUTE},
	    {.what = NPSD_RULING_HORIZON, .from = {0, 0}, .ms = RIG_NOW},
	    {.what = NPSD_RULING_AHEAD, .from = {0, 1}, .to = 4},
	    {.what = NPSD_RULING_AHEAD, .from = {1, 0}, .to = 1},
	};
	struct rig *r = rig_new(NULL, 0);

	take(r, 1, 2, rulings, 4);
	submit(r, 0, RIG_NOW, "ahead, as the ruling of this incarnation says");
	submit(r, 1, RIG_NOW - 2 * DAY, "a");
	submit(r, 2, RIG_NOW - DAY, "a");
	submit(r, 3, RIG_NOW - 2 * DAY, "b");
	rig_run(r);
	cr_expect_eq(rig_total(r, "consumed"), 2);
	cr_expect_eq(rig_total(r, "counted"), 2);
	cr_expect_eq(
	    rig_sum(r, "kind=other", -1, NPSD_C_h9), 1, "a was counted before: its edit moves nothing");
	cr_expect_eq(r->last[0].end.stream_ms, RIG_NOW - DAY);
	cr_expect_eq(r->last[0].end.horizon_ms, RIG_NOW - 8 * DAY);
	rig_free(&r);
}

/* A clock that was set back lists an earlier record later, when all is counted anew: the ranges are in no
 * order. */
Test(rulings, records_ahead_may_be_listed_in_any_order)
{
	static const struct npsd_ruling rulings[] = {
	    {.what = NPSD_RULING_AHEAD, .from = {0, 4}, .to = 6},
	    {.what = NPSD_RULING_AHEAD, .from = {0, 0}, .to = 1},
	    {.what = NPSD_RULING_AHEAD, .from = {0, 2}, .to = 3},
	};
	struct rig *r = rig_new(NULL, 0);
	char id[8];

	take(r, 0, 0, rulings, 3);
	for (int offset = 0; offset < 8; offset++) {
		snprintf(id, sizeof id, "r%d", offset);
		submit(r, offset, RIG_NOW, id);
	}
	rig_run(r);
	cr_expect_eq(rig_total(r, "rejected:future"), 4);
	cr_expect_eq(rig_total(r, "counted"), 4);
	cr_expect_str_eq(r->rulings, "lateness 0:0 604800000\n", "%s", r->rulings);
	rig_free(&r);
}

/* The rig's worker, with one configuration that was in force before: the present one with another switch. */
static struct rig *rig_with_older(const char *older_switch, const char *present_switch)
{
	const char *const older[] = {older_switch}, *const present[] = {present_switch};
	struct npsd_config *was = NULL;
	struct npsd_err err = {0};
	struct rig *r = rig_new(present, 1);

	cr_assert(npsd_config_load(&was, &err, NULL, older, 1), "%s", err.text);
	npsd_worker_free(&r->worker);
	r->cfg->older = calloc(1, sizeof(struct npsd_config *));
	cr_assert(r->cfg->older);
	r->cfg->older[r->cfg->nolder++] = npsd_config_of_text(was->text, was->hash, r->cfg);
	npsd_config_free(&was);
	r->worker = npsd_worker_new(&r->pl, 0);
	return r;
}

/*
 * An update that creates and names no location was counted, or was late, by the option of its time. What a
 * load makes of it under another option must be the same, or a withdrawal takes away what was never added, or
 * leaves what was.
 */
Test(rulings, an_update_that_creates_is_judged_by_the_option_of_its_time)
{
	static const struct {
		const char *older, *present;
		int64_t taken_away;
	} rows[] = {
	    {"location.required=true", "location.required=false", 0},
	    {"location.required=false", "location.required=true", -1},
	};
	static const struct npsd_ruling ruling = {.what = NPSD_RULING_CONFIG, .from = {0, 1}, .ms = 0};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rig *r = rig_with_older(rows[i].older, rows[i].present);

		take(r, 0, 1, &ruling, 1);
		rig_record(r, 0, 0, RIG_NOW,
		    "{\"type\":\"response.updated\",\"response_id\":\"u\",\"score\":9,\"survey_kind\":"
		    "\"other\",\"responded_at\":\"2026-11-22T21:04:05Z\"}");
		rig_record(r, 0, 1, RIG_NOW, "{\"type\":\"response.retracted\",\"response_id\":\"u\"}");
		rig_run(r);
		cr_expect_eq(rig_total(r, "counted"), 1);
		cr_expect_eq(rig_sum(r, "kind=other", -1, NPSD_C_h9), rows[i].taken_away, "%s: %ld",
		    rows[i].older, (long)rig_sum(r, "kind=other", -1, NPSD_C_h9));
		rig_free(&r);
	}
}
