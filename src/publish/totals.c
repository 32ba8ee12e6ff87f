#include "publish/totals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npsd/err.h"

#define READ_MS 1000 /* without a touch: commits of other shards change totals too */
#define BEAT_MS 8000 /* the contract says 10 s */
#define TOPICS 256   /* in meta, at most: those that are or were configured under this prefix */

void npsd_totals_init(struct npsd_totals *t, const struct npsd_config *cfg)
{
	npsd_script_init(&t->totals, cfg, 1 << 20);
	npsd_script_init(&t->meta, cfg, 1 << 20);
	npsd_buf_init(&t->written, 2 << 20);
	npsd_totals_reset(t);
}

void npsd_totals_free(struct npsd_totals *t)
{
	npsd_script_free(&t->totals);
	npsd_script_free(&t->meta);
	npsd_buf_free(&t->written);
}

void npsd_totals_reset(struct npsd_totals *t)
{
	t->phase = NPSD_TOTALS_READ;
	t->touched = true;
	t->read_mono_ms = t->beat_mono_ms = INT64_MIN / 2;
}

bool npsd_totals_clean(const struct npsd_totals *t, const struct npsd_pub_context *c)
{
	return !t->touched && t->phase == NPSD_TOTALS_READ && c->flight[NPSD_FLIGHT_TOTALS] == 0;
}

/* --- fields and values --- */

static void add_pair(struct npsd_script_build *b, struct npsd_str field, struct npsd_str value)
{
	npsd_script_arg(b, field.p, field.n);
	npsd_script_arg(b, value.p, value.n);
}

/* The value of a field in a reply of HGETALL; p == NULL: none. */
static struct npsd_str field_of(const struct npsd_reply *hash, const char *field)
{
	for (size_t k = 0; k + 1 < hash->n; k += 2)
		if (npsd_reply_is(hash, k, field))
			return npsd_reply_str(hash, k + 1);
	return (struct npsd_str){0};
}

static struct npsd_str field_or_zero(const struct npsd_reply *hash, const char *field)
{
	struct npsd_str value = field_of(hash, field);

	return value.p && value.n ? value : NPSD_STR("0");
}

/* All of a hash, and "0" for the fields of `always` that it lacks. */
static void add_hash(
    struct npsd_script_build *b, const struct npsd_reply *hash, const char *const *always, size_t nalways)
{
	for (size_t k = 0; k < nalways; k++)
		if (!field_of(hash, always[k]).p)
			add_pair(b, npsd_str(always[k]), NPSD_STR("0"));
	for (size_t k = 0; k + 1 < hash->n; k += 2)
		add_pair(b, npsd_reply_str(hash, k), npsd_reply_str(hash, k + 1));
}

/* --- what is written --- */

static void make_totals(
    struct npsd_script_build *b, const struct npsd_reply *fence, const struct npsd_reply *totals)
{
	static const char *const always[] = {
	    "consumed",
#define FATE(fate) #fate,
#define REASON(fate, name, meaning)
#include "tbl/fates.def"
#undef FATE
#undef REASON
	};

	npsd_script_begin(b, NPSD_S_copy);
	npsd_script_public_key(b, "totals");
	add_hash(b, totals, always, sizeof always / sizeof always[0]);
	add_pair(b, NPSD_STR("clock_ms"), field_or_zero(fence, "clock_ms"));
}

static void meta_windows(struct npsd_script_build *b, struct npsd_pub_context *c)
{
	npsd_buf_clear(&c->text);
	for (int w = 0; w < c->cfg->nwindows; w++)
		npsd_buf_addf(&c->text, "%s%s", w ? "," : "", c->cfg->windows[w].name);
	add_pair(b, NPSD_STR("windows"), npsd_buf_str(&c->text));
	npsd_buf_clear(&c->text);
	for (int w = 0; w < c->cfg->nwindows; w++)
		npsd_buf_addf(&c->text, "%s%lld", w ? "," : "", (long long)c->cfg->windows[w].step_s);
	add_pair(b, NPSD_STR("steps"), npsd_buf_str(&c->text));
}

/* Bit d: dimension d is in a set. */
static uint32_t dims_used(const struct npsd_sets *sets)
{
	uint32_t used = 0;

	_Static_assert(NPSD_NDIM <= 32, "a dimension is a bit");
	for (int i = 0; i < sets->n; i++)
		for (int d = 0; d < sets->set[i].ndims; d++)
			used |= 1u << sets->set[i].dims[d];
	return used;
}

/* `since_ms:SET`, and `since_ms:SET:W` of each window that was added later. */
static void meta_since(struct npsd_script_build *b, const struct npsd_config *cfg, const struct npsd_set *set,
    struct npsd_str stored)
{
	int64_t since_ms = set->since_ms ? set->since_ms : strtoll(stored.p, NULL, 10);

	npsd_script_argf(b, "since_ms:%s", set->name);
	npsd_script_int(b, since_ms);
	for (int w = 0; w < cfg->nwindows; w++) {
		int64_t own_ms = cfg->windows[w].since_ms;

		if (own_ms == 0)
			continue;
		npsd_script_argf(b, "since_ms:%s:%s", set->name, cfg->windows[w].name);
		npsd_script_int(b, since_ms > own_ms ? since_ms : own_ms);
	}
}

static void meta_sets(struct npsd_script_build *b, struct npsd_pub_context *c, struct npsd_str since_ms)
{
	const struct npsd_sets *sets = &c->cfg->sets;
	uint32_t used = dims_used(sets);

	npsd_buf_clear(&c->text);
	npsd_buf_addz(&c->text, c->cfg->kinds_split ? "kind" : "");
	for (int dim = 0; dim < NPSD_NDIM; dim++)
		if (used >> dim & 1)
			npsd_buf_addf(&c->text, "%s%s", c->text.n ? "," : "", npsd_dim_word(sets, dim));
	add_pair(b, NPSD_STR("dimensions"), npsd_buf_str(&c->text));
	npsd_buf_clear(&c->text);
	for (int i = 0; i < sets->n; i++)
		npsd_buf_addf(&c->text, "%s%s", i ? ";" : "", sets->set[i].name);
	add_pair(b, NPSD_STR("sets"), npsd_buf_str(&c->text));
	for (int i = 0; i < sets->n; i++)
		meta_since(b, c->cfg, &sets->set[i], since_ms);
}

/* `TOPIC` of `pos:TOPIC/P`; p == NULL: another field. */
static struct npsd_str topic_of(struct npsd_str field)
{
	uint32_t n = field.n;

	if (n < 5 || n > 300 || memcmp(field.p, "pos:", 4) != 0)
		return (struct npsd_str){0};
	while (n > 4 && field.p[n - 1] != '/')
		n--;
	return n > 5 ? (struct npsd_str){field.p + 4, n - 5} : (struct npsd_str){0};
}

/* `partitions:TOPIC`: number of its partitions that have a position. A fence has thousands of fields, of a
 * few topics. */
static void meta_partitions(struct npsd_script_build *b, const struct npsd_reply *fence)
{
	struct seen {
		struct npsd_str topic;
		int64_t n;
	} seen[TOPICS];
	size_t ntopics = 0, t;

	for (size_t k = 0; k + 1 < fence->n; k += 2) {
		struct npsd_str topic = topic_of(npsd_reply_str(fence, k));

		if (!topic.p)
			continue;
		for (t = 0; t < ntopics && !npsd_str_eq(seen[t].topic, topic); t++)
			;
		if (t == TOPICS)
			continue;
		if (t == ntopics)
			seen[ntopics++] = (struct seen){.topic = topic};
		seen[t].n++;
	}
	for (t = 0; t < ntopics; t++) {
		npsd_script_argf(b, "partitions:%.*s", (int)seen[t].topic.n, seen[t].topic.p);
		npsd_script_int(b, seen[t].n);
	}
}

/* `grown:TOPIC`: when partitions that were added to the topic were first seen. */
static void meta_grown(struct npsd_script_build *b, const struct npsd_reply *fence)
{
	for (size_t k = 0; k + 1 < fence->n; k += 2) {
		struct npsd_str field = npsd_reply_str(fence, k);

		if (field.n > 6 && memcmp(field.p, "grown:", 6) == 0)
			add_pair(b, field, npsd_reply_str(fence, k + 1));
	}
}

static void meta_lost(struct npsd_script_build *b, struct npsd_buf *text, const struct npsd_reply *lost)
{
	npsd_buf_clear(text);
	for (size_t k = 0; k < lost->n; k++) {
		struct npsd_str range = npsd_reply_str(lost, k);

		npsd_buf_addz(text, k ? ";" : "");
		npsd_buf_add(text, range.p, range.n);
	}
	npsd_assert(!text->full);
	add_pair(b, NPSD_STR("lost"), npsd_buf_str(text));
}

static void meta_others(
    struct npsd_script_build *b, const struct npsd_sets *sets, const struct npsd_reply *meta)
{
	static const char *const always[] = {"undated", "ahead"};
	uint32_t used = dims_used(sets);

	add_hash(b, meta, always, 2);
	for (int dim = 0; dim < NPSD_NDIM; dim++) {
		char field[sizeof sets->set[0].name + 8];

		if (!(used >> dim & 1))
			continue;
		snprintf(field, sizeof field, "other:%s", npsd_dim_word(sets, dim));
		if (!field_of(meta, field).p)
			add_pair(b, npsd_str(field), NPSD_STR("0"));
	}
}

/* Everything except the heartbeat. r: {"ok", wall_ms, fence, totals, meta, lost} */
static void make_meta(struct npsd_script_build *b, struct npsd_pub_context *c, const struct npsd_reply *r)
{
	const struct npsd_reply *fence = npsd_reply_at(r, 2);

	npsd_script_begin(b, NPSD_S_copy);
	npsd_script_public_key(b, "meta");
	add_pair(b, NPSD_STR("contract"), NPSD_STR("1"));
	npsd_script_argz(b, "allow_compacted");
	npsd_script_int(b, c->cfg->allow_compacted);
	meta_windows(b, c);
	meta_sets(b, c, field_or_zero(fence, "since_ms"));
	npsd_script_argz(b, "shards");
	npsd_script_int(b, c->cfg->shards);
	meta_partitions(b, fence);
	meta_grown(b, fence);
	meta_lost(b, &c->text, npsd_reply_at(r, 5));
	meta_others(b, &c->cfg->sets, npsd_reply_at(r, 4));
}

/* Whether it differs from what was last written; remembers it as written. */
static bool is_news(struct npsd_totals *t)
{
	const struct npsd_buf *a = &t->totals.text, *b = &t->meta.text, *w = &t->written;
	bool same =
	    w->n == a->n + b->n && memcmp(w->p, a->p, a->n) == 0 && memcmp(w->p + a->n, b->p, b->n) == 0;

	npsd_buf_clear(&t->written);
	npsd_buf_add(&t->written, a->p, a->n);
	npsd_buf_add(&t->written, b->p, b->n);
	return !same;
}

/* --- steps --- */

bool npsd_totals_step(struct npsd_totals *t, struct npsd_pub_context *c)
{
	int64_t wait_ms = t->touched ? c->cfg->publish_interval_ms / 4 : READ_MS;

	if (c->flight[NPSD_FLIGHT_TOTALS] != 0)
		return false;
	if (t->phase != NPSD_TOTALS_READ)
		return npsd_pub_submit_build(
		    c, t->phase == NPSD_TOTALS_COPY_TOTALS ? &t->totals : &t->meta, NPSD_FLIGHT_TOTALS);
	if (!(t->touched && c->flush) && c->now_mono_ms < t->read_mono_ms + wait_ms)
		return false;
	npsd_script_begin_private(&c->build, NPSD_S_totals);
	npsd_script_private_key(&c->build, "totals");
	npsd_script_private_key(&c->build, "meta");
	npsd_script_private_key(&c->build, "lost");
	npsd_script_header(&c->build, c->v->names, npsd_names_len_any(c->v->names));
	if (!npsd_pub_submit(c, NPSD_FLIGHT_TOTALS))
		return false;
	t->touched = false;
	t->read_mono_ms = c->now_mono_ms;
	return true;
}

static void read_done(struct npsd_totals *t, struct npsd_pub_context *c, const struct npsd_reply *r)
{
	make_totals(&t->totals, npsd_reply_at(r, 2), npsd_reply_at(r, 3));
	make_meta(&t->meta, c, r);
	if (!is_news(t) && c->now_mono_ms < t->beat_mono_ms)
		return;
	add_pair(&t->meta, NPSD_STR("heartbeat_ms"), npsd_reply_str(r, 1));
	t->beat_mono_ms = c->now_mono_ms + BEAT_MS;
	t->phase = NPSD_TOTALS_COPY_TOTALS;
}

void npsd_totals_done(struct npsd_totals *t, struct npsd_pub_context *c, const struct npsd_done *done)
{
	bool read = t->phase == NPSD_TOTALS_READ;

	if (!npsd_pub_ok(c, done, read ? 6 : 1)) {
		t->phase = NPSD_TOTALS_READ;
		t->touched = true;
		npsd_buf_clear(&t->written);
	} else if (read) {
		read_done(t, c, done->reply);
	} else {
		t->phase = t->phase == NPSD_TOTALS_COPY_TOTALS ? NPSD_TOTALS_COPY_META : NPSD_TOTALS_READ;
	}
}
