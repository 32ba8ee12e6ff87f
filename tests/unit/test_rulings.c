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
	struct npsd_order *o = rig_order(NPSD_ORDER_TAKE);

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
	rig_send(r, rig_order(NPSD_ORDER_READ));
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
