/*
 * An event as the bytes that one of four kinds of producers would send. The shape decides order of fields,
 * white space, escapes and how times are written; the quirks decide among ways that mean the same.
 */
#include "gen/core.h"

struct render {
	struct gen_out *o;
	const struct gen_world *w;
	const struct gen_id *id;
	const struct gen_answer *a;
	int shape;
	bool some; /* a field was written */
};

static const uint8_t orders[GEN_SHAPES][GEN_NFIELD] = {
    {GEN_F_TYPE, GEN_F_ID, GEN_F_REVISION, GEN_F_SCALE, GEN_F_SCORE, GEN_F_KIND, GEN_F_TIME, GEN_F_UPDATED,
	GEN_F_LOCATION, GEN_F_LISTS, GEN_F_RESPONDENT, GEN_F_ATTRIBUTES, GEN_F_THEMES, GEN_F_COMMENT,
	GEN_F_METRIC, GEN_F_EXCLUDED, GEN_F_EXTRA},
    {GEN_F_ID, GEN_F_EXTRA, GEN_F_TYPE, GEN_F_METRIC, GEN_F_KIND, GEN_F_LOCATION, GEN_F_RESPONDENT,
	GEN_F_SCORE, GEN_F_COMMENT, GEN_F_THEMES, GEN_F_LISTS, GEN_F_ATTRIBUTES, GEN_F_TIME, GEN_F_REVISION,
	GEN_F_UPDATED, GEN_F_SCALE, GEN_F_EXCLUDED},
    {GEN_F_COMMENT, GEN_F_LISTS, GEN_F_KIND, GEN_F_SCORE, GEN_F_ID, GEN_F_TIME, GEN_F_LOCATION, GEN_F_UPDATED,
	GEN_F_REVISION, GEN_F_THEMES, GEN_F_RESPONDENT, GEN_F_EXCLUDED, GEN_F_SCALE, GEN_F_METRIC,
	GEN_F_EXTRA, GEN_F_ATTRIBUTES, GEN_F_TYPE},
    {GEN_F_METRIC, GEN_F_TYPE, GEN_F_KIND, GEN_F_ID, GEN_F_TIME, GEN_F_UPDATED, GEN_F_REVISION, GEN_F_SCORE,
	GEN_F_LOCATION, GEN_F_THEMES, GEN_F_COMMENT, GEN_F_LISTS, GEN_F_SCALE, GEN_F_EXTRA, GEN_F_RESPONDENT,
	GEN_F_ATTRIBUTES, GEN_F_EXCLUDED},
};

static const char *const field_names[GEN_NFIELD] = {[GEN_F_TYPE] = "type",
    [GEN_F_ID] = "response_id",
    [GEN_F_REVISION] = "revision",
    [GEN_F_SCORE] = "score",
    [GEN_F_SCALE] = "scale",
    [GEN_F_METRIC] = "metric",
    [GEN_F_KIND] = "survey_kind",
    [GEN_F_TIME] = "responded_at",
    [GEN_F_UPDATED] = "updated_at",
    [GEN_F_LOCATION] = "location",
    [GEN_F_LISTS] = "channel",
    [GEN_F_ATTRIBUTES] = "attributes",
    [GEN_F_THEMES] = "themes",
    [GEN_F_RESPONDENT] = "respondent_id",
    [GEN_F_COMMENT] = "comment",
    [GEN_F_EXCLUDED] = "excluded",
    [GEN_F_EXTRA] = "extra"};

/* True in one of n cases; different salts give independent answers, the same for the same record. */
static bool quirk(const struct render *r, uint32_t salt, uint32_t n)
{
	return gen_mix((uint64_t)salt << 32 | r->a->quirks) % n == 0;
}

int64_t gen_shape_round(int shape, int64_t ms)
{
	static const int64_t step[GEN_SHAPES] = {1, 1000, 1, 250};

	return ms - ms % step[shape];
}

static void put_key(struct render *r, const char *name)
{
	if (r->some)
		gen_puts(r->o, r->shape == 1 ? ", " : ",");
	r->some = true;
	gen_putc(r->o, '"');
	gen_puts(r->o, name);
	gen_puts(r->o, r->shape == 1 ? "\": " : "\":");
}

static void put_text(struct render *r, const char *p, size_t n)
{
	gen_put_json(r->o, p, n, r->shape == 1 || r->shape == 3);
}

static void put_raw(struct render *r, const char *name, const char *json)
{
	put_key(r, name);
	gen_puts(r->o, json);
}

static void put_time(struct render *r, const char *name, int64_t ms)
{
	static const int16_t zones[4] = {60, -180, 330, 0};

	put_key(r, name);
	if (r->shape != 2)
		gen_putc(r->o, r->shape == 3 ? ' ' : '"');
	switch (r->shape) {
	case 0:
		gen_put_rfc3339(r->o, ms, 0, 3);
		break;
	case 1:
		gen_put_rfc3339(r->o, ms, zones[gen_mix(r->a->quirks) % 4], 0);
		break;
	case 2: /* ms, as a number or as digits */
		if (quirk(r, 1, 4)) {
			gen_putc(r->o, '"');
			gen_put_i64(r->o, ms);
			gen_putc(r->o, '"');
		} else {
			gen_put_i64(r->o, ms);
		}
		break;
	default: /* seconds; quarters have no rounding */
		gen_put_i64(r->o, ms / 1000);
		if (ms % 1000)
			gen_puts(r->o, ms % 1000 == 250 ? ".25" : ms % 1000 == 500 ? ".5" : ".75");
	}
	if (r->shape != 2 && r->shape != 3)
		gen_putc(r->o, '"');
}

static bool says(const struct render *r, uint32_t bits)
{
	return (r->a->says & bits) != 0;
}

/* Of an update: what it does not write stays, so that what is none must be written. */
static bool is_partial(const struct render *r)
{
	return r->a->type == GEN_UPDATED;
}

static bool is_survey(const struct render *r)
{
	return r->a->type >= GEN_INVITED;
}

static void put_score(struct render *r)
{
	int8_t score = r->a->is.score;

	if (!says(r, GEN_SAYS_SCORE))
		return;
	if (quirk(r, 2, 500))
		put_raw(r, "score", "3"); /* of repeated keys the last one counts */
	put_key(r, "score");
	if (score < 0) {
		gen_puts(r->o, "null");
	} else if (r->shape == 2) {
		gen_putc(r->o, '"');
		gen_put_i64(r->o, score);
		gen_putc(r->o, '"');
	} else if (score == 10 && quirk(r, 3, 40)) {
		gen_puts(r->o, "1e1");
	} else {
		gen_put_i64(r->o, score);
		if (r->shape == 3 && quirk(r, 4, 3))
			gen_puts(r->o, ".0");
	}
}

static const char *time_name(const struct render *r)
{
	enum gen_time_field f = (enum gen_time_field)r->a->time_field;

	if (is_survey(r))
		return f == GEN_INVITED_AT ? "invited_at" : "at";
	return f == GEN_AT ? "at" : "responded_at";
}

static void put_times(struct render *r)
{
	const char *name = time_name(r);

	if (r->a->time_field == GEN_UNTIMED)
		return;
	/* not used, so nobody minds */
	if (strcmp(name, "responded_at") == 0 && quirk(r, 5, 300))
		put_raw(r, "at", "\"n/a\"");
	if (strcmp(name, "at") == 0 && is_survey(r) && quirk(r, 5, 10))
		put_raw(r, "invited_at", "\"n/a\"");
	put_time(r, name, r->a->own_ms);
}

static void put_location(struct render *r)
{
	struct npsd_str path = gen_world_location(r->w, r->a->is.location);
	char messy[128];
	uint32_t n = 0;

	if (!says(r, GEN_SAYS_LOCATION))
		return;
	put_key(r, "location");
	if (!quirk(r, 6, 60)) {
		put_text(r, path.p, path.n);
		return;
	}
	messy[n++] = '/'; /* empty levels are dropped */
	for (uint32_t i = 0; i < path.n; i++) {
		npsd_assert(n + 3 < sizeof(messy));
		messy[n++] = path.p[i];
		if (path.p[i] == '/')
			messy[n++] = '/';
	}
	messy[n++] = '/';
	put_text(r, messy, n);
}

static void put_lists(struct render *r)
{
	for (int l = 0; l < GEN_NLIST; l++) {
		uint32_t index = r->a->is.value[l];

		if (l == GEN_PLAN)
			continue;
		if (!says(r, (uint32_t)GEN_SAYS_LIST << l)) {
			if (quirk(r, 7 + (uint32_t)l, 30))
				put_raw(r, gen_list_fields[l], "null");
		} else if (index) {
			struct npsd_str v = gen_list_value((enum gen_list)l, index);

			put_key(r, gen_list_fields[l]);
			put_text(r, v.p, v.n);
		} else if (is_partial(r)) {
			put_raw(r, gen_list_fields[l], "\"\"");
		} else if (quirk(r, 7 + (uint32_t)l, 8)) {
			put_raw(r, gen_list_fields[l], r->a->quirks & 1 ? "null" : "\"\"");
		}
	}
}

static void put_themes(struct render *r)
{
	bool first = true;

	if (!says(r, GEN_SAYS_THEMES) || (!r->a->is.themes && !is_partial(r) && !quirk(r, 20, 5)))
		return;
	put_key(r, "themes");
	gen_putc(r->o, '[');
	for (int i = 0; i < GEN_NTHEMES; i++) {
		if (!(r->a->is.themes >> i & 1))
			continue;
		if (!first)
			gen_putc(r->o, ',');
		first = false;
		put_text(r, gen_theme_names[i], strlen(gen_theme_names[i]));
		if (quirk(r, 21, 30)) { /* once is enough, and empty is nothing */
			gen_puts(r->o, ",\"\",");
			put_text(r, gen_theme_names[i], strlen(gen_theme_names[i]));
		}
	}
	gen_putc(r->o, ']');
}

static void put_comment(struct render *r)
{
	char text[6000];
	struct gen_out t = {.p = text, .cap = sizeof(text)};

	if (!says(r, GEN_SAYS_COMMENT))
		return;
	if (r->a->is.comment) {
		gen_comment(&t, r->a->is.comment);
		put_key(r, "comment");
		put_text(r, text, t.n);
	} else if (is_partial(r) || quirk(r, 22, 4)) {
		/* an empty one is none */
		put_raw(r, "comment", !is_partial(r) && quirk(r, 23, 2) ? "null" : "\"\"");
	}
}

static void put_nested(struct gen_out *o, uint32_t depth)
{
	for (uint32_t i = 0; i < depth; i++)
		gen_putc(o, '[');
	for (uint32_t i = 0; i < depth; i++)
		gen_putc(o, ']');
}

/* Fields that nobody knows. */
static void put_extra(struct render *r)
{
	if (r->shape == 1)
		put_raw(
		    r, "source", "{\"app\": \"pos\", \"build\": [2, 17, 3e-2], \"score\": 99, \"ok\": true}");
	if (r->shape == 3 && quirk(r, 27, 50))
		put_raw(r, "trace", "123456789012345678901234567890.5e400");
	if (quirk(r, 24, 5000)) {
		put_key(r, "deep");
		/* 256 with the object, or with it and the CloudEvent around it: the most that is allowed */
		put_nested(
		    r->o, r->a->envelope == GEN_STRUCTURED || r->a->envelope == GEN_BINARY ? 254 : 255);
	}
}

static void put_attributes(struct render *r)
{
	uint32_t plan = r->a->is.value[GEN_PLAN];
	struct npsd_str v = gen_list_value(GEN_PLAN, plan);
	bool said = says(r, (uint32_t)GEN_SAYS_LIST << GEN_PLAN) && (plan || is_partial(r));

	if (!said && !quirk(r, 25, 5))
		return;
	put_key(r, "attributes");
	gen_puts(r->o, quirk(r, 26, 2) ? "{\"visits\":12" : "{\"visits\":[{}]");
	if (said) {
		gen_puts(r->o, ",\"plan\":");
		put_text(r, plan ? v.p : "", plan ? v.n : 0);
	}
	gen_putc(r->o, '}');
}

static void put_respondent(struct render *r)
{
	if (!r->a->is.respondent || !says(r, GEN_SAYS_RESPONDENT))
		return;
	put_key(r, "respondent_id");
	gen_puts(r->o, "\"cust-");
	gen_put_pad(r->o, r->a->is.respondent, 8);
	gen_putc(r->o, '"');
}

static void put_type(struct render *r)
{
	put_key(r, "type");
	put_text(r, gen_type_names[r->a->type], strlen(gen_type_names[r->a->type]));
}

static void put_id(struct render *r)
{
	put_key(r, is_survey(r) ? "invitation_id" : "response_id");
	put_text(r, r->id->p, r->id->n);
}

static void put_kind(struct render *r)
{
	if (!says(r, GEN_SAYS_KIND))
		return;
	put_key(r, "survey_kind");
	put_text(r, gen_kind_names[r->a->is.kind], strlen(gen_kind_names[r->a->is.kind]));
}

static void put_revision(struct render *r)
{
	if (!r->a->revision)
		return;
	put_key(r, "revision");
	gen_put_i64(r->o, r->a->revision);
}

static void put_scale(struct render *r)
{
	if (quirk(r, 30, 6))
		put_raw(r, "scale", quirk(r, 31, 8) ? "[0.0, 10.0]" : "[0,10]");
}

static void put_metric(struct render *r)
{
	if (quirk(r, 32, 3))
		put_raw(r, "metric", "\"nps\"");
}

static void put_updated(struct render *r)
{
	if (r->a->updated_ms != GEN_NO_TIME)
		put_time(r, "updated_at", r->a->updated_ms);
}

static void put_excluded(struct render *r)
{
	if (r->a->excluded)
		put_raw(r, "excluded", quirk(r, 33, 3) ? "\"true\"" : "true");
	else if (quirk(r, 33, 20))
		put_raw(r, "excluded", quirk(r, 34, 2) ? "false" : "\"false\"");
}

/* What counts of a withdrawal, and of a stage; anything may stand in the other fields. */
static bool is_looked_at(const struct render *r, enum gen_field f)
{
	if (is_survey(r))
		return f != GEN_F_SCORE && f != GEN_F_SCALE;
	if (r->a->type != GEN_RETRACTED && !r->a->excluded)
		return true;
	return f == GEN_F_TYPE || f == GEN_F_ID || f == GEN_F_REVISION || f == GEN_F_TIME ||
	       f == GEN_F_UPDATED || f == GEN_F_METRIC || f == GEN_F_EXCLUDED || f == GEN_F_EXTRA ||
	       f == GEN_F_ATTRIBUTES;
}

static void (*const put_of[GEN_NFIELD])(struct render *) = {[GEN_F_TYPE] = put_type,
    [GEN_F_ID] = put_id,
    [GEN_F_REVISION] = put_revision,
    [GEN_F_SCORE] = put_score,
    [GEN_F_SCALE] = put_scale,
    [GEN_F_METRIC] = put_metric,
    [GEN_F_KIND] = put_kind,
    [GEN_F_TIME] = put_times,
    [GEN_F_UPDATED] = put_updated,
    [GEN_F_LOCATION] = put_location,
    [GEN_F_LISTS] = put_lists,
    [GEN_F_ATTRIBUTES] = put_attributes,
    [GEN_F_THEMES] = put_themes,
    [GEN_F_RESPONDENT] = put_respondent,
    [GEN_F_COMMENT] = put_comment,
    [GEN_F_EXCLUDED] = put_excluded,
    [GEN_F_EXTRA] = put_extra};

static void put_field(struct render *r, enum gen_field f)
{
	if (is_looked_at(r, f))
		put_of[f](r);
	else if (quirk(r, 60 + (uint32_t)f, 12))
		put_raw(r, field_names[f], f % 2 ? "[null, 4.5]" : "\"n/a\"");
	else if (r->a->excluded)
		put_of[f](r);
}

static const char *bad_name(const struct render *r, enum gen_field f)
{
	if (is_survey(r) && (f == GEN_F_ID || f == GEN_F_TIME))
		return f == GEN_F_ID ? "invitation_id" : "at";
	return field_names[f];
}

static void put_bad_field(struct render *r, enum gen_field f, const struct gen_bad *bad)
{
	const char *text = f == bad->field ? bad->text : bad->text2;

	if (f == bad->field && bad->harm == GEN_H_LONG) {
		put_key(r, bad_name(r, f));
		gen_putc(r->o, '"');
		for (uint32_t i = 0; i < bad->n; i++)
			gen_putc(r->o, (char)('a' + i % 23));
		gen_putc(r->o, '"');
	} else if (f == bad->field && bad->harm == GEN_H_DEEP) {
		put_key(r, field_names[f]);
		put_nested(r->o, bad->n - 1);
	} else if (text) {
		put_raw(r, bad_name(r, f), text);
	}
}

static void put_object(struct render *r, const struct gen_bad *bad, bool less)
{
	gen_putc(r->o, '{');
	for (int i = 0; i < GEN_NFIELD; i++) {
		enum gen_field f = (enum gen_field)orders[r->shape][i];

		if (less && (f == GEN_F_TYPE || f == GEN_F_ID))
			continue;
		if (bad && (f == bad->field || f == bad->field2))
			put_bad_field(r, f, bad);
		else
			put_field(r, f);
	}
	gen_putc(r->o, '}');
}

void gen_render(struct gen_out *o, const struct gen_world *w, const struct gen_id *id,
    const struct gen_answer *a, const struct gen_bad *bad, bool less)
{
	struct render r = {o, w, id, a, a->shape, false};
	enum gen_harm harm = bad ? bad->harm : GEN_H_NONE;

	if (harm == GEN_H_NULL || harm == GEN_H_EMPTY)
		return;
	if (harm == GEN_H_PREPEND)
		gen_puts(o, bad->tail);
	if (quirk(&r, 40, 200))
		gen_puts(o, " \t");
	put_object(&r, bad, less);
	if (quirk(&r, 41, 200))
		gen_puts(o, "  \r\t ");
	if (harm == GEN_H_APPEND)
		gen_puts(o, bad->tail);
	if (harm == GEN_H_CUT) {
		o->n -= 9;
		while ((o->p[o->n] & 0xc0) == 0x80) /* bad JSON, not bad UTF-8 */
			o->n--;
	}
}
