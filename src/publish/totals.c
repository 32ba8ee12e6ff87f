/*
 * `PFX:totals` and `PFX:meta`, by shard 0: read from the private slot by one script, then written into their
 * public keys, which have slots of their own. Looked at after each round and every second; written where
 * something changed, and as a heartbeat. A late write of a former owner is made good by the next heartbeat.
 */
#include <stdlib.h>
#include <string.h>

#include "npsd/err.h"
#include "publish/pub.h"

#define LOOK_MS 1000
#define BEAT_MS 8000 /* the contract says 10 s */
#define TOPICS 256   /* told of in meta: those configured, and once configured, under this prefix */

struct npsd_totals *npsd_totals_new(void)
{
	struct npsd_totals *t = calloc(1, sizeof *t);

	npsd_assert(t != NULL);
	npsd_buf_init(&t->totals.text, 1 << 20);
	npsd_buf_init(&t->meta.text, 1 << 20);
	npsd_buf_init(&t->told, 2 << 20);
	npsd_totals_reset(t);
	return t;
}

void npsd_totals_reset(struct npsd_totals *t)
{
	t->phase = NPSD_TOTALS_REST;
	t->wanted = true;
	t->read_ms = t->beat_ms = INT64_MIN / 2;
}

void npsd_totals_free(struct npsd_totals **totals)
{
	struct npsd_totals *t = *totals;

	*totals = NULL;
	if (!t)
		return;
	npsd_buf_free(&t->totals.text);
	npsd_buf_free(&t->meta.text);
	npsd_buf_free(&t->told);
	free(t);
}

void npsd_totals_touch(struct npsd_pub *p)
{
	if (p->totals)
		p->totals->wanted = true;
}

bool npsd_totals_clean(const struct npsd_pub *p)
{
	return !p->totals || (!p->totals->wanted && p->totals->phase == NPSD_TOTALS_REST);
}

/* --- pairs --- */

static void pairs_clear(struct npsd_pairs *s)
{
	npsd_buf_clear(&s->text);
	s->n = 0;
	s->at[0] = 0;
}

/* Ends the word that was appended to s->text. */
static void pairs_end(struct npsd_pairs *s)
{
	npsd_assert(!s->text.full && s->n + 1 < sizeof s->at / sizeof s->at[0]);
	s->at[++s->n] = (uint32_t)s->text.n;
}

static void pairs_add(struct npsd_pairs *s, struct npsd_str field, struct npsd_str value)
{
	npsd_buf_add(&s->text, field.p, field.n);
	pairs_end(s);
	npsd_buf_add(&s->text, value.p, value.n);
	pairs_end(s);
}

static void pairs_int(struct npsd_pairs *s, const char *field, int64_t v)
{
	npsd_buf_addz(&s->text, field);
	pairs_end(s);
	npsd_buf_addf(&s->text, "%lld", (long long)v);
	pairs_end(s);
}

static struct npsd_str str_of(const struct npsd_reply *r)
{
	return r->type == NPSD_REPLY_STR ? (struct npsd_str){r->str, (uint32_t)r->len} : NPSD_STR("");
}

/* The value of a field in a reply of HGETALL; p == NULL: none. */
static struct npsd_str field_of(const struct npsd_reply *hash, const char *field)
{
	for (size_t k = 0; k + 1 < hash->n; k += 2)
		if (npsd_str_eq(str_of(&hash->el[k]), npsd_str(field)))
			return str_of(&hash->el[k + 1]);
	return (struct npsd_str){0};
}

/* All of a hash, and "0" for those of `always` that it lacks. */
static void pairs_hash(
    struct npsd_pairs *s, const struct npsd_reply *hash, const char *const *always, size_t nalways)
{
	for (size_t k = 0; k < nalways; k++)
		if (!field_of(hash, always[k]).p)
			pairs_add(s, npsd_str(always[k]), NPSD_STR("0"));
	for (size_t k = 0; k + 1 < hash->n; k += 2)
		pairs_add(s, str_of(&hash->el[k]), str_of(&hash->el[k + 1]));
}

/* --- what is written --- */

static void make_totals(struct npsd_pairs *s, const struct npsd_reply *fence, const struct npsd_reply *totals)
{
	static const char *const always[] = {
	    "consumed",
#define FATE(fate) #fate,
#define REASON(fate, name, meaning)
#include "tbl/fates.def"
#undef FATE
#undef REASON
	};
	struct npsd_str clock = field_of(fence, "clock_ms");

	pairs_clear(s);
	pairs_hash(s, totals, always, sizeof always / sizeof always[0]);
	pairs_add(s, NPSD_STR("clock_ms"), clock.p && clock.n ? clock : NPSD_STR("0"));
}

static void meta_windows(struct npsd_pub *p, struct npsd_pairs *s)
{
	npsd_buf_addz(&s->text, "windows");
	pairs_end(s);
	for (int w = 0; w < p->cfg->nwindows; w++)
		npsd_buf_addf(&s->text, "%s%s", w ? "," : "", p->cfg->windows[w].name);
	pairs_end(s);
	npsd_buf_addz(&s->text, "steps");
	pairs_end(s);
	for (int w = 0; w < p->cfg->nwindows; w++)
		npsd_buf_addf(&s->text, "%s%lld", w ? "," : "", (long long)p->cfg->windows[w].step_s);
	pairs_end(s);
}

/* Bit d: dimension d stands in a set. */
static uint32_t dims_used(const struct npsd_sets *sets)
{
	uint32_t used = 0;

	for (int i = 0; i < sets->n; i++)
		for (int d = 0; d < sets->set[i].ndims; d++)
			used |= 1u << sets->set[i].dims[d];
	return used;
}

/* `since_ms:SET`, and `since_ms:SET:W` of each window that was added later. */
static void meta_since(
    const struct npsd_config *cfg, struct npsd_pairs *s, const struct npsd_set *set, struct npsd_str stored)
{
	int64_t since_ms = set->since_ms ? set->since_ms : strtoll(stored.p, NULL, 10);

	npsd_buf_addf(&s->text, "since_ms:%s", set->name);
	pairs_end(s);
	npsd_buf_addf(&s->text, "%lld", (long long)since_ms);
	pairs_end(s);
	for (int w = 0; w < cfg->nwindows; w++) {
		int64_t own_ms = cfg->windows[w].since_ms;

		if (own_ms == 0)
			continue;
		npsd_buf_addf(&s->text, "since_ms:%s:%s", set->name, cfg->windows[w].name);
		pairs_end(s);
		npsd_buf_addf(
		    &s->text, "%lld", (long long)(since_ms && since_ms > own_ms ? since_ms : own_ms));
		pairs_end(s);
	}
}

static void meta_sets(struct npsd_pub *p, struct npsd_pairs *s, struct npsd_str since_ms)
{
	const struct npsd_sets *sets = &p->cfg->sets;
	uint32_t used = dims_used(sets);

	_Static_assert(NPSD_NDIM <= 32, "a dimension is a bit");
	npsd_buf_addz(&s->text, "dimensions");
	pairs_end(s);
	npsd_buf_addz(&s->text, p->cfg->kinds_split ? "kind" : "");
	for (int dim = 0, n = p->cfg->kinds_split; dim < NPSD_NDIM; dim++)
		if (used >> dim & 1) {
			npsd_buf_addz(&s->text, n++ ? "," : "");
			npsd_buf_addz(&s->text, npsd_dim_word(sets, dim));
		}
	pairs_end(s);
	npsd_buf_addz(&s->text, "sets");
	pairs_end(s);
	for (int i = 0; i < sets->n; i++) {
		npsd_buf_addz(&s->text, i ? ";" : "");
		npsd_buf_addz(&s->text, sets->set[i].name);
	}
	pairs_end(s);
	for (int i = 0; i < sets->n; i++)
		meta_since(p->cfg, s, &sets->set[i], since_ms);
}

/* `TOPIC` of `pos:TOPIC/P`; p == NULL: another field. */
static struct npsd_str topic_of(struct npsd_str field)
{
	uint32_t n = field.n;

	if (n < 5 || memcmp(field.p, "pos:", 4) != 0)
		return (struct npsd_str){0};
	while (n > 4 && field.p[n - 1] != '/')
		n--;
	return n > 5 ? (struct npsd_str){field.p + 4, n - 5} : (struct npsd_str){0};
}

/* `partitions:TOPIC`: how many have a position. A fence has thousands of fields, of a few topics. */
static void meta_partitions(struct npsd_pairs *s, const struct npsd_reply *fence)
{
	struct {
		struct npsd_str topic;
		int64_t n;
	} seen[TOPICS];
	size_t ntopics = 0, t;

	for (size_t k = 0; k + 1 < fence->n; k += 2) {
		struct npsd_str topic = topic_of(str_of(&fence->el[k]));

		if (!topic.p)
			continue;
		for (t = 0; t < ntopics && !npsd_str_eq(seen[t].topic, topic); t++)
			;
		if (t == TOPICS)
			continue;
		if (t == ntopics) {
			seen[ntopics].topic = topic;
			seen[ntopics++].n = 0;
		}
		seen[t].n++;
	}
	for (t = 0; t < ntopics; t++) {
		npsd_buf_addz(&s->text, "partitions:");
		npsd_buf_add(&s->text, seen[t].topic.p, seen[t].topic.n);
		pairs_end(s);
		npsd_buf_addf(&s->text, "%lld", (long long)seen[t].n);
		pairs_end(s);
	}
}

/* `grown:TOPIC`: when partitions of it were seen that came later. */
static void meta_grown(struct npsd_pairs *s, const struct npsd_reply *fence)
{
	for (size_t k = 0; k + 1 < fence->n; k += 2) {
		struct npsd_str field = str_of(&fence->el[k]);

		if (field.n > 6 && memcmp(field.p, "grown:", 6) == 0)
			pairs_add(s, field, str_of(&fence->el[k + 1]));
	}
}

static void meta_lost(struct npsd_pairs *s, const struct npsd_reply *lost)
{
	npsd_buf_addz(&s->text, "lost");
	pairs_end(s);
	for (size_t k = 0; k < lost->n; k++) {
		npsd_buf_addz(&s->text, k ? ";" : "");
		npsd_buf_add(&s->text, str_of(&lost->el[k]).p, str_of(&lost->el[k]).n);
	}
	pairs_end(s);
}

static void meta_others(struct npsd_pub *p, struct npsd_pairs *s, const struct npsd_reply *meta)
{
	static const char *const always[] = {"undated", "ahead"};
	uint32_t used = dims_used(&p->cfg->sets);

	pairs_hash(s, meta, always, 2);
	for (int dim = 0; dim < NPSD_NDIM; dim++) {
		char field[320] = "other:";

		if (!(used >> dim & 1) || strlen(npsd_dim_word(&p->cfg->sets, dim)) > 300)
			continue;
		strcat(field, npsd_dim_word(&p->cfg->sets, dim));
		if (!field_of(meta, field).p)
			pairs_add(s, npsd_str(field), NPSD_STR("0"));
	}
}

/* Everything but the heartbeat. el: "ok", wall_ms, fence, totals, meta, lost */
static void make_meta(struct npsd_pub *p, struct npsd_pairs *s, const struct npsd_reply *el)
{
	struct npsd_str since = field_of(&el[2], "since_ms");

	pairs_clear(s);
	pairs_int(s, "contract", 1);
	pairs_int(s, "allow_compacted", p->cfg->allow_compacted);
	meta_windows(p, s);
	meta_sets(p, s, since.p && since.n ? since : NPSD_STR("0"));
	pairs_int(s, "shards", p->cfg->shards);
	meta_partitions(s, &el[2]);
	meta_grown(s, &el[2]);
	meta_lost(s, &el[5]);
	meta_others(p, s, &el[4]);
}

/* Whether it is other than what was last written; keeps it as such. */
static bool is_news(struct npsd_totals *t)
{
	const struct npsd_buf *a = &t->totals.text, *b = &t->meta.text;
	bool same = t->told.n > 0 && t->told.n == a->n + b->n && memcmp(t->told.p, a->p, a->n) == 0 &&
		    memcmp(t->told.p + a->n, b->p, b->n) == 0;

	npsd_buf_clear(&t->told);
	npsd_buf_add(&t->told, a->p, a->n);
	npsd_buf_add(&t->told, b->p, b->n);
	return !same;
}

/* --- steps --- */

static bool submit_read(struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store)
{
	static const char *const name[5] = {"fence", "dict", "totals", "meta", "lost"};
	struct npsd_pub_header h = {0};
	struct npsd_arg keys[5];
	size_t end[5];

	npsd_buf_clear(&p->name);
	for (int k = 0; k < 5; k++) {
		npsd_pub_private(p, &p->name, name[k]);
		end[k] = p->name.n;
	}
	for (int k = 0; k < 5; k++)
		keys[k] = npsd_arg_buf(&p->name, k ? end[k - 1] : 0, end[k]);
	npsd_pub_header(&h, p, v);
	return npsd_pub_submit(p, store, NPSD_SLOT_TOTALS, NPSD_S_totals, keys, 5, h.arg, 3);
}

static bool submit_copy(
    struct npsd_pub *p, struct npsd_store *store, int slot, const char *name, const struct npsd_pairs *s)
{
	struct npsd_arg *args = p->totals->args, key;

	npsd_buf_clear(&p->name);
	npsd_pub_public(p, &p->name, name);
	key = npsd_arg_buf(&p->name, 0, p->name.n);
	for (uint32_t k = 0; k < s->n; k++)
		args[k] = npsd_arg_buf(&s->text, s->at[k], s->at[k + 1]);
	return npsd_pub_submit(p, store, slot, NPSD_S_copy, &key, 1, args, s->n);
}

/* Wanted: as often as rounds; else now and then, since other shards' commits change them too. */
static int64_t next_read_ms(const struct npsd_pub *p)
{
	if (!p->totals->wanted)
		return p->totals->read_ms + LOOK_MS;
	return p->flush ? INT64_MIN : p->totals->read_ms + p->cfg->publish_interval_ms / 4;
}

bool npsd_totals_step(
    struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store, int64_t mono_ms)
{
	struct npsd_totals *t = p->totals;

	if (t->phase == NPSD_TOTALS_COPY) {
		if (t->left_totals)
			t->left_totals = !submit_copy(p, store, NPSD_SLOT_COPY_TOTALS, "totals", &t->totals);
		if (t->left_meta)
			t->left_meta = !submit_copy(p, store, NPSD_SLOT_COPY_META, "meta", &t->meta);
		return false;
	}
	if (t->phase != NPSD_TOTALS_REST || mono_ms < next_read_ms(p) || !submit_read(p, v, store))
		return false;
	t->phase = NPSD_TOTALS_READ;
	t->wanted = false;
	t->read_ms = mono_ms;
	return true;
}

static void failed(struct npsd_pub *p, const struct npsd_done *done, int64_t mono_ms)
{
	p->totals->wanted = true;
	npsd_buf_clear(&p->totals->told);
	if (done->outcome == NPSD_DONE && npsd_pub_reply_is(done->reply, "refused", 2))
		npsd_pub_refused(p, done->reply);
	else
		npsd_pub_failed(p, done, mono_ms);
}

static void read_done(struct npsd_pub *p, const struct npsd_reply *r, int64_t mono_ms)
{
	struct npsd_totals *t = p->totals;

	make_totals(&t->totals, &r->el[2], &r->el[3]);
	make_meta(p, &t->meta, r->el);
	t->phase = NPSD_TOTALS_REST;
	if (!is_news(t) && mono_ms < t->beat_ms)
		return;
	pairs_add(&t->meta, NPSD_STR("heartbeat_ms"), str_of(&r->el[1]));
	t->beat_ms = mono_ms + BEAT_MS;
	t->left_totals = t->left_meta = true;
	t->phase = NPSD_TOTALS_COPY;
}

void npsd_totals_done(struct npsd_pub *p, const struct npsd_done *done, int slot, int64_t mono_ms)
{
	struct npsd_totals *t = p->totals;
	bool ok =
	    done->outcome == NPSD_DONE && npsd_pub_reply_is(done->reply, "ok", slot == NPSD_SLOT_TOTALS ? 6 : 1);

	if (!ok)
		failed(p, done, mono_ms);
	if (slot == NPSD_SLOT_TOTALS && ok)
		read_done(p, done->reply, mono_ms);
	else if (slot == NPSD_SLOT_TOTALS ||
		 (!t->left_totals && !t->left_meta && p->slot[NPSD_SLOT_COPY_TOTALS] == 0 &&
		     p->slot[NPSD_SLOT_COPY_META] == 0))
		t->phase = NPSD_TOTALS_REST;
}
