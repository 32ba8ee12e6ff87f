#include "decode/judge.h"

#include <string.h>

#include "decode/utf8.h"

#define FUTURE_MS INT64_C(300000) /* 5 min */

/*
 * Every type of the contract, those of events first and in the order of enum npsd_type.
 * `counted`: this version counts it; all others are `ignored: not_counted`. A name that ends in `.` stands
 * for a family.
 */
static const struct {
	struct npsd_str name;
	enum npsd_type type;
	bool counted;
} types[] = {
    {NPSD_STR("response.submitted"), NPSD_T_SUBMITTED, true},
    {NPSD_STR("response.updated"), NPSD_T_UPDATED, true},
    {NPSD_STR("response.retracted"), NPSD_T_RETRACTED, true},
    {NPSD_STR("survey.invited"), NPSD_T_INVITED, true},
    {NPSD_STR("survey.delivered"), NPSD_T_DELIVERED, true},
    {NPSD_STR("survey.opened"), NPSD_T_OPENED, true},
    {NPSD_STR("survey.declined"), NPSD_T_DECLINED, true},
    {NPSD_STR("survey.bounced"), NPSD_T_BOUNCED, true},
    {NPSD_STR("survey.unsubscribed"), NPSD_T_UNSUBSCRIBED, true},
    {NPSD_STR("case."), 0, false},
    {NPSD_STR("review."), 0, false},
    {NPSD_STR("signal."), 0, false},
    {NPSD_STR("customer."), 0, false},
};
enum { NTYPES = sizeof types / sizeof types[0] };

/* `null` says as much as nothing does, but for the score. */
static inline bool absent(const struct npsd_token *t)
{
	return t->kind == NPSD_JSON_ABSENT || t->kind == NPSD_JSON_NULL;
}

static inline const struct npsd_token *field(const struct npsd_judge *j, enum npsd_field f)
{
	return &j->found->field[f];
}

static bool all_digits(struct npsd_str s)
{
	for (uint32_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/* Always false. Position: the token's, or the event's where there is none. */
static bool refuse_at(struct npsd_judge *j, enum npsd_reason reason, enum npsd_field f, uint32_t at)
{
	j->verdict = (struct npsd_verdict){reason, at, npsd_field_names[f]};
	return false;
}

static bool refuse(struct npsd_judge *j, enum npsd_reason reason, enum npsd_field f)
{
	const struct npsd_token *t = field(j, f);

	return refuse_at(j, reason, f, t->kind == NPSD_JSON_ABSENT ? j->found->at : t->at);
}

/* A field of the event, or the CloudEvents attribute that stands in for it. */
struct said {
	const struct npsd_token *token; /* in the document; not looked at where there is a text */
	struct npsd_str text;		/* of a header; p == NULL: none */
	const char *name;
};

static struct said said_of(
    const struct npsd_judge *j, enum npsd_field f, enum npsd_field attribute, enum npsd_header header)
{
	struct said s = {field(j, f), {NULL, 0}, npsd_field_names[f]};

	if (!absent(s.token))
		return s;
	if (j->envelope && !absent(&j->envelope->field[attribute])) {
		s.token = &j->envelope->field[attribute];
		s.name = npsd_field_names[attribute];
	} else if (j->headers && j->headers->value[header].p) {
		s.text = j->headers->value[header];
		s.name = npsd_header_names[header];
	}
	return s;
}

static bool is_said(const struct said *s)
{
	return s->text.p || !absent(s->token);
}

static bool refuse_said(struct npsd_judge *j, enum npsd_reason reason, const struct said *s)
{
	bool there = !s->text.p && s->token->kind != NPSD_JSON_ABSENT;

	j->verdict = (struct npsd_verdict){reason, there ? s->token->at : j->found->at, s->name};
	return false;
}

/* A string's text for a look: valid until the next one. */
static struct npsd_str peek(struct npsd_judge *j, const struct npsd_token *t)
{
	struct npsd_str s = {j->doc + t->at + 1, t->end - t->at - 2};
	bool whole;

	if (t->escaped) {
		s.n = npsd_json_unescape(j->scratch, s.n, &whole, s.p, s.n);
		s.p = j->scratch;
	}
	return s;
}

/* A string's text for the event, cut to `most` bytes; false: it was longer. */
static bool keep(struct npsd_judge *j, struct npsd_str *out, const struct npsd_token *t, uint32_t most)
{
	const char *p = j->doc + t->at + 1;
	uint32_t n = t->end - t->at - 2;
	bool whole;

	if (!t->escaped) {
		*out = (struct npsd_str){p, npsd_utf8_cut(p, n, most)};
		return out->n == n;
	}
	npsd_assert(j->size - j->used >= most);
	out->p = j->arena + j->used;
	out->n = npsd_json_unescape(j->arena + j->used, most, &whole, p, n);
	j->used += out->n;
	return whole;
}

/* 1, 0, or -1: neither a boolean nor one written as a string. */
static int boolean(struct npsd_judge *j, const struct npsd_token *t)
{
	if (t->kind == NPSD_JSON_TRUE || t->kind == NPSD_JSON_FALSE)
		return t->kind == NPSD_JSON_TRUE;
	if (t->kind != NPSD_JSON_STRING)
		return -1;
	struct npsd_str s = peek(j, t);
	return npsd_str_eq(s, NPSD_STR("true")) ? 1 : npsd_str_eq(s, NPSD_STR("false")) ? 0 : -1;
}

static bool is_response(enum npsd_type t)
{
	return t <= NPSD_T_RETRACTED;
}

static bool is_type(struct npsd_str s, struct npsd_str name)
{
	if (name.p[name.n - 1] != '.')
		return npsd_str_eq(s, name);
	return s.n > name.n && memcmp(s.p, name.p, name.n) == 0;
}

/* unknown_type, not_counted */
static bool judge_type(struct npsd_judge *j)
{
	struct said type = said_of(j, NPSD_FIELD_type, NPSD_FIELD_type, NPSD_HEADER_CE_TYPE);
	struct npsd_str s = type.text;
	int i;

	if (!s.p && type.token->kind == NPSD_JSON_STRING)
		s = peek(j, type.token);
	for (i = 0; i < NTYPES; i++)
		if (s.p && is_type(s, types[i].name))
			break;
	if (i == NTYPES)
		return refuse_said(j, NPSD_R_unknown_type, &type);
	if (!types[i].counted)
		return refuse_said(j, NPSD_R_not_counted, &type);
	j->ev->type = types[i].type;
	if (is_response(j->ev->type) && boolean(j, field(j, NPSD_FIELD_excluded)) == 1) {
		j->ev->excluded = j->ev->type != NPSD_T_RETRACTED;
		j->ev->type = NPSD_T_RETRACTED;
	}
	return true;
}

/* other_metric: anything but "nps", of whatever JSON type */
static bool judge_metric(struct npsd_judge *j)
{
	const struct npsd_token *t = field(j, NPSD_FIELD_metric);

	if (absent(t) || (t->kind == NPSD_JSON_STRING && npsd_str_eq(peek(j, t), NPSD_STR("nps"))))
		return true;
	return refuse(j, NPSD_R_other_metric, NPSD_FIELD_metric);
}

/* no_id */
static bool judge_id(struct npsd_judge *j)
{
	enum npsd_field f = is_response(j->ev->type) ? NPSD_FIELD_response_id : NPSD_FIELD_invitation_id;
	struct said id = said_of(j, f, NPSD_FIELD_subject, NPSD_HEADER_CE_SUBJECT);
	uint32_t bad;
	bool ok;

	if (id.text.p) {
		j->ev->id = id.text;
		ok = id.text.n <= NPSD_ID_BYTES && npsd_utf8_check(&bad, id.text.p, id.text.n);
	} else {
		ok = id.token->kind == NPSD_JSON_STRING && keep(j, &j->ev->id, id.token, NPSD_ID_BYTES);
	}
	return (ok && j->ev->id.n > 0) || refuse_said(j, NPSD_R_no_id, &id);
}

/* bad_field: an integer from 1 to 2^63-1, written as one */
static bool judge_revision(struct npsd_judge *j)
{
	const struct npsd_token *t = field(j, NPSD_FIELD_revision);
	uint64_t v = 0;

	if (absent(t))
		return true;
	bool ok = t->kind == NPSD_JSON_NUMBER;
	for (uint32_t i = t->at; ok && i < t->end; i++) {
		uint32_t digit = (uint8_t)j->doc[i] - '0';
		ok = digit <= 9 && v <= ((uint64_t)INT64_MAX - digit) / 10;
		v = v * 10 + digit;
	}
	j->ev->revision = (int64_t)v;
	return (ok && v > 0) || refuse(j, NPSD_R_bad_field, NPSD_FIELD_revision);
}

/*
 * bad_field: none of the three words. The topic's default is for what creates; whether an `updated` does, the
 * ledger knows.
 */
static bool judge_kind(struct npsd_judge *j)
{
	const struct npsd_token *t = field(j, NPSD_FIELD_survey_kind);
	struct npsd_str s;

	j->ev->default_kind = npsd_config_kind(j->cfg, j->rec->topic);
	if (j->ev->type != NPSD_T_UPDATED)
		j->ev->kind = j->ev->default_kind;
	if (absent(t))
		return true;
	if (t->kind != NPSD_JSON_STRING)
		return refuse(j, NPSD_R_bad_field, NPSD_FIELD_survey_kind);
	s = peek(j, t);
	for (int k = NPSD_KIND_TRANSACTIONAL; k <= NPSD_KIND_OTHER; k++)
		if (npsd_str_eq(s, npsd_str(npsd_kind_names[k]))) {
			j->ev->kind = (uint8_t)k;
			return true;
		}
	return refuse(j, NPSD_R_bad_field, NPSD_FIELD_survey_kind);
}

/*
 *   //north/lisbon//unit-7/   ->   north/lisbon/unit-7
 *
 * bad_field: more than 8 levels, or one of more than 256 bytes
 */
static bool judge_location(struct npsd_judge *j)
{
	const struct npsd_token *t = field(j, NPSD_FIELD_location);
	char *out = j->arena + j->used;
	uint32_t n = 0;
	int levels = 0;

	if (absent(t))
		return true;
	if (t->kind != NPSD_JSON_STRING)
		return refuse(j, NPSD_R_bad_field, NPSD_FIELD_location);
	struct npsd_str s = peek(j, t);
	npsd_assert(j->size - j->used >= NPSD_LOCATION_BYTES);
	for (const char *p = s.p, *end = s.p + s.n, *slash; p < end; p = slash + 1) {
		slash = memchr(p, '/', (size_t)(end - p));
		if (!slash)
			slash = end;
		if (slash == p)
			continue;
		if (++levels > NPSD_LEVELS || slash - p > NPSD_TEXT_BYTES)
			return refuse(j, NPSD_R_bad_field, NPSD_FIELD_location);
		if (n > 0)
			out[n++] = '/';
		memcpy(out + n, p, (size_t)(slash - p));
		n += (uint32_t)(slash - p);
	}
	if (n == s.n && !t->escaped) {
		j->ev->dim[NPSD_DIM_location] = s;
		return true;
	}
	j->ev->dim[NPSD_DIM_location] = (struct npsd_str){out, n};
	j->used += n;
	return true;
}

/* bad_field: not a string, or longer than 256 bytes */
static bool judge_text(
    struct npsd_judge *j, struct npsd_str *out, enum npsd_field f, const struct npsd_token *t)
{
	if (absent(t) || (t->kind == NPSD_JSON_STRING && keep(j, out, t, NPSD_TEXT_BYTES)))
		return true;
	return refuse_at(j, NPSD_R_bad_field, f, t->at);
}

static bool judge_texts(struct npsd_judge *j)
{
	struct npsd_event *ev = j->ev;

#define X(name, number)                                                                                      \
	if ((number) != NPSD_NDIM &&                                                                         \
	    !judge_text(j, &ev->dim[(number) % NPSD_NDIM], NPSD_FIELD_##name, field(j, NPSD_FIELD_##name)))  \
		return false;
#include "decode/fields.def"
#undef X
	return judge_text(j, &ev->respondent, NPSD_FIELD_respondent_id, field(j, NPSD_FIELD_respondent_id));
}

/* bad_field: no object, or a declared attribute that is no text */
static bool judge_attributes(struct npsd_judge *j)
{
	const struct npsd_token *t = field(j, NPSD_FIELD_attributes);
	const struct npsd_sets *sets = &j->cfg->sets;
	struct npsd_token key, val, last[NPSD_MAX_ATTR] = {0};

	if (absent(t))
		return true;
	if (t->kind != NPSD_JSON_OBJECT)
		return refuse(j, NPSD_R_bad_field, NPSD_FIELD_attributes);
	if (sets->nattr == 0)
		return true;
	struct npsd_items it = npsd_items(j->doc, t);
	while (npsd_items_next(&it, &key, &val)) {
		struct npsd_str name = peek(j, &key);
		for (int i = 0; i < sets->nattr; i++)
			if (!(sets->attr_unused >> i & 1) && npsd_str_eq(name, npsd_str(sets->attr[i])))
				last[i] = val;
	}
	for (int i = 0; i < sets->nattr; i++)
		if (!judge_text(j, &j->ev->dim[NPSD_DIM_ATTR0 + i], NPSD_FIELD_attributes, &last[i]))
			return false;
	return true;
}

static bool has_theme(const struct npsd_event *ev, struct npsd_str theme)
{
	for (int i = 0; i < ev->nthemes; i++)
		if (npsd_str_eq(ev->theme[i], theme))
			return true;
	return false;
}

/* bad_field: no array of texts, also behind the first 16 */
static bool judge_themes(struct npsd_judge *j)
{
	const struct npsd_token *t = field(j, NPSD_FIELD_themes);
	struct npsd_event *ev = j->ev;
	struct npsd_token key, val;

	if (absent(t))
		return true;
	if (t->kind != NPSD_JSON_ARRAY)
		return refuse(j, NPSD_R_bad_field, NPSD_FIELD_themes);
	ev->has_themes = true;
	struct npsd_items it = npsd_items(j->doc, t);
	while (npsd_items_next(&it, &key, &val)) {
		size_t before = j->used;
		struct npsd_str s;
		if (val.kind != NPSD_JSON_STRING || !keep(j, &s, &val, NPSD_TEXT_BYTES))
			return refuse_at(j, NPSD_R_bad_field, NPSD_FIELD_themes, val.at);
		if (s.n == 0 || ev->nthemes == NPSD_THEMES || has_theme(ev, s))
			j->used = before;
		else
			ev->theme[ev->nthemes++] = s;
	}
	return true;
}

/* bad_field: no string, no boolean; a long comment is cut */
static bool judge_comment_excluded(struct npsd_judge *j)
{
	const struct npsd_token *t = field(j, NPSD_FIELD_comment), *x = field(j, NPSD_FIELD_excluded);

	if (t->kind == NPSD_JSON_STRING)
		(void)keep(j, &j->ev->comment, t, NPSD_COMMENT_BYTES);
	else if (!absent(t))
		return refuse(j, NPSD_R_bad_field, NPSD_FIELD_comment);
	return absent(x) || boolean(j, x) >= 0 || refuse(j, NPSD_R_bad_field, NPSD_FIELD_excluded);
}

/* no_time, whatever the JSON type; *ms stays where nothing is said */
static bool judge_time(struct npsd_judge *j, int64_t *ms, const struct said *said)
{
	const struct npsd_token *t = said->token;
	struct npsd_str s = said->text;
	bool ok = false;

	if (!is_said(said))
		return true;
	if (!s.p && t->kind == NPSD_JSON_STRING)
		s = peek(j, t);
	if (s.p)
		ok = all_digits(s) ? npsd_time_epoch(ms, s.p, s.n) : npsd_time_text(&j->minute, ms, s.p, s.n);
	else if (t->kind == NPSD_JSON_NUMBER)
		ok = npsd_time_epoch(ms, j->doc + t->at, t->end - t->at);
	return ok || refuse_said(j, NPSD_R_no_time, said);
}

/* The one of three times that says when, in the order of the contract; the last where there is none. */
static enum npsd_field own_time(const struct npsd_judge *j)
{
	static const enum npsd_field order[2][3] = {
	    {NPSD_FIELD_at, NPSD_FIELD_invited_at, NPSD_FIELD_invited_at},
	    {NPSD_FIELD_responded_at, NPSD_FIELD_at, NPSD_FIELD_updated_at},
	};
	const enum npsd_field *f = order[is_response(j->ev->type)];

	for (int i = 0; i < 2; i++)
		if (!absent(field(j, f[i])))
			return f[i];
	return f[2];
}

/* no_time, future: an event's own time, and updated_at, which orders; in the end ce_time, the record's
 * timestamp */
static bool judge_times(struct npsd_judge *j)
{
	struct npsd_event *ev = j->ev;
	enum npsd_field f = own_time(j), u = NPSD_FIELD_updated_at;
	struct said own = said_of(j, f, NPSD_FIELD_time, NPSD_HEADER_CE_TIME);
	struct said updated = {field(j, u), {NULL, 0}, npsd_field_names[u]};

	ev->has_responded_at = f == NPSD_FIELD_responded_at;
	ev->undated = !is_said(&own);
	ev->event_ms = j->rec->record_ms;
	if (!judge_time(j, &ev->event_ms, &own))
		return false;
	if (is_response(ev->type) && !judge_time(j, &ev->updated_ms, &updated))
		return false;
	if (ev->event_ms > j->rec->record_ms + FUTURE_MS)
		return refuse_said(j, NPSD_R_future, &own);
	if (j->rec->ahead) {
		j->verdict = (struct npsd_verdict){NPSD_R_future, j->found->at, NULL};
		return false;
	}
	return true;
}

/*
 * no_kind, no_location. An edit may be silent about both, but it cannot take away a location that is
 * required.
 */
static bool judge_missing(struct npsd_judge *j)
{
	struct npsd_str location = j->ev->dim[NPSD_DIM_location];
	bool edit = j->ev->type == NPSD_T_UPDATED;

	if (j->ev->kind == NPSD_KIND_NONE && !edit)
		return refuse(j, NPSD_R_no_kind, NPSD_FIELD_survey_kind);
	if (j->cfg->location_required && location.n == 0 && !(edit && !location.p))
		return refuse(j, NPSD_R_no_location, NPSD_FIELD_location);
	return true;
}

static bool is_number(const struct npsd_judge *j, const struct npsd_token *t, uint64_t v)
{
	struct npsd_decimal d;

	if (t->kind != NPSD_JSON_NUMBER)
		return false;
	d = npsd_decimal(j->doc + t->at, t->end - t->at, 0);
	return d.whole == v && !d.rest && (!d.neg || v == 0);
}

/* wrong_scale: anything but [0,10], of whatever JSON type */
static bool judge_scale(struct npsd_judge *j)
{
	const struct npsd_token *t = field(j, NPSD_FIELD_scale);
	struct npsd_token key, val;

	if (absent(t))
		return true;
	if (t->kind == NPSD_JSON_ARRAY) {
		struct npsd_items it = npsd_items(j->doc, t);
		if (npsd_items_next(&it, &key, &val) && is_number(j, &val, 0) &&
		    npsd_items_next(&it, &key, &val) && is_number(j, &val, 10) &&
		    !npsd_items_next(&it, &key, &val))
			return true;
	}
	return refuse(j, NPSD_R_wrong_scale, NPSD_FIELD_scale);
}

/* bad_score, out_of_range; an edit may be silent about it */
static bool judge_score(struct npsd_judge *j)
{
	const struct npsd_token *t = field(j, NPSD_FIELD_score);
	struct npsd_str s = {j->doc + t->at, t->end - t->at};

	if (t->kind == NPSD_JSON_ABSENT && j->ev->type == NPSD_T_UPDATED)
		return true;
	if (t->kind == NPSD_JSON_NULL) {
		j->ev->score = NPSD_SCORE_NULL;
		return true;
	}
	if (t->kind == NPSD_JSON_STRING) {
		s = peek(j, t);
		struct npsd_str size = s;
		if (s.n > 0 && s.p[0] == '-')
			size = (struct npsd_str){s.p + 1, s.n - 1};
		if (!all_digits(size) || (size.p[0] == '0' && size.n > 1))
			return refuse(j, NPSD_R_bad_score, NPSD_FIELD_score);
	} else if (t->kind != NPSD_JSON_NUMBER) {
		return refuse(j, NPSD_R_bad_score, NPSD_FIELD_score);
	}
	struct npsd_decimal d = npsd_decimal(s.p, s.n, 0);
	if (d.rest)
		return refuse(j, NPSD_R_bad_score, NPSD_FIELD_score);
	if (d.whole > 10 || (d.neg && d.whole > 0))
		return refuse(j, NPSD_R_out_of_range, NPSD_FIELD_score);
	j->ev->score = (int8_t)d.whole;
	return true;
}

/* bad_field, of all that a retraction is not asked for */
static bool judge_content(struct npsd_judge *j)
{
	return judge_kind(j) && judge_location(j) && judge_texts(j) && judge_attributes(j) &&
	       judge_themes(j) && judge_comment_excluded(j);
}

void npsd_judge(struct npsd_judge *j)
{
	size_t before = j->used;
	bool ok, content;

	memset(j->ev, 0, sizeof *j->ev);
	j->ev->updated_ms = NPSD_TIME_NONE;
	j->ev->score = NPSD_SCORE_ABSENT;
	j->verdict = (struct npsd_verdict){NPSD_R_ok, 0, NULL};
	/* The order of fates.def. */
	ok = judge_type(j) && judge_metric(j) && judge_id(j) && judge_revision(j);
	content = j->ev->type != NPSD_T_RETRACTED;
	ok = ok && (!content || judge_content(j)) && judge_times(j) && (!content || judge_missing(j));
	if (content && is_response(j->ev->type))
		ok = ok && judge_scale(j) && judge_score(j);
	if (!ok)
		j->used = before;
}
