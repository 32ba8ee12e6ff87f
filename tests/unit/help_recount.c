#include "help_recount.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const locations[] = {"a", "a/x", "a/x/1", "a/x/2", "a/y", "b", "b/z/q", "c/d/e/f", "b/z"};
static const char *const channels[] = {"", "email", "sms", "web", "kiosk"};
static const char *const themes[] = {"t1", "t2", "t3"};
static const char *const kinds[] = {"", "transactional", "relational", "other"};
static const char *const severities[] = {"critical", "high", "moderate"};
static const char *const type_names[] = {
    "response.submitted", "response.updated", "response.retracted", "response.updated"};
static const char *const stage_names[] = {
    "invited", "delivered", "opened", "declined", "bounced", "unsubscribed"};

const char *const recount_options[RECOUNT_OPTIONS] = {
    "segments=[[], [location], [channel], [theme], [location, channel], [channel, theme, location]]",
    "lateness=1d", "caps.location=7", "caps.channel=3", "caps.theme=1"};

struct answer {
	bool there, counts;
	struct record content;
	int64_t event_ms, seen_ms, updated_ms, offset;
	int revision, told;
};

struct invitation {
	bool there;
	int stages;
	int64_t seen_ms, since_ms; /* the horizon when it became known */
};

/* What stays counted, whatever is forgotten. */
struct counted {
	struct record content;
	int64_t event_ms;
	int counter;
	bool comment;
};

struct told {
	char id[32], kind[16], severity[16];
};

struct model {
	int64_t stream_ms, horizon_ms, fate[NPSD_NFATE], unknown;
	struct answer answer[IDS];
	struct invitation invitation[IDS];
	struct counted counted[RECORDS + IDS];
	struct told told[RECORDS];
	size_t ncounted, ntold;
};

/* --- records as bytes --- */

static void add(struct npsd_buf *json, const char *format, ...)
{
	char text[128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	npsd_buf_addz(json, text);
}

/* The fields that make content. What a retraction says of them is not looked at. */
static void write_content(struct npsd_buf *json, const struct record *rec)
{
	int says = rec->type == UPDATED ? rec->says : SAYS_ALL;

	if (says & SAYS_KIND)
		add(json, ",\"survey_kind\":\"%s\"", kinds[rec->kind]);
	if (says & SAYS_LOCATION)
		add(json, ",\"location\":\"%s\"", locations[rec->location]);
	if ((says & SAYS_SCORE) && rec->score < 0)
		npsd_buf_addz(json, ",\"score\":null");
	else if (says & SAYS_SCORE)
		add(json, ",\"score\":%d", rec->score);
	if (says & SAYS_CHANNEL)
		add(json, ",\"channel\":\"%s\"", channels[rec->channel]);
	if ((says & SAYS_COMMENT) && rec->comment)
		add(json, ",\"comment\":\"%d\"", rec->comment);
	else if (says & SAYS_COMMENT)
		npsd_buf_addz(json, ",\"comment\":\"\"");
	if (!(says & SAYS_THEMES))
		return;
	npsd_buf_addz(json, ",\"themes\":[\"\"");
	for (int t = 0; t < 3; t++)
		if (rec->themes >> t & 1)
			add(json, ",\"%s\"", themes[t]);
	npsd_buf_addz(json, "]");
}

void recount_push(struct rig *r, const struct record *rec, int64_t offset)
{
	struct npsd_buf json;

	npsd_buf_init(&json, 4096);
	if (rec->type == STAGE)
		add(&json, "{\"type\":\"survey.%s\",\"invitation_id\":\"id%d\"", stage_names[rec->stage],
		    rec->id);
	else
		add(&json, "{\"type\":\"%s\",\"response_id\":\"id%d\"", type_names[rec->type], rec->id);
	write_content(&json, rec);
	if (rec->type == EXCLUDED)
		npsd_buf_addz(&json, ",\"excluded\":true");
	if (rec->revision)
		add(&json, ",\"revision\":%d", rec->revision);
	if (rec->event_ms != NEVER)
		add(&json, ",\"%s\":%" PRId64, rec->type == STAGE ? "at" : "responded_at", rec->event_ms);
	if (rec->updated_ms != NEVER)
		add(&json, ",\"updated_at\":%" PRId64, rec->updated_ms);
	npsd_buf_add(&json, "}", 2);
	cr_assert(!json.full);
	rig_record(r, 0, offset, rec->ms, json.p);
	npsd_buf_free(&json);
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

static bool is_detractor(const struct record *content)
{
	return content && content->score >= 0 && content->score <= 6;
}

/* was, now: NULL where it does not count */
static void model_tell(struct model *m, const struct rig *r, struct answer *a, int id,
    const struct record *was, const struct record *now)
{
	bool were = is_detractor(was), are = is_detractor(now);
	struct told *t = &m->told[m->ntold];
	int score = are ? now->score : were ? was->score : 0;

	if ((!were && !are) || (were && are && !model_differs(r, was, now)))
		return;
	snprintf(t->id, sizeof t->id, "id%d:%d", id, ++a->told);
	snprintf(t->kind, sizeof t->kind, "%s", !were ? "raised" : are ? "changed" : "retracted");
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
	return rec->updated_ms != NEVER && rec->type != STAGE ? rec->updated_ms : rec->ms;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void model_keep(
    struct model *m, const struct record *content, int64_t event_ms, int counter, bool comment)
{
	m->counted[m->ncounted++] = (struct counted){*content, event_ms, counter, comment};
}

static void model_keep_answer(struct model *m, const struct answer *a)
{
	if (a->there && a->counts)
		model_keep(m, &a->content, a->event_ms,
		    a->content.score < 0 ? (int)NPSD_C_no_score : a->content.score, a->content.comment != 0);
}

static enum npsd_fate model_stage(struct model *m, const struct record *rec)
{
	struct invitation *v = &m->invitation[rec->id];

	if (v->there && v->seen_ms < m->horizon_ms)
		*v = (struct invitation){.there = false};
	if (v->stages >> rec->stage & 1)
		return NPSD_F_duplicate;
	if (own_time(rec) < (v->there ? v->since_ms : m->horizon_ms))
		return NPSD_F_late;
	if (!v->there)
		*v = (struct invitation){.there = true, .seen_ms = NEVER, .since_ms = m->horizon_ms};
	v->stages |= 1 << rec->stage;
	v->seen_ms = later(v->seen_ms, later(m->stream_ms, own_time(rec)));
	model_keep(m, rec, own_time(rec), (int)NPSD_C_invited + rec->stage, false);
	return NPSD_F_counted;
}

static struct record model_merge(const struct record *old, const struct record *rec)
{
	struct record now = *rec;

	now.score = rec->says & SAYS_SCORE ? rec->score : old->score;
	now.kind = rec->says & SAYS_KIND ? rec->kind : old->kind;
	now.location = rec->says & SAYS_LOCATION ? rec->location : old->location;
	now.channel = rec->says & SAYS_CHANNEL ? rec->channel : old->channel;
	now.themes = rec->says & SAYS_THEMES ? rec->themes : old->themes;
	now.comment = rec->says & SAYS_COMMENT ? rec->comment : old->comment;
	return now;
}

/* What an updated that creates does not say is not there. */
static struct record model_whole(const struct record *rec)
{
	static const struct record nothing;

	return rec->type == UPDATED ? model_merge(&nothing, rec) : *rec;
}

static void model_order(struct answer *a, const struct record *rec, int64_t offset)
{
	a->revision = rec->revision ? rec->revision : a->revision;
	a->updated_ms = rec->updated_ms != NEVER ? rec->updated_ms : a->updated_ms;
	a->offset = offset;
}

/* The answer after an event that counts; NULL: withdrawn. */
static enum npsd_fate model_count(struct model *m, const struct rig *r, struct answer *a,
    const struct record *rec, const struct record *now, int64_t offset)
{
	bool had = a->there && a->counts;

	model_tell(m, r, a, rec->id, had ? &a->content : NULL, now);
	if (!a->there)
		*a = (struct answer){.updated_ms = NEVER, .told = a->told};
	if (!had)
		a->event_ms = own_time(rec);
	a->there = true;
	a->counts = now != NULL;
	if (now)
		a->content = *now;
	model_order(a, rec, offset);
	a->seen_ms = later(m->stream_ms, a->event_ms);
	return NPSD_F_counted;
}

static enum npsd_fate model_response(
    struct model *m, const struct rig *r, const struct record *rec, int64_t offset)
{
	const int needed = SAYS_SCORE | SAYS_KIND | SAYS_LOCATION;
	struct answer *a = &m->answer[rec->id];
	bool withdraws = rec->type == RETRACTED || rec->type == EXCLUDED;
	struct record now;

	if (a->there && a->seen_ms < m->horizon_ms) {
		model_keep_answer(m, a);
		*a = (struct answer){.there = false};
	}
	if (a->there && !model_newer(rec, a, offset))
		return NPSD_F_duplicate;
	if (a->there && a->counts) {
		now = rec->type == UPDATED ? model_merge(&a->content, rec) : *rec;
		return model_count(m, r, a, rec, withdraws ? NULL : &now, offset);
	}
	if (a->there && withdraws) {
		model_order(a, rec, offset);
		return NPSD_F_duplicate;
	}
	if (rec->type == UPDATED && (rec->event_ms == NEVER || (rec->says & needed) != needed)) {
		m->unknown++;
		return NPSD_F_late;
	}
	if (own_time(rec) < m->horizon_ms)
		return NPSD_F_late;
	now = model_whole(rec);
	return model_count(m, r, a, rec, withdraws ? NULL : &now, offset);
}

/* What the rulings say of the horizon at an offset. */
static int64_t ruled_horizon(const struct rig *r, int64_t offset)
{
	int64_t ms = NEVER, at, to;

	for (const char *line = r->rulings; *line; line = strchr(line, '\n') + 1)
		if (sscanf(line, "horizon 0:%" SCNd64 " %" SCNd64, &at, &to) == 2 && at <= offset)
			ms = later(ms, to);
	return ms;
}

static enum npsd_fate model_apply(
    struct model *m, const struct rig *r, const struct record *rec, int64_t offset)
{
	m->horizon_ms = later(m->horizon_ms, ruled_horizon(r, offset));
	if (rec->ms > RIG_NOW + DAY || own_time(rec) > rec->ms + 5 * MINUTE)
		return NPSD_F_rejected;
	m->stream_ms = later(rec->ms, m->stream_ms);
	m->horizon_ms = later(m->stream_ms - LATENESS, m->horizon_ms);
	return rec->type == STAGE ? model_stage(m, rec) : model_response(m, r, rec, offset);
}

/* --- comparing the deltas --- */

struct rows {
	struct rig_delta *row;
	size_t n;
};

static void add_row(struct rows *to, const char *seg, const struct counted *a)
{
	struct rig_delta *d;

	if ((to->n & (to->n - 1)) == 0)
		to->row = realloc(to->row, (to->n * 2 + 1) * sizeof *to->row);
	d = &to->row[to->n++];
	memset(d, 0, sizeof *d);
	snprintf(d->seg, sizeof d->seg, "%s", seg);
	d->pane_s = a->event_ms / 60000 * 60;
	d->v[a->counter] = 1;
	d->v[NPSD_C_comments] = a->comment;
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

static void add_counted(struct rows *to, const struct rig *r, const struct counted *a)
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

static void compare_deltas(uint64_t seed, const struct rig *r, struct model *m)
{
	struct rows want = {0}, have = {malloc(r->ndelta * sizeof *have.row), r->ndelta};

	memcpy(have.row, r->delta, r->ndelta * sizeof *have.row);
	for (int i = 0; i < IDS; i++)
		model_keep_answer(m, &m->answer[i]);
	for (size_t i = 0; i < m->ncounted; i++)
		add_counted(&want, r, &m->counted[i]);
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

void recount_compare(uint64_t seed, const struct rig *r, const struct record *rec)
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
	cr_expect_eq(rig_total(r, "late:unknown_update"), m->unknown, "seed %" PRIu64, seed);
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
