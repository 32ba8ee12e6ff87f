/*
 * Random streams against a plain recount, through stops of every kind: what is held is dropped at any moment
 * and taken anew from what was committed (loading what came before), or paused and kept. Fates, deltas,
 * alerts and rulings are those of an undisturbed recount, and a ledger that was loaded is the one that was
 * counted.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "count/worker.h"
#include "help_count.h"

#define MINUTE 60000LL
#define DAY (1440 * MINUTE)
#define LATENESS DAY
#define RECORDS 400
#define IDS 40
#define NEVER INT64_MIN

static const char *const locations[] = {"a", "a/x", "a/x/1", "a/x/2", "a/y", "b", "b/z/q", "c/d/e/f", "b/z"};
static const char *const channels[] = {"", "email", "sms", "web", "kiosk"};
static const char *const themes[] = {"t1", "t2", "t3"};
static const char *const kinds[] = {"", "transactional", "relational", "other"};
static const char *const severities[] = {"critical", "high", "moderate"};
static const char *const options[] = {
    "segments=[[], [location], [channel], [theme], [location, channel], [channel, theme, location]]",
    "lateness=1d", "caps.location=7", "caps.channel=3", "caps.theme=1"};

struct record {
	int64_t ms, event_ms, updated_ms; /* NEVER: not mentioned */
	int id, score, kind, location, channel, themes, revision, comment;
};

struct answer {
	bool there, detractor;
	struct record content;
	int64_t event_ms, seen_ms, updated_ms, offset;
	int revision, told, last_score;
};

struct told {
	char id[32], kind[16], severity[16];
};

struct model {
	int64_t stream_ms, horizon_ms, fate[NPSD_NFATE];
	struct answer answer[IDS], forgotten[RECORDS];
	struct told told[RECORDS];
	size_t nforgotten, ntold;
};

static uint64_t seed_state;

static uint64_t next_random(void)
{
	seed_state ^= seed_state << 13;
	seed_state ^= seed_state >> 7;
	seed_state ^= seed_state << 17;
	return seed_state;
}

static int dice(int sides)
{
	return (int)(next_random() % (uint64_t)sides);
}

/* --- the stream --- */

static void make_records(struct record *rec)
{
	int64_t ms = RIG_NOW - 60 * DAY;

	for (int i = 0; i < RECORDS; i++) {
		struct record *r = &rec[i];

		ms += dice(4) ? dice(30) * MINUTE : dice(2000) * 10;
		ms += dice(12) ? 0
			       : dice(40) * 60 * MINUTE; /* quiet for so long that responses are forgotten */
		ms = ms < RIG_NOW ? ms : RIG_NOW;
		*r = (struct record){.ms = ms - (dice(10) ? 0 : dice(3000) * MINUTE),
		    .id = dice(IDS),
		    .score = dice(12) - 1,
		    .kind = 1 + dice(3),
		    .location = dice(9),
		    .channel = dice(5),
		    .themes = dice(8),
		    .revision = dice(3) ? 0 : dice(6),
		    .comment = dice(4),
		    .event_ms = NEVER,
		    .updated_ms = NEVER};
		if (!dice(20))
			r->ms = RIG_NOW + DAY + 1 + dice(1000);
		if (dice(3))
			r->event_ms = r->ms - dice(1800) * MINUTE;
		else if (!dice(8))
			r->event_ms = r->ms + (4 + dice(3)) * MINUTE;
		if (!dice(3))
			r->updated_ms = RIG_NOW - 60 * DAY + dice(8) * DAY;
	}
}

static void push_record(struct rig *r, const struct record *rec, int64_t offset)
{
	char json[1024];
	int n = snprintf(json, sizeof json,
	    "{\"type\":\"response.submitted\",\"response_id\":\"id%d\",\"survey_kind\":\"%s\",\"location\":"
	    "\"%s\"",
	    rec->id, kinds[rec->kind], locations[rec->location]);

	n += rec->score < 0 ? snprintf(json + n, sizeof json - (size_t)n, ",\"score\":null")
			    : snprintf(json + n, sizeof json - (size_t)n, ",\"score\":%d", rec->score);
	if (rec->channel)
		n += snprintf(
		    json + n, sizeof json - (size_t)n, ",\"channel\":\"%s\"", channels[rec->channel]);
	n += snprintf(json + n, sizeof json - (size_t)n, ",\"themes\":[\"\"");
	for (int t = 0; t < 3; t++)
		if (rec->themes >> t & 1)
			n += snprintf(json + n, sizeof json - (size_t)n, ",\"%s\"", themes[t]);
	n += snprintf(json + n, sizeof json - (size_t)n, "]");
	if (rec->revision)
		n += snprintf(json + n, sizeof json - (size_t)n, ",\"revision\":%d", rec->revision);
	if (rec->comment)
		n += snprintf(json + n, sizeof json - (size_t)n, ",\"comment\":\"%d\"", rec->comment);
	if (rec->event_ms != NEVER)
		n += snprintf(json + n, sizeof json - (size_t)n, ",\"responded_at\":%" PRId64, rec->event_ms);
	if (rec->updated_ms != NEVER)
		n += snprintf(json + n, sizeof json - (size_t)n, ",\"updated_at\":%" PRId64, rec->updated_ms);
	snprintf(json + n, sizeof json - (size_t)n, "}");
	rig_record(r, 0, offset, rec->ms, json);
}

/* --- the recount --- */

static bool is_admitted(const struct rig *r, int dim, const char *value)
{
	return npsd_names_find_any(r->names, dim, npsd_str(value)) >= NPSD_ID_FIRST;
}

static const char *as_counted(const struct rig *r, int dim, const char *value)
{
	if (!*value)
		return "__none__";
	return is_admitted(r, dim, value) ? value : "__other__";
}

static int theme_names(const char *out[4], const struct rig *r, int mask)
{
	int n = 0, other = 0;

	for (int t = 0; t < 3; t++)
		if (mask >> t & 1) {
			const char *name = as_counted(r, NPSD_DIM_theme, themes[t]);

			if (strcmp(name, "__other__") != 0)
				out[n++] = name;
			else if (!other++)
				out[n++] = name;
		}
	if (n == 0)
		out[n++] = "__none__";
	return n;
}

static bool model_differs(const struct rig *r, const struct record *a, const struct record *b)
{
	const char *x[4], *y[4];
	int n = theme_names(x, r, a->themes), m = theme_names(y, r, b->themes);

	if (a->score != b->score || a->kind != b->kind || n != m || (b->comment && b->comment != a->comment))
		return true;
	for (int i = 0; i < n; i++)
		if (strcmp(x[i], y[i]) != 0)
			return true;
	return strcmp(as_counted(r, NPSD_DIM_location, locations[a->location]),
		   as_counted(r, NPSD_DIM_location, locations[b->location])) != 0 ||
	       strcmp(as_counted(r, NPSD_DIM_channel, channels[a->channel]),
		   as_counted(r, NPSD_DIM_channel, channels[b->channel])) != 0;
}

static void model_tell(struct model *m, struct answer *a, const struct record *now, bool had, bool differs)
{
	bool is = now->score >= 0 && now->score <= 6;
	const char *kind = is && !(had && a->detractor) ? "raised"
			   : had && a->detractor && !is ? "retracted"
							: "changed";
	int score = is ? now->score : a->last_score;
	struct told *t = &m->told[m->ntold];

	if ((!is && !(had && a->detractor)) || (is && had && a->detractor && !differs))
		return;
	snprintf(t->id, sizeof t->id, "id%d:%d", now->id, ++a->told);
	snprintf(t->kind, sizeof t->kind, "%s", kind);
	snprintf(t->severity, sizeof t->severity, "%s", severities[score <= 2 ? 0 : score <= 4 ? 1 : 2]);
	m->ntold++;
}

static bool model_newer(const struct record *now, const struct answer *a, int64_t offset)
{
	if (now->revision && a->revision)
		return now->revision > a->revision;
	if (now->updated_ms != NEVER && a->updated_ms != NEVER)
		return now->updated_ms > a->updated_ms;
	return offset > a->offset;
}

static int64_t own_time(const struct record *rec)
{
	if (rec->event_ms != NEVER)
		return rec->event_ms;
	return rec->updated_ms != NEVER ? rec->updated_ms : rec->ms;
}

static enum npsd_fate model_apply(
    struct model *m, const struct rig *r, const struct record *rec, int64_t offset)
{
	struct answer *a = &m->answer[rec->id];
	int64_t own = own_time(rec);
	bool had;

	if (rec->ms > RIG_NOW + DAY || own > rec->ms + 5 * MINUTE)
		return NPSD_F_rejected;
	m->stream_ms = rec->ms > m->stream_ms ? rec->ms : m->stream_ms;
	m->horizon_ms = m->stream_ms - LATENESS > m->horizon_ms ? m->stream_ms - LATENESS : m->horizon_ms;
	if (a->there && a->seen_ms < m->horizon_ms) {
		m->forgotten[m->nforgotten++] = *a;
		*a = (struct answer){.there = false};
	}
	had = a->there;
	if (had && !model_newer(rec, a, offset))
		return NPSD_F_duplicate;
	if (!had && own < m->horizon_ms)
		return NPSD_F_late;
	model_tell(m, a, rec, had, had && model_differs(r, &a->content, rec));
	if (!had)
		*a = (struct answer){.event_ms = own, .updated_ms = NEVER, .told = a->told};
	a->there = true;
	a->content = *rec;
	a->revision = rec->revision ? rec->revision : a->revision;
	a->updated_ms = rec->updated_ms != NEVER ? rec->updated_ms : a->updated_ms;
	a->offset = offset;
	a->seen_ms = m->stream_ms > a->event_ms ? m->stream_ms : a->event_ms;
	a->detractor = rec->score >= 0 && rec->score <= 6;
	a->last_score = rec->score;
	return NPSD_F_counted;
}

/* --- comparing the deltas --- */

struct rows {
	struct rig_delta *row;
	size_t n;
};

static void add_row(struct rows *to, const char *seg, const struct answer *a)
{
	struct rig_delta *d;

	if ((to->n & (to->n - 1)) == 0)
		to->row = realloc(to->row, (to->n * 2 + 1) * sizeof *to->row);
	d = &to->row[to->n++];
	memset(d, 0, sizeof *d);
	snprintf(d->seg, sizeof d->seg, "%s", seg);
	d->pane_s = a->event_ms / 60000 * 60;
	d->v[a->content.score < 0 ? (int)NPSD_C_no_score : a->content.score] = 1;
	d->v[NPSD_C_comments] = a->content.comment != 0;
}

static int place_names(char out[6][32], const struct rig *r, const char *path)
{
	int n = 0;
	bool other = false;

	for (size_t i = 1; i <= strlen(path); i++) {
		if (path[i] != '/' && path[i] != 0)
			continue;
		snprintf(out[n], sizeof out[n], "%.*s", (int)i, path);
		if (is_admitted(r, NPSD_DIM_location, out[n]))
			n++;
		else
			other = true;
	}
	if (other)
		snprintf(out[n++], sizeof out[0], "__other__");
	return n;
}

static void add_answer(struct rows *to, const struct rig *r, const struct answer *a)
{
	const char *kind = kinds[a->content.kind], *theme[4];
	const char *channel = as_counted(r, NPSD_DIM_channel, channels[a->content.channel]);
	char place[6][32], seg[256];
	int nthemes = theme_names(theme, r, a->content.themes),
	    nplaces = place_names(place, r, locations[a->content.location]);

	snprintf(seg, sizeof seg, "kind=%s", kind);
	add_row(to, seg, a);
	snprintf(seg, sizeof seg, "kind=%s,channel=%s", kind, channel);
	add_row(to, seg, a);
	for (int t = 0; t < nthemes; t++) {
		snprintf(seg, sizeof seg, "kind=%s,theme=%s", kind, theme[t]);
		add_row(to, seg, a);
	}
	for (int p = 0; p < nplaces; p++) {
		snprintf(seg, sizeof seg, "kind=%s,location=%s", kind, place[p]);
		add_row(to, seg, a);
		snprintf(seg, sizeof seg, "kind=%s,location=%s,channel=%s", kind, place[p], channel);
		add_row(to, seg, a);
		for (int t = 0; t < nthemes; t++) {
			snprintf(seg, sizeof seg, "kind=%s,channel=%s,theme=%s,location=%s", kind, channel,
			    theme[t], place[p]);
			add_row(to, seg, a);
		}
	}
}

static int compare_rows(const void *a, const void *b)
{
	const struct rig_delta *x = a, *y = b;
	int c = strcmp(x->seg, y->seg);

	return c ? c : x->pane_s < y->pane_s ? -1 : x->pane_s > y->pane_s;
}

/* Sorted, equal ones added up, empty ones left out. */
static void reduce(struct rows *rows)
{
	size_t n = 0;
	static const int64_t zero[NPSD_NCOUNTER];

	qsort(rows->row, rows->n, sizeof *rows->row, compare_rows);
	for (size_t i = 0, end; i < rows->n; i = end) {
		struct rig_delta sum = rows->row[i];

		for (end = i + 1; end < rows->n && compare_rows(&sum, &rows->row[end]) == 0; end++)
			for (int c = 0; c < NPSD_NCOUNTER; c++)
				sum.v[c] += rows->row[end].v[c];
		if (memcmp(sum.v, zero, sizeof zero) != 0)
			rows->row[n++] = sum;
	}
	rows->n = n;
}

static void compare_deltas(uint64_t seed, const struct rig *r, const struct model *m)
{
	struct rows want = {0}, have = {malloc(r->ndelta * sizeof *have.row), r->ndelta};

	memcpy(have.row, r->delta, r->ndelta * sizeof *have.row);
	for (int i = 0; i < IDS; i++)
		if (m->answer[i].there)
			add_answer(&want, r, &m->answer[i]);
	for (size_t i = 0; i < m->nforgotten; i++)
		add_answer(&want, r, &m->forgotten[i]);
	reduce(&want);
	reduce(&have);
	cr_expect_eq(have.n, want.n, "seed %" PRIu64 ": %zu rows, not %zu", seed, have.n, want.n);
	for (size_t i = 0; i < have.n && i < want.n; i++)
		cr_assert(compare_rows(&have.row[i], &want.row[i]) == 0 &&
			      !memcmp(have.row[i].v, want.row[i].v, sizeof want.row[i].v),
		    "seed %" PRIu64 ": %s %" PRId64 " is not %s %" PRId64, seed, have.row[i].seg,
		    have.row[i].pane_s, want.row[i].seg, want.row[i].pane_s);
	free(want.row);
	free(have.row);
}

static void compare(uint64_t seed, const struct rig *r, const struct record *rec)
{
	struct model *m = calloc(1, sizeof *m);

	m->stream_ms = m->horizon_ms = NEVER;
	for (int i = 0; i < RECORDS; i++)
		m->fate[model_apply(m, r, &rec[i], i)]++;
	for (int f = 0; f < NPSD_NFATE; f++)
		cr_expect_eq(rig_total(r, npsd_fate_names[f]), m->fate[f],
		    "seed %" PRIu64 ": %s: %" PRId64 ", not %" PRId64, seed, npsd_fate_names[f],
		    rig_total(r, npsd_fate_names[f]), m->fate[f]);
	cr_expect_eq(rig_total(r, "consumed"), RECORDS);
	cr_expect_eq(r->last[0].end.horizon_ms, m->horizon_ms);
	cr_assert_eq(r->nalert, m->ntold, "seed %" PRIu64 ": %zu alerts, not %zu", seed, r->nalert, m->ntold);
	for (size_t i = 0; i < m->ntold; i++) {
		const struct rig_alert *a = &r->alert[i];
		const struct told *t = &m->told[i];

		cr_assert(
		    !strcmp(a->id, t->id) && !strcmp(a->kind, t->kind) && !strcmp(a->severity, t->severity),
		    "seed %" PRIu64 ": alert %zu: %s %s %s, not %s %s %s", seed, i, a->id, a->kind,
		    a->severity, t->id, t->kind, t->severity);
	}
	compare_deltas(seed, r, m);
	free(m);
}

/* --- stops --- */

static void forget_log(struct rig *r)
{
	for (; r->at < r->nlog; r->at++)
		free(r->log[r->at].held);
}

static void read_rulings(struct npsd_order *o, const char *text)
{
	o->rulings = calloc(RECORDS, sizeof *o->rulings);
	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		struct npsd_ruling *rule = &o->rulings[o->nrulings++];

		if (sscanf(line, "ahead %" SCNu32 ":%" SCNd64 " %" SCNd64, &rule->from.inc,
			&rule->from.offset, &rule->to) == 3)
			rule->what = NPSD_RULING_AHEAD;
		else if (sscanf(line, "lateness %" SCNu32 ":%" SCNd64 " %" SCNd64, &rule->from.inc,
			     &rule->from.offset, &rule->ms) == 3)
			rule->what = NPSD_RULING_LATENESS;
		else
			cr_assert_fail("%s", line);
	}
}

static void wait_answer(struct rig *r, int expect)
{
	int ok = -1;

	for (int i = 0; i < 100 && ok < 0; i++) {
		npsd_worker_step(r->worker, 0);
		rig_commit(r);
		r->mono_ms++;
		ok = rig_answer(r);
	}
	cr_assert_eq(ok, expect);
}

/* Takes the partition where the last batch left it. Returns the offset that delivery begins at. */
static int64_t take_again(struct rig *r, bool keep)
{
	struct npsd_order *o = rig_order(NPSD_ORDER_TAKE);
	int64_t from;

	o->names = r->names;
	o->state = r->last[0].end;
	o->keep = keep;
	if (!o->state.claim[0])
		o->state =
		    (struct npsd_part_state){.claim = "first", .stream_ms = NEVER, .horizon_ms = NEVER};
	from = o->load_from = keep ? o->state.pos.offset : 0;
	read_rulings(o, r->rulings);
	rig_send(r, o);
	wait_answer(r, 1);
	rig_send(r, rig_order(NPSD_ORDER_READ));
	wait_answer(r, 1);
	return from;
}

static int64_t stop_somehow(struct rig *r)
{
	bool keep = dice(2) && r->last[0].end.claim[0] &&
		    !npsd_worker_part(r->worker, (struct npsd_tp){0, 0})->loading;

	r->hold = false;
	if (keep) {
		rig_send(r, rig_order(NPSD_ORDER_PAUSE));
		wait_answer(r, 1);
	} else {
		struct npsd_order *o = rig_order(NPSD_ORDER_RESET);

		r->run++;
		o->names = r->names;
		rig_send(r, o);
		wait_answer(r, 1);
	}
	forget_log(r);
	return take_again(r, keep);
}

static void dump(struct npsd_buf *out, struct rig *r)
{
	npsd_buf_init(out, 1 << 20);
	npsd_part_dump(out, npsd_worker_part(r->worker, (struct npsd_tp){0, 0}));
	npsd_buf_add(out, "", 1);
}

static void check_loaded(uint64_t seed, struct rig *r, const struct record *rec)
{
	struct npsd_order *o = rig_order(NPSD_ORDER_RESET);
	struct npsd_buf counted, loaded;
	size_t batches = r->batches;

	dump(&counted, r);
	r->run++;
	o->names = r->names;
	rig_send(r, o);
	wait_answer(r, 1);
	take_again(r, false);
	r->wall_ms += 30 * DAY; /* the rulings say what was ahead, not the clock */
	for (int i = 0; i < RECORDS; i++)
		push_record(r, &rec[i], i);
	rig_run(r);
	dump(&loaded, r);
	cr_expect_str_eq(loaded.p, counted.p, "seed %" PRIu64, seed);
	cr_expect_eq(r->batches, batches, "loading counts nothing");
	npsd_buf_free(&counted);
	npsd_buf_free(&loaded);
}

static void run_seed(uint64_t seed)
{
	struct rig *r = rig_new(options, sizeof options / sizeof options[0]);
	struct record *rec = calloc(RECORDS, sizeof *rec);
	int64_t pushed;

	seed_state = seed * 0x9e3779b97f4a7c15u + 1;
	make_records(rec);
	pushed = take_again(r, false);
	while (pushed < RECORDS) {
		for (int i = dice(120); i > 0 && pushed < RECORDS; i--, pushed++)
			push_record(r, &rec[pushed], pushed);
		for (int i = dice(12); i > 0; i--) {
			r->hold = !dice(3);
			npsd_worker_step(r->worker, 0);
			rig_commit(r);
			r->mono_ms += dice(60);
		}
		if (!dice(3))
			pushed = stop_somehow(r);
	}
	r->hold = false;
	rig_run(r);
	compare(seed, r, rec);
	check_loaded(seed, r, rec);
	free(rec);
	rig_free(&r);
}

Test(count_model, random_streams_through_stops)
{
	const char *only = getenv("NPSD_SEED");

	for (uint64_t seed = 1; seed <= 60; seed++)
		if (!only || strtoull(only, NULL, 10) == seed)
			run_seed(seed);
}
