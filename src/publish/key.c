#include "publish/key.h"

#include "publish/due.h"
#include "publish/keyname.h"
#include "publish/rank.h"
#include "publish/window.h"

void npsd_keys_reset(struct npsd_keys *k)
{
	k->n = k->nflight = 0;
}

static struct npsd_key_state *key_at(struct npsd_keys *k, uint32_t i)
{
	k->key = npsd_array_reserve(k->key, &k->cap, i, sizeof *k->key);
	/* a former owner of the shard may have left a key */
	while (k->n <= i)
		k->key[k->n++] = (struct npsd_key_state){.may_hold = true};
	return &k->key[i];
}

uint16_t npsd_key_shown(struct npsd_keys *k, uint32_t i)
{
	return key_at(k, i)->shown;
}

void npsd_key_doubt(struct npsd_keys *k, uint32_t i)
{
	key_at(k, i)->may_hold = true;
}

/* --- windows of a segment --- */

/* A window added later does not read the panes before it. */
static int64_t read_from_s(const struct npsd_window *w, int64_t from_s)
{
	return w->since_ms && w->since_ms / 1000 > from_s ? w->since_ms / 1000 : from_s;
}

static int64_t later(int64_t a_ms, int64_t b_ms)
{
	return a_ms > b_ms ? a_ms : b_ms;
}

bool npsd_seg_holds(const struct npsd_pub_context *c, uint32_t i)
{
	for (int w = 0; w < c->cfg->nwindows; w++) {
		const struct npsd_window *win = &c->cfg->windows[w];
		int64_t from = npsd_window_from_s(win, c->v->t_ms);

		if (npsd_panes_any(c->v->panes, i, c->window_step[w], read_from_s(win, from - win->width_s),
			from + win->width_s))
			return true;
	}
	return false;
}

int npsd_seg_class(const struct npsd_pub_context *c, uint32_t i)
{
	struct npsd_seg seg = npsd_panes_seg(c->v->panes, i);
	int place = npsd_set_place(&c->cfg->sets, npsd_seg_set(seg)), class = 0;
	const struct npsd_set *set = place < 0 ? NULL : &c->cfg->sets.set[place];
	uint32_t id[NPSD_SET_DIMS];

	npsd_seg_ids(id, seg);
	for (int d = 0; set && d < set->ndims; d++)
		class += set->dims[d] == NPSD_DIM_location ? npsd_location_level(c->v->names, id[d]) : 1;
	return class < NPSD_DUE_CLASSES ? class : NPSD_DUE_CLASSES - 1;
}

/* --- calls --- */

/* Writes the windows of a segment to c->text, one after the other; end: where each ends. */
static void write_windows(struct npsd_pub_context *c, struct npsd_key_flight *f, size_t end[NPSD_MAX_WINDOWS])
{
	int set = npsd_set_place(&c->cfg->sets, npsd_seg_set(npsd_panes_seg(c->v->panes, f->seg)));
	int64_t own_ms = set < 0 ? 0 : c->cfg->sets.set[set].since_ms;
	int64_t whole_ms = later(own_ms ? own_ms : c->v->since_ms, c->v->lost_ms);

	npsd_buf_clear(&c->text);
	for (int w = 0; w < c->cfg->nwindows; w++) {
		const struct npsd_window *win = &c->cfg->windows[w];
		struct npsd_window_counts n = {
		    .from_s = npsd_window_from_s(win, c->v->t_ms), .t_ms = c->v->t_ms};

		n.to_s = n.from_s + win->width_s;
		n.whole_ms = later(whole_ms, win->since_ms);
		npsd_panes_count(
		    c->v->panes, f->seg, c->window_step[w], read_from_s(win, n.from_s), n.to_s, n.now);
		npsd_panes_count(c->v->panes, f->seg, c->window_step[w],
		    read_from_s(win, n.from_s - win->width_s), n.from_s, n.prev);
		if (npsd_window_write(&c->text, c->cfg, win, &n))
			f->shown |= (uint16_t)(1u << w);
		end[w] = c->text.n;
		f->lo[w] = npsd_rank_score(c->cfg, n.now);
	}
	npsd_assert(!c->text.full);
}

static int free_flight(const struct npsd_pub_context *c)
{
	int flight = 0;

	while (c->flight[flight] != 0)
		flight++;
	npsd_assert(flight < (int)NPSD_KEYS_FLIGHT);
	return flight;
}

static void build(struct npsd_pub_context *c, const struct npsd_key_flight *f,
    const size_t end[NPSD_MAX_WINDOWS], const char *rev)
{
	npsd_pub_seg_name(c, "v:", f->seg, "");
	npsd_pub_begin(c, NPSD_S_publish);
	npsd_script_argz(&c->build, rev);
	npsd_script_argz(&c->build, "*");
	for (int w = 0; w < c->cfg->nwindows; w++) {
		size_t from = w ? end[w - 1] : 0;

		if (!(f->shown >> w & 1))
			continue;
		npsd_script_argz(&c->build, c->cfg->windows[w].name);
		npsd_script_arg_ref(&c->build, c->text.p + from, end[w] - from);
	}
}

enum npsd_key_outcome npsd_key_write(
    struct npsd_keys *k, struct npsd_pub_context *c, uint32_t i, const char *rev)
{
	int flight = free_flight(c);
	struct npsd_key_flight *f = &k->flight[flight];
	struct npsd_key_state *key = key_at(k, i);
	size_t end[NPSD_MAX_WINDOWS] = {0};

	f->seg = i;
	f->shown = 0;
	write_windows(c, f, end);
	if (f->shown == 0 && !key->may_hold)
		return NPSD_KEY_NOTHING;
	build(c, f, end, rev);
	if (!npsd_pub_submit(c, flight))
		return NPSD_KEY_NO_ROOM;
	key->shown = f->shown;
	key->may_hold = true;
	if (k->nflight++ == 0) {
		c->budget.keys = 0;
		c->budget.keys_mono_ms = c->now_mono_ms;
	}
	c->budget.keys++;
	return NPSD_KEY_SUBMITTED;
}

bool npsd_key_done(struct npsd_keys *k, struct npsd_pub_context *c, const struct npsd_done *done, int flight)
{
	const struct npsd_key_flight *f = &k->flight[flight];

	if (--k->nflight == 0)
		npsd_budget_measure(&c->budget, c->now_mono_ms);
	if (!npsd_pub_ok(c, done, 1))
		return false;
	k->key[f->seg].may_hold = f->shown != 0;
	return true;
}
