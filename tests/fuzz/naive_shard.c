#include "naive_shard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fold/pane.h"
#include "npsd/err.h"

#define DELTA_MAX INT32_MAX
#define PANE_MAX (INT64_C(1) << 48)
#define NUMBER_END INT32_MAX /* of pane numbers: start / step */
#define SPAN 64
#define SLICES 16

/* --- msgpack --- */

struct cursor {
	const unsigned char *p;
	size_t n;
};

typedef __int128 wide;

/* A number of 1, 2, 4 or 8 bytes. */
static bool take_bytes(struct cursor *c, wide *out, size_t n, bool is_signed)
{
	wide v = 0;

	if (c->n < n)
		return false;
	for (size_t i = 0; i < n; i++)
		v = v * 256 + c->p[i];
	if (is_signed && c->p[0] >= 0x80)
		v -= (wide)1 << (8 * n);
	c->p += n;
	c->n -= n;
	*out = v;
	return true;
}

static bool take_number(struct cursor *c, wide *out)
{
	static const struct {
		unsigned tag, bytes;
		bool is_signed;
	} forms[] = {{0xcc, 1, false}, {0xcd, 2, false}, {0xce, 4, false}, {0xcf, 8, false}, {0xd0, 1, true},
	    {0xd1, 2, true}, {0xd2, 4, true}, {0xd3, 8, true}};
	wide tag;

	if (!take_bytes(c, &tag, 1, false))
		return false;
	*out = tag < 128 ? tag : tag - 256;
	if (tag < 128 || tag >= 224)
		return true;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (tag == forms[i].tag)
			return take_bytes(c, out, forms[i].bytes, forms[i].is_signed);
	return false;
}

static bool take_within(struct cursor *c, wide *out, wide least, wide most)
{
	return take_number(c, out) && *out >= least && *out <= most;
}

static bool take_array(struct cursor *c, wide *n)
{
	wide tag;

	if (!take_bytes(c, &tag, 1, false))
		return false;
	if (tag >= 0x90 && tag <= 0x9f) {
		*n = tag - 0x90;
		return true;
	}
	return (tag == 0xdc && take_bytes(c, n, 2, false)) || (tag == 0xdd && take_bytes(c, n, 4, false));
}

/* --- words of text --- */

/* Removes a word and the separator after it; false: there is no separator. */
static bool take_word(struct npsd_str *out, struct npsd_str *rest, char by)
{
	for (uint32_t i = 0; i < rest->n; i++)
		if (rest->p[i] == by) {
			*out = (struct npsd_str){rest->p, i};
			*rest = (struct npsd_str){rest->p + i + 1, rest->n - i - 1};
			return true;
		}
	return false;
}

/* Decimal digits, with a sign if `least` is less than 0. */
static bool read_decimal(wide *out, struct npsd_str text, wide least, wide most)
{
	bool minus = least < 0 && text.n > 0 && text.p[0] == '-';
	wide v = 0;

	if (text.n == minus || text.n > 24)
		return false;
	for (uint32_t i = minus; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		v = v * 10 + (text.p[i] - '0');
	}
	*out = minus ? -v : v;
	return *out >= least && *out <= most;
}

/* `TP [CLAIM ]INC:OFFSET` */
static bool is_position(struct npsd_str text, bool claim)
{
	struct npsd_str tp, word, inc;
	wide v;

	if (!take_word(&tp, &text, ' ') || tp.n == 0 || tp.n >= NPSD_TP_TEXT || memchr(tp.p, 0, tp.n))
		return false;
	if (claim && !take_word(&word, &text, ' '))
		return false;
	return take_word(&inc, &text, ':') && read_decimal(&v, inc, 0, UINT32_MAX) &&
	       read_decimal(&v, text, 0, INT64_MAX);
}

static bool are_positions(struct npsd_str text, bool claims)
{
	struct npsd_str one;

	if (text.n == 0)
		return true;
	while (take_word(&one, &text, ';'))
		if (!is_position(one, claims))
			return false;
	return is_position(text, claims);
}

/* --- segments --- */

struct segment {
	wide hi, lo;
	bool counted; /* its set is configured */
};

static bool take_segment(struct segment *s, struct cursor *c)
{
	return take_within(c, &s->hi, 0, UINT64_MAX) && take_within(c, &s->lo, 0, UINT64_MAX);
}

/* set 12 bits | kind 4 | four ids of 28 */
static bool is_segment(struct segment *s, wide dict_len)
{
	const struct bed_world *w = bed_world();
	struct npsd_seg seg = {(uint64_t)s->hi, (uint64_t)s->lo};
	unsigned __int128 all = (unsigned __int128)seg.hi << 64 | seg.lo;
	const struct npsd_set *set = NULL;
	uint32_t number = (uint32_t)(all >> 116), kind = (uint32_t)(all >> 112) & 15;

	if (npsd_seg_shard(seg, BED_SHARDS) != BED_SHARD || number >= w->cfg->sets_given)
		return false;
	for (int i = 0; i < w->cfg->sets.n; i++)
		if (w->cfg->sets.set[i].number == number)
			set = &w->cfg->sets.set[i];
	s->counted = set != NULL;
	for (int i = 0; i < 4; i++) {
		uint32_t id = (uint32_t)(all >> (28 * (3 - i))) & ((1u << 28) - 1);

		if (id >= dict_len + 2 || (set && i >= set->ndims && id != 0))
			return false;
		if (set && id >= 2 && npsd_names_dim_any(w->names, id) != set->dims[i])
			return false;
	}
	return !set || (kind >= 1 && kind <= 3);
}

/* --- cells --- */

static int compare(const void *pa, const void *pb)
{
	const struct naive_cell *a = pa, *b = pb;

	if (a->hi != b->hi)
		return a->hi < b->hi ? -1 : 1;
	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	if (a->step_s != b->step_s)
		return a->step_s < b->step_s ? -1 : 1;
	if (a->start_s != b->start_s)
		return a->start_s < b->start_s ? -1 : 1;
	return a->counter - b->counter;
}

static void add_cell(struct naive *n, struct naive_cell cell)
{
	for (size_t i = 0; i < n->n; i++)
		if (compare(&n->cell[i], &cell) == 0) {
			n->cell[i].v += cell.v;
			n->over_max = n->over_max || n->cell[i].v > PANE_MAX || n->cell[i].v < -PANE_MAX;
			return;
		}
	if (n->n < NAIVE_CELLS)
		n->cell[n->n++] = cell;
	else
		n->over_max = true;
}

static int64_t floor_to(int64_t v, int64_t step)
{
	int64_t rest = v % step;

	return v - rest - (rest < 0 ? step : 0);
}

/* The first second that a window of the step, or the one before it, reads at t. */
static int64_t kept_s(int64_t step_s, int64_t t_ms)
{
	const struct npsd_config *cfg = bed_world()->cfg;
	int64_t widest = 0;

	for (int w = 0; w < cfg->nwindows; w++)
		if (cfg->windows[w].step_s == step_s && cfg->windows[w].width_s > widest)
			widest = cfg->windows[w].width_s;
	return floor_to(t_ms, step_s * 1000) / 1000 + step_s - 2 * widest;
}

void naive_settle(struct naive *n, int64_t t_ms)
{
	size_t left = 0;

	for (size_t i = 0; i < n->n; i++)
		if (n->cell[i].v != 0 && n->cell[i].start_s >= kept_s(n->cell[i].step_s, t_ms))
			n->cell[left++] = n->cell[i];
	n->n = left;
	qsort(n->cell, n->n, sizeof n->cell[0], compare);
}

bool naive_equal(const struct naive *a, const struct naive *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (compare(&a->cell[i], &b->cell[i]) != 0 || a->cell[i].v != b->cell[i].v)
			return false;
	return a->n == b->n;
}

void naive_of_bed(struct naive *n, const struct bed *b)
{
	const struct npsd_panes *panes = b->s->counts.view.panes;

	n->n = 0;
	n->over_max = false;
	for (uint32_t i = 0; i < npsd_panes_segments(panes); i++)
		for (int step = 0; step < npsd_panes_nsteps(panes); step++) {
			struct npsd_seg seg = npsd_panes_seg(panes, i);
			int64_t from = INT64_MIN;
			struct npsd_pane p;

			for (; npsd_panes_next(&p, panes, i, step, from, INT64_MAX); from = p.start_s + 1)
				for (int c = 0, k = 0; c < NPSD_NCOUNTER; c++)
					if (p.bits >> c & 1 && n->n < NAIVE_CELLS)
						n->cell[n->n++] = (struct naive_cell){seg.hi, seg.lo,
						    npsd_panes_step_s(panes, step), p.start_s, c, p.v[k++]};
		}
	n->over_max = n->n == NAIVE_CELLS;
	naive_settle(n, b->s->counts.view.t_ms);
}

/* --- entries --- */

struct counts {
	wide bits;
	int64_t v[NPSD_NCOUNTER]; /* by counter */
	wide n;
};

static bool take_bits(struct counts *out, struct cursor *c)
{
	memset(out, 0, sizeof *out);
	if (!take_within(c, &out->bits, 1, ((wide)1 << NPSD_NCOUNTER) - 1))
		return false;
	for (int k = 0; k < NPSD_NCOUNTER; k++)
		out->n += out->bits >> k & 1;
	return true;
}

static bool take_counts(struct counts *out, struct cursor *c, wide most)
{
	for (int k = 0; k < NPSD_NCOUNTER; k++) {
		wide v;

		if (!(out->bits >> k & 1))
			continue;
		if (!take_within(c, &v, -most, most) || v == 0)
			return false;
		out->v[k] = (int64_t)v;
	}
	return true;
}

static void add_counts(
    struct naive *n, const struct segment *s, int64_t step_s, int64_t start_s, const struct counts *c)
{
	for (int k = 0; k < NPSD_NCOUNTER; k++)
		if (c->v[k] != 0)
			add_cell(n, (struct naive_cell){
					(uint64_t)s->hi, (uint64_t)s->lo, step_s, start_s, k, c->v[k]});
}

/* Adds to every step that a window has. */
static void add_delta(struct naive *n, const struct segment *s, int64_t pane_s, const struct counts *c)
{
	static const int64_t steps[] = {60, 300, 3600, 86400};
	const struct npsd_config *cfg = bed_world()->cfg;

	for (int k = 0; k < 4; k++)
		for (int w = 0; w < cfg->nwindows; w++)
			if (cfg->windows[w].step_s == steps[k]) {
				add_counts(n, s, steps[k], floor_to(pane_s, steps[k]), c);
				break;
			}
}

static bool is_after(wide hi, wide lo, wide pane, const wide last[3])
{
	if (hi != last[0])
		return hi > last[0];
	return lo != last[1] ? lo > last[1] : pane > last[2];
}

/* [[hi, lo, pane_s, bits, v...]...], ascending; adds where `add`. */
static bool read_deltas(struct naive *n, struct npsd_str d, wide dict_len, bool add)
{
	struct cursor c = {(const unsigned char *)d.p, d.n};
	wide most, last[3] = {-1, 0, 0};

	if (!take_array(&c, &most))
		return false;
	for (wide i = 0; i < most; i++) {
		struct segment s;
		struct counts counts;
		wide words, pane;

		if (!take_array(&c, &words) || !take_segment(&s, &c) ||
		    !take_within(&c, &pane, -(wide)NUMBER_END * 60 + 1, (wide)NUMBER_END * 60 - 1) ||
		    !take_bits(&counts, &c) || words != 4 + counts.n || !take_counts(&counts, &c, DELTA_MAX))
			return false;
		if (pane % 60 != 0 || !is_segment(&s, dict_len) || !is_after(s.hi, s.lo, pane, last))
			return false;
		last[0] = s.hi;
		last[1] = s.lo;
		last[2] = pane;
		if (add && s.counted)
			add_delta(n, &s, (int64_t)pane, &counts);
	}
	return c.n == 0;
}

enum naive_result naive_entry(struct naive *n, const struct bed_entry *e)
{
	const struct bed_world *w = bed_world();
	struct npsd_str chain = e->h, config, len;
	wide dict_len;

	if (!take_word(&config, &chain, ' ') || !take_word(&len, &chain, ' ') ||
	    !read_decimal(&dict_len, len, 0, NPSD_ID_MAX) || chain.n > 40 ||
	    !npsd_str_eq(config, npsd_str(w->cfg->hash)))
		return NAIVE_REFUSED;
	if (dict_len > npsd_names_len_any(w->names))
		return NAIVE_WAITING;
	if (dict_len > 0 && !npsd_str_eq(chain, npsd_str(npsd_names_chain_any(w->names, (uint32_t)dict_len))))
		return NAIVE_REFUSED;
	if (!are_positions(e->b, true) || !read_deltas(n, e->d, dict_len, false))
		return NAIVE_REFUSED;
	read_deltas(n, e->d, dict_len, true);
	return NAIVE_ACCEPTED;
}

/* --- snapshots --- */

struct chunk {
	wide slice, step, span;
};

/* `chunk:SLICE/STEP/SPAN` -> `K-EPOCH-N`, in the form in which npsd writes the numbers */
static bool read_chunk_field(
    struct chunk *c, const struct bed *b, struct npsd_str field, struct npsd_str name)
{
	struct npsd_str rest = field, word, k, epoch;
	char again[2][128];
	wide v[3];
	bool known = false;

	if (!take_word(&word, &rest, ':') || !take_word(&word, &rest, '/') ||
	    !read_decimal(&c->slice, word, 0, SLICES - 1) || !take_word(&word, &rest, '/') ||
	    !read_decimal(&c->step, word, 60, 86400) ||
	    !read_decimal(&c->span, rest, -(NUMBER_END / SPAN), NUMBER_END / SPAN))
		return false;
	rest = name;
	if (!take_word(&k, &rest, '-') || !take_word(&epoch, &rest, '-') || !read_decimal(&v[0], k, 0, 255) ||
	    !read_decimal(&v[1], epoch, 0, b->s->counts.view.epoch - 1) ||
	    !read_decimal(&v[2], rest, 0, UINT32_MAX))
		return false;
	snprintf(
	    again[0], sizeof again[0], "chunk:%d/%d/%lld", (int)c->slice, (int)c->step, (long long)c->span);
	snprintf(again[1], sizeof again[1], "%d-%lld-%lld", (int)v[0], (long long)v[1], (long long)v[2]);
	for (int w = 0; w < bed_world()->cfg->nwindows; w++)
		known = known || bed_world()->cfg->windows[w].step_s == c->step;
	return known && v[0] == BED_SHARD && npsd_str_eq(field, npsd_str(again[0])) &&
	       npsd_str_eq(name, npsd_str(again[1]));
}

static bool is_version(struct npsd_str version, wide seq, int64_t epoch)
{
	struct npsd_str word;
	wide v[2];
	char again[64];

	if (!take_word(&word, &version, '-') || !read_decimal(&v[0], word, 0, epoch - 1) ||
	    !read_decimal(&v[1], version, 0, INT64_MAX))
		return false;
	snprintf(again, sizeof again, "%lld-%lld", (long long)v[0], (long long)seq);
	return npsd_str_eq((struct npsd_str){word.p, word.n + 1 + version.n}, npsd_str(again));
}

static bool is_hash(struct npsd_str hash)
{
	for (uint32_t i = 0; i < hash.n; i++)
		if (!memchr("0123456789abcdef", hash.p[i], 16))
			return false;
	return hash.n == 40;
}

/* The fields that are not chunks. */
struct manifest {
	wide dict_len, dropped_ms;
	struct npsd_str dict_chain;
};

static bool read_manifest(struct manifest *m, const struct bed_stored *stored, const struct bed *b)
{
	static const char *const names[] = {
	    "version", "seq", "hash", "config", "dict_len", "dict_chain", "t_ms", "dropped_ms", "positions"};
	enum { VERSION, SEQ, HASH, CONFIG, DICT_LEN, DICT_CHAIN, T, DROPPED, POSITIONS, NNAMES };
	struct npsd_str field[NNAMES];
	const wide far = (wide)1000000000 * 1000000000 - 1;
	struct chunk c;
	wide seq, t;

	for (int i = 0; i < NNAMES; i++) {
		field[i] = bed_field_of(stored, names[i]);
		if (!field[i].p)
			return false;
	}
	for (size_t i = 0; i < stored->nfields; i++)
		if (stored->field[i].name.n >= 6 && memcmp(stored->field[i].name.p, "chunk:", 6) == 0 &&
		    !read_chunk_field(&c, b, stored->field[i].name, stored->field[i].value))
			return false;
	m->dict_chain = field[DICT_CHAIN];
	return read_decimal(&seq, field[SEQ], 1, (wide)1 << 53) &&
	       is_version(field[VERSION], seq, b->s->counts.view.epoch) && is_hash(field[HASH]) &&
	       npsd_str_eq(field[CONFIG], npsd_str(bed_world()->cfg->hash)) &&
	       read_decimal(&m->dict_len, field[DICT_LEN], 0, NPSD_ID_MAX) && field[DICT_CHAIN].n <= 40 &&
	       !(field[DICT_CHAIN].n && memchr(field[DICT_CHAIN].p, 0, field[DICT_CHAIN].n)) &&
	       read_decimal(&t, field[T], -far, far) &&
	       read_decimal(&m->dropped_ms, field[DROPPED], -far, far) &&
	       are_positions(field[POSITIONS], false) && m->dropped_ms <= b->clock_ms;
}

/* Whether a pane of the segment, in this step and span, is among the cells. */
static bool holds(const struct naive *n, const struct segment *s, const struct chunk *k)
{
	for (size_t i = 0; i < n->n; i++)
		if (n->cell[i].hi == s->hi && n->cell[i].lo == s->lo && n->cell[i].step_s == k->step &&
		    floor_to(n->cell[i].start_s, (int64_t)k->step * SPAN) / (k->step * SPAN) == k->span)
			return true;
	return false;
}

static bool read_panes(struct naive *n, struct cursor *c, const struct segment *s, const struct chunk *k,
    wide panes, int64_t kept)
{
	wide last = (wide)k->span * SPAN - 1;

	for (; panes > 0; panes--) {
		struct counts counts;
		wide words, start;

		if (!take_array(c, &words) || !take_number(c, &start) || !take_bits(&counts, c) ||
		    words != 2 + counts.n || !take_counts(&counts, c, PANE_MAX))
			return false;
		if (start % k->step != 0 || start / k->step <= last ||
		    start / k->step >= (k->span + 1) * SPAN || start / k->step >= NUMBER_END ||
		    start / k->step <= -NUMBER_END)
			return false;
		last = start / k->step;
		if (s->counted && start >= kept)
			add_counts(n, s, (int64_t)k->step, (int64_t)start, &counts);
	}
	return true;
}

static enum naive_result read_chunk(
    struct naive *n, struct npsd_str bytes, const struct chunk *k, const struct manifest *m)
{
	struct cursor c = {(const unsigned char *)bytes.p, bytes.n};
	struct segment seen[64], s;
	wide most, words, nseen = 0;
	bool twice = false;

	if (!take_array(&c, &most))
		return NAIVE_REFUSED;
	for (; most > 0; most--) {
		if (!take_array(&c, &words) || words < 3 || !take_segment(&s, &c) ||
		    !is_segment(&s, m->dict_len) ||
		    (npsd_seg_hash((struct npsd_seg){(uint64_t)s.hi, (uint64_t)s.lo}) >> 26) % SLICES !=
			k->slice ||
		    holds(n, &s, k))
			return NAIVE_REFUSED;
		for (wide i = 0; i < nseen; i++)
			twice = twice || (seen[i].hi == s.hi && seen[i].lo == s.lo);
		if (nseen < 64)
			seen[nseen++] = s;
		else
			twice = true;
		if (!read_panes(n, &c, &s, k, words - 2, kept_s((int64_t)k->step, (int64_t)m->dropped_ms)))
			return NAIVE_REFUSED;
	}
	return c.n > 0 ? NAIVE_REFUSED : twice ? NAIVE_UNDECIDED : NAIVE_ACCEPTED;
}

/* p == NULL: it does not exist. */
static struct npsd_str chunk_of(const struct bed_stored *stored, struct npsd_str name)
{
	for (size_t i = 0; i < stored->nchunks; i++)
		if (npsd_str_eq(stored->chunk[i].name, name))
			return stored->chunk[i].value;
	return (struct npsd_str){NULL, 0};
}

enum naive_result naive_snapshot(struct naive *n, const struct bed_stored *stored, const struct bed *b)
{
	const struct bed_world *w = bed_world();
	enum naive_result result = NAIVE_ACCEPTED;
	struct manifest m;
	struct chunk k;

	if (stored->nfields == 0)
		return NAIVE_ACCEPTED;
	if (!read_manifest(&m, stored, b))
		return NAIVE_REFUSED;
	if (m.dict_len > npsd_names_len_any(w->names))
		return NAIVE_WAITING;
	if (m.dict_len > 0 &&
	    !npsd_str_eq(m.dict_chain, npsd_str(npsd_names_chain_any(w->names, (uint32_t)m.dict_len))))
		return NAIVE_REFUSED;
	for (size_t i = 0; i < stored->nfields; i++) {
		struct npsd_str bytes;

		if (!read_chunk_field(&k, b, stored->field[i].name, stored->field[i].value))
			continue;
		bytes = chunk_of(stored, stored->field[i].value);
		switch (bytes.p ? read_chunk(n, bytes, &k, &m) : NAIVE_REFUSED) {
		case NAIVE_REFUSED:
			return NAIVE_REFUSED;
		case NAIVE_UNDECIDED:
			result = NAIVE_UNDECIDED;
			break;
		default:
			break;
		}
	}
	return result;
}
