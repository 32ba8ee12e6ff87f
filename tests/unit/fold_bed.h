/*
 * A fold alone with a private redis-server: logs written by hand, a publish that only counts, clocks that
 * stand still. Included once by each program of fold's tests.
 */
#ifndef FOLD_BED_H
#define FOLD_BED_H

#include <criterion/criterion.h>
#include <hiredis/hiredis.h>
#include <msgpack.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#include "fold/fold.h"
#include "fold/pane.h"
#include "fold_pub.h"
#include "help_names.h"
#include "help_redis.h"
#include "npsd/redis.h"

#define K(name) "{nps:alerts}:" name
#define SHARDS 4
#define LIMIT_STEPS 20000
#define T0 1795334400 /* a day's beginning + 14 h, s */

/* --- the bed --- */

struct bed {
	struct help_redis redis;
	struct npsd_config cfg;
	struct npsd_pipeline pl;
	struct npsd_fold *f;
	struct npsd_names *names;
	int64_t mono_ms, wall_ms;
	uint8_t mask; /* of the shards assigned */
	int64_t seq[SHARDS];
	char hash[SHARDS][41];
	int batches;
	int64_t clock_ms; /* the fence's */
	uint64_t rnd;
	struct npsd_store real; /* pl.store_fold wraps it, and loses calls while `flaky` */
	bool flaky;
	uint64_t chaos;
	uint64_t cut[64]; /* tags of calls that never reach it */
	int ncut, nlost;
	int inflight; /* calls of the real store */
};

static int64_t bed_mono(void *self)
{
	return ((struct bed *)self)->mono_ms;
}

static int64_t bed_wall(void *self)
{
	return ((struct bed *)self)->wall_ms;
}

static void bed_wake(void *self)
{
	(void)self;
}

/* Jitter: the shortest wait of a back-off. */
static uint64_t bed_jitter(void *self)
{
	(void)self;
	return 0;
}

static uint64_t random_of(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static uint64_t bed_random(struct bed *b)
{
	return random_of(&b->rnd);
}

/* --- a store that has no room, makes no call, or loses the reply --- */

static bool flaky_submit(void *self, const struct npsd_call *call)
{
	struct bed *b = self;
	uint64_t what = b->flaky ? random_of(&b->chaos) % 16 : 16;

	if (what == 0)
		return false;
	if (what > 2 || b->ncut == 64) {
		bool ok = b->real.submit(b->real.self, call);

		b->inflight += ok;
		return ok;
	}
	b->cut[b->ncut++] = call->tag;
	return true;
}

static bool flaky_poll(void *self, struct npsd_done *out, int wait_ms)
{
	struct bed *b = self;

	if (b->ncut > 0) {
		b->nlost++;
		*out = (struct npsd_done){.tag = b->cut[--b->ncut],
		    .outcome = b->nlost % 2 ? NPSD_LOST : NPSD_CANT_NOW,
		    .text = "cut by the test"};
		return true;
	}
	/* with nothing in flight a wait would only let real time pass */
	if (!b->real.poll(b->real.self, out, b->inflight ? wait_ms : 0))
		return false;
	b->inflight--;
	if (b->flaky && random_of(&b->chaos) % 8 == 0) {
		b->nlost++;
		*out = (struct npsd_done){.tag = out->tag, .outcome = NPSD_LOST, .text = "lost by the test"};
	}
	return true;
}

static uint32_t flaky_connection(void *self)
{
	struct bed *b = self;

	return b->real.connection(b->real.self);
}

static const struct npsd_config bed_config = {
    .prefix = "nps",
    .clock = NPSD_CLOCK_EVENT,
    .shards = SHARDS,
    .log_max_bytes = 1 << 30,
    .snapshot_interval_ms = 1000,
    .sets = {.set = {{.number = 0, .name = "all"},
		 {.number = 1, .ndims = 1, .dims = {NPSD_DIM_location}, .name = "location"}},
	.n = 2},
    .sets_given = 2,
    .kinds_split = true,
    .windows = {{"1h", 3600, 60, 0}, {"6h", 6 * 3600, 300, 0}, {"7d", 7 * 86400, 3600, 0}},
    .nwindows = 3,
    .hash = "cfg",
};

/* A new process: fold, connection and rings. */
static void bed_start(struct bed *b)
{
	b->pl = (struct npsd_pipeline){.cfg = &b->cfg,
	    .clock = {b, bed_wall, bed_mono, bed_jitter},
	    .broker = {.wake = bed_wake},
	    .store_commit = {.wake = bed_wake},
	    .group_to_fold = npsd_ring_new(16),
	    .fold_to_group = npsd_ring_new(16),
	    .fold_to_commit = npsd_ring_new(16),
	    .commit_to_fold = npsd_ring_new(16)};
	help_store_open(&b->real, &b->redis, 5000);
	b->ncut = b->inflight = 0;
	b->pl.store_fold = (struct npsd_store){b, flaky_submit, flaky_poll, bed_wake, flaky_connection};
	b->f = npsd_fold_new(&b->pl);
}

static void bed_end(struct bed *b)
{
	for (int k = 0; k < SHARDS; k++)
		if (b->f->shard[k].pub)
			b->f->shard[k].pub->busy = false;
	npsd_fold_free(&b->f);
	npsd_redis_close(&b->real);
	npsd_ring_free(&b->pl.group_to_fold);
	npsd_ring_free(&b->pl.fold_to_group);
	npsd_ring_free(&b->pl.fold_to_commit);
	npsd_ring_free(&b->pl.commit_to_fold);
}

static void bed_command(struct bed *b, struct npsd_command *o, enum npsd_command_what what)
{
	o->what = what;
	o->ok = false;
	cr_assert(npsd_ring_push(b->pl.group_to_fold, o));
}

/* Steps until the reply to the command. */
static bool bed_back(struct bed *b, const struct npsd_command *o)
{
	for (int i = 0; i < LIMIT_STEPS; i++) {
		const struct npsd_command *back = npsd_ring_pop(b->pl.fold_to_group);

		if (back)
			cr_assert_eq(back, o);
		if (back)
			return o->ok;
		npsd_fold_step(b->f, 5);
		b->mono_ms += 1;
	}
	cr_assert_fail("no reply to the command");
	return false;
}

static void bed_assign(struct bed *b, uint8_t mask)
{
	struct npsd_command o = {.shards = {mask}};

	b->mask = mask;
	bed_command(b, &o, NPSD_CMD_SHARDS);
	cr_assert(bed_back(b, &o));
}

/* And assigns the shards again, as the group does after it has acquired the partitions. */
static void bed_reset(struct bed *b)
{
	struct npsd_command o = {.session = b->f->ctx.session + 1, .names = b->names};

	bed_command(b, &o, NPSD_CMD_RESET);
	cr_assert(bed_back(b, &o));
	bed_assign(b, b->mask);
}

static const char *do_argv(struct bed *b, const char *const *argv, const size_t *len, int n)
{
	static char text[256];
	redisReply *r = redisCommandArgv(b->redis.plain, n, (const char **)(uintptr_t)argv, len);

	cr_assert(r && r->type != REDIS_REPLY_ERROR, "%s", r ? r->str : "no reply");
	snprintf(text, sizeof text, "%s", r->str ? r->str : "");
	freeReplyObject(r);
	return text;
}

/* Stores the copy of the dictionary, and its length in the fence. */
static void bed_store_names(struct bed *b)
{
	uint32_t len = npsd_names_len_any(b->names);
	char number[16];

	snprintf(number, sizeof number, "%u", len);
	help_redis_do(&b->redis, "HSET", K("fence"), "config", b->cfg.hash, "dict_len", number, "dict_chain",
	    npsd_names_chain_any(b->names, len), NULL);
	help_redis_do(&b->redis, "DEL", K("dict"), NULL);
	for (uint32_t i = 0; i < len; i++) {
		struct npsd_str text = npsd_names_text_any(b->names, i + NPSD_ID_FIRST);
		const char *argv[3] = {"RPUSH", K("dict"), NULL};
		size_t n[3] = {5, strlen(K("dict")), 0};
		msgpack_sbuffer sb;
		msgpack_packer pk;

		msgpack_sbuffer_init(&sb);
		msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
		msgpack_pack_array(&pk, 3);
		msgpack_pack_int(&pk, npsd_names_dim_any(b->names, i + NPSD_ID_FIRST));
		msgpack_pack_str_with_body(&pk, text.p, text.n);
		msgpack_pack_str_with_body(&pk, npsd_names_chain_any(b->names, i + 1), 40);
		argv[2] = sb.data;
		n[2] = sb.size;
		do_argv(b, argv, n, 3);
		msgpack_sbuffer_destroy(&sb);
	}
}

static void bed_open(struct bed *b, enum npsd_clock_kind clock)
{
	const char *seed = getenv("NPSD_SEED");

	*b = (struct bed){.cfg = bed_config, .mono_ms = 1000, .rnd = seed ? strtoull(seed, NULL, 0) : 4711};
	b->cfg.clock = clock;
	help_redis_start(&b->redis, NULL);
	b->names = help_names_new(&b->cfg.sets, 1000);
	for (int i = 0; i < 40; i++) {
		char name[16];

		snprintf(name, sizeof name, "unit-%d", i);
		help_admit(b->names, &b->cfg.sets, NPSD_DIM_location, name);
	}
	bed_store_names(b);
	bed_start(b);
}

/* Opens a bed, and assigns these shards. */
static void bed_begin(struct bed *b, enum npsd_clock_kind clock, uint8_t mask)
{
	bed_open(b, clock);
	bed_reset(b);
	bed_assign(b, mask);
}

static void bed_close(struct bed *b)
{
	bed_end(b);
	npsd_names_free(&b->names);
	help_redis_stop(&b->redis);
}

/* --- logs written by hand --- */

static struct npsd_seg bed_seg(uint32_t id)
{
	const uint32_t ids[NPSD_SET_DIMS] = {id};

	return npsd_seg_pack(1, NPSD_KIND_TRANSACTIONAL, ids);
}

static int bed_shard(uint32_t id)
{
	return (int)npsd_seg_shard(bed_seg(id), SHARDS);
}

/* An id of the dictionary whose segment lies in this shard. */
__attribute__((unused)) static uint32_t bed_id(int shard, uint32_t nth)
{
	for (uint32_t id = NPSD_ID_FIRST;; id++)
		if (bed_shard(id) == shard && nth-- == 0)
			return id;
}

static void pack_delta(msgpack_packer *pk, uint32_t id, int64_t pane_s, int counter, int64_t v)
{
	struct npsd_seg seg = bed_seg(id);

	msgpack_pack_array(pk, 5);
	msgpack_pack_uint64(pk, seg.hi);
	msgpack_pack_uint64(pk, seg.lo);
	msgpack_pack_int64(pk, pane_s);
	msgpack_pack_uint32(pk, 1u << counter);
	msgpack_pack_int64(pk, v);
}

static void chain(char out[41], const char *before, const char *batch)
{
	char text[512];
	unsigned char digest[SHA_DIGEST_LENGTH];
	int n = snprintf(text, sizeof text, "%s%s", before, batch);

	SHA1((unsigned char *)text, (size_t)n, digest);
	for (int i = 0; i < SHA_DIGEST_LENGTH; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* Appends an entry to a shard's log, as commit would; header NULL: that of the dictionary's copy. */
static void bed_append(struct bed *b, int k, const char *header, const void *d, size_t n)
{
	char key[32], id[32], own[128], batch[64], end[80], field[16], clock[32];
	const char *argv[13];
	size_t len[13];
	uint32_t dict_len = npsd_names_len_any(b->names);

	snprintf(own, sizeof own, "cfg %u %s", dict_len, npsd_names_chain_any(b->names, dict_len));
	snprintf(batch, sizeof batch, "t/%d cccccccccccccccc 0:%d", b->batches % 3, b->batches + 1);
	b->batches++;
	chain(b->hash[k], b->hash[k], batch);
	snprintf(key, sizeof key, K("log:%d"), k);
	snprintf(id, sizeof id, "%lld-0", (long long)++b->seq[k]);
	snprintf(clock, sizeof clock, "%lld", (long long)b->clock_ms);
	memcpy(argv,
	    (const char *[]){
		"XADD", key, id, "h", header ? header : own, "b", batch, "c", clock, "x", b->hash[k], "d", d},
	    sizeof argv);
	for (int i = 0; i < 12; i++)
		len[i] = strlen(argv[i]);
	len[12] = n;
	do_argv(b, argv, len, 13);
	snprintf(field, sizeof field, "log:%d", k);
	snprintf(end, sizeof end, "%lld %s", (long long)b->seq[k], b->hash[k]);
	help_redis_do(&b->redis, "HSET", K("fence"), field, end, "clock_ms", clock, NULL);
}

/* One delta in its own entry. */
static void bed_count(struct bed *b, uint32_t id, int64_t pane_s, int counter, int64_t v)
{
	msgpack_sbuffer sb;
	msgpack_packer pk;

	msgpack_sbuffer_init(&sb);
	msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
	msgpack_pack_array(&pk, 1);
	pack_delta(&pk, id, pane_s, counter, v);
	if ((pane_s + 59) * 1000 > b->clock_ms)
		b->clock_ms = (pane_s + 59) * 1000;
	bed_append(b, bed_shard(id), NULL, sb.data, sb.size);
	msgpack_sbuffer_destroy(&sb);
}

static int by_key(const void *pa, const void *pb)
{
	const struct npsd_seg *a = pa, *b = pb;

	if (a->hi != b->hi)
		return a->hi < b->hi ? -1 : 1;
	return a->lo < b->lo ? -1 : a->lo > b->lo;
}

struct bed_pane {
	struct npsd_seg seg;
	int64_t pane_s;
	uint32_t id;
};

static int by_pane(const void *pa, const void *pb)
{
	const struct bed_pane *a = pa, *b = pb;
	int c = by_key(&a->seg, &b->seg);

	return c ? c : a->pane_s < b->pane_s ? -1 : a->pane_s > b->pane_s;
}

/* Sorts as in an entry and removes duplicates; returns how many remain. */
static uint32_t bed_sort(struct bed_pane *at, uint32_t n)
{
	uint32_t left = 0;

	qsort(at, n, sizeof *at, by_pane);
	for (uint32_t i = 0; i < n; i++)
		if (i == 0 || by_pane(&at[i], &at[left - 1]) != 0)
			at[left++] = at[i];
	return left;
}

/* A batch of up to 20 random deltas in each shard, around and before `now_s`. */
__attribute__((unused)) static void bed_batch(struct bed *b, int64_t now_s)
{
	for (int k = 0; k < SHARDS; k++) {
		uint32_t n = (uint32_t)(bed_random(b) % 20);
		struct bed_pane at[20];
		msgpack_sbuffer sb;
		msgpack_packer pk;

		if (n == 0)
			continue;
		msgpack_sbuffer_init(&sb);
		msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
		for (uint32_t i = 0; i < n; i++) {
			int64_t back = bed_random(b) % 4 ? 0 : (int64_t)(bed_random(b) % (8 * 86400));
			uint32_t id = bed_id(k, (uint32_t)(bed_random(b) % 6));

			at[i] = (struct bed_pane){bed_seg(id), (now_s - back) / 60 * 60, id};
		}
		n = bed_sort(at, n);
		msgpack_pack_array(&pk, n);
		for (uint32_t i = 0; i < n; i++) {
			int64_t v = (int64_t)(bed_random(b) % 5) - 1;

			pack_delta(
			    &pk, at[i].id, at[i].pane_s, (int)(bed_random(b) % NPSD_NCOUNTER), v ? v : 1);
		}
		if (now_s * 1000 > b->clock_ms)
			b->clock_ms = now_s * 1000;
		bed_append(b, k, NULL, sb.data, sb.size);
		msgpack_sbuffer_destroy(&sb);
	}
}

/* --- what the fold makes of them --- */

static struct npsd_shard *bed_of(struct bed *b, int k)
{
	return &b->f->shard[k];
}

static bool caught_up(struct bed *b, int k)
{
	const struct npsd_shard *s = bed_of(b, k);

	return s->state == NPSD_SHARD_RUNNING && s->counts.view.seq == b->seq[k];
}

/* Steps until the condition holds; the clock runs a millisecond a step. */
#define bed_until(b, cond)                                                                                   \
	do {                                                                                                 \
		int steps_left_ = LIMIT_STEPS;                                                               \
		while (!(cond) && steps_left_-- > 0) {                                                       \
			npsd_fold_step((b)->f, 2);                                                           \
			(b)->mono_ms++;                                                                      \
		}                                                                                            \
		cr_assert(steps_left_ >= 0, "never: %s", #cond);                                             \
	} while (0)

static void bed_catch_up(struct bed *b)
{
	for (int k = 0; k < SHARDS; k++)
		bed_until(b, !npsd_shard_assigned(bed_of(b, k)) || caught_up(b, k));
}

/* All panes of a shard that are kept at its t, its positions and clock, as text; the caller frees. */
__attribute__((unused)) static char *bed_dump(struct bed *b, int k)
{
	struct npsd_shard *s = bed_of(b, k);
	uint32_t n = npsd_panes_segments(s->counts.view.panes);
	struct npsd_seg *seg = malloc((n + 1) * sizeof *seg);
	struct npsd_buf out;

	npsd_buf_init(&out, 64u << 20);
	npsd_panes_drop(s->counts.view.panes, s->counts.view.t_ms);
	for (uint32_t i = 0; i < n; i++)
		seg[i] = npsd_panes_seg(s->counts.view.panes, i);
	qsort(seg, n, sizeof *seg, by_key);
	npsd_buf_addf(&out, "%lld %s %lld %s\n", (long long)s->counts.view.seq, s->counts.view.hash,
	    (long long)s->counts.view.t_ms, s->counts.view.positions);
	for (uint32_t i = 0; i < n; i++)
		for (int step = 0; step < npsd_panes_nsteps(s->counts.view.panes); step++) {
			struct npsd_pane p;
			int64_t from = INT64_MIN;
			uint32_t at = npsd_panes_find(s->counts.view.panes, seg[i], false);

			for (; npsd_panes_next(&p, s->counts.view.panes, at, step, from, INT64_MAX);
			     from = p.start_s + 1) {
				npsd_buf_addf(&out, "%llx %d %lld %x", (unsigned long long)seg[i].hi, step,
				    (long long)p.start_s, p.bits);
				for (int v = 0; v < __builtin_popcount(p.bits); v++)
					npsd_buf_addf(&out, " %lld", (long long)p.v[v]);
				npsd_buf_addz(&out, "\n");
			}
		}
	npsd_buf_add(&out, "", 1);
	free(seg);
	return out.p;
}

/* A counter of a segment over all panes. */
__attribute__((unused)) static int64_t bed_sum(struct bed *b, uint32_t id, int counter)
{
	struct npsd_shard *s = bed_of(b, bed_shard(id));
	uint32_t i = npsd_panes_find(s->counts.view.panes, bed_seg(id), false);
	int64_t out[NPSD_NCOUNTER];

	if (i == UINT32_MAX)
		return 0;
	npsd_panes_sum(s->counts.view.panes, i, 0, INT64_MIN, INT64_MAX, out);
	return out[counter];
}

#endif
