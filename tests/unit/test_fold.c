/* The fold's step against a private redis-server: how a shard is acquired, read, lost and acquired again. */
#include "fold_bed.h"

Test(fold, entries_become_panes)
{
	uint32_t id = bed_id(2, 0);
	struct bed b;

	bed_open(&b, NPSD_CLOCK_EVENT);
	bed_count(&b, id, T0, NPSD_C_h9, 3);
	bed_reset(&b);
	bed_assign(&b, 0x0f);
	bed_catch_up(&b);
	cr_expect_eq(pubs_taken, SHARDS);
	cr_expect_eq(bed_sum(&b, id, NPSD_C_h9), 3);
	cr_expect_eq(bed_of(&b, 2)->pub->touched, 0, "what was read before it ran is due as a whole");
	bed_count(&b, id, T0, NPSD_C_h9, -1);
	bed_catch_up(&b);
	cr_expect_eq(bed_sum(&b, id, NPSD_C_h9), 2);
	cr_expect_eq(bed_of(&b, 2)->pub->touched, 1);
	cr_expect_str_eq(bed_of(&b, 2)->counts.view.positions, "t/0 0:1;t/1 0:2");
	cr_expect_eq(npsd_fault_of(&b.pl.fault_fold, b.f->ctx.session), NPSD_FAULT_NONE);
	bed_close(&b);
}

Test(fold, only_the_shards_of_the_mask_are_acquired)
{
	struct bed b;

	bed_begin(&b, NPSD_CLOCK_EVENT, 0x05);
	bed_catch_up(&b);
	cr_expect(bed_of(&b, 0)->counts.view.panes && !bed_of(&b, 1)->counts.view.panes);
	bed_assign(&b, 0x06);
	bed_catch_up(&b);
	cr_expect(!bed_of(&b, 0)->counts.view.panes && bed_of(&b, 1)->counts.view.panes &&
		  bed_of(&b, 2)->counts.view.panes);
	cr_expect_eq(pubs_taken, 3, "a shard that stays assigned is not acquired again");
	bed_close(&b);
}

Test(fold, event_time_is_the_fences_clock_for_all_shards)
{
	struct bed b;

	bed_begin(&b, NPSD_CLOCK_EVENT, 0x0f);
	bed_catch_up(&b);
	bed_count(&b, bed_id(1, 0), T0, NPSD_C_h9, 1);
	for (int k = 0; k < SHARDS; k++)
		bed_until(&b, bed_of(&b, k)->counts.view.t_ms == (T0 + 59) * 1000ll);
	bed_count(&b, bed_id(1, 0), T0 - 600, NPSD_C_h9, 1);
	bed_catch_up(&b);
	cr_expect_eq(bed_of(&b, 0)->counts.view.t_ms, (T0 + 59) * 1000ll);
	cr_expect_eq(bed_of(&b, 0)->pub->turns, 1);
	help_redis_do(&b.redis, "HSET", K("fence"), "clock_ms", "1795334459500", NULL);
	for (int k = 0; k < SHARDS; k++)
		bed_until(&b, bed_of(&b, k)->counts.view.t_ms == 1795334459500);
	cr_expect_eq(bed_of(&b, 3)->pub->turns, 1, "no pane turned");
	bed_close(&b);
}

Test(fold, an_event_clock_that_went_back_acquires_the_shards_again)
{
	struct bed b;
	int64_t before[SHARDS];

	bed_open(&b, NPSD_CLOCK_EVENT);
	bed_count(&b, bed_id(1, 0), T0, NPSD_C_h9, 1);
	bed_reset(&b);
	bed_assign(&b, 0x0f);
	bed_catch_up(&b);
	for (int k = 0; k < SHARDS; k++)
		before[k] = bed_of(&b, k)->counts.view.epoch;
	help_redis_do(&b.redis, "HSET", K("fence"), "clock_ms", "1795334000000", NULL);
	for (int k = 0; k < SHARDS; k++) {
		bed_until(&b, bed_of(&b, k)->counts.view.epoch > before[k] && caught_up(&b, k));
		cr_expect_eq(bed_of(&b, k)->counts.view.t_ms, 1795334000000);
	}
	bed_close(&b);
}

Test(fold, wall_time_never_goes_back)
{
	struct bed b;
	int64_t now, t;

	bed_begin(&b, NPSD_CLOCK_WALL, 0x0f);
	bed_catch_up(&b);
	now = npsd_clock_system.wall_ms(NULL);
	t = bed_of(&b, 0)->counts.view.t_ms;
	cr_expect(t <= now && t > now - 60000, "%lld", (long long)t);
	b.f->ctx.wall_t_ms = now + 86400000; /* what this process used before Redis' clock went back */
	bed_until(&b, bed_of(&b, 0)->counts.view.t_ms == now + 86400000);
	bed_assign(&b, 0x0e);
	bed_assign(&b, 0x0f);
	bed_catch_up(&b);
	cr_expect_eq(bed_of(&b, 0)->counts.view.t_ms, now + 86400000);
	bed_close(&b);
}

Test(fold, another_epoch_releases_the_shard_for_a_second)
{
	struct bed b;
	int64_t stopped;

	bed_begin(&b, NPSD_CLOCK_EVENT, 0x0f);
	bed_catch_up(&b);
	help_redis_do(&b.redis, "HSET", K("fence"), "epoch:1", "9000000000000", NULL);
	bed_until(&b, bed_of(&b, 1)->state == NPSD_SHARD_WAITING);
	stopped = b.mono_ms;
	cr_expect_null(bed_of(&b, 1)->counts.view.panes);
	cr_expect_str_eq(help_redis_do(&b.redis, "HGET", K("fence"), "epoch:1", NULL), "9000000000000");
	bed_until(&b, bed_of(&b, 1)->state == NPSD_SHARD_ACQUIRING);
	cr_expect_geq(b.mono_ms - stopped, 990);
	bed_catch_up(&b);
	cr_expect_eq(bed_of(&b, 1)->counts.view.epoch, 9000000000001);
	cr_expect_eq(pubs_taken, SHARDS + 1);
	bed_close(&b);
}

Test(fold, a_refused_public_write_acquires_a_greater_epoch)
{
	struct bed b;
	int64_t before;

	bed_begin(&b, NPSD_CLOCK_EVENT, 0x0f);
	bed_catch_up(&b);
	before = bed_of(&b, 3)->counts.view.epoch;
	bed_of(&b, 3)->pub->seen = before + 3600000;
	bed_of(&b, 3)->pub->state = NPSD_PUB_REACQUIRE;
	bed_of(&b, 3)->pub->busy = true;
	for (int i = 0; i < 100; i++)
		npsd_fold_step(b.f, 0);
	cr_expect_eq(bed_of(&b, 3)->counts.view.epoch, before, "not while calls are in flight");
	bed_of(&b, 3)->pub->busy = false;
	bed_until(&b, bed_of(&b, 3)->counts.view.epoch > before && caught_up(&b, 3));
	cr_expect_eq(bed_of(&b, 3)->counts.view.epoch, before + 3600001);
	bed_close(&b);
}

Test(fold, a_busy_publish_blocks_only_its_shard)
{
	uint32_t one = bed_id(1, 0), two = bed_id(2, 0);
	struct bed b;
	int64_t t;

	bed_open(&b, NPSD_CLOCK_EVENT);
	bed_count(&b, one, T0, NPSD_C_h9, 1);
	bed_reset(&b);
	bed_assign(&b, 0x0f);
	bed_catch_up(&b);
	t = bed_of(&b, 1)->counts.view.t_ms;
	bed_of(&b, 1)->pub->busy = true;
	bed_count(&b, one, T0 + 60, NPSD_C_h9, 1);
	bed_count(&b, two, T0 + 120, NPSD_C_h9, 1);
	bed_until(&b, caught_up(&b, 2) && bed_of(&b, 2)->counts.view.t_ms == (T0 + 179) * 1000ll);
	cr_expect_eq(bed_of(&b, 1)->counts.view.seq, 1);
	cr_expect_eq(bed_of(&b, 1)->counts.view.t_ms, t);
	bed_of(&b, 1)->pub->busy = false;
	bed_until(&b, caught_up(&b, 1) && bed_of(&b, 1)->counts.view.t_ms == (T0 + 179) * 1000ll);
	bed_close(&b);
}

Test(fold, a_reset_waits_for_publish_and_releases_all_shards)
{
	struct npsd_command reset = {.session = 7}, flush = {0};
	struct bed b;

	bed_begin(&b, NPSD_CLOCK_EVENT, 0x0f);
	bed_catch_up(&b);
	bed_of(&b, 0)->pub->busy = true;
	reset.names = b.names;
	bed_command(&b, &flush, NPSD_CMD_FLUSH);
	bed_command(&b, &reset, NPSD_CMD_RESET);
	for (int i = 0; i < 200; i++, b.mono_ms++)
		npsd_fold_step(b.f, 0);
	cr_expect_eq(npsd_ring_pop(b.pl.fold_to_group), &flush, "a reset cancels it");
	cr_expect_not(flush.ok);
	cr_expect_null(npsd_ring_pop(b.pl.fold_to_group));
	bed_of(&b, 0)->pub->busy = false;
	cr_expect(bed_back(&b, &reset));
	for (int i = 0; i < 200; i++, b.mono_ms++)
		npsd_fold_step(b.f, 0);
	cr_expect_eq(
	    pubs_taken, SHARDS, "none is acquired before the group assigns it: nothing may be stored");
	bed_assign(&b, 0x0f);
	bed_catch_up(&b);
	cr_expect_eq(pubs_taken, 2 * SHARDS);
	bed_close(&b);
}

Test(fold, a_flush_ends_when_all_is_applied_and_clean)
{
	struct npsd_command flush = {0};
	uint32_t id = bed_id(0, 0);
	struct bed b;

	bed_begin(&b, NPSD_CLOCK_EVENT, 0x0f);
	bed_catch_up(&b);
	bed_count(&b, id, T0, NPSD_C_h0, 5);
	bed_command(&b, &flush, NPSD_CMD_FLUSH);
	for (int k = 0; k < SHARDS; k++)
		bed_until(&b, bed_of(&b, k)->flush == NPSD_FLUSH_PUBLISHING);
	cr_expect_eq(bed_sum(&b, id, NPSD_C_h0), 5);
	bed_count(&b, id, T0, NPSD_C_h0, 5);
	for (int k = 1; k < SHARDS; k++)
		bed_of(&b, k)->pub->clean = true;
	for (int i = 0; i < 200; i++, b.mono_ms++)
		npsd_fold_step(b.f, 0);
	cr_expect_null(npsd_ring_pop(b.pl.fold_to_group), "one is not clean");
	cr_expect_eq(bed_sum(&b, id, NPSD_C_h0), 5, "later entries must not delay its end");
	bed_of(&b, 0)->pub->clean = true;
	cr_expect(bed_back(&b, &flush));
	bed_catch_up(&b);
	cr_expect_eq(bed_sum(&b, id, NPSD_C_h0), 10);
	bed_close(&b);
}

Test(fold, an_unknown_end_of_the_dictionary_is_requested)
{
	uint32_t id = bed_id(1, 0), len;
	struct npsd_names *ahead;
	struct npsd_request *req = NULL;
	struct bed b;

	bed_begin(&b, NPSD_CLOCK_EVENT, 0x0f);
	bed_catch_up(&b);
	/* another process admits a value and counts with it; our copy does not know it yet */
	ahead = help_names_new(&b.cfg.sets, 1000);
	len = npsd_names_len_any(b.names);
	for (uint32_t i = 0; i < len; i++)
		npsd_names_append_owner(ahead, i, NPSD_DIM_location, npsd_names_text_any(b.names, i + 2),
		    npsd_names_chain_any(b.names, i + 1));
	help_admit(ahead, &b.cfg.sets, NPSD_DIM_location, "new");
	{
		struct npsd_names *ours = b.names;

		b.names = ahead;
		bed_store_names(&b);
		bed_count(&b, id, T0, NPSD_C_h9, 1);
		b.names = ours;
	}
	bed_until(&b, (req = npsd_ring_pop(b.pl.fold_to_commit)) != NULL);
	cr_expect(req->what == NPSD_REQ_ADMIT && req->session == b.f->ctx.session &&
		  ((struct npsd_admission *)req)->n == 0);
	cr_expect_eq(bed_sum(&b, id, NPSD_C_h9), 0);
	bed_count(&b, bed_id(2, 0), T0, NPSD_C_h9, 1);
	bed_until(&b, caught_up(&b, 2));
	help_admit(b.names, &b.cfg.sets, NPSD_DIM_location, "new");
	cr_expect(npsd_ring_push(b.pl.commit_to_fold, req));
	bed_catch_up(&b);
	cr_expect_eq(bed_sum(&b, id, NPSD_C_h9), 1);
	npsd_names_free(&ahead);
	bed_close(&b);
}

Test(fold, what_publish_needs_of_the_dictionary_is_requested)
{
	struct npsd_request *req = NULL;
	struct bed b;

	bed_open(&b, NPSD_CLOCK_EVENT);
	bed_reset(&b);
	bed_assign(&b, 0x0f);
	bed_catch_up(&b);
	b.f->shard[2].pub->needs = npsd_names_len_any(b.names);
	for (int i = 0; i < 100; i++) {
		b.mono_ms += 10;
		npsd_fold_step(b.f, 0);
		cr_assert_null(npsd_ring_pop(b.pl.fold_to_commit), "the copy is complete");
	}
	b.f->shard[2].pub->needs++;
	bed_until(&b, (req = npsd_ring_pop(b.pl.fold_to_commit)) != NULL);
	cr_expect(req->what == NPSD_REQ_ADMIT && req->session == b.f->ctx.session &&
		  ((struct npsd_admission *)req)->n == 0);
	bed_close(&b);
}

Test(fold, entries_that_do_not_fit_stop_the_fold)
{
	static const struct {
		const char *header;
		const char *d;
		size_t n;
		enum npsd_fault expect;
	} rows[] = {
	    {"cfg 1 0123456789012345678901234567890123456789", "\x90", 1, NPSD_FAULT_DICT},
	    {"old 0 ", "\x90", 1, NPSD_FAULT_CONFIG},
	    {"cfg", "\x90", 1, NPSD_FAULT_BROKEN},
	    {"cfg -1 ", "\x90", 1, NPSD_FAULT_BROKEN},
	    {"cfg 0 ", "\x91", 1, NPSD_FAULT_BROKEN},
	    {"cfg 0 ", "\x91\x95\x00\x00\x00\x01\x01", 7, NPSD_FAULT_BROKEN}, /* not this shard's */
	    {"cfg 0 ", "\x90\x90", 2, NPSD_FAULT_BROKEN},
	    {"cfg 0 ", "\xc0", 1, NPSD_FAULT_BROKEN},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bed b;

		bed_begin(&b, NPSD_CLOCK_EVENT, 0x0f);
		bed_catch_up(&b);
		bed_append(&b, 1, rows[i].header, rows[i].d, rows[i].n);
		bed_until(&b, npsd_fault_of(&b.pl.fault_fold, b.f->ctx.session) != NPSD_FAULT_NONE);
		cr_expect_eq(npsd_fault_of(&b.pl.fault_fold, b.f->ctx.session), rows[i].expect, "row %zu: %s",
		    i, b.pl.fault_fold.text);
		cr_expect_eq(bed_of(&b, 1)->counts.view.seq, 0);
		bed_close(&b);
	}
}

/* A number that no script writes is a fault, and fails no assertion. */
Test(fold, a_fence_that_is_malformed_stops_the_fold)
{
	static const struct {
		const char *field, *value;
	} rows[] = {
	    {"clock_ms", "x"},
	    {"clock_ms", "1000000000000000000"},
	    {"since_ms", " 5"},
	    {"lost_ms", "1e9"},
	    {"log:1", "7"},
	    {"log:1", "-1 x"},
	    {"log:1", "9007199254740993 x"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bed b;

		bed_begin(&b, NPSD_CLOCK_EVENT, 0x0f);
		bed_catch_up(&b);
		help_redis_do(&b.redis, "HSET", K("fence"), rows[i].field, rows[i].value, NULL);
		bed_until(&b, npsd_fault_of(&b.pl.fault_fold, b.f->ctx.session) != NPSD_FAULT_NONE);
		cr_expect_eq(npsd_fault_of(&b.pl.fault_fold, b.f->ctx.session), NPSD_FAULT_BROKEN,
		    "row %zu: %s", i, b.pl.fault_fold.text);
		bed_close(&b);
	}
}

Test(fold, a_header_that_redis_does_not_know_is_a_fault)
{
	static const struct {
		const char *field, *value;
		enum npsd_fault expect;
	} rows[] = {
	    {"config", "new", NPSD_FAULT_CONFIG},
	    {"dict_len", "3", NPSD_FAULT_DICT},
	    {"dict_chain", "x", NPSD_FAULT_DICT},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bed b;

		bed_begin(&b, NPSD_CLOCK_EVENT, 0x0f);
		bed_catch_up(&b);
		help_redis_do(&b.redis, "HSET", K("fence"), rows[i].field, rows[i].value, NULL);
		bed_until(&b, npsd_fault_of(&b.pl.fault_fold, b.f->ctx.session) != NPSD_FAULT_NONE);
		cr_expect_eq(npsd_fault_of(&b.pl.fault_fold, b.f->ctx.session), rows[i].expect, "row %zu", i);

		bed_store_names(&b);
		bed_reset(&b); /* the group recovers */
		bed_catch_up(&b);
		cr_expect_eq(npsd_fault_of(&b.pl.fault_fold, b.f->ctx.session), NPSD_FAULT_NONE);
		bed_close(&b);
	}
}

Test(fold, a_log_that_is_too_long_pauses_counting)
{
	uint32_t id = bed_id(1, 0);
	struct bed b;

	bed_open(&b, NPSD_CLOCK_EVENT);
	b.cfg.log_max_bytes = 1000;
	b.cfg.snapshot_interval_ms = 3600000;
	bed_reset(&b);
	bed_assign(&b, 0x0f);
	bed_catch_up(&b);
	bed_of(&b, 1)->pub->busy = true;
	for (int i = 0; i < 20; i++)
		bed_count(&b, id, T0 + 60 * i, NPSD_C_h9, 1);
	bed_of(&b, 1)->pub->busy = false;
	bed_until(&b, b.pl.log_full);
	bed_until(&b, !b.pl.log_full); /* a snapshot before its time */
	cr_expect_str_eq(help_redis_do(&b.redis, "XLEN", K("log:1"), NULL), "1");
	bed_close(&b);
}
