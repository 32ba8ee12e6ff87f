/*
 * Ranks: `PFX:rank:KIND:DIM:W`, the segments of a set of one dimension by the nps_lo that their windows show.
 * A member follows its acknowledged key, in batches of one rank: as soon as the shard is quiet, else once in
 * a few intervals, so that a busy segment is told once for several writes. Each sweep tells
 * all again; orphans.c takes out what does not belong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npsd/err.h"
#include "npsd/figures.h"
#include "publish/decimal.h"
#include "publish/pub.h"

#define LAG_INTERVALS 5 /* of publish.interval, between passes of a busy shard */
#define LAG_MAX_MS 30000
#define MEMBERS_A_KEY 16 /* members that cost Redis about as much as a window key */
#define LISTS (NPSD_MAX_SETS * 4 * (NPSD_LEVELS + 1))

/* A segment of a set of one dimension. Its scores stand in lo[], a window behind the other. */
struct entry {
	uint32_t seg;
	uint32_t next; /* in its list */
	uint16_t list;
	uint16_t due; /* bit w: to be told; not zero: it is in its list, or in the batch */
	bool listed;
};

struct npsd_ranks {
	struct entry *entry;
	int32_t *lo; /* of entry e and window w: lo[e * nwindows + w] */
	uint32_t n, cap;
	struct npsd_due_list list[LISTS]; /* (set, kind, level): the segments of one rank, whatever window */
	uint32_t listed;
	uint32_t left; /* entries that the pass still takes; 0: none runs */
	int64_t next_ms;
	/* the batch: entries of one list, told window by window */
	uint32_t batch[NPSD_RANK_MEMBERS], nbatch;
	uint16_t mask[NPSD_RANK_MEMBERS]; /* windows that are still to be told */
	int window;			  /* of the call on its way */
};

struct npsd_ranks *npsd_ranks_new(void)
{
	struct npsd_ranks *r = calloc(1, sizeof *r);

	npsd_assert(r != NULL);
	npsd_ranks_reset(r);
	return r;
}

void npsd_ranks_free(struct npsd_ranks **ranks)
{
	struct npsd_ranks *r = *ranks;

	*ranks = NULL;
	if (!r)
		return;
	free(r->entry);
	free(r->lo);
	free(r);
}

void npsd_ranks_reset(struct npsd_ranks *r)
{
	for (int l = 0; l < LISTS; l++)
		r->list[l] = (struct npsd_due_list){NPSD_DUE_NONE, NPSD_DUE_NONE};
	r->n = r->listed = r->left = r->nbatch = 0;
	r->next_ms = INT64_MIN;
}

int32_t npsd_rank_score(const struct npsd_config *cfg, const int64_t now[NPSD_NCOUNTER])
{
	struct npsd_counts c = npsd_counts_of(now);
	char text[NPSD_DECIMAL_MAX];
	int32_t units = 0;

	if (c.n < cfg->rank_min_n || c.n == 0)
		return NPSD_RANK_NONE;
	/* The four decimals that the window shows, as one integer. */
	npsd_decimal_fixed4(text, npsd_nps_of(c).lo);
	for (const char *t = text; *t; t++)
		if (*t >= '0' && *t <= '9')
			units = units * 10 + (*t - '0');
	return text[0] == '-' ? -units : units;
}

/* --- which rank --- */

static const struct npsd_set *set_of(const struct npsd_pub *p, uint32_t number, int *place)
{
	for (int s = 0; s < p->cfg->sets.n; s++)
		if (p->cfg->sets.set[s].number == number) {
			*place = s;
			return &p->cfg->sets.set[s];
		}
	return NULL;
}

static int level_of(const struct npsd_names *names, uint32_t id)
{
	int level = 1;

	while ((id = npsd_names_parent_any(names, id)) >= NPSD_ID_FIRST)
		level++;
	return level;
}

/* The list of a segment's ranks; -1: it stands in none. */
static int list_of(const struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_seg seg)
{
	uint32_t id[NPSD_SET_DIMS];
	const struct npsd_set *set;
	int place = 0, level = 0;

	npsd_seg_ids(id, seg);
	set = set_of(p, npsd_seg_set(seg), &place);
	if (!set || set->ndims != 1 || id[0] < NPSD_ID_FIRST)
		return -1;
	if (set->dims[0] == NPSD_DIM_location)
		level = level_of(v->names, id[0]);
	npsd_assert(level <= NPSD_LEVELS && npsd_seg_kind(seg) < 4);
	return (place * 4 + (int)npsd_seg_kind(seg)) * (NPSD_LEVELS + 1) + level;
}

void npsd_rank_name(struct npsd_pub *p, struct npsd_buf *out, struct npsd_rank_key k)
{
	npsd_pub_public(p, out, "rank:");
	npsd_buf_addf(out, "%s:%s", npsd_kind_names[k.kind],
	    npsd_dim_word(&p->cfg->sets, p->cfg->sets.set[k.set].dims[0]));
	if (k.level > 0)
		npsd_buf_addf(out, "/%d", k.level);
	npsd_buf_addf(out, ":%s", p->cfg->windows[k.window].name);
}

static struct npsd_rank_key key_of(int list, int window)
{
	return (struct npsd_rank_key){
	    list / ((NPSD_LEVELS + 1) * 4), list / (NPSD_LEVELS + 1) % 4, list % (NPSD_LEVELS + 1), window};
}

static bool is_made(const struct npsd_pub *p, struct npsd_rank_key k)
{
	const struct npsd_set *set = &p->cfg->sets.set[k.set];

	return set->ndims == 1 && (k.kind != NPSD_KIND_NONE) == p->cfg->kinds_split &&
	       (k.level > 0) == (set->dims[0] == NPSD_DIM_location);
}

bool npsd_rank_next(const struct npsd_pub *p, struct npsd_rank_key *k)
{
	for (;;) {
		if (++k->window >= p->cfg->nwindows) {
			k->window = 0;
			k->level++;
		}
		if (k->level > NPSD_LEVELS) {
			k->level = 0;
			k->kind++;
		}
		if (k->kind > NPSD_KIND_OTHER) {
			k->kind = 0;
			k->set++;
		}
		if (k->set >= p->cfg->sets.n)
			return false;
		if (is_made(p, *k))
			return true;
	}
}

/* --- what is due --- */

static void push(struct npsd_pub *p, uint32_t e)
{
	struct npsd_ranks *r = p->ranks;
	struct npsd_due_list *l = &r->list[r->entry[e].list];

	r->entry[e].next = NPSD_DUE_NONE;
	if (l->tail == NPSD_DUE_NONE)
		l->head = e;
	else
		r->entry[l->tail].next = e;
	l->tail = e;
	r->entry[e].listed = true;
	r->listed++;
}

static uint32_t pop(struct npsd_ranks *r, struct npsd_due_list *l)
{
	uint32_t e = l->head;

	l->head = r->entry[e].next;
	if (l->head == NPSD_DUE_NONE)
		l->tail = NPSD_DUE_NONE;
	r->entry[e].listed = false;
	r->listed--;
	return e;
}

static uint32_t new_entry(struct npsd_pub *p, uint32_t seg, int list)
{
	struct npsd_ranks *r = p->ranks;
	size_t width = (size_t)p->cfg->nwindows;

	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 64;
		r->entry = realloc(r->entry, r->cap * sizeof *r->entry);
		r->lo = realloc(r->lo, r->cap * width * sizeof *r->lo);
		npsd_assert(r->entry && r->lo);
	}
	r->entry[r->n] = (struct entry){.seg = seg, .list = (uint16_t)list};
	for (size_t w = 0; w < width; w++)
		r->lo[r->n * width + w] = NPSD_RANK_NONE;
	return r->n++;
}

void npsd_rank_told(
    struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i, const int32_t *lo, bool all)
{
	struct npsd_ranks *r = p->ranks;
	struct npsd_pub_key *key = &p->key[i];
	uint32_t e;

	if (key->rank == 0) {
		int list = list_of(p, v, npsd_panes_seg(v->panes, i));

		if (list < 0)
			return;
		key->rank = new_entry(p, i, list) + 1;
		all = true; /* who held the shard before may have left members */
	}
	e = key->rank - 1;
	for (int w = 0; w < p->cfg->nwindows; w++) {
		int32_t *at = &r->lo[e * (uint32_t)p->cfg->nwindows + (uint32_t)w];

		if (all || *at != lo[w])
			r->entry[e].due |= (uint16_t)(1u << w);
		*at = lo[w];
	}
	if (r->entry[e].due != 0 && !r->entry[e].listed)
		push(p, e);
}

bool npsd_rank_holds(struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i, struct npsd_rank_key k)
{
	uint32_t e = npsd_pub_key_at(p, i)->rank;

	if (e-- == 0 ||
	    list_of(p, v, npsd_panes_seg(v->panes, i)) != (k.set * 4 + k.kind) * (NPSD_LEVELS + 1) + k.level)
		return false;
	return p->ranks->lo[e * (uint32_t)p->cfg->nwindows + (uint32_t)k.window] != NPSD_RANK_NONE;
}

/* --- telling --- */

static bool pass_runs(struct npsd_pub *p, int64_t mono_ms)
{
	struct npsd_ranks *r = p->ranks;
	/* nothing is due, and nothing was written within an interval */
	bool quiet = p->due.due == 0 && p->due.cool.head == NPSD_DUE_NONE && p->round == NPSD_ROUND_NONE;
	int64_t lag = p->cfg->publish_interval_ms * LAG_INTERVALS;

	if (r->left > 0 || r->listed == 0)
		return r->left > 0;
	if (!p->flush && !quiet && mono_ms < r->next_ms)
		return false;
	r->left = r->listed;
	r->next_ms = mono_ms + (lag < LAG_MAX_MS ? lag : LAG_MAX_MS);
	return true;
}

/* Takes entries off the front of a list. */
static void gather(struct npsd_pub *p)
{
	struct npsd_ranks *r = p->ranks;
	int l = 0;

	while (r->list[l].head == NPSD_DUE_NONE)
		l++;
	while (r->nbatch < NPSD_RANK_MEMBERS && r->left > 0 && r->list[l].head != NPSD_DUE_NONE) {
		uint32_t e = pop(r, &r->list[l]);

		r->left--;
		r->batch[r->nbatch] = e;
		r->mask[r->nbatch++] = r->entry[e].due;
		r->entry[e].due = 0;
	}
	r->window = 0;
}

/* Appends the value of a segment's dimension in its written form. */
static void add_member(struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t e)
{
	uint32_t id[NPSD_SET_DIMS];

	npsd_seg_ids(id, npsd_panes_seg(v->panes, p->ranks->entry[e].seg));
	npsd_name_encode(&p->text, npsd_names_text_any(v->names, id[0]));
}

/* Writes the words of the window's call to p->text, and says where each ends; returns how many. */
static size_t write_words(
    struct npsd_pub *p, const struct npsd_shard_view *v, size_t end[2 * NPSD_RANK_MEMBERS + 1], int w)
{
	struct npsd_ranks *r = p->ranks;
	size_t n = 0, set = 0;

	npsd_buf_clear(&p->text);
	end[n++] = 0; /* the number of those that are set: known behind them */
	for (int out = 0; out <= 1; out++)
		for (uint32_t k = 0; k < r->nbatch; k++) {
			int32_t lo = r->lo[r->batch[k] * (uint32_t)p->cfg->nwindows + (uint32_t)w];

			if (!(r->mask[k] >> w & 1) || (lo == NPSD_RANK_NONE) != out)
				continue;
			if (!out) {
				int32_t units = lo < 0 ? -lo : lo;

				npsd_buf_addf(
				    &p->text, "%s%d.%04d", lo < 0 ? "-" : "", units / 10000, units % 10000);
				end[n++] = p->text.n;
				set++;
			}
			add_member(p, v, r->batch[k]);
			end[n++] = p->text.n;
		}
	npsd_buf_clear(&p->name);
	npsd_buf_addf(&p->name, "%zu", set);
	return n;
}

static bool submit(struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store, int w)
{
	struct npsd_arg key, args[2 * NPSD_RANK_MEMBERS + 1];
	size_t end[2 * NPSD_RANK_MEMBERS + 1], n = write_words(p, v, end, w), head = p->name.n;

	npsd_rank_name(p, &p->name, key_of(p->ranks->entry[p->ranks->batch[0]].list, w));
	npsd_assert(!p->text.full && !p->name.full);
	args[0] = npsd_arg_buf(&p->name, 0, head);
	for (size_t k = 1; k < n; k++)
		args[k] = npsd_arg_buf(&p->text, end[k - 1], end[k]);
	key = npsd_arg_buf(&p->name, head, p->name.n);
	if (!npsd_pub_submit(p, store, NPSD_SLOT_RANK, NPSD_S_rank, &key, 1, args, n))
		return false;
	p->tokens -= p->flush ? 0 : 1 + (double)n / MEMBERS_A_KEY;
	return true;
}

/* The next window that the batch has something for; nwindows: none. */
static int next_window(const struct npsd_ranks *r, int w, int nwindows)
{
	for (; w < nwindows; w++)
		for (uint32_t k = 0; k < r->nbatch; k++)
			if (r->mask[k] >> w & 1)
				return w;
	return w;
}

bool npsd_rank_step(
    struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store, int64_t mono_ms)
{
	struct npsd_ranks *r = p->ranks;

	if (p->slot[NPSD_SLOT_RANK] != 0)
		return false;
	if (r->nbatch == 0) {
		if (!pass_runs(p, mono_ms))
			return false;
		gather(p);
	}
	r->window = next_window(r, r->window, p->cfg->nwindows);
	npsd_assert(r->window < p->cfg->nwindows);
	return submit(p, v, store, r->window);
}

void npsd_rank_done(struct npsd_pub *p, const struct npsd_done *done, int64_t mono_ms)
{
	struct npsd_ranks *r = p->ranks;

	/* Where it failed the batch stays, and the call is made again after the pause. */
	if (done->outcome != NPSD_DONE || !npsd_reply_is(done->reply, "ok", 1)) {
		npsd_pub_failed(p, done, mono_ms);
		return;
	}
	for (uint32_t k = 0; k < r->nbatch; k++)
		r->mask[k] &= (uint16_t) ~(1u << r->window);
	if (next_window(r, r->window, p->cfg->nwindows) == p->cfg->nwindows)
		r->nbatch = 0;
}

bool npsd_rank_clean(const struct npsd_pub *p)
{
	return p->ranks->listed == 0 && p->ranks->nbatch == 0;
}
