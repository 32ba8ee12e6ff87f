#include "publish/pane_series.h"

#include "publish/keyname.h"

#define UNKNOWN_S INT64_MIN /* of to_s: what the key holds is unknown */
#define NEVER_S INT64_MAX   /* of changed_s: no pane changed */
#define NO_SERIES UINT32_MAX

static const char *step_name(int64_t step_s)
{
#define X(name, width_s, widest_s)                                                                           \
	if (step_s == (width_s))                                                                             \
		return #name;
#include "tbl/steps.def"
#undef X
	npsd_assert(!"a step of steps.def");
	return "";
}

/* Windows come in ascending width. If all of a step were added later, the first of them says from when on
 * panes are whole. */
static void see_window(struct npsd_series_step *k, const struct npsd_window *w)
{
	int64_t since_s = w->since_ms / 1000;

	if (k->width_s == 0 || since_s == 0 || (k->since_s && since_s < k->since_s))
		k->since_s = since_s;
	k->width_s = w->width_s;
}

void npsd_series_init(struct npsd_series *s, const struct npsd_pub_context *c)
{
	*s = (struct npsd_series){.nsteps = c->cfg->series_sets ? c->cfg->nseries_steps : 0};
	for (int i = 0; i < s->nsteps; i++) {
		struct npsd_series_step *k = &s->step[i];

		k->step_s = c->cfg->series_step_s[i];
		for (int w = 0; w < c->cfg->nwindows; w++)
			if (c->cfg->windows[w].step_s == k->step_s) {
				see_window(k, &c->cfg->windows[w]);
				k->at = c->window_step[w];
			}
		npsd_assert(k->width_s > 0);
	}
	npsd_series_reset(s);
}

void npsd_series_free(struct npsd_series *s)
{
	free(s->of_seg.at);
	free(s->entry);
	free(s->pane);
}

void npsd_series_reset(struct npsd_series *s)
{
	s->n = s->of_seg.n = 0;
	s->list = NPSD_LIST_EMPTY;
}

/* --- what is due --- */

static void make_due(struct npsd_series *s, struct npsd_series_entry *e, unsigned steps)
{
	if (e->due == 0)
		npsd_list_push(&s->list, NPSD_LINKS(s->entry), (uint32_t)(e - s->entry));
	e->due |= (uint8_t)steps;
}

static bool has_series(const struct npsd_pub_context *c, uint32_t i)
{
	int set = npsd_set_place(&c->cfg->sets, npsd_seg_set(npsd_panes_seg(c->v->panes, i)));

	return set >= 0 && (c->cfg->series_sets >> set & 1);
}

/* The entry of segment i, made if needed; NULL: its set has no series. */
static struct npsd_series_entry *entry_of(struct npsd_series *s, const struct npsd_pub_context *c, uint32_t i)
{
	uint32_t *number;

	if (s->nsteps == 0)
		return NULL;
	number = npsd_numbers_at(&s->of_seg, i);
	if (*number == 0 && !has_series(c, i))
		*number = NO_SERIES;
	if (*number == NO_SERIES)
		return NULL;
	if (*number == 0) {
		s->entry = npsd_array_reserve(s->entry, &s->cap, s->n, sizeof *s->entry);
		s->entry[s->n] = (struct npsd_series_entry){.seg = i};
		for (int k = 0; k < NPSD_MAX_STEPS; k++) {
			s->entry[s->n].changed_s[k] = NEVER_S;
			s->entry[s->n].to_s[k] = UNKNOWN_S;
		}
		*number = ++s->n;
	}
	return &s->entry[*number - 1];
}

void npsd_series_touch(struct npsd_series *s, const struct npsd_pub_context *c, uint32_t i, int64_t pane_s)
{
	struct npsd_series_entry *e = entry_of(s, c, i);

	for (int k = 0; e && k < s->nsteps; k++)
		if (pane_s < e->changed_s[k])
			e->changed_s[k] = pane_s;
}

void npsd_series_acknowledged(struct npsd_series *s, const struct npsd_pub_context *c, uint32_t i, bool all)
{
	struct npsd_series_entry *e = entry_of(s, c, i);

	if (!e)
		return;
	for (int k = 0; all && k < s->nsteps; k++)
		e->to_s[k] = UNKNOWN_S;
	make_due(s, e, (1u << s->nsteps) - 1);
}

/* --- calls --- */

/* The panes of a series: those of the widest window of the step, and of the window before it. */
struct range {
	int64_t from_s, to_s;
};

static struct range range_of(const struct npsd_series_step *k, int64_t t_ms)
{
	struct npsd_window widest = {.width_s = k->width_s, .step_s = k->step_s};
	int64_t to = npsd_window_from_s(&widest, t_ms) + widest.width_s, from = to - 2 * widest.width_s;

	if (k->since_s && k->since_s > from)
		from = k->since_s < to ? k->since_s : to;
	return (struct range){from, to};
}

/* Reads the panes of segment i; returns how many are not empty. */
static uint32_t read_panes(struct npsd_series *s, const struct npsd_pub_context *c, uint32_t i,
    const struct npsd_series_step *k, struct range r)
{
	int64_t sum[NPSD_NCOUNTER];
	uint32_t set = 0;

	s->npanes = 0;
	for (int64_t at = r.from_s; at < r.to_s; at += k->step_s) {
		s->pane = npsd_array_reserve(s->pane, &s->pane_cap, s->npanes, sizeof *s->pane);
		npsd_panes_count(c->v->panes, i, k->at, at, at + k->step_s, sum);
		s->pane[s->npanes] = (struct npsd_series_pane){at, npsd_counts_of(sum)};
		set += s->pane[s->npanes++].counts.n > 0;
	}
	return set;
}

void npsd_series_name(struct npsd_pub_context *c, const struct npsd_series *s, uint32_t i, int k)
{
	char suffix[8] = ":";

	npsd_pub_seg_name(c, "series:", i, strcat(suffix, step_name(s->step[k].step_s)));
}

/* Panes of `changed` are set, or removed if they are empty; those of `gone` are removed. False: the key would
 * be created, and is not registered yet. */
static bool build(struct npsd_series *s, struct npsd_pub_context *c, uint32_t i,
    const struct npsd_series_step *k, struct range changed, struct range gone, bool all)
{
	uint32_t set = read_panes(s, c, i, k, changed);

	npsd_series_name(c, s, i, (int)(k - s->step));
	npsd_pub_begin(c, NPSD_S_series);
	npsd_script_argz(&c->build, all ? "1" : "0");
	npsd_script_int(&c->build, set);
	for (uint32_t p = 0; p < s->npanes; p++) {
		struct npsd_counts n = s->pane[p].counts;

		if (n.n == 0)
			continue;
		npsd_script_int(&c->build, s->pane[p].start_s);
		npsd_script_argf(&c->build, "%lld %lld %lld", (long long)n.promoters, (long long)n.passives,
		    (long long)n.detractors);
	}
	for (uint32_t p = 0; !all && p < s->npanes; p++)
		if (s->pane[p].counts.n == 0)
			npsd_script_int(&c->build, s->pane[p].start_s);
	for (int64_t at = gone.from_s; at < gone.to_s; at += k->step_s)
		npsd_script_int(&c->build, at);
	return set == 0 || npsd_registered_seg(c->registered, i);
}

/* Submits what is due of a step. False: the store has no room. */
static bool write_step(
    struct npsd_series *s, struct npsd_pub_context *c, const struct npsd_series_entry *e, int step)
{
	const struct npsd_series_step *k = &s->step[step];
	struct range r = range_of(k, c->v->t_ms), changed = r, gone = {r.from_s, r.from_s};
	int64_t to_s = e->to_s[step], width_s = r.to_s - r.from_s;
	bool all = to_s == UNKNOWN_S || r.to_s - to_s > width_s;

	if (!all) {
		changed.from_s = e->changed_s[step] < to_s
				     ? npsd_floor_div(e->changed_s[step], k->step_s) * k->step_s
				     : to_s;
		if (changed.from_s < r.from_s)
			changed.from_s = r.from_s;
		gone.from_s = to_s - width_s;
	}
	if (!all && changed.from_s >= r.to_s && gone.from_s >= r.from_s)
		return true;
	if (!build(s, c, e->seg, k, changed, gone, all) || !npsd_pub_submit(c, NPSD_FLIGHT_SERIES))
		return false;
	npsd_pub_spend(c, 1);
	return true;
}

bool npsd_series_step(struct npsd_series *s, struct npsd_pub_context *c)
{
	struct npsd_series_entry *e;
	int k;

	if (c->flight[NPSD_FLIGHT_SERIES] != 0 || npsd_list_empty(&s->list) ||
	    (!c->flush && c->budget.tokens < 0))
		return false;
	e = &s->entry[s->list.head];
	k = __builtin_ctz(e->due);
	if (!write_step(s, c, e, k))
		return false;
	s->flight = s->list.head;
	s->flight_step = k;
	e->due &= (uint8_t) ~(1u << k);
	e->changed_s[k] = NEVER_S;
	e->to_s[k] = range_of(&s->step[k], c->v->t_ms).to_s;
	if (e->due == 0)
		npsd_list_pop(&s->list, NPSD_LINKS(s->entry));
	return true;
}

void npsd_series_done(struct npsd_series *s, struct npsd_pub_context *c, const struct npsd_done *done)
{
	struct npsd_series_entry *e = &s->entry[s->flight];
	/* the key is not a hash: the script wants all panes */
	bool again = done->outcome == NPSD_DONE && npsd_reply_is(done->reply, 0, "again");

	if (!again && npsd_pub_ok(c, done, 1))
		return;
	e->to_s[s->flight_step] = UNKNOWN_S;
	make_due(s, e, 1u << s->flight_step);
}

bool npsd_series_clean(const struct npsd_series *s, const struct npsd_pub_context *c)
{
	return npsd_list_empty(&s->list) && c->flight[NPSD_FLIGHT_SERIES] == 0;
}

int npsd_series_steps(const struct npsd_series *s, const struct npsd_pub_context *c, uint32_t i)
{
	return has_series(c, i) ? s->nsteps : 0;
}

bool npsd_series_has(
    const struct npsd_series *s, const struct npsd_pub_context *c, uint32_t i, struct npsd_str step)
{
	for (int k = 0; k < npsd_series_steps(s, c, i); k++)
		if (npsd_str_eq(step, npsd_str(step_name(s->step[k].step_s))))
			return true;
	return false;
}

bool npsd_series_settled(const struct npsd_series *s, const struct npsd_pub_context *c, uint32_t i)
{
	uint32_t number = i < s->of_seg.n ? s->of_seg.at[i] : 0;
	const struct npsd_series_entry *e = &s->entry[number - 1];

	if (npsd_series_steps(s, c, i) == 0)
		return true;
	if (number == 0 || e->due != 0 || (c->flight[NPSD_FLIGHT_SERIES] != 0 && s->flight == number - 1))
		return false;
	for (int k = 0; k < s->nsteps; k++)
		if (e->to_s[k] == UNKNOWN_S)
			return false;
	return true;
}
