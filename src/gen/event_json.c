/*
 * Writes the JSON object of an event. `shape` selects one of four producers: it determines the order of the
 * fields, white space, escapes, the form of times and scores, and extra fields. The bits of `variant` select
 * among encodings with the same meaning.
 */
#include "gen/envelope.h"

struct render {
	struct npsd_buf *o;
	const struct gen_catalog *w;
	const struct gen_id *id;
	const struct gen_draft *a;
	int shape;
	bool some; /* a field was already written */
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

static bool one_in(const struct render *r, uint32_t salt, uint32_t n)
{
	return gen_variant(r->a, salt, n);
}

static void put_key(struct render *r, const char *name)
{
	if (r->some)
		npsd_buf_addz(r->o, r->shape == 1 ? ", " : ",");
	r->some = true;
	npsd_buf_addf(r->o, r->shape == 1 ? "\"%s\": " : "\"%s\":", name);
}

static void put_text(struct render *r, struct npsd_str s)
{
	gen_put_json(r->o, s, r->shape == 1 || r->shape == 3);
}

static void put_str(struct render *r, const char *name, struct npsd_str s)
{
	put_key(r, name);
	put_text(r, s);
}

static void put_raw(struct render *r, const char *name, const char *json)
{
	put_key(r, name);
	npsd_buf_addz(r->o, json);
}

static void put_time(struct render *r, const char *name, int64_t ms)
{
	static const int16_t zones[4] = {60, -180, 330, 0};
	char text[GEN_TIME_BYTES];
	bool quoted = r->shape < 2 || (r->shape == 2 && one_in(r, 1, 4));

	put_key(r, name);
	if (quoted || r->shape == 3)
		npsd_buf_addz(r->o, quoted ? "\"" : " ");
	if (r->shape == 0)
		gen_rfc3339(text, ms, 0, 3);
	else if (r->shape == 1)
		gen_rfc3339(text, ms, zones[gen_mix(r->a->variant) % 4], 0);
	if (r->shape < 2)
		npsd_buf_addz(r->o, text);
	else
		npsd_buf_addf(r->o, "%lld", (long long)(r->shape == 2 ? ms : ms / 1000));
	if (r->shape == 3 && ms % 1000) /* seconds; quarters are exact in binary */
		npsd_buf_addz(r->o, ms % 1000 == 250 ? ".25" : ms % 1000 == 500 ? ".5" : ".75");
	if (quoted)
		npsd_buf_addz(r->o, "\"");
}

static bool has(const struct render *r, uint32_t bits)
{
	return (r->a->has & bits) != 0;
}

/* In an `updated`, an absent field keeps its value. So a field that becomes empty is written as empty. */
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

	if (!has(r, GEN_HAS_SCORE))
		return;
	if (one_in(r, 2, 500))
		put_raw(r, "score", "3"); /* the last of repeated keys counts */
	put_key(r, "score");
	if (score < 0)
		npsd_buf_addz(r->o, "null");
	else if (r->shape == 2)
		npsd_buf_addf(r->o, "\"%d\"", score);
	else if (score == 10 && one_in(r, 3, 40))
		npsd_buf_addz(r->o, "1e1");
	else
		npsd_buf_addf(r->o, r->shape == 3 && one_in(r, 4, 3) ? "%d.0" : "%d", score);
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
	/* bad times in fields that npsd does not use */
	if (strcmp(name, "responded_at") == 0 && one_in(r, 5, 300))
		put_raw(r, "at", "\"n/a\"");
	if (strcmp(name, "at") == 0 && is_survey(r) && one_in(r, 5, 10))
		put_raw(r, "invited_at", "\"n/a\"");
	put_time(r, name, r->a->own_ms);
}

static void put_location(struct render *r)
{
	struct npsd_str path = r->w->location[r->a->is.location].path;
	struct npsd_buf text;

	if (!has(r, GEN_HAS_LOCATION))
		return;
	npsd_buf_init(&text, 2 * GEN_LOCATION_BYTES + 2);
	if (one_in(r, 6, 60)) { /* npsd drops empty levels */
		npsd_buf_addz(&text, "/");
		for (uint32_t i = 0; i < path.n; i++)
			npsd_buf_add(&text, path.p[i] == '/' ? "//" : path.p + i, path.p[i] == '/' ? 2 : 1);
		npsd_buf_addz(&text, "/");
		path = npsd_buf_str(&text);
	}
	put_str(r, "location", path);
	npsd_buf_free(&text);
}

static void put_lists(struct render *r)
{
	for (int l = 0; l < GEN_NLIST; l++) {
		uint32_t index = r->a->is.value[l];

		if (l == GEN_PLAN)
			continue;
		if (!has(r, (uint32_t)GEN_HAS_LIST << l)) {
			if (one_in(r, 7 + (uint32_t)l, 30))
				put_raw(r, gen_list_fields[l], "null");
		} else if (index) {
			put_str(r, gen_list_fields[l], gen_list_value((enum gen_list)l, index));
		} else if (is_partial(r)) {
			put_raw(r, gen_list_fields[l], "\"\"");
		} else if (one_in(r, 7 + (uint32_t)l, 8)) {
			put_raw(r, gen_list_fields[l], r->a->variant & 1 ? "null" : "\"\"");
		}
	}
}

static void put_themes(struct render *r)
{
	bool first = true;

	if (!has(r, GEN_HAS_THEMES) || (!r->a->is.themes && !is_partial(r) && !one_in(r, 20, 5)))
		return;
	put_key(r, "themes");
	npsd_buf_addz(r->o, "[");
	for (int i = 0; i < GEN_NTHEMES; i++) {
		if (!(r->a->is.themes >> i & 1))
			continue;
		if (!first)
			npsd_buf_addz(r->o, ",");
		first = false;
		put_text(r, npsd_str(gen_theme_names[i]));
		if (one_in(r, 21, 30)) { /* npsd drops repeated and empty themes */
			npsd_buf_addz(r->o, ",\"\",");
			put_text(r, npsd_str(gen_theme_names[i]));
		}
	}
	npsd_buf_addz(r->o, "]");
}

static void put_comment(struct render *r)
{
	struct npsd_buf text;

	if (!has(r, GEN_HAS_COMMENT))
		return;
	if (r->a->is.comment) {
		npsd_buf_init(&text, GEN_COMMENT_BYTES);
		gen_comment(&text, r->a->is.comment);
		put_str(r, "comment", npsd_buf_str(&text));
		npsd_buf_free(&text);
	} else if (is_partial(r) || one_in(r, 22, 4)) {
		/* npsd takes an empty comment as none */
		put_raw(r, "comment", !is_partial(r) && one_in(r, 23, 2) ? "null" : "\"\"");
	}
}

static void put_nested(struct npsd_buf *o, uint32_t depth)
{
	for (uint32_t i = 0; i < depth; i++)
		npsd_buf_addz(o, "[");
	for (uint32_t i = 0; i < depth; i++)
		npsd_buf_addz(o, "]");
}

/* Fields that npsd ignores. */
static void put_extra(struct render *r)
{
	if (r->shape == 1)
		put_raw(
		    r, "source", "{\"app\": \"pos\", \"build\": [2, 17, 3e-2], \"score\": 99, \"ok\": true}");
	if (r->shape == 3 && one_in(r, 27, 50))
		put_raw(r, "trace", "123456789012345678901234567890.5e400");
	if (one_in(r, 24, 5000)) {
		put_key(r, "deep");
		/* the whole is nested 256 deep, the limit; gen_wrap() may make BINARY to STRUCTURED */
		put_nested(
		    r->o, r->a->envelope == GEN_STRUCTURED || r->a->envelope == GEN_BINARY ? 254 : 255);
	}
}

static void put_attributes(struct render *r)
{
	uint32_t plan = r->a->is.value[GEN_PLAN];
	struct npsd_str v = gen_list_value(GEN_PLAN, plan);
	bool has_plan = has(r, (uint32_t)GEN_HAS_LIST << GEN_PLAN) && (plan || is_partial(r));

	if (!has_plan && !one_in(r, 25, 5))
		return;
	put_key(r, "attributes");
	npsd_buf_addz(r->o, one_in(r, 26, 2) ? "{\"visits\":12" : "{\"visits\":[{}]");
	if (has_plan) {
		npsd_buf_addz(r->o, ",\"plan\":");
		put_text(r, plan ? v : NPSD_STR(""));
	}
	npsd_buf_addz(r->o, "}");
}

static void put_respondent(struct render *r)
{
	if (!r->a->is.respondent || !has(r, GEN_HAS_RESPONDENT))
		return;
	put_key(r, "respondent_id");
	npsd_buf_addf(r->o, GEN_RESPONDENT, r->a->is.respondent);
}

static void put_type(struct render *r)
{
	put_str(r, "type", npsd_str(gen_type_names[r->a->type]));
}

static void put_id(struct render *r)
{
	put_str(r, is_survey(r) ? "invitation_id" : "response_id", (struct npsd_str){r->id->p, r->id->n});
}

static void put_kind(struct render *r)
{
	if (has(r, GEN_HAS_KIND))
		put_str(r, "survey_kind", npsd_str(gen_kind_names[r->a->is.kind]));
}

static void put_revision(struct render *r)
{
	if (!r->a->revision)
		return;
	put_key(r, "revision");
	npsd_buf_addf(r->o, "%lld", (long long)r->a->revision);
}

static void put_scale(struct render *r)
{
	if (one_in(r, 30, 6))
		put_raw(r, "scale", one_in(r, 31, 8) ? "[0.0, 10.0]" : "[0,10]");
}

static void put_metric(struct render *r)
{
	if (one_in(r, 32, 3))
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
		put_raw(r, "excluded", one_in(r, 33, 3) ? "\"true\"" : "true");
	else if (one_in(r, 33, 20))
		put_raw(r, "excluded", one_in(r, 34, 2) ? "false" : "\"false\"");
}

/* Whether put_field() writes the field in its normal form. Other fields may get a value that npsd would
 * refuse if it read them. */
static bool is_used(const struct render *r, enum gen_field f)
{
	if (is_survey(r))
		return f != GEN_F_SCORE && f != GEN_F_SCALE;
	if (r->a->type != GEN_RETRACTED && !r->a->excluded)
		return true;
	return f == GEN_F_TYPE || f == GEN_F_ID || f == GEN_F_REVISION || f == GEN_F_TIME ||
	       f == GEN_F_UPDATED || f == GEN_F_METRIC || f == GEN_F_EXCLUDED || f == GEN_F_EXTRA ||
	       f == GEN_F_ATTRIBUTES;
}

static const struct {
	const char *name;
	void (*put)(struct render *r);
} fields[GEN_NFIELD] = {[GEN_F_TYPE] = {"type", put_type},
    [GEN_F_ID] = {"response_id", put_id},
    [GEN_F_REVISION] = {"revision", put_revision},
    [GEN_F_SCORE] = {"score", put_score},
    [GEN_F_SCALE] = {"scale", put_scale},
    [GEN_F_METRIC] = {"metric", put_metric},
    [GEN_F_KIND] = {"survey_kind", put_kind},
    [GEN_F_TIME] = {"responded_at", put_times},
    [GEN_F_UPDATED] = {"updated_at", put_updated},
    [GEN_F_LOCATION] = {"location", put_location},
    [GEN_F_LISTS] = {"channel", put_lists},
    [GEN_F_ATTRIBUTES] = {"attributes", put_attributes},
    [GEN_F_THEMES] = {"themes", put_themes},
    [GEN_F_RESPONDENT] = {"respondent_id", put_respondent},
    [GEN_F_COMMENT] = {"comment", put_comment},
    [GEN_F_EXCLUDED] = {"excluded", put_excluded},
    [GEN_F_EXTRA] = {"extra", put_extra}};

static void put_field(struct render *r, enum gen_field f)
{
	if (is_used(r, f))
		fields[f].put(r);
	else if (one_in(r, 60 + (uint32_t)f, 12))
		put_raw(r, fields[f].name, f % 2 ? "[null, 4.5]" : "\"n/a\"");
	else if (r->a->excluded)
		fields[f].put(r);
}

static const char *bad_name(const struct render *r, enum gen_field f)
{
	if (is_survey(r) && (f == GEN_F_ID || f == GEN_F_TIME))
		return f == GEN_F_ID ? "invitation_id" : "at";
	return fields[f].name;
}

static void put_bad_field(struct render *r, enum gen_field f, const struct gen_bad *bad)
{
	const char *text = f == bad->field ? bad->text : bad->text2;

	if (f == bad->field && bad->damage == GEN_DAMAGE_LONG) {
		put_key(r, bad_name(r, f));
		npsd_buf_addz(r->o, "\"");
		for (uint32_t i = 0; i < bad->n; i++) {
			char c = (char)('a' + i % 23);

			npsd_buf_add(r->o, &c, 1);
		}
		npsd_buf_addz(r->o, "\"");
	} else if (f == bad->field && bad->damage == GEN_DAMAGE_DEEP) {
		put_key(r, fields[f].name);
		put_nested(r->o, bad->n - 1);
	} else if (text) {
		put_raw(r, bad_name(r, f), text);
	}
}

static void put_object(struct render *r, const struct gen_bad *bad, bool stripped)
{
	npsd_buf_addz(r->o, "{");
	for (int i = 0; i < GEN_NFIELD; i++) {
		enum gen_field f = (enum gen_field)orders[r->shape][i];

		if (stripped && (f == GEN_F_TYPE || f == GEN_F_ID))
			continue;
		if (bad && (f == bad->field || f == bad->field2))
			put_bad_field(r, f, bad);
		else
			put_field(r, f);
	}
	npsd_buf_addz(r->o, "}");
}

void gen_render(struct npsd_buf *o, const struct gen_catalog *w, const struct gen_id *id,
    const struct gen_draft *a, const struct gen_bad *bad, bool stripped)
{
	struct render r = {o, w, id, a, a->shape, false};
	enum gen_damage damage = bad ? bad->damage : GEN_DAMAGE_NONE;

	if (damage == GEN_DAMAGE_NULL || damage == GEN_DAMAGE_EMPTY)
		return;
	if (damage == GEN_DAMAGE_PREPEND)
		npsd_buf_addz(o, bad->tail);
	if (one_in(&r, 40, 200))
		npsd_buf_addz(o, " \t");
	put_object(&r, bad, stripped);
	if (one_in(&r, 41, 200))
		npsd_buf_addz(o, "  \r\t ");
	if (damage == GEN_DAMAGE_APPEND)
		npsd_buf_addz(o, bad->tail);
	if (damage == GEN_DAMAGE_CUT) {
		o->n -= 9;
		while ((o->p[o->n] & 0xc0) == 0x80) /* the cut does not split a character */
			o->n--;
	}
}
