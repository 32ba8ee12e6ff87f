#include "help_shard.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "help_names.h"
#include "npsd/err.h"

#define TEXT_MAX (8u << 20)
#define STEPS 10000 /* of a shard or a snapshot, at most */
#define FIRST_EPOCH 1795381445000

/* --- what is stored --- */

void bed_stored_clear(struct bed_stored *s)
{
	if (!s->text.limit)
		npsd_buf_init(&s->text, TEXT_MAX);
	npsd_assert(s->text.cap || npsd_buf_reserve(&s->text, TEXT_MAX)); /* it must not move */
	npsd_buf_clear(&s->text);
	s->nfields = s->nchunks = 0;
}

void bed_stored_free(struct bed_stored *s)
{
	npsd_buf_free(&s->text);
}

static struct npsd_str keep(struct npsd_buf *b, struct npsd_str text)
{
	size_t at = b->n;

	npsd_buf_add(b, text.n ? text.p : "", text.n);
	npsd_buf_add(b, "", 1); /* hiredis, too, ends a text with a zero */
	npsd_assert(!b->full);
	return (struct npsd_str){b->p + at, text.n};
}

static void put(
    struct bed_stored *s, struct bed_pair *list, size_t *n, struct npsd_str name, struct npsd_str value)
{
	size_t i = 0;

	while (i < *n && !npsd_str_eq(list[i].name, name))
		i++;
	if (i == BED_WORDS)
		return;
	list[i] = (struct bed_pair){keep(&s->text, name), keep(&s->text, value)};
	*n += i == *n;
}

void bed_field(struct bed_stored *s, struct npsd_str name, struct npsd_str value)
{
	put(s, s->field, &s->nfields, name, value);
}

void bed_chunk(struct bed_stored *s, struct npsd_str name, struct npsd_str bytes)
{
	put(s, s->chunk, &s->nchunks, name, bytes);
}

struct npsd_str bed_field_of(const struct bed_stored *s, const char *name)
{
	for (size_t i = 0; i < s->nfields; i++)
		if (npsd_str_eq(s->field[i].name, npsd_str(name)))
			return s->field[i].value;
	return (struct npsd_str){NULL, 0};
}

/* --- the world --- */

static void admit(struct bed_world *w, int dim, const char *value)
{
	npsd_assert(help_admit(w->names, &w->cfg->sets, dim, value) != NPSD_ID_UNKNOWN);
}

static void make_world(struct bed_world *w)
{
	static const char *const sets[] = {"shards=2", "clock=event",
	    "segments=[[], [team], [location], [location, channel], [channel, attributes.plan]]",
	    "windows=[1h, 6h, 7d, 90d]", "snapshot.interval=100ms"};
	struct npsd_err err = {0};
	struct npsd_sets *s;

	npsd_assert(npsd_config_load(&w->cfg, &err, NULL, sets, sizeof sets / sizeof sets[0]));
	s = &w->cfg->sets;
	w->gone = s->set[1].number; /* [team] was counted once */
	memmove(&s->set[1], &s->set[2], (size_t)(--s->n - 1) * sizeof s->set[0]);
	w->names = help_names_new(s, 1000);
	w->locations = 12;
	w->channels = 3;
	for (uint32_t i = 0; i < w->locations; i++) {
		char name[32];

		snprintf(name, sizeof name, i ? "north/unit-%u" : "north", i);
		admit(w, NPSD_DIM_location, name);
	}
	admit(w, NPSD_DIM_channel, "email");
	admit(w, NPSD_DIM_channel, "sms");
	admit(w, NPSD_DIM_channel, "web");
}

const struct bed_world *bed_world(void)
{
	static struct bed_world world;

	if (!world.cfg)
		make_world(&world);
	return &world;
}

/* --- the store --- */

/* Of the call in flight: there is one at a time, over all beds. */
static struct npsd_buf words;

static bool store_submit(void *self, const struct npsd_call *call)
{
	struct bed_call *c = &((struct bed *)self)->call;

	npsd_assert(!c->out && call->nkeys + call->nargs <= 2 * BED_WORDS);
	if (!words.limit) {
		npsd_buf_init(&words, TEXT_MAX);
		npsd_assert(npsd_buf_reserve(&words, TEXT_MAX));
	}
	npsd_buf_clear(&words);
	for (size_t i = 0; i < call->nkeys + call->nargs; i++) {
		const struct npsd_arg *a = i < call->nkeys ? &call->keys[i] : &call->args[i - call->nkeys];

		c->word[i] = keep(&words, (struct npsd_str){a->p, (uint32_t)a->n});
	}
	c->out = true;
	c->tag = call->tag;
	c->script = call->script;
	c->nkeys = call->nkeys;
	c->n = call->nkeys + call->nargs;
	return true;
}

static uint32_t store_connection(void *self)
{
	(void)self;
	return 1;
}

static int64_t clock_ms(void *self)
{
	(void)self;
	return 1000;
}

static uint64_t clock_random(void *self)
{
	(void)self;
	return 0;
}

/* --- replies --- */

static struct npsd_reply text_of(struct npsd_str s)
{
	return (struct npsd_reply){.type = NPSD_REPLY_STR, .str = s.p ? s.p : "", .len = s.n};
}

static struct npsd_reply word_of(const char *z)
{
	return text_of(npsd_str(z));
}

static struct npsd_reply list_of(const struct npsd_reply *el, size_t n)
{
	return (struct npsd_reply){.type = NPSD_REPLY_ARRAY, .el = el, .n = n};
}

/* Completes the call in flight. */
static void reply(struct bed *b, const struct npsd_reply *el, size_t n)
{
	struct npsd_reply r = list_of(el, n);
	struct npsd_done done = {.tag = b->call.tag, .outcome = NPSD_DONE, .reply = &r};
	enum npsd_script script = b->call.script;

	npsd_assert(b->call.out);
	b->call.out = false;
	if (script == NPSD_S_fold_read)
		npsd_reader_done(&b->f->reader, &b->f->ctx, &done);
	else if (script == NPSD_S_chunk_write || script == NPSD_S_manifest)
		npsd_snapshot_done(&b->f->snap, &b->f->ctx, &done);
	else
		npsd_shard_done(&b->f->ctx, b->s, &done);
}

static void reply_acquire(struct bed *b, const struct bed_stored *stored)
{
	static struct npsd_reply field[2 * BED_WORDS];
	char clock[24];
	struct npsd_reply el[6];
	size_t n = 0;

	for (size_t i = 0; i < stored->nfields; i++) {
		field[n++] = text_of(stored->field[i].name);
		field[n++] = text_of(stored->field[i].value);
	}
	snprintf(clock, sizeof clock, "%" PRId64, b->clock_ms);
	el[0] = word_of("ok");
	el[1] = word_of(b->epoch);
	el[2] = word_of(b->epoch);
	el[3] = word_of(clock);
	el[4] = word_of("");
	el[5] = list_of(field, n);
	reply(b, el, 6);
}

/* As chunk_read.lua does. */
static void reply_chunks(struct bed *b, const struct bed_stored *stored)
{
	static struct npsd_reply bytes[BED_WORDS];
	struct npsd_reply el[3] = {word_of("ok")};
	size_t n = 0;

	for (size_t k = 2; k < b->call.nkeys; k++) {
		struct npsd_str key = b->call.word[k];
		const char *colon = memrchr(key.p, ':', key.n);
		struct npsd_str name = {colon + 1, (uint32_t)(key.p + key.n - colon - 1)};
		size_t i = 0;

		while (i < stored->nchunks && !npsd_str_eq(stored->chunk[i].name, name))
			i++;
		if (i == stored->nchunks) {
			el[0] = word_of("refused");
			el[1] = word_of("chunk");
			el[2] = text_of(key);
			reply(b, el, 3);
			return;
		}
		bytes[n++] = text_of(stored->chunk[i].value);
	}
	el[1] = list_of(bytes, n);
	reply(b, el, 2);
}

/* --- the bed --- */

static void nobody(void *self)
{
	(void)self;
}

struct bed *bed_new(int64_t event_ms, int acquisition)
{
	struct bed *b = calloc(1, sizeof *b);
	const struct bed_world *world = bed_world();

	npsd_assert(b);
	b->clock_ms = event_ms;
	snprintf(b->epoch, sizeof b->epoch, "%" PRId64, (int64_t)FIRST_EPOCH + acquisition);
	b->pl = (struct npsd_pipeline){
	    .cfg = world->cfg, .broker.wake = nobody, .clock = {b, clock_ms, clock_ms, clock_random}};
	b->pl.store_fold =
	    (struct npsd_store){.self = b, .submit = store_submit, .connection = store_connection};
	b->f = npsd_fold_new(&b->pl);
	b->f->ctx.names = world->names;
	b->f->ctx.now_mono_ms = 1000;
	b->f->ctx.state = NPSD_FOLD_RUNNING;
	b->s = &b->f->shard[BED_SHARD];
	npsd_shard_assign(&b->f->ctx, b->s, true);
	return b;
}

void bed_free(struct bed **bed)
{
	struct bed *b = *bed;

	*bed = NULL;
	npsd_fold_free(&b->f);
	free(b);
}

/* True: the shard makes no further call by itself. */
static bool is_over(enum bed_end *end, const struct bed *b)
{
	if (b->f->ctx.state == NPSD_FOLD_FAULTED) {
		npsd_assert(npsd_fault_of(&b->pl.fault_fold, b->f->ctx.session) != NPSD_FAULT_NONE);
		*end = BED_REFUSED;
	} else if (b->s->state == NPSD_SHARD_RESTARTING || b->s->state == NPSD_SHARD_WAITING) {
		*end = BED_AGAIN;
	} else if (b->s->needs.len > npsd_names_len_any(b->f->ctx.names)) {
		*end = BED_WAITS;
	} else if (b->s->state == NPSD_SHARD_RUNNING) {
		*end = BED_RUNS;
	} else {
		return false;
	}
	return true;
}

/* Makes the read that is due, and replies with an entry or none. */
static void read_once(struct bed *b, const struct bed_entry *e)
{
	char clock[24], seq[24], next[24], end[80];
	struct npsd_reply before[6], entry[6], entries[2], shard[4], shards, el[6];
	size_t n = 0;

	b->f->reader.next_mono_ms = 0;
	npsd_assert(npsd_reader_step(&b->f->reader, &b->f->ctx, NULL) && b->call.script == NPSD_S_fold_read);
	snprintf(clock, sizeof clock, "%" PRId64, b->clock_ms);
	snprintf(seq, sizeof seq, "%" PRId64, b->s->counts.view.seq);
	for (int i = 0; i < 6; i++)
		before[i] = entry[i] = word_of("");
	before[0] = word_of(seq);
	before[4] = word_of(b->s->counts.view.hash);
	if (b->s->counts.view.seq > 0)
		entries[n++] = list_of(before, 6);
	snprintf(end, sizeof end, "%" PRId64 " %s", b->s->counts.view.seq, b->s->counts.view.hash);
	if (e) {
		snprintf(next, sizeof next, "%" PRId64, e->seq);
		snprintf(end, sizeof end, "%" PRId64 " %.40s", e->seq, e->x.p);
		entry[0] = word_of(next);
		entry[1] = text_of(e->h);
		entry[2] = text_of(e->b);
		entry[4] = text_of(e->x);
		entry[5] = text_of(e->d);
		entries[n++] = list_of(entry, 6);
	}
	shard[0] = word_of(b->epoch);
	shard[1] = word_of(b->s->counts.view.seq || e ? end : "");
	shard[2] = word_of(e ? "1" : "");
	shard[3] = list_of(entries, n);
	shards = list_of(shard, 4);
	el[0] = word_of("ok");
	el[1] = word_of(b->epoch);
	el[2] = word_of(clock);
	el[3] = list_of(&shards, 1);
	el[4] = el[5] = word_of("");
	reply(b, el, 6);
}

enum bed_end bed_load(struct bed *b, const struct bed_stored *stored)
{
	enum bed_end end;

	npsd_assert(npsd_shard_step(&b->f->ctx, b->s) && b->call.script == NPSD_S_shard_acquire);
	reply_acquire(b, stored);
	for (int i = 0; !is_over(&end, b); i++) {
		npsd_assert(i < STEPS);
		if (b->s->state == NPSD_SHARD_CATCHING_UP) {
			read_once(b, NULL);
			continue;
		}
		npsd_shard_step(&b->f->ctx, b->s);
		if (b->call.out)
			reply_chunks(b, stored);
	}
	return end;
}

enum bed_end bed_read(struct bed *b, const struct bed_entry *entry)
{
	enum bed_end end = BED_RUNS;

	read_once(b, entry);
	npsd_assert(is_over(&end, b));
	return end;
}

/* --- snapshots --- */

static struct npsd_str arg_of(const struct bed *b, size_t n)
{
	npsd_assert(b->call.nkeys + n < b->call.n);
	return b->call.word[b->call.nkeys + n];
}

/* As manifest.lua does, where nothing was stored before. */
static void keep_manifest(struct bed_stored *out, const struct bed *b)
{
	static const struct {
		const char *name;
		int arg;
	} rows[] = {{"version", 6}, {"seq", 8}, {"hash", 9}, {"config", 0}, {"dict_len", 1},
	    {"dict_chain", 2}, {"t_ms", 10}, {"dropped_ms", 11}, {"positions", 12}};
	size_t fresh = (size_t)strtoul(arg_of(b, 13).p, NULL, 10);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		bed_field(out, npsd_str(rows[i].name), arg_of(b, (size_t)rows[i].arg));
	for (size_t i = 0; i < fresh; i++)
		bed_field(out, arg_of(b, 14 + 2 * i), arg_of(b, 15 + 2 * i));
}

void bed_pack(struct bed_stored *out, struct bed *b)
{
	struct npsd_reply ok = word_of("ok");

	bed_stored_clear(out);
	npsd_assert(b->s->state == NPSD_SHARD_RUNNING && b->s->counts.view.seq > 0);
	for (uint32_t i = 0; i < b->s->counts.chunks.n; i++)
		b->s->counts.chunks.at[i].dirty = true;
	b->s->manifest.seq = 0;
	b->s->snapshot_mono_ms = b->f->ctx.now_mono_ms;
	for (int i = 0; i == 0 || b->f->snap.shard; i++) {
		npsd_assert(i < STEPS);
		npsd_snapshot_step(&b->f->snap, &b->f->ctx, b->f->shard, b->f->nshards);
		if (!b->call.out)
			continue;
		if (b->call.script == NPSD_S_manifest)
			keep_manifest(out, b);
		for (size_t k = 5; b->call.script == NPSD_S_chunk_write && k + 1 < b->call.n - b->call.nkeys;
		     k += 2)
			bed_chunk(out, arg_of(b, k), arg_of(b, k + 1));
		reply(b, &ok, 1);
	}
}

void bed_chain(char out[41], const char *before, struct npsd_str batch)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	npsd_assert(md && EVP_DigestInit_ex(md, EVP_sha1(), NULL) &&
		    EVP_DigestUpdate(md, before, strlen(before)) && EVP_DigestUpdate(md, batch.p, batch.n) &&
		    EVP_DigestFinal_ex(md, digest, &n) && n == 20);
	EVP_MD_CTX_free(md);
	for (unsigned int i = 0; i < n; i++)
		snprintf(out + (size_t)2 * i, 3, "%02x", digest[i]);
}
