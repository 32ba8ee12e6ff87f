/* Snapshots, and the fold as a pure function of the log, against a private redis-server. */
#include "fold_bed.h"

/* Expects the same chunks in the manifest, in the list and as keys; returns their number. */
static int chunks_of(struct bed *b, int k)
{
	char key[40], list[40], pattern[48];
	int named = 0, listed, there = 0;
	redisReply *r;

	snprintf(key, sizeof key, K("manifest:%d"), k);
	snprintf(list, sizeof list, K("chunks:%d"), k);
	snprintf(pattern, sizeof pattern, "*chunk:%d-*", k);
	r = redisCommand(b->redis.plain, "HGETALL %s", key);
	for (size_t i = 0; i < r->elements; i += 2)
		if (strncmp(r->element[i]->str, "chunk:", 6) == 0) {
			const char *name = r->element[i + 1]->str;

			cr_expect_str_eq(help_redis_do(&b->redis, "SISMEMBER", list, name, NULL), "1");
			named++;
		}
	freeReplyObject(r);
	listed = atoi(help_redis_do(&b->redis, "SCARD", list, NULL));
	r = redisCommand(b->redis.plain, "KEYS %s", pattern);
	there = (int)r->elements;
	freeReplyObject(r);
	cr_expect(named == listed && named == there, "%d named, %d listed, %d there", named, listed, there);
	return named;
}

static int length_of(struct bed *b, int k)
{
	char key[40];

	snprintf(key, sizeof key, K("log:%d"), k);
	return atoi(help_redis_do(&b->redis, "XLEN", key, NULL));
}

static void snapshot_all(struct bed *b)
{
	bed_catch_up(b);
	for (int k = 0; k < SHARDS; k++)
		bed_until(b, !npsd_shard_assigned(bed_of(b, k)) || bed_of(b, k)->manifest.seq == b->seq[k]);
}

static void expect_same(struct bed *b, int k, const char *expect)
{
	char *got = bed_dump(b, k);

	cr_assert_str_eq(got, expect, "shard %d", k);
	free(got);
}

/* What a fold makes of the whole log at once. */
static void from_scratch(char *out[SHARDS], struct bed *b)
{
	for (int k = 0; k < SHARDS; k++) {
		char key[40];

		snprintf(key, sizeof key, K("manifest:%d"), k);
		cr_assert_str_eq(help_redis_do(&b->redis, "EXISTS", key, NULL), "0");
	}
	bed_reset(b);
	bed_assign(b, 0x0f);
	bed_catch_up(b);
	for (int k = 0; k < SHARDS; k++)
		out[k] = bed_dump(b, k);
}

/*
 * Random batches over ten simulated days; now and then the log is read or packed, the shards are acquired
 * again, or a new process starts. Another fold that reads the same batches at once has the same panes.
 */
static void run_split(unsigned long long seed, bool snapshots, bool flaky)
{
	struct bed whole, parts;
	char *expect[SHARDS];
	int64_t now = T0;

	bed_open(&whole, NPSD_CLOCK_EVENT);
	bed_open(&parts, NPSD_CLOCK_EVENT);
	whole.cfg.snapshot_interval_ms = 1ll << 40;
	parts.cfg.snapshot_interval_ms = snapshots ? 20 : 1ll << 40;
	whole.rnd = parts.rnd = seed;
	parts.chaos = seed;
	parts.flaky = flaky;
	bed_reset(&parts);
	bed_assign(&parts, 0x0f);
	for (int i = 0; i < 150; i++) {
		uint64_t before = parts.rnd, what;

		bed_batch(&parts, now);
		whole.rnd = before;
		bed_batch(&whole, now);
		what = bed_random(&parts) % 16;
		now += (int64_t)(bed_random(&parts) % (what == 0 ? 86400 : 3600));
		if (what < 8)
			bed_catch_up(&parts);
		if (what == 1)
			bed_reset(&parts);
		if (what == 2 && snapshots)
			snapshot_all(&parts);
		if (what == 3) { /* as by kill -9 */
			bed_end(&parts);
			bed_start(&parts);
			bed_reset(&parts);
			bed_assign(&parts, 0x0f);
		}
	}
	from_scratch(expect, &whole);
	bed_catch_up(&parts);
	for (int k = 0; k < SHARDS; k++) {
		bed_until(&parts, bed_of(&parts, k)->counts.view.t_ms == parts.clock_ms);
		expect_same(&parts, k, expect[k]);
		bed_until(&parts, !parts.f->snap.shard); /* what it has written is named */
		if (snapshots)
			cr_expect_gt(chunks_of(&parts, k), 0);
		free(expect[k]);
	}
	cr_expect(!flaky || parts.nlost > 100, "%d calls were lost", parts.nlost);
	bed_close(&whole);
	bed_close(&parts);
}

Test(fold_snapshot, panes_do_not_depend_on_how_the_log_was_read)
{
	run_split(1, false, false);
	run_split(2, false, false);
}

Test(fold_snapshot, panes_do_not_depend_on_snapshots_and_restarts)
{
	for (unsigned long long seed = 1; seed <= 4; seed++)
		run_split(seed, true, false);
}

Test(fold_snapshot, panes_do_not_depend_on_calls_that_are_lost)
{
	for (unsigned long long seed = 11; seed <= 13; seed++)
		run_split(seed, true, true);
}

Test(fold_snapshot, trims_the_log_to_its_entry_and_deletes_old_chunks)
{
	uint32_t id = bed_id(1, 0);
	struct bed b;
	int chunks;

	bed_begin(&b, NPSD_CLOCK_EVENT, 0x0f);
	for (int i = 0; i < 5; i++)
		bed_count(&b, id, T0 + 60 * i, NPSD_C_h9, 1);
	cr_expect_eq(length_of(&b, 1), 5);
	snapshot_all(&b);
	cr_expect_eq(length_of(&b, 1), 1);
	chunks = chunks_of(&b, 1);
	cr_expect_eq(chunks, 3, "one a step");
	cr_expect_eq(chunks_of(&b, 0), 0);
	bed_count(&b, id, T0 + 60 * 5, NPSD_C_h9, 1);
	snapshot_all(&b);
	cr_expect_eq(chunks_of(&b, 1), 3, "replaced");
	/* a chunk that a former owner wrote and never named is deleted by the next acquisition */
	help_redis_do(&b.redis, "SADD", K("chunks:1"), "1-5-5", NULL);
	help_redis_do(&b.redis, "SET", K("chunk:1-5-5"), "x", NULL);
	bed_reset(&b);
	bed_catch_up(&b);
	cr_expect_eq(chunks_of(&b, 1), 3);
	cr_expect_eq(bed_sum(&b, id, NPSD_C_h9), 6);
	/* three weeks later no window reads any of it */
	bed_count(&b, bed_id(2, 0), T0 + 21 * 86400, NPSD_C_h9, 1);
	bed_until(&b, bed_of(&b, 1)->counts.dropped_ms > (T0 + 20 * 86400) * 1000ll);
	bed_count(&b, id, T0 + 21 * 86400, NPSD_C_h9, 1);
	snapshot_all(&b);
	cr_expect_eq(chunks_of(&b, 1), 3);
	bed_close(&b);
}

Test(fold_snapshot, withdrawn_answers_leave_no_chunk)
{
	uint32_t id = bed_id(3, 0);
	struct bed b;

	bed_begin(&b, NPSD_CLOCK_EVENT, 0x0f);
	bed_count(&b, id, T0, NPSD_C_h9, 1);
	snapshot_all(&b);
	cr_expect_eq(chunks_of(&b, 3), 3);
	bed_count(&b, id, T0, NPSD_C_h9, -1);
	snapshot_all(&b);
	cr_expect_eq(chunks_of(&b, 3), 0);
	bed_reset(&b);
	bed_catch_up(&b);
	cr_expect_eq(bed_of(&b, 3)->counts.view.seq, 2);
	cr_expect_str_eq(bed_of(&b, 3)->counts.view.positions, "t/0 0:1;t/1 0:2");
	bed_close(&b);
}

/* --- Redis lost writes, or was edited --- */

/* Everything private as it is now, to be put back by roll_back. */
struct saved {
	redisReply *keys;
	redisReply *dump[256];
};

static void save(struct saved *s, struct bed *b)
{
	s->keys = redisCommand(b->redis.plain, "KEYS *");
	cr_assert_lt(s->keys->elements, 256);
	for (size_t i = 0; i < s->keys->elements; i++)
		s->dump[i] = redisCommand(
		    b->redis.plain, "DUMP %b", s->keys->element[i]->str, s->keys->element[i]->len);
}

static void roll_back(struct saved *s, struct bed *b)
{
	help_redis_do(&b->redis, "FLUSHALL", NULL);
	for (size_t i = 0; i < s->keys->elements; i++) {
		freeReplyObject(redisCommand(b->redis.plain, "RESTORE %b 0 %b", s->keys->element[i]->str,
		    s->keys->element[i]->len, s->dump[i]->str, s->dump[i]->len));
		freeReplyObject(s->dump[i]);
	}
	freeReplyObject(s->keys);
}

Test(fold_snapshot, a_log_that_went_back_is_read_again)
{
	uint32_t id = bed_id(1, 0);
	struct saved saved;
	struct bed b, before;

	for (int snapshot = 0; snapshot < 3; snapshot++) {
		bed_open(&b, NPSD_CLOCK_EVENT);
		b.cfg.snapshot_interval_ms = snapshot == 0 ? 1ll << 40 : 100;
		bed_reset(&b);
		bed_assign(&b, 0x0f);
		bed_count(&b, id, T0, NPSD_C_h9, 1);
		if (snapshot)
			snapshot_all(&b);
		bed_catch_up(&b);
		save(&saved, &b);
		before = b;
		bed_count(&b, id, T0, NPSD_C_h9, 1);
		bed_count(&b, id, T0, NPSD_C_h9, 1);
		bed_catch_up(&b);
		if (snapshot == 2)
			snapshot_all(&b); /* what the manifest names goes back too */
		roll_back(&saved, &b);
		memcpy(b.seq, before.seq, sizeof b.seq);
		memcpy(b.hash, before.hash, sizeof b.hash);
		b.batches = before.batches + 7; /* another history, as long */
		bed_count(&b, id, T0, NPSD_C_h0, 1);
		bed_count(&b, id, T0, NPSD_C_h0, 1);
		bed_until(&b, caught_up(&b, 1) && strcmp(bed_of(&b, 1)->counts.view.hash, b.hash[1]) == 0);
		cr_expect_eq(bed_sum(&b, id, NPSD_C_h9), 1);
		cr_expect_eq(bed_sum(&b, id, NPSD_C_h0), 2);
		bed_count(&b, id, T0, NPSD_C_h0, 1);
		bed_catch_up(&b);
		if (snapshot)
			snapshot_all(&b);
		cr_expect_eq(bed_sum(&b, id, NPSD_C_h0), 3);
		bed_close(&b);
	}
}

Test(fold_snapshot, a_broken_chain_is_never_applied)
{
	uint32_t id = bed_id(1, 0);
	struct bed b;
	int64_t epoch;

	bed_begin(&b, NPSD_CLOCK_EVENT, 0x0f);
	bed_count(&b, id, T0, NPSD_C_h9, 1);
	bed_catch_up(&b);
	epoch = bed_of(&b, 1)->counts.view.epoch;
	b.hash[1][0] = b.hash[1][0] == '0' ? '1' : '0'; /* the next one's x goes on from elsewhere */
	bed_count(&b, id, T0, NPSD_C_h9, 1);
	bed_until(&b, bed_of(&b, 1)->counts.view.epoch > epoch && bed_of(&b, 1)->counts.view.seq == 1);
	epoch = bed_of(&b, 1)->counts.view.epoch;
	bed_until(&b, bed_of(&b, 1)->counts.view.epoch > epoch); /* acquired again without end */
	for (int i = 0; i < 3000; i++) {
		cr_assert(bed_of(&b, 1)->counts.view.seq <= 1);
		npsd_fold_step(b.f, 0);
		b.mono_ms++;
	}
	bed_close(&b);
}

Test(fold_snapshot, a_chunk_that_is_missing_is_read_again)
{
	uint32_t id = bed_id(1, 0);
	const char *key;
	redisReply *keys, *chunk;
	struct bed b;

	bed_begin(&b, NPSD_CLOCK_EVENT, 0x0f);
	bed_count(&b, id, T0, NPSD_C_h9, 1);
	snapshot_all(&b);
	keys = redisCommand(b.redis.plain, "KEYS *chunk:1-*");
	key = keys->element[0]->str;
	chunk = redisCommand(b.redis.plain, "GET %s", key);
	help_redis_do(&b.redis, "DEL", key, NULL);
	bed_reset(&b);
	for (int i = 0; i < 3000; i++, b.mono_ms++) {
		npsd_fold_step(b.f, 0);
		cr_assert_neq(bed_of(&b, 1)->state, NPSD_SHARD_RUNNING);
	}
	freeReplyObject(redisCommand(b.redis.plain, "SET %s %b", key, chunk->str, chunk->len));
	bed_catch_up(&b);
	cr_expect_eq(bed_sum(&b, id, NPSD_C_h9), 1);
	freeReplyObject(keys);
	freeReplyObject(chunk);
	bed_close(&b);
}

Test(fold_snapshot, a_malformed_manifest_stops_the_fold)
{
	static const struct {
		const char *field, *value;
	} rows[] = {
	    {"seq", "x"},
	    {"seq", "0"},
	    {"t_ms", ""},
	    {"hash", "abc"},
	    {"config", "other"},
	    {"dict_len", "-1"},
	    {"positions", "t/0"},
	    {"positions", "t/0 0:1x"},
	    {"chunk:16/60/1", "1-1-1"},
	    {"chunk:1/61/1", "1-1-1"},
	    {"chunk:1/60/1", "2-1-1"},
	    {"chunk:1/60/1", "1-1-1 "},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bed b;

		bed_begin(&b, NPSD_CLOCK_EVENT, 0x0f);
		bed_count(&b, bed_id(1, 0), T0, NPSD_C_h9, 1);
		snapshot_all(&b);
		help_redis_do(&b.redis, "HSET", K("manifest:1"), rows[i].field, rows[i].value, NULL);
		bed_reset(&b);
		bed_until(&b, npsd_fault_of(&b.pl.fault_fold, b.f->ctx.session) != NPSD_FAULT_NONE);
		cr_expect_eq(
		    npsd_fault_of(&b.pl.fault_fold, b.f->ctx.session), NPSD_FAULT_BROKEN, "row %zu", i);
		bed_close(&b);
	}
}

/* --- the manifest's script --- */

Test(fold_snapshot, a_manifest_is_refused_where_its_base_has_changed)
{
	static const struct {
		const char *epoch, *base, *version, *kind, *seq, *hash, *t, *name, *expect;
	} rows[] = {
	    {"6", "", "a", "event", "2", "hash2", "100", "1-7-1", "[refused epoch 7]"},
	    {"7", "z", "a", "event", "2", "hash2", "100", "1-7-1", "[refused manifest ]"},
	    {"7", "", "a", "event", "3", "hash2", "100", "1-7-1", "[refused log ]"},
	    {"7", "", "a", "event", "2", "hash1", "100", "1-7-1", "[refused log hash2]"},
	    {"7", "", "a", "event", "2", "hash2", "101", "1-7-1", "[refused clock 100]"},
	    {"7", "", "a", "event", "2", "hash2", "100", "1-7-2", "[refused chunk 1-7-2]"},
	    {"7", "", "a", "event", "2", "hash2", "100", "1-7-1", "[ok]"},
	    {"7", "", "a", "event", "2", "hash2", "100", "1-7-1",
		"[ok]"}, /* the reply was lost: sent again */
	    {"7", "", "b", "event", "2", "hash2", "100", "1-7-1", "[refused manifest a]"},
	    {"7", "a", "b", "wall", "2", "hash2", "101", "1-7-1", "[ok]"},
	    {"7", "", "a", "event", "2", "hash2", "100", "1-7-1",
		"[refused manifest b]"}, /* late and twice */
	};
	const char *const keys[] = {K("fence"), K("dict"), K("manifest:1"), K("chunks:1"), K("log:1")};
	struct bed b;

	bed_open(&b, NPSD_CLOCK_EVENT);
	help_redis_do(&b.redis, "HSET", K("fence"), "epoch:1", "7", "clock_ms", "100", NULL);
	help_redis_do(&b.redis, "XADD", K("log:1"), "1-0", "x", "hash1", NULL);
	help_redis_do(&b.redis, "XADD", K("log:1"), "2-0", "b", "b", "x", "hash2", NULL);
	help_redis_do(&b.redis, "SET", K("chunk:1-7-1"), "x", NULL);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *const args[] = {"cfg", "0", "", "1", rows[i].epoch, rows[i].base, rows[i].version,
		    rows[i].kind, rows[i].seq, rows[i].hash, rows[i].t, "50", "t/0 0:1", "1", "chunk:1/60/1",
		    rows[i].name};

		if (rows[i].kind[0] ==
		    'w') /* the chunk that is named already is replaced by itself: named anew */
			help_redis_do(&b.redis, "HDEL", K("manifest:1"), "chunk:1/60/1", NULL);
		cr_expect_str_eq(help_store_call(&b.pl.store_fold, NPSD_S_manifest, keys, 5, args, 16),
		    rows[i].expect, "row %zu", i);
		if (i < 6) /* nothing is written by a refusal */
			cr_expect_str_eq(help_redis_do(&b.redis, "EXISTS", K("manifest:1"), NULL), "0");
	}
	cr_expect_eq(length_of(&b, 1), 1);
	bed_close(&b);
}
