#include "publish/rank.h"

#include "npsd/figures.h"
#include "publish/decimal.h"

#define LAG_INTERVALS 5 /* of publish.interval, between passes of a busy shard */
#define LAG_MAX_MS 30000
#define MEMBERS_A_KEY 16 /* members that cost Redis about as much as a window key */

void npsd_ranks_free(struct npsd_ranks *r)
{
	free(r->of_seg.at);
	free(r->entry);
	free(r->lo);
}

void npsd_ranks_reset(struct npsd_ranks *r)
{
	for (int l = 0; l < NPSD_RANK_LISTS; l++) {
		r->list[l] = NPSD_LIST_EMPTY;
		r->nof[l] = 0;
	}
	r->of_seg.n = r->n = r->listed = r->left = r->nbatch = 0;
	r->next_mono_ms = INT64_MIN;
}

int32_t npsd_rank_score(const struct npsd_config *cfg, const int64_t now[NPSD_NCOUNTER])
{
	struct npsd_counts c = npsd_counts_of(now);

	if (c.n < cfg->rank_min_n || c.n == 0)
		return NPSD_RANK_NONE;
	return (int32_t)npsd_decimal_units(npsd_nps_of(c).lo);
}

int npsd_rank_list_of(const struct npsd_pub_context *c, uint32_t i)
{
	struct npsd_seg seg = npsd_panes_seg(c->v->panes, i);
	struct npsd_rank_parts k = {
	    .set = npsd_set_place(&c->cfg->sets, npsd_seg_set(seg)), .kind = (int)npsd_seg_kind(seg)};
	uint32_t id[NPSD_SET_DIMS];

	npsd_seg_ids(id, seg);
	if (k.set < 0 || c->cfg->sets.set[k.set].ndims != 1 || id[0] < NPSD_ID_FIRST)
		return -1;
	if (c->cfg->sets.set[k.set].dims[0] == NPSD_DIM_location)
		k.level = npsd_location_level(c->v->names, id[0]);
	npsd_assert(k.level <= NPSD_LEVELS && k.kind < 4);
	return npsd_rank_list(k);
}

/* --- what is due --- */

static int32_t *lo_of(const struct npsd_ranks *r, const struct npsd_config *cfg, uint32_t e)
{
	return &r->lo[e * (uint32_t)cfg->nwindows];
}

static uint32_t new_entry(struct npsd_ranks *r, const struct npsd_config *cfg, uint32_t seg, int list)
{
	uint32_t width = (uint32_t)cfg->nwindows;

	r->entry = npsd_array_reserve(r->entry, &r->cap, r->n, sizeof *r->entry);
	r->lo = npsd_array_reserve(r->lo, &r->lo_cap, r->n, width * sizeof *r->lo);
	r->entry[r->n] = (struct npsd_rank_entry){.seg = seg, .list = (uint16_t)list};
	for (uint32_t w = 0; w < width; w++)
		lo_of(r, cfg, r->n)[w] = NPSD_RANK_NONE;
	r->nof[list]++;
	return r->n++;
}

static void make_due(struct npsd_ranks *r, uint32_t e, unsigned windows)
{
	bool listed = r->entry[e].due != 0;

	r->entry[e].due |= (uint16_t)windows;
	if (listed || windows == 0)
		return;
	npsd_list_push(&r->list[r->entry[e].list], NPSD_LINKS(r->entry), e);
	r->listed++;
}

/* The entry of segment i, made if needed; NPSD_LIST_NONE: it is in no rank. */
static uint32_t entry_of(struct npsd_ranks *r, const struct npsd_pub_context *c, uint32_t i)
{
	uint32_t *number = npsd_numbers_at(&r->of_seg, i);
	int list;

	if (*number != 0)
		return *number - 1;
	list = npsd_rank_list_of(c, i);
	if (list < 0)
		return NPSD_LIST_NONE;
	*number = new_entry(r, c->cfg, i, list) + 1;
	/* a former owner of the shard may have left members */
	make_due(r, *number - 1, (1u << c->cfg->nwindows) - 1);
	return *number - 1;
}

void npsd_rank_acknowledged(
    struct npsd_ranks *r, const struct npsd_pub_context *c, uint32_t i, const int32_t *lo, bool all)
{
	uint32_t e = entry_of(r, c, i);
	unsigned due = 0;

	if (e == NPSD_LIST_NONE)
		return;
	for (int w = 0; w < c->cfg->nwindows; w++) {
		int32_t *at = &lo_of(r, c->cfg, e)[w];

		if (all || *at != lo[w])
			due |= 1u << w;
		*at = lo[w];
	}
	make_due(r, e, due);
}

void npsd_rank_doubt(
    struct npsd_ranks *r, const struct npsd_pub_context *c, uint32_t i, struct npsd_list_key k)
{
	uint32_t e = entry_of(r, c, i);

	npsd_assert(e != NPSD_LIST_NONE);
	make_due(r, e, 1u << k.window);
}

uint32_t npsd_rank_next(const struct npsd_ranks *r, int list, uint32_t i)
{
	for (; r->nof[list] > 0 && i < r->of_seg.n; i++)
		if (r->of_seg.at[i] != 0 && r->entry[r->of_seg.at[i] - 1].list == list)
			return i;
	return NPSD_LIST_NONE;
}

bool npsd_rank_holds(
    const struct npsd_ranks *r, const struct npsd_pub_context *c, uint32_t i, struct npsd_list_key k)
{
	uint32_t number = i < r->of_seg.n ? r->of_seg.at[i] : 0;

	return number != 0 && r->entry[number - 1].list == k.list &&
	       lo_of(r, c->cfg, number - 1)[k.window] != NPSD_RANK_NONE;
}

/* --- calls --- */

static bool pass_runs(struct npsd_ranks *r, const struct npsd_pub_context *c, bool quiet)
{
	int64_t lag_ms = c->cfg->publish_interval_ms * LAG_INTERVALS;

	if (r->left > 0 || r->listed == 0)
		return r->left > 0;
	if (!c->flush && !quiet && c->now_mono_ms < r->next_mono_ms)
		return false;
	r->left = r->listed;
	r->next_mono_ms = c->now_mono_ms + (lag_ms < LAG_MAX_MS ? lag_ms : LAG_MAX_MS);
	return true;
}

/* Moves entries from the front of a list to the batch. */
static void gather(struct npsd_ranks *r)
{
	struct npsd_list *l = r->list;

	while (npsd_list_empty(l))
		l++;
	while (r->nbatch < NPSD_RANK_MEMBERS && r->left > 0 && !npsd_list_empty(l)) {
		uint32_t e = npsd_list_pop(l, NPSD_LINKS(r->entry));

		r->left--;
		r->listed--;
		r->batch[r->nbatch] = e;
		r->mask[r->nbatch++] = r->entry[e].due;
		r->entry[e].due = 0;
	}
	r->window = 0;
}

static void write_score(struct npsd_buf *out, int32_t lo)
{
	npsd_buf_clear(out);
	if (lo != NPSD_RANK_NONE)
		npsd_buf_addf(out, "%s%d.%04d", lo < 0 ? "-" : "", abs(lo) / 10000, abs(lo) % 10000);
}

void npsd_rank_score_text(
    struct npsd_pub_context *c, const struct npsd_ranks *r, uint32_t i, struct npsd_list_key k)
{
	write_score(&c->text, lo_of(r, c->cfg, r->of_seg.at[i] - 1)[k.window]);
}

void npsd_rank_add_member(struct npsd_pub_context *c, uint32_t i)
{
	uint32_t id[NPSD_SET_DIMS];

	npsd_seg_ids(id, npsd_panes_seg(c->v->panes, i));
	npsd_buf_clear(&c->name);
	npsd_name_encode(&c->name, npsd_names_text_any(c->v->names, id[0]));
	npsd_assert(!c->name.full);
	npsd_script_arg(&c->build, c->name.p, c->name.n);
}

static bool is_due(const struct npsd_ranks *r, uint32_t k)
{
	return r->mask[k] >> r->window & 1;
}

/* False: the rank would be created, and is not registered yet. */
static bool build(const struct npsd_ranks *r, struct npsd_pub_context *c)
{
	int set = 0, list = r->entry[r->batch[0]].list;

	npsd_list_name(&c->name, c->cfg, (struct npsd_list_key){true, list, r->window});
	npsd_pub_begin(c, NPSD_S_rank);
	for (uint32_t k = 0; k < r->nbatch; k++)
		set += is_due(r, k) && lo_of(r, c->cfg, r->batch[k])[r->window] != NPSD_RANK_NONE;
	npsd_script_int(&c->build, set);
	for (int out = 0; out <= 1; out++)
		for (uint32_t k = 0; k < r->nbatch; k++) {
			int32_t lo = lo_of(r, c->cfg, r->batch[k])[r->window];

			if (!is_due(r, k) || (lo == NPSD_RANK_NONE) != out)
				continue;
			if (!out) {
				write_score(&c->text, lo);
				npsd_script_arg(&c->build, c->text.p, c->text.n);
			}
			npsd_rank_add_member(c, r->entry[r->batch[k]].seg);
		}
	return set == 0 || npsd_registered_rank(c->registered, list);
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

bool npsd_rank_step(struct npsd_ranks *r, struct npsd_pub_context *c, bool quiet)
{
	if (c->flight[NPSD_FLIGHT_RANK] != 0)
		return false;
	if (r->nbatch == 0) {
		if (!pass_runs(r, c, quiet))
			return false;
		gather(r);
	}
	r->window = next_window(r, r->window, c->cfg->nwindows);
	npsd_assert(r->window < c->cfg->nwindows);
	if (!build(r, c) || !npsd_pub_submit(c, NPSD_FLIGHT_RANK))
		return false;
	npsd_pub_spend(c, 1 + (double)(c->build.n - c->build.nkeys) / MEMBERS_A_KEY);
	return true;
}

void npsd_rank_done(struct npsd_ranks *r, struct npsd_pub_context *c, const struct npsd_done *done)
{
	/* the batch stays after a failure: the call is built again */
	if (!npsd_pub_ok(c, done, 1))
		return;
	for (uint32_t k = 0; k < r->nbatch; k++)
		r->mask[k] &= (uint16_t) ~(1u << r->window);
	if (next_window(r, r->window, c->cfg->nwindows) == c->cfg->nwindows)
		r->nbatch = 0;
}

bool npsd_rank_clean(const struct npsd_ranks *r)
{
	return r->listed == 0 && r->nbatch == 0;
}
