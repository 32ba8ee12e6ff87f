/* Where the ledgers reach ledger.memory_max: the horizon moves up by a ruling, and whoever reads again obeys
 * it. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

#include "count/worker.h"
#include "help_count.h"

#define RECORDS 40000
#define SECOND 1000LL
#define T0 (RIG_NOW - RECORDS * SECOND)

static void push_all(struct rig *r, int n)
{
	char json[256];

	for (int i = 0; i < n; i++) {
		/* every seventh is of a response that was heard of before, near or long ago */
		int id = i % 7 || i < 15000 ? i : i - 15000 + i % 2 * 14000;

		snprintf(json, sizeof json,
		    "{\"type\":\"response.submitted\",\"response_id\":\"r%d\",\"survey_kind\":\"other\","
		    "\"score\":9,"
		    "\"location\":\"l\",\"responded_at\":%lld}",
		    id, T0 + id * SECOND);
		rig_record(r, 0, i, T0 + i * SECOND, json);
	}
}

static int64_t bytes_of(struct rig *r)
{
	return (int64_t)npsd_ledger_bytes(npsd_worker_part(r->worker, (struct npsd_tp){0, 0})->ledger);
}

Test(memory, the_horizon_moves_up_and_a_load_obeys)
{
	static const char *const sets[] = {"segments=[[]]", "ledger.memory_max=1MB"};
	struct rig *r = rig_new(sets, 2);
	struct npsd_command *reset = rig_command(NPSD_CMD_RESET);
	struct npsd_buf counted, loaded;
	long long at, ms;
	const char *line;
	size_t batches;

	rig_take_again(r, false);
	push_all(r, RECORDS);
	rig_run(r);
	cr_assert_eq(rig_total(r, "consumed"), RECORDS);
	cr_expect_gt(rig_total(r, "late"), 0, "old ones were forgotten");
	cr_expect_gt(rig_total(r, "duplicate") + rig_total(r, "counted"), RECORDS * 3 / 4);
	cr_expect_gt(rig_meta(r, "horizon_moved"), 1);
	cr_expect_lt(rig_meta(r, "horizon_moved"), 40, "an eighth each time");
	cr_expect_leq(bytes_of(r), (1 << 20) + 64 * NPSD_MESSAGES_MAX * 100, "looked at every 64 groups");
	line = strstr(r->rulings, "horizon 0:");
	cr_assert(line && sscanf(line, "horizon 0:%lld %lld", &at, &ms) == 2, "%s", r->rulings);
	cr_expect(at > 5000 && at < 20000 && ms > T0 && ms < T0 + at * SECOND, "%s", line);
	cr_expect_geq(r->last[0].end.horizon_ms, ms);

	rig_dump(&counted, r);
	batches = r->batches;
	r->session++;
	reset->names = r->names;
	rig_send(r, reset);
	rig_wait_answer(r, 1);
	rig_take_again(r, false);
	push_all(r, RECORDS);
	rig_run(r);
	rig_dump(&loaded, r);
	cr_expect(!counted.full && strcmp(loaded.p, counted.p) == 0); /* too long to be shown */
	cr_expect_eq(r->batches, batches, "loading counts nothing");
	npsd_buf_free(&counted);
	npsd_buf_free(&loaded);
	rig_free(&r);
}

/* A load may exceed the limit; the ruling follows with the first record behind it. */
Test(memory, a_ruling_follows_a_load)
{
	static const char *const sets[] = {"segments=[[]]", "ledger.memory_max=1MB"};
	struct rig *r = rig_new(sets, 2);
	const int loaded = 20000;

	rig_take(r, 0, loaded, 0);
	push_all(r, loaded + 5000);
	rig_run(r);
	cr_expect_eq(rig_total(r, "consumed"), 5000);
	cr_expect_eq(npsd_fault_of(&r->pl.fault_worker[0], r->session), 0);
	cr_expect_gt(rig_meta(r, "horizon_moved"), 0);
	cr_expect(strstr(r->rulings, "horizon 0:2"), "%s", r->rulings);
	rig_free(&r);
}
