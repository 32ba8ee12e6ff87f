/*
 * Series: `PFX:series:{SEG}:STEP`, the panes of a segment in one step as they are, for the sets and steps
 * configured. They follow the acknowledged key: panes that changed since the last call, and those that the
 * windows of the step have let go. All of a series is written when the shard is taken, by each sweep, and
 * after a call that may not have come through.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npsd/err.h"
#include "npsd/figures.h"
#include "publish/pub.h"

#define UNKNOWN_S INT64_MIN /* nothing is known of what the key holds */
#define NEVER_S INT64_MAX
#define NO_SERIES UINT32_MAX /* of key.series: its set has none */

struct entry {
	uint32_t seg;
	uint32_t next;
	int64_t changed_s[NPSD_MAX_STEPS]; /* oldest pane that changed since it was told; NEVER_S: none */
	int64_t to_s[NPSD_MAX_STEPS];	   /* told are the panes before; UNKNOWN_S */
	uint8_t due;			   /* bit k: step k is to be told; not zero: it is in the list */
};

struct npsd_series {
	int nsteps;
	int64_t step_s[NPSD_MAX_STEPS], width_s[NPSD_MAX_STEPS]; /* width of the widest window of the step */
	int64_t since_s[NPSD_MAX_STEPS]; /* its panes are whole from there on; 0: all are */
	int at[NPSD_MAX_STEPS];		 /* place of the step in the panes */
	struct entry *entry;
	uint32_t n, cap;
	struct npsd_due_list list;
	uint32_t flight; /* entry of the call on its way */
	int step;	 /* and its step */
	uint32_t *end;	 /* of the words of a call, in p->text */
	struct npsd_arg *args;
	size_t words; /* room in both */
};

static const char *step_name(int64_t step_s)
{
	return step_s == 60 ? "1m" : step_s == 300 ? "5m" : step_s == 3600 ? "1h" : "1d";
}

/* Windows come in ascending width; where each was added later, the first of them says since when panes are
 * whole. */
static void see_window(struct npsd_series *s, int k, const struct npsd_window *w)
{
	int64_t since_s = w->since_ms / 1000;

	if (s->width_s[k] == 0 || since_s == 0 || (s->since_s[k] && since_s < s->since_s[k]))
		s->since_s[k] = since_s;
	s->width_s[k] = w->width_s;
}

struct npsd_series *npsd_series_new(const struct npsd_pub *p)
{
	struct npsd_series *s = calloc(1, sizeof *s);
	int64_t panes = 0;

	npsd_assert(s != NULL);
	s->nsteps = p->cfg->series_sets ? p->cfg->nseries_steps : 0;
	for (int k = 0; k < s->nsteps; k++) {
		s->step_s[k] = p->cfg->series_step_s[k];
		for (int w = 0; w < p->cfg->nwindows; w++)
			if (p->cfg->windows[w].step_s == s->step_s[k]) {
				see_window(s, k, &p->cfg->windows[w]);
				s->at[k] = p->window_step[w];
			}
		npsd_assert(s->width_s[k] > 0);
		if (2 * s->width_s[k] / s->step_s[k] > panes)
			panes = 2 * s->width_s[k] / s->step_s[k];
	}
	s->words = (size_t)panes * 3 + 4; /* each pane set, and each of as many gone */
	s->end = calloc(s->words, sizeof *s->end);
	s->args = calloc(s->words, sizeof *s->args);
	npsd_assert(s->end && s->args);
	npsd_series_reset(s);
	return s;
}

void npsd_series_free(struct npsd_series **series)
{
	struct npsd_series *s = *series;

	*series = NULL;
	if (!s)
		return;
	free(s->entry);
	free(s->end);
	free(s->args);
	free(s);
}

void npsd_series_reset(struct npsd_series *s)
{
	s->n = 0;
	s->list = (struct npsd_due_list){NPSD_DUE_NONE, NPSD_DUE_NONE};
}

/* --- what is due --- */

static void push(struct npsd_series *s, uint32_t e)
{
	s->entry[e].next = NPSD_DUE_NONE;
	if (s->list.tail == NPSD_DUE_NONE)
		s->list.head = e;
	else
		s->entry[s->list.tail].next = e;
	s->list.tail = e;
}

static void pop(struct npsd_series *s)
{
	s->list.head = s->entry[s->list.head].next;
	if (s->list.head == NPSD_DUE_NONE)
		s->list.tail = NPSD_DUE_NONE;
}

static bool has_series(const struct npsd_pub *p, struct npsd_seg seg)
{
	for (int k = 0; k < p->cfg->sets.n; k++)
		if (p->cfg->sets.set[k].number == npsd_seg_set(seg))
			return p->cfg->series_sets >> k & 1;
	return false;
}

/* The entry of segment i, made if needed; NULL: its set has no series. */
static struct entry *entry_of(struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i)
{
	struct npsd_series *s = p->series;
	struct npsd_pub_key *key = npsd_pub_key_at(p, i);

	if (key->series == NO_SERIES)
		return NULL;
	if (key->series > 0)
		return &s->entry[key->series - 1];
	if (!has_series(p, npsd_panes_seg(v->panes, i))) {
		key->series = NO_SERIES;
		return NULL;
	}
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 64;
		s->entry = realloc(s->entry, s->cap * sizeof *s->entry);
		npsd_assert(s->entry);
	}
	s->entry[s->n] = (struct entry){.seg = i};
	for (int k = 0; k < NPSD_MAX_STEPS; k++) {
		s->entry[s->n].changed_s[k] = NEVER_S;
		s->entry[s->n].to_s[k] = UNKNOWN_S;
	}
	key->series = ++s->n;
	return &s->entry[s->n - 1];
}

void npsd_series_touch(struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i, int64_t pane_s)
{
	struct entry *e = p->series->nsteps ? entry_of(p, v, i) : NULL;

	for (int k = 0; e && k < p->series->nsteps; k++)
		if (pane_s < e->changed_s[k])
			e->changed_s[k] = pane_s;
}

void npsd_series_told(struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i, bool all)
{
	struct npsd_series *s = p->series;
	struct entry *e = s->nsteps ? entry_of(p, v, i) : NULL;

	if (!e)
		return;
	for (int k = 0; all && k < s->nsteps; k++)
		e->to_s[k] = UNKNOWN_S;
	if (e->due == 0)
		push(s, (uint32_t)(e - s->entry));
	e->due = (uint8_t)((1u << s->nsteps) - 1);
}

/* --- telling --- */

/* The panes of a series: those of the widest window of the step, and of the window before it. */
struct range {
	int64_t from_s, to_s;
};

static struct range range_of(const struct npsd_series *s, int k, int64_t t_ms)
{
	struct npsd_window widest = {.width_s = s->width_s[k], .step_s = s->step_s[k]};
	int64_t to = npsd_window_from_s(&widest, t_ms) + widest.width_s, from = to - 2 * widest.width_s;

	if (s->since_s[k] && s->since_s[k] > from)
		from = s->since_s[k] < to ? s->since_s[k] : to;
	return (struct range){from, to};
}

static size_t end_word(struct npsd_pub *p, size_t n)
{
	npsd_assert(n < p->series->words && !p->text.full);
	p->series->end[n] = (uint32_t)p->text.n;
	return n + 1;
}

static size_t add_int(struct npsd_pub *p, size_t n, int64_t v)
{
	npsd_buf_addf(&p->text, "%lld", (long long)v);
	return end_word(p, n);
}

static struct npsd_counts pane_counts(
    const struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i, int k, int64_t start_s)
{
	const struct npsd_series *s = p->series;
	int64_t sum[NPSD_NCOUNTER];

	npsd_panes_sum(v->panes, i, s->at[k], start_s, start_s + s->step_s[k], sum);
	return npsd_counts_of(sum);
}

/*
 * The words of a call in p->text: panes from from_s on, and gone_s up to the first that is kept, go; how many
 * are set in p->name. Returns how many words, 2 of them the first, which stand elsewhere.
 */
static size_t write_words(struct npsd_pub *p, const struct npsd_shard_view *v, const struct entry *e, int k,
    struct range r, int64_t from_s, int64_t gone_s, bool all)
{
	int64_t step = p->series->step_s[k];
	size_t n = end_word(p, end_word(p, 0)), set = 0;

	for (int64_t s = from_s; s < r.to_s; s += step) {
		struct npsd_counts c = pane_counts(p, v, e->seg, k, s);

		if (c.n == 0)
			continue;
		n = add_int(p, n, s);
		npsd_buf_addf(&p->text, "%lld %lld %lld", (long long)c.promoters, (long long)c.passives,
		    (long long)c.detractors);
		n = end_word(p, n);
		set++;
	}
	for (int64_t s = from_s; !all && s < r.to_s; s += step)
		if (pane_counts(p, v, e->seg, k, s).n == 0)
			n = add_int(p, n, s);
	for (int64_t s = gone_s; s < r.from_s; s += step)
		n = add_int(p, n, s);
	npsd_buf_clear(&p->name);
	npsd_buf_addf(&p->name, "%zu", set);
	return n;
}

static void name_series(struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i, int k)
{
	bool named;

	npsd_pub_public(p, &p->name, "series:{");
	named = npsd_seg_name(&p->name, npsd_panes_seg(v->panes, i), &p->cfg->sets, v->names);
	npsd_buf_addf(&p->name, "}:%s", step_name(p->series->step_s[k]));
	npsd_assert(named && !p->name.full);
}

static int64_t floor_to(int64_t v, int64_t step)
{
	int64_t rest = v % step;

	return v - rest - (rest < 0 ? step : 0);
}

/* Submits what is to be told of a step. False: the store has no room; *nothing: there was nothing. */
static bool tell(struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store,
    const struct entry *e, int k, bool *nothing)
{
	struct npsd_series *s = p->series;
	struct range r = range_of(s, k, v->t_ms);
	int64_t width = r.to_s - r.from_s, from = r.from_s, gone = r.from_s;
	bool all = e->to_s[k] == UNKNOWN_S || r.to_s - e->to_s[k] > width;
	struct npsd_arg key;
	size_t n, head;

	if (!all) {
		from = e->to_s[k];
		if (e->changed_s[k] < from)
			from = floor_to(e->changed_s[k], s->step_s[k]);
		from = from < r.from_s ? r.from_s : from;
		gone = e->to_s[k] - width;
	}
	*nothing = !all && from >= r.to_s && gone >= r.from_s;
	if (*nothing)
		return true;
	npsd_buf_clear(&p->text);
	n = write_words(p, v, e, k, r, from, gone, all);
	head = p->name.n;
	name_series(p, v, e->seg, k);
	s->args[0] = npsd_arg_z(all ? "1" : "0");
	s->args[1] = npsd_arg_buf(&p->name, 0, head);
	for (size_t w = 2; w < n; w++)
		s->args[w] = npsd_arg_buf(&p->text, s->end[w - 1], s->end[w]);
	key = npsd_arg_buf(&p->name, head, p->name.n);
	return npsd_pub_submit(p, store, NPSD_SLOT_SERIES, NPSD_S_series, &key, 1, s->args, n);
}

bool npsd_series_step(struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store)
{
	struct npsd_series *s = p->series;
	struct entry *e;
	bool nothing;
	int k;

	if (p->slot[NPSD_SLOT_SERIES] != 0 || s->list.head == NPSD_DUE_NONE || (!p->flush && p->tokens < 0))
		return false;
	e = &s->entry[s->list.head];
	k = __builtin_ctz(e->due);
	if (!tell(p, v, store, e, k, &nothing))
		return false;
	p->tokens -= p->flush || nothing ? 0 : 1;
	s->flight = s->list.head;
	s->step = k;
	e->due &= (uint8_t) ~(1u << k);
	e->changed_s[k] = NEVER_S;
	e->to_s[k] = range_of(s, k, v->t_ms).to_s;
	if (e->due == 0)
		pop(s);
	return true;
}

void npsd_series_done(struct npsd_pub *p, const struct npsd_done *done, int64_t mono_ms)
{
	struct npsd_series *s = p->series;
	struct entry *e = &s->entry[s->flight];

	if (done->outcome == NPSD_DONE && npsd_pub_reply_is(done->reply, "ok", 1))
		return;
	if (done->outcome != NPSD_DONE || !npsd_pub_reply_is(done->reply, "again", 1))
		npsd_pub_failed(p, done, mono_ms);
	e->to_s[s->step] = UNKNOWN_S;
	if (e->due == 0)
		push(s, s->flight);
	e->due |= (uint8_t)(1u << s->step);
}

bool npsd_series_clean(const struct npsd_pub *p)
{
	return p->series->list.head == NPSD_DUE_NONE && p->slot[NPSD_SLOT_SERIES] == 0;
}

bool npsd_series_holds(
    const struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i, struct npsd_str step)
{
	const struct npsd_series *s = p->series;

	for (int k = 0; k < s->nsteps; k++) {
		struct range r = range_of(s, k, v->t_ms);

		if (npsd_str_eq(step, npsd_str(step_name(s->step_s[k]))))
			return has_series(p, npsd_panes_seg(v->panes, i)) &&
			       npsd_panes_any(v->panes, i, s->at[k], r.from_s, r.to_s);
	}
	return false;
}
