/* One segment's public key: all its windows, written together. */
#include <stdlib.h>
#include <string.h>

#include "npsd/err.h"
#include "publish/pub.h"
#include "publish/window.h"

struct npsd_pub_key *npsd_pub_key_at(struct npsd_pub *p, uint32_t i)
{
	if (i >= p->key_cap) {
		uint32_t cap = p->key_cap ? p->key_cap : 64;

		while (cap <= i)
			cap *= 2;
		p->key = realloc(p->key, cap * sizeof *p->key);
		npsd_assert(p->key != NULL);
		p->key_cap = cap;
	}
	/* A segment that was not there when the shard was taken may have a key all the same: someone else's,
	 * gone by. */
	while (p->nkeys <= i)
		p->key[p->nkeys++] = (struct npsd_pub_key){.may_hold = true, .may_index = true};
	return &p->key[i];
}

/* A window added later does not read the panes before it. */
static int64_t read_from_s(const struct npsd_window *w, int64_t from_s)
{
	return w->since_ms && w->since_ms / 1000 > from_s ? w->since_ms / 1000 : from_s;
}

static int64_t since_of(const struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i)
{
	uint32_t number = npsd_seg_set(npsd_panes_seg(v->panes, i));

	for (int s = 0; s < p->cfg->sets.n; s++)
		if (p->cfg->sets.set[s].number == number && p->cfg->sets.set[s].since_ms)
			return p->cfg->sets.set[s].since_ms;
	return v->since_ms;
}

/* Where the windows of a segment are whole: counted from the beginning on, and nothing lost. */
static int64_t whole_ms(int64_t since_ms, int64_t lost_ms, const struct npsd_window *w)
{
	int64_t at = since_ms;

	if (lost_ms && (!at || lost_ms > at))
		at = lost_ms;
	if (w->since_ms && (!at || w->since_ms > at))
		at = w->since_ms;
	return at;
}

bool npsd_pub_seg_holds(const struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i)
{
	for (int w = 0; w < p->cfg->nwindows; w++) {
		const struct npsd_window *win = &p->cfg->windows[w];
		int64_t from = npsd_window_from_s(win, v->t_ms);

		if (npsd_panes_any(v->panes, i, p->window_step[w], read_from_s(win, from - win->width_s),
			from + win->width_s))
			return true;
	}
	return false;
}

int npsd_pub_class(const struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i)
{
	struct npsd_seg seg = npsd_panes_seg(v->panes, i);
	uint32_t id[NPSD_SET_DIMS];
	int class = 0;

	npsd_seg_ids(id, seg);
	for (int s = 0; s < p->cfg->sets.n; s++) {
		const struct npsd_set *set = &p->cfg->sets.set[s];

		if (set->number != npsd_seg_set(seg))
			continue;
		for (int d = 0; d < set->ndims; d++) {
			class ++;
			if (set->dims[d] != NPSD_DIM_location)
				continue;
			for (uint32_t up = id[d];
			     (up = npsd_names_parent_any(v->names, up)) >= NPSD_ID_FIRST;)
				class ++;
		}
	}
	return class < NPSD_DUE_CLASSES ? class : NPSD_DUE_CLASSES - 1;
}

/* Appends the windows of a segment to p->text, one object behind the other, and says where each ends and how
 * it ranks. */
static uint16_t write_windows(struct npsd_pub *p, size_t end[NPSD_MAX_WINDOWS], int32_t lo[NPSD_MAX_WINDOWS],
    const struct npsd_shard_view *v, uint32_t i)
{
	int64_t since_ms = since_of(p, v, i);
	uint16_t shown = 0;

	npsd_buf_clear(&p->text);
	for (int w = 0; w < p->cfg->nwindows; w++) {
		const struct npsd_window *win = &p->cfg->windows[w];
		struct npsd_window_counts c = {.from_s = npsd_window_from_s(win, v->t_ms), .t_ms = v->t_ms};

		c.to_s = c.from_s + win->width_s;
		c.whole_ms = whole_ms(since_ms, v->lost_ms, win);
		npsd_panes_sum(v->panes, i, p->window_step[w], read_from_s(win, c.from_s), c.to_s, c.now);
		npsd_panes_sum(v->panes, i, p->window_step[w], read_from_s(win, c.from_s - win->width_s),
		    c.from_s, c.prev);
		if (npsd_window_write(&p->text, p->cfg, win, &c))
			shown |= (uint16_t)(1u << w);
		end[w] = p->text.n;
		lo[w] = npsd_rank_score(p->cfg, c.now);
	}
	npsd_assert(!p->text.full);
	return shown;
}

static int free_slot(const struct npsd_pub *p)
{
	int slot = 0;

	npsd_assert(p->nflight < NPSD_KEYS_FLIGHT);
	while (p->slot[slot] != 0)
		slot++;
	npsd_assert(slot < (int)NPSD_KEYS_FLIGHT);
	return slot;
}

static bool submit_key(struct npsd_pub *p, struct npsd_store *store, int slot, uint16_t shown,
    const size_t end[NPSD_MAX_WINDOWS])
{
	struct npsd_arg key = npsd_arg_buf(&p->name, 0, p->name.n);
	struct npsd_arg args[2 + 2 * NPSD_MAX_WINDOWS];
	size_t n = 0;

	args[n++] = npsd_arg_z(p->rev);
	args[n++] = npsd_arg_z("*");
	for (int w = 0; w < p->cfg->nwindows; w++)
		if (shown >> w & 1) {
			args[n++] = npsd_arg_z(p->cfg->windows[w].name);
			args[n++] = npsd_arg_buf(&p->text, w ? end[w - 1] : 0, end[w]);
		}
	return npsd_pub_submit(p, store, slot, NPSD_S_publish, &key, 1, args, n);
}

static void name_key(struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i)
{
	bool named;

	npsd_buf_clear(&p->name);
	npsd_pub_public(p, &p->name, "v:{");
	named = npsd_seg_name(&p->name, npsd_panes_seg(v->panes, i), &p->cfg->sets, v->names);
	npsd_buf_addz(&p->name, "}");
	/* Its values were in the copy of the dictionary before its deltas were added to the panes. */
	npsd_assert(named && !p->name.full);
}

bool npsd_pub_key_write(struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store,
    uint32_t i, int64_t mono_ms)
{
	struct npsd_pub_key *key = npsd_pub_key_at(p, i);
	size_t end[NPSD_MAX_WINDOWS];
	int32_t lo[NPSD_MAX_WINDOWS];
	uint16_t shown = write_windows(p, end, lo, v, i);
	int slot;

	if (shown == 0 && !key->may_hold) { /* nothing to show, nothing there */
		npsd_due_written(&p->due, i, mono_ms);
		npsd_sweep_wrote(p, i);
		return true;
	}
	slot = free_slot(p);
	name_key(p, v, i);
	if (!submit_key(p, store, slot, shown, end)) {
		npsd_due_retry(&p->due, i, mono_ms);
		return false;
	}
	key->shown = shown;
	key->may_hold = true;
	p->slot_seg[slot] = i;
	p->slot_shown[slot] = shown;
	memcpy(p->slot_lo[slot], lo, (size_t)p->cfg->nwindows * sizeof lo[0]);
	if (p->nflight++ == 0) {
		p->stretch_keys = 0;
		p->stretch_ms = mono_ms;
	}
	p->stretch_keys++;
	return true;
}

/* What a key costs Redis is at most the time from the first submit to the last answer, shared by the keys
 * between. */
static void measure(struct npsd_pub *p, int64_t mono_ms)
{
	double us;

	if (p->nflight > 0 || p->stretch_keys < 256)
		return;
	us = (double)(mono_ms - p->stretch_ms + 1) * 1000 / (double)p->stretch_keys;
	/* Other shards' keys between them make it look dear, never cheap: down at once, up slowly. */
	p->cost_us = us < p->cost_us ? us : p->cost_us + (us - p->cost_us) / 64;
}

void npsd_pub_key_done(struct npsd_pub *p, const struct npsd_shard_view *v, const struct npsd_done *done,
    int slot, int64_t mono_ms)
{
	uint32_t i = p->slot_seg[slot];
	struct npsd_pub_key *key = &p->key[i];

	p->nflight--;
	measure(p, mono_ms);
	if (done->outcome == NPSD_DONE && npsd_pub_reply_is(done->reply, "ok", 1)) {
		bool first = key->swept != p->sweep.number;

		key->holds = key->may_hold = p->slot_shown[slot] != 0;
		if (key->holds ? !key->indexed || first : key->may_index)
			npsd_pub_index_due(p, v, i);
		npsd_rank_told(p, v, i, p->slot_lo[slot], first);
		npsd_series_told(p, v, i, first);
		npsd_due_written(&p->due, i, mono_ms);
		npsd_sweep_wrote(p, i);
		return;
	}
	npsd_due_retry(&p->due, i, mono_ms);
	if (done->outcome == NPSD_DONE && npsd_pub_reply_is(done->reply, "refused", 3))
		npsd_pub_refused(p, done->reply);
	else
		npsd_pub_failed(p, done, mono_ms);
}
