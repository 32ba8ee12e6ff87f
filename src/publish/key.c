#include "publish/key.h"

#include "publish/due.h"
#include "publish/keyname.h"
#include "publish/rank.h"
#include "publish/window.h"

void npsd_keys_reset(struct npsd_keys *k)
{
	k->n = k->nflight = 0;
}

void npsd_keys_free(struct npsd_keys *k)
{
	free(k->key);
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

/* --- windows of a segment --- */

/* A window added later does not read the panes before it. */
static int64_t read_from_s(const struct npsd_window *w, int64_t from_s)
{
	return w->since_ms && w->since_ms / 1000 > from_s ? w->since_ms / 1000 : from_s;
}

static int64_t since_of(const struct npsd_pub_context *c, uint32_t i)
{
	int set = npsd_set_place(c->cfg, npsd_seg_set(npsd_panes_seg(c->v->panes, i)));

	if (set >= 0 && c->cfg->sets.set[set].since_ms)
		return c->cfg->sets.set[set].since_ms;
	return c->v->since_ms;
}

/* From when on the windows of a segment are whole: counted from the beginning on, and nothing lost. */
static int64_t whole_ms(int64_t since_ms, int64_t lost_ms, const struct npsd_window *w)
{
	int64_t at = since_ms;

	if (lost_ms && (!at || lost_ms > at))
		at = lost_ms;
	if (w->since_ms && (!at || w->since_ms > at))
		at = w->since_ms;
	return at;
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
	int place = npsd_set_place(c->cfg, npsd_seg_set(seg)), class = 0;
	const struct npsd_set *set = place < 0 ? NULL : &c->cfg->sets.set[place];
	uint32_t id[NPSD_SET_DIMS];

	npsd_seg_ids(id, seg);
	for (int d = 0; set && d < set->ndims; d++) {
		class ++;
		if (set->dims[d] != NPSD_DIM_location)
			continue;
		for (uint32_t up = id[d]; (up = npsd_names_parent_any(c->v->names, up)) >= NPSD_ID_FIRST;)
			class ++;
	}
	return class < NPSD_DUE_CLASSES ? class : NPSD_DUE_CLASSES - 1;
}

/* --- calls --- */

/* Writes the windows of a segment to c->text one after the other, where each ends to end, and their scores.
 */
static void write_windows(struct npsd_pub_context *c, struct npsd_key_flight *f, size_t end[NPSD_MAX_WINDOWS])
{
	int64_t since_ms = since_of(c, f->seg);

	npsd_buf_clear(&c->text);
	for (int w = 0; w < c->cfg->nwindows; w++) {
		const struct npsd_window *win = &c->cfg->windows[w];
		struct npsd_window_counts n = {
		    .from_s = npsd_window_from_s(win, c->v->t_ms), .t_ms = c->v->t_ms};

		n.to_s = n.from_s + win->width_s;
		n.whole_ms = whole_ms(since_ms, c->v->lost_ms, win);
		npsd_panes_sum(
		    c->v->panes, f->seg, c->window_step[w], read_from_s(win, n.from_s), n.to_s, n.now);
		npsd_panes_sum(c->v->panes, f->seg, c->window_step[w],
		    read_from_s(win, n.from_s - win->width_s), n.from_s, n.prev);
		if (npsd_window_write(&c->text, c->cfg, win, &n))
			f->shown |= (uint16_t)(1u << w);
		end[w] = c->text.n;
		f->lo[w] = npsd_rank_score(c->cfg, n.now);
	}
	npsd_assert(!c->text.full);
}

static int free_flight(const struct npsd_keys *k, const struct npsd_pub_context *c)
{
	int flight = 0;

	npsd_assert(k->nflight < NPSD_KEYS_FLIGHT);
	while (c->flight[flight] != 0)
		flight++;
	npsd_assert(flight < (int)NPSD_KEYS_FLIGHT);
	return flight;
}

static void build(struct npsd_pub_context *c, const struct npsd_key_flight *f,
    const size_t end[NPSD_MAX_WINDOWS], const char *rev)
{
	npsd_pub_begin_seg(c, NPSD_S_publish, "v:", f->seg, "");
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
	int flight = free_flight(k, c);
	struct npsd_key_flight *f = &k->flight[flight];
	struct npsd_key_state *key = key_at(k, i);
	size_t end[NPSD_MAX_WINDOWS];

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
	npsd_budget_submitted(&c->budget, k->nflight++ == 0, c->now_mono_ms);
	return NPSD_KEY_SUBMITTED;
}

bool npsd_key_done(struct npsd_keys *k, struct npsd_pub_context *c, const struct npsd_done *done, int flight)
{
	const struct npsd_key_flight *f = &k->flight[flight];

	if (--k->nflight == 0)
		npsd_budget_answered(&c->budget, c->now_mono_ms);
	if (!npsd_pub_ok(c, done, 1))
		return false;
	k->key[f->seg].may_hold = f->shown != 0;
	return true;
}
