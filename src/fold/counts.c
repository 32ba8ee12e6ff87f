#include "fold/counts.h"

#include "base/array.h"

void npsd_counts_init(struct npsd_counts *c, const struct npsd_config *cfg, int shard)
{
	*c = (struct npsd_counts){.cfg = cfg, .view.shard = shard};
	npsd_source_positions_init(&c->progress);
}

void npsd_counts_clear(struct npsd_counts *c)
{
	npsd_panes_free(&c->view.panes);
	npsd_chunks_free(&c->chunks);
	c->progress.n = 0;
	for (int i = 0; i < NPSD_SLICES; i++) {
		free(c->slice[i].at);
		c->slice[i] = (struct npsd_slice){0};
	}
	c->view.seq = 0;
	c->sliced = 0;
}

void npsd_counts_free(struct npsd_counts *c)
{
	npsd_counts_clear(c);
	npsd_source_positions_free(&c->progress);
}

void npsd_counts_begin(struct npsd_counts *c, int64_t epoch, const struct npsd_names *names)
{
	npsd_counts_clear(c);
	c->view = (struct npsd_shard_view){.shard = c->view.shard,
	    .epoch = epoch,
	    .names = names,
	    .t_ms = INT64_MIN,
	    .panes = npsd_panes_new(c->cfg)};
	c->dropped_ms = INT64_MIN;
}

/* Whether the set has such kinds and ids. */
static bool fits_set(const struct npsd_counts *c, const struct npsd_set *set, struct npsd_seg seg)
{
	uint32_t kind = npsd_seg_kind(seg), id[NPSD_SET_DIMS];

	if (kind > NPSD_KIND_OTHER || (kind != NPSD_KIND_NONE) != c->cfg->kinds_split)
		return false;
	npsd_seg_ids(id, seg);
	for (int i = 0; i < NPSD_SET_DIMS; i++) {
		if (i >= set->ndims && id[i] != 0)
			return false;
		if (id[i] >= NPSD_ID_FIRST && npsd_names_dim_any(c->view.names, id[i]) != set->dims[i])
			return false;
	}
	return true;
}

bool npsd_counts_may_hold(const struct npsd_counts *c, struct npsd_seg seg, uint32_t dict_len)
{
	uint32_t id[NPSD_SET_DIMS];
	int set;

	npsd_seg_ids(id, seg);
	for (int i = 0; i < NPSD_SET_DIMS; i++)
		if (id[i] >= dict_len + NPSD_ID_FIRST)
			return false;
	/* a segment of the panes passed the rest when it was made */
	if (npsd_panes_find(c->view.panes, seg, false) != UINT32_MAX)
		return true;
	if (npsd_seg_shard(seg, (uint32_t)c->cfg->shards) != (uint32_t)c->view.shard ||
	    npsd_seg_set(seg) >= c->cfg->sets_given)
		return false;
	set = npsd_set_place(&c->cfg->sets, npsd_seg_set(seg));
	return set < 0 || fits_set(c, &c->cfg->sets.set[set], seg);
}

static void slice(struct npsd_counts *c, uint32_t i)
{
	struct npsd_slice *s = &c->slice[npsd_chunk_slice(npsd_panes_seg(c->view.panes, i))];

	s->at = npsd_array_reserve(s->at, &s->cap, s->n, sizeof *s->at);
	s->at[s->n++] = i;
}

uint32_t npsd_counts_segment(struct npsd_counts *c, struct npsd_seg seg)
{
	uint32_t i = npsd_panes_find(c->view.panes, seg, false);

	if (i != UINT32_MAX && i < c->sliced)
		return i;
	if (i == UINT32_MAX && npsd_set_place(&c->cfg->sets, npsd_seg_set(seg)) < 0)
		return i;
	i = npsd_panes_find(c->view.panes, seg, true);
	while (c->sliced < npsd_panes_segments(c->view.panes))
		slice(c, c->sliced++);
	return i;
}

bool npsd_counts_add(struct npsd_counts *c, uint32_t i, const struct npsd_delta *d)
{
	const struct npsd_panes *panes = c->view.panes;
	struct npsd_chunk_key key = {.slice = npsd_chunk_slice(d->seg)};

	if (!npsd_panes_add(c->view.panes, i, d->pane.start_s, d->pane.bits, d->pane.v))
		return false;
	for (; key.step < npsd_panes_nsteps(panes); key.step++) {
		int64_t step_s = npsd_panes_step_s(panes, key.step);
		int64_t number = npsd_floor_div(d->pane.start_s, step_s);

		if (number * step_s < npsd_panes_kept_s(panes, key.step))
			continue;
		key.span = npsd_floor_div(number, NPSD_SPAN_PANES);
		npsd_chunks_get(&c->chunks, key)->dirty = true;
	}
	return true;
}

void npsd_counts_drop(struct npsd_counts *c)
{
	c->dropped_ms = c->view.t_ms;
	npsd_panes_drop(c->view.panes, c->dropped_ms);
}

int64_t npsd_counts_span(int64_t *from_s, const struct npsd_counts *c, struct npsd_chunk_key key)
{
	int64_t span_s = npsd_panes_step_s(c->view.panes, key.step) * NPSD_SPAN_PANES;

	*from_s = key.span * span_s;
	return *from_s + span_s;
}

bool npsd_counts_turns(const struct npsd_counts *c, int64_t a_ms, int64_t b_ms)
{
	int64_t pane_ms = npsd_panes_step_s(c->view.panes, 0) * 1000;

	return npsd_floor_div(a_ms, pane_ms) != npsd_floor_div(b_ms, pane_ms);
}
