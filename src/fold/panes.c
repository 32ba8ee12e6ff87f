/*
 * One block of memory for each segment and step:
 *
 *   | n, cap, used, words | pane 0 | pane 1 | ... cap | word 0 | word 1 | ... words |
 *
 * Panes ascend by their number (start / step). Most additions are to the newest pane, which is the last. The
 * counters of a pane are adjacent words of 32 bits. All counters of a pane take two words if one of them does
 * not fit in one. A pane that grows gets new words at `used`. Words that no pane uses any more are garbage
 * until the block is moved.
 */
#include "npsd/panes.h"

#include <stdlib.h>
#include <string.h>

#include "fold/pane.h"
#include "npsd/err.h"

#define WIDE 0x80000000u /* flag in pane.at: each counter takes two words */
#define FIRST_SEGMENTS 64u

_Static_assert(NPSD_NCOUNTER <= 32, "pane.bits has one bit for each counter");

struct pane {
	int32_t number; /* start / step */
	uint32_t bits;	/* bit c: counter c is not 0; at least one is set */
	uint32_t at;	/* index of its first word, and the flag WIDE */
};

/* n <= cap, used <= words; words 0 .. used - 1 are in use or garbage */
struct block {
	uint32_t n, cap, used, words;
	struct pane pane[];
};

/*
 * Segment i is seg[i], its block for a step is block[i * nsteps + step]. `table` is a hash table with open
 * addressing: an element is a segment's index + 1, or 0 if it is free. At most half of the elements are used.
 */
struct npsd_panes {
	int nsteps;
	int64_t step_s[NPSD_MAX_STEPS];
	int64_t width_s[NPSD_MAX_STEPS]; /* the widest window of this step */
	int64_t kept[NPSD_MAX_STEPS];	 /* lowest pane number that is kept; INT64_MIN: all are */
	uint32_t nsegs, cap;
	struct npsd_seg *seg;
	struct block **block;
	uint32_t *table;
	uint32_t mask;
	size_t block_bytes;
};

int npsd_panes_steps(int64_t step_s[NPSD_MAX_STEPS], const struct npsd_config *cfg)
{
	int n = 0;

	for (int w = 0; w < cfg->nwindows; w++) {
		int64_t step = cfg->windows[w].step_s;
		int at = 0;

		while (at < n && step_s[at] < step)
			at++;
		if (at < n && step_s[at] == step)
			continue;
		npsd_assert(n < NPSD_MAX_STEPS);
		memmove(step_s + at + 1, step_s + at, (size_t)(n - at) * sizeof *step_s);
		step_s[at] = step;
		n++;
	}
	return n;
}

int64_t npsd_window_from_s(const struct npsd_window *w, int64_t t_ms)
{
	return (npsd_floor_div(t_ms, w->step_s * 1000) + 1) * w->step_s - w->width_s;
}

struct npsd_panes *npsd_panes_new(const struct npsd_config *cfg)
{
	struct npsd_panes *p = calloc(1, sizeof *p);

	npsd_assert(p);
	p->nsteps = npsd_panes_steps(p->step_s, cfg);
	npsd_assert(p->nsteps > 0);
	for (int s = 0; s < p->nsteps; s++) {
		p->kept[s] = INT64_MIN;
		npsd_assert(p->step_s[s] % p->step_s[0] == 0);
		for (int w = 0; w < cfg->nwindows; w++)
			if (cfg->windows[w].step_s == p->step_s[s] && cfg->windows[w].width_s > p->width_s[s])
				p->width_s[s] = cfg->windows[w].width_s;
	}
	return p;
}

void npsd_panes_free(struct npsd_panes **panes)
{
	struct npsd_panes *p = *panes;

	*panes = NULL;
	if (!p)
		return;
	for (size_t i = 0; i < (size_t)p->nsegs * (size_t)p->nsteps; i++)
		free(p->block[i]);
	free(p->block);
	free(p->seg);
	free(p->table);
	free(p);
}

/* --- segments --- */

static uint32_t *slot_of(const struct npsd_panes *p, struct npsd_seg seg)
{
	uint32_t k = (uint32_t)npsd_seg_hash(seg) & p->mask;

	while (p->table[k] != 0 && !npsd_seg_eq(p->seg[p->table[k] - 1], seg))
		k = (k + 1) & p->mask;
	return &p->table[k];
}

static void grow_segments(struct npsd_panes *p)
{
	uint32_t cap = p->cap ? p->cap * 2 : FIRST_SEGMENTS;
	size_t width = (size_t)p->nsteps;

	npsd_assert(cap > p->cap && cap <= UINT32_MAX / 4);
	p->seg = realloc(p->seg, cap * sizeof *p->seg);
	p->block = realloc(p->block, cap * width * sizeof(struct block *));
	free(p->table);
	p->table = calloc((size_t)cap * 2, sizeof *p->table);
	npsd_assert(p->seg && p->block && p->table);
	memset(p->block + p->cap * width, 0, (cap - p->cap) * width * sizeof(struct block *));
	p->cap = cap;
	p->mask = cap * 2 - 1;
	for (uint32_t i = 0; i < p->nsegs; i++)
		*slot_of(p, p->seg[i]) = i + 1;
}

uint32_t npsd_panes_find(struct npsd_panes *p, struct npsd_seg seg, bool make)
{
	uint32_t *slot;

	if (p->nsegs == p->cap && make)
		grow_segments(p);
	if (p->cap == 0)
		return UINT32_MAX;
	slot = slot_of(p, seg);
	if (*slot)
		return *slot - 1;
	if (!make)
		return UINT32_MAX;
	p->seg[p->nsegs] = seg;
	*slot = ++p->nsegs;
	return p->nsegs - 1;
}

uint32_t npsd_panes_segments(const struct npsd_panes *p)
{
	return p->nsegs;
}

struct npsd_seg npsd_panes_seg(const struct npsd_panes *p, uint32_t i)
{
	npsd_assert(i < p->nsegs);
	return p->seg[i];
}

/* --- blocks --- */

static struct block **block_at(const struct npsd_panes *p, uint32_t i, int step)
{
	return &p->block[(size_t)i * (size_t)p->nsteps + (size_t)step];
}

static size_t block_size(uint32_t cap, uint32_t words)
{
	return sizeof(struct block) + cap * sizeof(struct pane) + words * sizeof(uint32_t);
}

static uint32_t *words_of(const struct block *b)
{
	return (uint32_t *)(void *)(b->pane + b->cap);
}

static uint32_t need_of(uint32_t bits, bool wide)
{
	return (uint32_t)__builtin_popcount(bits) << wide;
}

static uint32_t pane_need(const struct pane *q)
{
	return need_of(q->bits, q->at & WIDE);
}

static uint32_t live_words(const struct block *b)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < b->n; k++)
		n += pane_need(&b->pane[k]);
	return n;
}

/* Moves *at into a block of this size, without the garbage. */
static void move_block(struct npsd_panes *p, struct block **at, uint32_t cap, uint32_t words)
{
	struct block *old = *at, *b = malloc(block_size(cap, words));

	npsd_assert(b && words < WIDE);
	*b = (struct block){.cap = cap, .words = words};
	p->block_bytes += block_size(cap, words);
	for (uint32_t k = 0; old && k < old->n; k++) {
		struct pane q = old->pane[k];
		uint32_t need = pane_need(&q);

		memcpy(words_of(b) + b->used, words_of(old) + (q.at & ~WIDE), need * sizeof(uint32_t));
		q.at = b->used | (q.at & WIDE);
		b->used += need;
		b->pane[b->n++] = q;
	}
	npsd_assert(b->n <= cap && b->used <= words);
	if (old)
		p->block_bytes -= block_size(old->cap, old->words);
	free(old);
	*at = b;
}

static void free_block(struct npsd_panes *p, struct block **at)
{
	p->block_bytes -= block_size((*at)->cap, (*at)->words);
	free(*at);
	*at = NULL;
}

/* Makes room for more panes (0 or 1) and words. */
static void make_room(struct npsd_panes *p, struct block **at, uint32_t panes, uint32_t words)
{
	struct block *b = *at;
	uint32_t cap = b ? b->cap : 0, live;

	if (b && b->n + panes <= b->cap && b->used + words <= b->words)
		return;
	live = b ? live_words(b) : 0;
	if (!b || b->n + panes > b->cap)
		cap += cap / 2 + 1;
	/* the words may grow by half before the next move; a first pane stays small */
	move_block(p, at, cap, live + words + (live + words) / 2);
}

/* Index of the first pane with number >= wanted; the newest pane is tried first. */
static uint32_t search(const struct block *b, int64_t wanted)
{
	uint32_t lo = 0, hi = b->n;

	if (hi > 0 && b->pane[hi - 1].number <= wanted)
		return b->pane[hi - 1].number == wanted ? hi - 1 : hi;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (b->pane[mid].number < wanted)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* --- counters --- */

static int64_t word_get(const struct block *b, const struct pane *q, uint32_t k)
{
	const uint32_t *w = words_of(b) + (q->at & ~WIDE);
	int64_t v;

	if (!(q->at & WIDE))
		return (int32_t)w[k];
	memcpy(&v, w + (size_t)k * 2, sizeof v);
	return v;
}

static void word_set(struct block *b, const struct pane *q, uint32_t k, int64_t v)
{
	uint32_t *w = words_of(b) + (q->at & ~WIDE);

	if (q->at & WIDE)
		memcpy(w + (size_t)k * 2, &v, sizeof v);
	else
		w[k] = (uint32_t)(int32_t)v;
}

/* all[c] += each counter c of a pane */
static void add_all(int64_t all[NPSD_NCOUNTER], const struct block *b, const struct pane *q)
{
	uint32_t k = 0;

	for (uint32_t bits = q->bits; bits; bits &= bits - 1)
		all[__builtin_ctz(bits)] += word_get(b, q, k++);
}

static bool are_within(const int64_t all[NPSD_NCOUNTER])
{
	for (int c = 0; c < NPSD_NCOUNTER; c++)
		if (all[c] > NPSD_PANE_MAX || all[c] < -NPSD_PANE_MAX)
			return false;
	return true;
}

/* Writes all counters of pane k, which may grow, or be removed. */
static void rewrite(struct npsd_panes *p, struct block **at, uint32_t k, const int64_t all[NPSD_NCOUNTER])
{
	uint32_t bits = 0, n = 0;
	bool wide = false;
	struct block *b;
	struct pane *q;

	for (int c = 0; c < NPSD_NCOUNTER; c++) {
		bits |= (uint32_t)(all[c] != 0) << c;
		wide = wide || all[c] != (int32_t)all[c];
	}
	if (bits == 0) {
		b = *at;
		memmove(b->pane + k, b->pane + k + 1, (b->n - k - 1) * sizeof *b->pane);
		if (--b->n == 0)
			free_block(p, at);
		return;
	}
	if (need_of(bits, wide) > pane_need(&(*at)->pane[k])) {
		make_room(p, at, 0, need_of(bits, wide));
		b = *at;
		b->pane[k].at = b->used;
		b->used += need_of(bits, wide);
	}
	b = *at;
	q = &b->pane[k];
	q->bits = bits;
	q->at = (q->at & ~WIDE) | (wide ? WIDE : 0);
	for (int c = 0; c < NPSD_NCOUNTER; c++)
		if (all[c] != 0)
			word_set(b, q, n++, all[c]);
}

/* The common case: the counters are there, none becomes 0, 32 bits hold them. False: nothing is changed. */
static bool add_in_place(struct block *b, const struct pane *q, uint32_t bits, const int64_t *v)
{
	int64_t sum[NPSD_NCOUNTER];
	uint32_t n = 0;

	if ((bits & ~q->bits) || (q->at & WIDE))
		return false;
	for (uint32_t rest = bits; rest; rest &= rest - 1, n++) {
		uint32_t below = (1u << __builtin_ctz(rest)) - 1;

		sum[n] = word_get(b, q, (uint32_t)__builtin_popcount(q->bits & below)) + v[n];
		if (sum[n] == 0 || sum[n] != (int32_t)sum[n])
			return false;
	}
	n = 0;
	for (uint32_t rest = bits; rest; rest &= rest - 1, n++) {
		uint32_t below = (1u << __builtin_ctz(rest)) - 1;

		word_set(b, q, (uint32_t)__builtin_popcount(q->bits & below), sum[n]);
	}
	return true;
}

static bool add_at(
    struct npsd_panes *p, uint32_t i, int step, int64_t number, uint32_t bits, const int64_t *v)
{
	struct block **at = block_at(p, i, step), *b = *at;
	int64_t all[NPSD_NCOUNTER] = {0};
	uint32_t k = b ? search(b, number) : 0, n = 0;
	bool there = b && k < b->n && b->pane[k].number == number;

	npsd_assert(number <= NPSD_PANE_NUMBER_MAX && number >= -NPSD_PANE_NUMBER_MAX);
	if (there && add_in_place(b, &b->pane[k], bits, v))
		return true;
	if (there)
		add_all(all, b, &b->pane[k]);
	for (uint32_t rest = bits; rest; rest &= rest - 1)
		all[__builtin_ctz(rest)] += v[n++];
	if (!are_within(all))
		return false;
	if (!there) {
		make_room(p, at, 1, need_of(bits, false));
		b = *at;
		memmove(b->pane + k + 1, b->pane + k, (b->n - k) * sizeof *b->pane);
		b->pane[k] = (struct pane){.number = (int32_t)number};
		b->n++;
	}
	rewrite(p, at, k, all);
	return true;
}

bool npsd_panes_put(
    struct npsd_panes *p, uint32_t i, int step, int64_t start_s, uint32_t bits, const int64_t *v)
{
	int64_t number = npsd_floor_div(start_s, p->step_s[step]);

	npsd_assert(i < p->nsegs && step < p->nsteps && bits >> NPSD_NCOUNTER == 0);
	return number < p->kept[step] || add_at(p, i, step, number, bits, v);
}

bool npsd_panes_add(struct npsd_panes *p, uint32_t i, int64_t pane_s, uint32_t bits, const int64_t *v)
{
	bool fits = true;

	for (int step = 0; step < p->nsteps; step++)
		fits = npsd_panes_put(p, i, step, pane_s, bits, v) && fits;
	return fits;
}

/* --- reading --- */

/* The panes b->pane[k .. end - 1] of a segment and step that start in from_s <= start < to_s. */
struct range {
	const struct block *b;
	uint32_t k, end;
};

static struct range range_of(const struct npsd_panes *p, uint32_t i, int step, int64_t from_s, int64_t to_s)
{
	struct range r = {0};

	npsd_assert(i < p->nsegs && step < p->nsteps);
	r.b = *block_at(p, i, step);
	if (r.b) {
		r.k = search(r.b, npsd_ceil_div(from_s, p->step_s[step]));
		r.end = search(r.b, npsd_ceil_div(to_s, p->step_s[step]));
	}
	return r;
}

bool npsd_panes_sum(const struct npsd_panes *p, uint32_t i, int step, int64_t from_s, int64_t to_s,
    int64_t out[NPSD_NCOUNTER])
{
	struct range r = range_of(p, i, step, from_s, to_s);
	bool any = false;

	memset(out, 0, NPSD_NCOUNTER * sizeof *out);
	for (; r.k < r.end; r.k++)
		add_all(out, r.b, &r.b->pane[r.k]);
	for (int c = 0; c < NPSD_NCOUNTER; c++)
		any = any || out[c] != 0;
	return any;
}

void npsd_panes_count(const struct npsd_panes *p, uint32_t i, int step, int64_t from_s, int64_t to_s,
    int64_t out[NPSD_NCOUNTER])
{
	npsd_panes_sum(p, i, step, from_s, to_s, out);
	for (int c = 0; c < NPSD_NCOUNTER; c++)
		if (out[c] < 0)
			out[c] = 0;
}

bool npsd_panes_any(const struct npsd_panes *p, uint32_t i, int step, int64_t from_s, int64_t to_s)
{
	struct range r = range_of(p, i, step, from_s, to_s);

	return r.k < r.end;
}

bool npsd_panes_next(
    struct npsd_pane *out, const struct npsd_panes *p, uint32_t i, int step, int64_t from_s, int64_t to_s)
{
	struct range r = range_of(p, i, step, from_s, to_s);
	const struct pane *q;

	if (r.k >= r.end)
		return false;
	q = &r.b->pane[r.k];
	out->start_s = q->number * p->step_s[step];
	out->bits = q->bits;
	for (uint32_t n = 0; n < (uint32_t)__builtin_popcount(q->bits); n++)
		out->v[n] = word_get(r.b, q, n);
	return true;
}

int64_t npsd_panes_kept_s(const struct npsd_panes *p, int step)
{
	return p->kept[step] == INT64_MIN ? INT64_MIN : p->kept[step] * p->step_s[step];
}

int npsd_panes_nsteps(const struct npsd_panes *p)
{
	return p->nsteps;
}

int64_t npsd_panes_step_s(const struct npsd_panes *p, int step)
{
	return p->step_s[step];
}

bool npsd_pane_unpack(struct npsd_pane *out, struct npsd_unpack *u, uint32_t n, int64_t most)
{
	uint64_t bits;

	out->start_s = npsd_unpack_int(u);
	bits = npsd_unpack_uint(u);
	out->bits = (uint32_t)bits;
	if (u->bad || bits == 0 || bits >> NPSD_NCOUNTER || n != 2 + (uint32_t)__builtin_popcount(out->bits))
		return false;
	for (uint32_t k = 0; k < n - 2; k++) {
		out->v[k] = npsd_unpack_int(u);
		if (out->v[k] == 0 || out->v[k] > most || out->v[k] < -most)
			return false;
	}
	return !u->bad;
}

/* --- dropping --- */

static void drop_block(struct npsd_panes *p, struct block **at, int64_t kept)
{
	uint32_t first = *at ? search(*at, kept) : 0, live;
	struct block *b;

	if (first == 0)
		return;
	b = *at;
	memmove(b->pane, b->pane + first, (b->n - first) * sizeof *b->pane);
	b->n -= first;
	if (b->n == 0) {
		free_block(p, at);
		return;
	}
	live = live_words(b);
	if (live * 2 < b->words || b->n * 2 < b->cap)
		move_block(p, at, b->n + 1, live);
}

void npsd_panes_drop(struct npsd_panes *p, int64_t t_ms)
{
	for (int step = 0; step < p->nsteps; step++) {
		int64_t g = p->step_s[step];
		int64_t kept = npsd_floor_div(t_ms, g * 1000) + 1 - 2 * p->width_s[step] / g;

		if (kept <= p->kept[step])
			continue;
		p->kept[step] = kept;
		for (uint32_t i = 0; i < p->nsegs; i++)
			drop_block(p, block_at(p, i, step), kept);
	}
}

size_t npsd_panes_bytes(const struct npsd_panes *p)
{
	size_t a_segment = sizeof *p->seg + (size_t)p->nsteps * sizeof(struct block *) + 2 * sizeof *p->table;

	return sizeof *p + p->cap * a_segment + p->block_bytes;
}
