#include "count/tables.h"

#include <stdlib.h>
#include <string.h>

#include "npsd/err.h"
#include "npsd/event.h"

static uint32_t mask_for(uint32_t entries)
{
	uint32_t n = 64;

	while (n < entries * 2)
		n *= 2;
	return n - 1;
}

static void *zeroed(size_t n, size_t size)
{
	void *p = calloc(n, size);

	npsd_assert(p);
	return p;
}

void npsd_tables_init(struct npsd_tables *t, uint32_t max_cells, uint32_t max_sides)
{
	*t = (struct npsd_tables){.max_cells = max_cells, .max_sides = max_sides, .clock_ms = NPSD_TIME_NONE};
	t->cell = aligned_alloc(64, max_cells * sizeof *t->cell);
	t->side = aligned_alloc(64, max_sides * sizeof *t->side);
	npsd_assert(t->cell && t->side);
	t->dirty = zeroed(max_cells, sizeof *t->dirty);
	t->seg_mask = mask_for(max_cells);
	t->seg_index = zeroed((size_t)t->seg_mask + 1, sizeof *t->seg_index);
	t->side_mask = mask_for(max_sides);
	t->side_index = zeroed((size_t)t->side_mask + 1, sizeof *t->side_index);
	npsd_tables_names(t, 0);
}

void npsd_tables_free(struct npsd_tables *t)
{
	free(t->cell);
	free(t->side);
	free(t->dirty);
	free(t->seg_index);
	free(t->side_index);
	free(t->by_id);
	*t = (struct npsd_tables){0};
}

void npsd_tables_names(struct npsd_tables *t, uint32_t len)
{
	uint32_t ids = len + NPSD_ID_FIRST, room = t->by_ids ? t->by_ids : 1024;

	if (ids <= t->by_ids)
		return;
	while (room < ids)
		room *= 2;
	t->by_id = realloc(t->by_id, (size_t)room * 4 * sizeof *t->by_id);
	npsd_assert(t->by_id);
	memset(t->by_id + (size_t)t->by_ids * 4, 0, (size_t)(room - t->by_ids) * 4 * sizeof *t->by_id);
	t->by_ids = room;
}

static uint32_t cell_new(struct npsd_tables *t, struct npsd_seg seg)
{
	npsd_assert(t->cells < t->max_cells);
	t->cell[t->cells] = (struct npsd_cell){.seg = seg};
	return t->cells++;
}

static uint64_t side_hash(struct npsd_seg seg, int64_t pane_s)
{
	return npsd_seg_hash((struct npsd_seg){seg.hi ^ (uint64_t)pane_s * 0xd6e8feb86659fd93u, seg.lo});
}

/* The side cell of a segment in a pane. */
static struct npsd_cell *side_of(struct npsd_tables *t, struct npsd_seg seg, int64_t pane_s)
{
	uint32_t i = (uint32_t)side_hash(seg, pane_s) & t->side_mask;

	for (; t->side_index[i]; i = (i + 1) & t->side_mask) {
		struct npsd_cell *s = &t->side[t->side_index[i] - 1];

		if (npsd_seg_eq(s->seg, seg) && s->pane_s == pane_s)
			return s;
	}
	npsd_assert(t->sides < t->max_sides);
	t->side[t->sides] = (struct npsd_cell){.seg = seg, .pane_s = pane_s};
	t->side_index[i] = ++t->sides;
	return &t->side[t->sides - 1];
}

static void add(struct npsd_tables *t, struct npsd_cell *s, int counter, int by)
{
	s->v[counter] = (int16_t)(s->v[counter] + by);
	if (abs(s->v[counter]) >= NPSD_CELL_LIMIT)
		t->full = true;
}

/* The cell takes the newer pane; the counts of its pane before move to the side table. */
static void turn(struct npsd_tables *t, struct npsd_cell *s, int64_t pane_s)
{
	struct npsd_cell *aside = side_of(t, s->seg, s->pane_s);

	for (int c = 0; c < NPSD_NCOUNTER; c++)
		add(t, aside, c, s->v[c]);
	memset(s->v, 0, sizeof s->v);
	s->pane_s = pane_s;
}

static void count_in(struct npsd_tables *t, uint32_t number, const struct npsd_count *c)
{
	struct npsd_cell *s = &t->cell[number];

	if (!s->dirty) {
		s->dirty = 1;
		s->pane_s = c->pane_s;
		t->dirty[t->ndirty++] = number;
	} else if (c->pane_s > s->pane_s) {
		turn(t, s, c->pane_s);
	} else if (c->pane_s < s->pane_s) {
		s = side_of(t, s->seg, c->pane_s);
	}
	add(t, s, c->counter, c->sign);
	if (c->comment)
		add(t, s, NPSD_C_comments, c->sign);
}

void npsd_tables_add_one(
    struct npsd_tables *t, const struct npsd_count *c, struct npsd_seg seg, int dim, uint32_t id)
{
	uint32_t kind = npsd_seg_kind(seg);
	uint32_t *at = id < NPSD_ID_FIRST ? &t->by_word[dim][id][kind] : &t->by_id[(size_t)id * 4 + kind];

	npsd_assert(kind < 4 && id < t->by_ids);
	if (*at == 0)
		*at = cell_new(t, seg) + 1;
	count_in(t, *at - 1, c);
}

void npsd_tables_add(struct npsd_tables *t, const struct npsd_count *c, struct npsd_seg seg)
{
	uint32_t i = (uint32_t)npsd_seg_hash(seg) & t->seg_mask;

	for (; t->seg_index[i]; i = (i + 1) & t->seg_mask)
		if (npsd_seg_eq(t->cell[t->seg_index[i] - 1].seg, seg))
			break;
	if (!t->seg_index[i])
		t->seg_index[i] = cell_new(t, seg) + 1;
	count_in(t, t->seg_index[i] - 1, c);
}

static void forget_cells(struct npsd_tables *t)
{
	t->cells = 0;
	memset(t->seg_index, 0, ((size_t)t->seg_mask + 1) * sizeof *t->seg_index);
	memset(t->by_id, 0, (size_t)t->by_ids * 4 * sizeof *t->by_id);
	memset(t->by_word, 0, sizeof t->by_word);
}

void npsd_tables_clear(struct npsd_tables *t)
{
	for (uint32_t i = 0; i < t->ndirty; i++) {
		struct npsd_cell *s = &t->cell[t->dirty[i]];

		memset(s->v, 0, sizeof s->v);
		s->dirty = 0;
	}
	t->ndirty = 0;
	for (uint32_t i = 0; i < t->sides; i++) {
		uint32_t at = (uint32_t)side_hash(t->side[i].seg, t->side[i].pane_s) & t->side_mask;

		while (t->side_index[at]) {
			t->side_index[at] = 0; /* the whole run goes: each of its cells is cleared */
			at = (at + 1) & t->side_mask;
		}
	}
	t->sides = 0;
	t->full = false;
	t->clock_ms = NPSD_TIME_NONE;
	if (t->cells >= t->max_cells / 4 * 3)
		forget_cells(t);
}

void npsd_tables_reset(struct npsd_tables *t)
{
	npsd_tables_clear(t);
	forget_cells(t);
}
