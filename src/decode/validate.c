#include "decode/validate.h"

#include <string.h>

#include "decode/utf8.h"

#define FUTURE_MS INT64_C(300000) /* 5 min */

/* Indexed by enum npsd_type; the types that are not counted follow. A name that ends in `.` matches all types
 * with this prefix. */
static const struct npsd_str types[] = {
#define X(id, name, counter) [NPSD_T_##id] = NPSD_STR(name),
#include "tbl/types.def"
#undef X
    NPSD_STR("case."), NPSD_STR("review."), NPSD_STR("signal."), NPSD_STR("customer.")};
enum { NTYPES = sizeof types / sizeof types[0] };

enum {
	FIELD_DIMS = 0
#define X(name, dim, accepted) | (int)((dim) == NPSD_NDIM ? 0 : 1u << (dim))
#include "decode/fields.def"
#undef X
};
_Static_assert(FIELD_DIMS == (1 << NPSD_DIM_ATTR0) - 1, "a dimension of dims.def has no row in fields.def");

static inline const struct npsd_token *field(const struct npsd_validator *v, enum npsd_field f)
{
	return &v->fields->field[f];
}

static bool all_digits(struct npsd_str s)
{
	for (uint32_t i = 0; i < s.n; i++)
		if (!npsd_is_digit(s.p[i]))
			return false;
	return s.n > 0;
}

static const struct npsd_token not_there; /* NPSD_JSON_ABSENT */

/* Sets the verdict. t: the value that is refused, or not_there. Returns false. */
static bool refuse_at(
    struct npsd_validator *v, enum npsd_reason reason, const char *name, const struct npsd_token *t)
{
	bool present = t->kind != NPSD_JSON_ABSENT;
	uint32_t at = present ? t->at : v->fields->at;

	v->verdict = (struct npsd_verdict){reason, at, present ? t->end : at, name};
	return false;
}

static bool refuse(struct npsd_validator *v, enum npsd_reason reason, enum npsd_field f)
{
	return refuse_at(v, reason, npsd_field_names[f], field(v, f));
}

/* The value of a field of the event, or of the CloudEvents attribute that replaces a missing field. */
struct source {
	const struct npsd_token *token; /* in the document; not_there if the value is in a header */
	struct npsd_str text;		/* of the header; p == NULL: none */
	const char *name;
};

static struct source source_of(
    const struct npsd_validator *v, enum npsd_field f, enum npsd_field attribute, enum npsd_header header)
{
	if (npsd_token_is_absent(field(v, f))) {
		if (v->envelope && !npsd_token_is_absent(&v->envelope->field[attribute]))
			return (struct source){
			    &v->envelope->field[attribute], {NULL, 0}, npsd_field_names[attribute]};
		if (v->headers && v->headers->value[header].p)
			return (struct source){
			    &not_there, v->headers->value[header], npsd_header_names[header]};
	}
	return (struct source){field(v, f), {NULL, 0}, npsd_field_names[f]};
}

/* The text of a string; valid until the next call. */
static struct npsd_str peek(struct npsd_validator *v, const struct npsd_token *t)
{
	struct npsd_str s = {v->doc + t->at + 1, t->end - t->at - 2};
	bool whole;

	if (t->escaped) {
		s.n = npsd_parse_unescape(v->scratch, s.n, &whole, s.p, s.n);
		s.p = v->scratch;
	}
	return s;
}

/* The text of a string, kept until the reset and cut to `most` bytes. False: it is longer. */
static bool keep(struct npsd_validator *v, struct npsd_str *out, const struct npsd_token *t, uint32_t most)
{
	const char *p = v->doc + t->at + 1;
	uint32_t n = t->end - t->at - 2;
	bool whole;

	if (!t->escaped) {
		*out = (struct npsd_str){p, npsd_utf8_cut(p, n, most)};
		return out->n == n;
	}
	npsd_assert(v->size - v->used >= most);
	out->p = v->arena + v->used;
	out->n = npsd_parse_unescape(v->arena + v->used, most, &whole, p, n);
	v->used += out->n;
	return whole;
}

/* 1 or 0; -1 if it is neither true or false nor the string "true" or "false". */
static int boolean(struct npsd_validator *v, const struct npsd_token *t)
{
	if (t->kind == NPSD_JSON_TRUE || t->kind == NPSD_JSON_FALSE)
		return t->kind == NPSD_JSON_TRUE;
	if (t->kind != NPSD_JSON_STRING)
		return -1;
	struct npsd_str s = peek(v, t);
	return npsd_str_eq(s, NPSD_STR("true")) ? 1 : npsd_str_eq(s, NPSD_STR("false")) ? 0 : -1;
}

static bool is_response(enum npsd_type t)
{
	return t < NPSD_T_INVITED;
}

static bool is_type(struct npsd_str s, struct npsd_str name)
{
	if (name.p[name.n - 1] != '.')
		return npsd_str_eq(s, name);
	return s.n > name.n && memcmp(s.p, name.p, name.n) == 0;
}

/* unknown_type, not_counted */
static bool validate_type(struct npsd_validator *v)
{
	struct source type = source_of(v, NPSD_FIELD_type, NPSD_FIELD_type, NPSD_HEADER_CE_TYPE);
	struct npsd_str s = type.text;
	int i;

	if (type.token->kind == NPSD_JSON_STRING)
		s = peek(v, type.token);
	for (i = 0; i < NTYPES; i++)
		if (s.p && is_type(s, types[i]))
			break;
	if (i == NTYPES)
		return refuse_at(v, NPSD_R_unknown_type, type.name, type.token);
	if (i >= NPSD_NTYPE)
		return refuse_at(v, NPSD_R_not_counted, type.name, type.token);
	v->ev->type = (enum npsd_type)i;
	if (is_response(v->ev->type) && boolean(v, field(v, NPSD_FIELD_excluded)) == 1) {
		v->ev->excluded = v->ev->type != NPSD_T_RETRACTED;
		v->ev->type = NPSD_T_RETRACTED;
	}
	return true;
}

/* other_metric: present, and not the string "nps" */
static bool validate_metric(struct npsd_validator *v)
{
	const struct npsd_token *t = field(v, NPSD_FIELD_metric);

	if (npsd_token_is_absent(t) ||
	    (t->kind == NPSD_JSON_STRING && npsd_str_eq(peek(v, t), NPSD_STR("nps"))))
		return true;
	return refuse(v, NPSD_R_other_metric, NPSD_FIELD_metric);
}

/* no_id */
static bool validate_id(struct npsd_validator *v)
{
	enum npsd_field f = is_response(v->ev->type) ? NPSD_FIELD_response_id : NPSD_FIELD_invitation_id;
	struct source id = source_of(v, f, NPSD_FIELD_subject, NPSD_HEADER_CE_SUBJECT);
	uint32_t bad;
	bool ok;

	if (id.text.p) {
		v->ev->id = id.text;
		ok = id.text.n <= NPSD_ID_BYTES && npsd_utf8_check(&bad, id.text.p, id.text.n);
	} else {
		ok = id.token->kind == NPSD_JSON_STRING && keep(v, &v->ev->id, id.token, NPSD_ID_BYTES);
	}
	return (ok && v->ev->id.n > 0) || refuse_at(v, NPSD_R_no_id, id.name, id.token);
}

/* bad_field: not an integer from 1 to 2^63-1, or written with a fraction or an exponent */
static bool validate_revision(struct npsd_validator *v)
{
	const struct npsd_token *t = field(v, NPSD_FIELD_revision);
	struct npsd_str text = {v->doc + t->at, t->end - t->at};

	return npsd_token_is_absent(t) ||
	       (t->kind == NPSD_JSON_NUMBER && npsd_str_number(&v->ev->revision, text, 1, INT64_MAX)) ||
	       refuse(v, NPSD_R_bad_field, NPSD_FIELD_revision);
}

/*
 * bad_field: not one of the three words. The default of the topic applies when a response is created; only
 * the ledger knows whether an `updated` creates one.
 */
static bool validate_kind(struct npsd_validator *v)
{
	const struct npsd_token *t = field(v, NPSD_FIELD_survey_kind);

	v->ev->default_kind = npsd_config_kind(v->cfg, v->rec->topic);
	if (v->ev->type != NPSD_T_UPDATED)
		v->ev->kind = v->ev->default_kind;
	if (npsd_token_is_absent(t))
		return true;
	v->ev->kind = t->kind == NPSD_JSON_STRING ? npsd_kind_find(peek(v, t)) : NPSD_KIND_NONE;
	return v->ev->kind != NPSD_KIND_NONE || refuse(v, NPSD_R_bad_field, NPSD_FIELD_survey_kind);
}

/*
 *   //north/lisbon//unit-7/   ->   north/lisbon/unit-7
 *
 * bad_field: not a string, more than 8 levels, or a level of more than 256 bytes
 */
static bool validate_location(struct npsd_validator *v)
{
	const struct npsd_token *t = field(v, NPSD_FIELD_location);
	char *out = v->arena + v->used;
	uint32_t n = 0;
	int levels = 0;

	if (npsd_token_is_absent(t))
		return true;
	if (t->kind != NPSD_JSON_STRING)
		return refuse(v, NPSD_R_bad_field, NPSD_FIELD_location);
	struct npsd_str s = peek(v, t);
	npsd_assert(v->size - v->used >= NPSD_LOCATION_BYTES);
	for (const char *p = s.p, *end = s.p + s.n, *slash; p < end; p = slash + 1) {
		slash = memchr(p, '/', (size_t)(end - p));
		if (!slash)
			slash = end;
		if (slash == p)
			continue;
		if (++levels > NPSD_LEVELS || slash - p > NPSD_TEXT_BYTES)
			return refuse(v, NPSD_R_bad_field, NPSD_FIELD_location);
		if (n > 0)
			out[n++] = '/';
		memcpy(out + n, p, (size_t)(slash - p));
		n += (uint32_t)(slash - p);
	}
	bool same = n == s.n && !t->escaped;
	v->ev->dim[NPSD_DIM_location] = same ? s : (struct npsd_str){out, n};
	v->used += same ? 0 : n;
	return true;
}

/* bad_field: not a string, or longer than 256 bytes */
static bool validate_text(
    struct npsd_validator *v, struct npsd_str *out, enum npsd_field f, const struct npsd_token *t)
{
	if (npsd_token_is_absent(t) || (t->kind == NPSD_JSON_STRING && keep(v, out, t, NPSD_TEXT_BYTES)))
		return true;
	return refuse_at(v, NPSD_R_bad_field, npsd_field_names[f], t);
}

static bool validate_texts(struct npsd_validator *v)
{
	struct npsd_event *ev = v->ev;

/* location and themes have their own form */
#define X(name, number, accepted)                                                                            \
	if ((number) != NPSD_NDIM && (number) != NPSD_DIM_location && (number) != NPSD_DIM_theme &&          \
	    !validate_text(                                                                                  \
		v, &ev->dim[(number) % NPSD_NDIM], NPSD_FIELD_##name, field(v, NPSD_FIELD_##name)))          \
		return false;
#include "decode/fields.def"
#undef X
	return validate_text(
	    v, &ev->respondent, NPSD_FIELD_respondent_id, field(v, NPSD_FIELD_respondent_id));
}

/* bad_field: not an object, or a declared attribute is not a string or too long */
static bool validate_attributes(struct npsd_validator *v)
{
	const struct npsd_token *t = field(v, NPSD_FIELD_attributes);
	const struct npsd_sets *sets = &v->cfg->sets;
	struct npsd_token key, val, last[NPSD_MAX_ATTR] = {0};

	if (npsd_token_is_absent(t))
		return true;
	if (t->kind != NPSD_JSON_OBJECT)
		return refuse(v, NPSD_R_bad_field, NPSD_FIELD_attributes);
	if (sets->nattr == 0)
		return true;
	struct npsd_items it = npsd_items(v->doc, t);
	while (npsd_items_next(&it, &key, &val)) {
		struct npsd_str name = peek(v, &key);
		for (int i = 0; i < sets->nattr; i++)
			if (!(sets->attr_unused >> i & 1) && npsd_str_eq(name, npsd_str(sets->attr[i])))
				last[i] = val;
	}
	for (int i = 0; i < sets->nattr; i++)
		if (!validate_text(v, &v->ev->dim[NPSD_DIM_ATTR0 + i], NPSD_FIELD_attributes, &last[i]))
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

/* bad_field: not an array of strings, or a string is too long. Items that are not kept, since there are 16
 * themes already, are validated too. */
static bool validate_themes(struct npsd_validator *v)
{
	const struct npsd_token *t = field(v, NPSD_FIELD_themes);
	struct npsd_event *ev = v->ev;
	struct npsd_token key, val;

	if (npsd_token_is_absent(t))
		return true;
	if (t->kind != NPSD_JSON_ARRAY)
		return refuse(v, NPSD_R_bad_field, NPSD_FIELD_themes);
	ev->has_themes = true;
	struct npsd_items it = npsd_items(v->doc, t);
	while (npsd_items_next(&it, &key, &val)) {
		size_t before = v->used;
		struct npsd_str s;
		if (val.kind != NPSD_JSON_STRING || !keep(v, &s, &val, NPSD_TEXT_BYTES))
			return refuse_at(v, NPSD_R_bad_field, npsd_field_names[NPSD_FIELD_themes], &val);
		if (s.n == 0 || ev->nthemes == NPSD_THEMES || has_theme(ev, s))
			v->used = before;
		else
			ev->theme[ev->nthemes++] = s;
	}
	return true;
}

/* bad_field: `comment` is not a string, or `excluded` is not a boolean. A long comment is cut. */
static bool validate_comment_excluded(struct npsd_validator *v)
{
	const struct npsd_token *t = field(v, NPSD_FIELD_comment), *x = field(v, NPSD_FIELD_excluded);

	if (t->kind == NPSD_JSON_STRING)
		(void)keep(v, &v->ev->comment, t, NPSD_COMMENT_BYTES);
	else if (!npsd_token_is_absent(t))
		return refuse(v, NPSD_R_bad_field, NPSD_FIELD_comment);
	return npsd_token_is_absent(x) || boolean(v, x) >= 0 ||
	       refuse(v, NPSD_R_bad_field, NPSD_FIELD_excluded);
}

/* no_time: cannot be read, of any JSON type. *ms does not change if there is no time. */
static bool validate_time(struct npsd_validator *v, int64_t *ms, const struct source *time)
{
	const struct npsd_token *t = time->token;
	struct npsd_str s = time->text;
	bool ok = false;

	if (!s.p && npsd_token_is_absent(t))
		return true;
	if (t->kind == NPSD_JSON_STRING)
		s = peek(v, t);
	if (s.p)
		ok = all_digits(s) ? npsd_time_epoch(ms, s.p, s.n) : npsd_time_text(&v->minute, ms, s.p, s.n);
	else if (t->kind == NPSD_JSON_NUMBER)
		ok = npsd_time_epoch(ms, v->doc + t->at, t->end - t->at);
	return ok || refuse_at(v, NPSD_R_no_time, time->name, time->token);
}

/* The field with the event's own time: the first of the row that is present. If none is, the last. */
static enum npsd_field own_time(const struct npsd_validator *v)
{
	static const enum npsd_field order[2][3] = {
	    {NPSD_FIELD_at, NPSD_FIELD_invited_at, NPSD_FIELD_invited_at},
	    {NPSD_FIELD_responded_at, NPSD_FIELD_at, NPSD_FIELD_updated_at},
	};
	const enum npsd_field *f = order[is_response(v->ev->type)];

	for (int i = 0; i < 2; i++)
		if (!npsd_token_is_absent(field(v, f[i])))
			return f[i];
	return f[2];
}

/* no_time, future. updated_at of a `response.*` is always validated, because it orders the events of a
 * response. */
static bool validate_times(struct npsd_validator *v)
{
	struct npsd_event *ev = v->ev;
	enum npsd_field f = own_time(v), u = NPSD_FIELD_updated_at;
	struct source own = source_of(v, f, NPSD_FIELD_time, NPSD_HEADER_CE_TIME);
	struct source updated = {field(v, u), {NULL, 0}, npsd_field_names[u]};

	ev->has_responded_at = f == NPSD_FIELD_responded_at;
	ev->undated = !own.text.p && npsd_token_is_absent(own.token);
	ev->event_ms = v->rec->record_ms;
	if (!validate_time(v, &ev->event_ms, &own))
		return false;
	if (is_response(ev->type) && !validate_time(v, &ev->updated_ms, &updated))
		return false;
	if (ev->event_ms > v->rec->record_ms + FUTURE_MS)
		return refuse_at(v, NPSD_R_future, own.name, own.token);
	return !v->rec->ahead || refuse_at(v, NPSD_R_future, NULL, &not_there);
}

/* no_kind, no_location. An `updated` may omit both, but it cannot remove a location that is required. */
static bool validate_missing(struct npsd_validator *v)
{
	struct npsd_str location = v->ev->dim[NPSD_DIM_location];
	bool edit = v->ev->type == NPSD_T_UPDATED;

	if (v->ev->kind == NPSD_KIND_NONE && !edit)
		return refuse(v, NPSD_R_no_kind, NPSD_FIELD_survey_kind);
	if (v->cfg->location_required && location.n == 0 && !(edit && !location.p))
		return refuse(v, NPSD_R_no_location, NPSD_FIELD_location);
	return true;
}

static bool is_number(const struct npsd_validator *v, const struct npsd_token *t, uint64_t whole)
{
	struct npsd_decimal d;

	if (t->kind != NPSD_JSON_NUMBER)
		return false;
	d = npsd_decimal(v->doc + t->at, t->end - t->at, 0);
	return d.whole == whole && !d.rest && (!d.neg || whole == 0);
}

/* wrong_scale: not [0,10], of any JSON type */
static bool validate_scale(struct npsd_validator *v)
{
	const struct npsd_token *t = field(v, NPSD_FIELD_scale);
	struct npsd_token key, val;

	if (npsd_token_is_absent(t))
		return true;
	if (t->kind == NPSD_JSON_ARRAY) {
		struct npsd_items it = npsd_items(v->doc, t);
		if (npsd_items_next(&it, &key, &val) && is_number(v, &val, 0) &&
		    npsd_items_next(&it, &key, &val) && is_number(v, &val, 10) &&
		    !npsd_items_next(&it, &key, &val))
			return true;
	}
	return refuse(v, NPSD_R_wrong_scale, NPSD_FIELD_scale);
}

/* bad_score, out_of_range. An `updated` may omit the score. */
static bool validate_score(struct npsd_validator *v)
{
	const struct npsd_token *t = field(v, NPSD_FIELD_score);
	struct npsd_str s = {v->doc + t->at, t->end - t->at};

	if (t->kind == NPSD_JSON_ABSENT && v->ev->type == NPSD_T_UPDATED)
		return true;
	if (t->kind == NPSD_JSON_NULL) {
		v->ev->score = NPSD_SCORE_NULL;
		return true;
	}
	bool ok = t->kind == NPSD_JSON_NUMBER;
	if (t->kind == NPSD_JSON_STRING) {
		s = peek(v, t);
		uint32_t sign = s.n > 0 && s.p[0] == '-';
		struct npsd_str size = {s.p + sign, s.n - sign};
		ok = all_digits(size) && (size.p[0] != '0' || size.n == 1);
	}
	struct npsd_decimal d = ok ? npsd_decimal(s.p, s.n, 0) : (struct npsd_decimal){0};
	if (!ok || d.rest)
		return refuse(v, NPSD_R_bad_score, NPSD_FIELD_score);
	if (d.whole > 10 || (d.neg && d.whole > 0))
		return refuse(v, NPSD_R_out_of_range, NPSD_FIELD_score);
	v->ev->score = (int8_t)d.whole;
	return true;
}

/* bad_field, in the fields that npsd does not read in a retraction */
static bool validate_content(struct npsd_validator *v)
{
	return validate_kind(v) && validate_location(v) && validate_texts(v) && validate_attributes(v) &&
	       validate_themes(v) && validate_comment_excluded(v);
}

void npsd_validate(struct npsd_validator *v)
{
	size_t before = v->used;
	bool ok, content;

	memset(v->ev, 0, sizeof *v->ev);
	v->ev->updated_ms = NPSD_TIME_NONE;
	v->ev->score = NPSD_SCORE_ABSENT;
	v->verdict = (struct npsd_verdict){0};
	/* the order of fates.def */
	ok = validate_type(v) && validate_metric(v) && validate_id(v) && validate_revision(v);
	content = v->ev->type != NPSD_T_RETRACTED;
	if (content)
		ok = ok && validate_content(v) && validate_times(v) && validate_missing(v);
	else
		ok = ok && validate_times(v);
	if (content && is_response(v->ev->type))
		ok = ok && validate_scale(v) && validate_score(v);
	if (!ok)
		v->used = before;
}
