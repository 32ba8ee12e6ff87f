/* An event is bare, after a Confluent frame, inside a CloudEvent, or with the headers of one. */
#include "gen/envelope.h"

#define FRAME_BYTES 5

static void add_header(struct gen_record *rec, struct npsd_buf *out, const char *name, struct npsd_str value)
{
	npsd_assert(rec->nheaders < GEN_HEADERS);
	rec->header[rec->nheaders++] = (struct gen_header){name, {out->p + out->n, value.n}};
	npsd_buf_add(out, value.p, value.n);
}

static void put_frame(struct npsd_buf *o, const struct gen_draft *a)
{
	const char frame[FRAME_BYTES] = {0, 0, 0, (char)(a->shape + 1), (char)(a->variant % 200)};

	npsd_buf_add(o, frame, FRAME_BYTES);
}

static struct npsd_str ce_type(const struct gen_draft *a, bool stripped)
{
	return npsd_str(stripped ? gen_type_names[a->type] : "com.example.survey.v2");
}

static struct npsd_str ce_subject(const struct gen_id *id, bool stripped)
{
	return stripped ? (struct npsd_str){id->p, id->n} : NPSD_STR("surveys/42");
}

/* `stripped`: type and id are only in the headers; else those in the body take precedence. */
static void add_ce_headers(
    struct gen_record *rec, struct npsd_buf *out, const struct gen_draft *a, bool stripped)
{
	char time[GEN_TIME_BYTES];

	add_header(rec, out, "content-type", NPSD_STR("application/json"));
	add_header(rec, out, "ce_specversion", NPSD_STR("1.0"));
	add_header(rec, out, "ce_type", ce_type(a, stripped));
	if (stripped || gen_variant(a, 101, 2))
		add_header(rec, out, "ce_subject", ce_subject(rec->id, stripped));
	if (a->ce_ms != GEN_NO_TIME)
		add_header(rec, out, "ce_time", gen_rfc3339(time, a->ce_ms, 0, 3));
}

static void put_attribute(struct npsd_buf *o, const char *name, struct npsd_str value, const char *instead)
{
	npsd_buf_addf(o, ",\"%s\":", name);
	if (instead)
		npsd_buf_addz(o, instead);
	else
		gen_put_json(o, value, false);
}

static bool is_replaced(const struct gen_bad *bad, enum gen_field f, const char **text)
{
	*text = NULL;
	if (bad && bad->field == f)
		*text = bad->text;
	else if (bad && bad->field2 == f)
		*text = bad->text2;
	else
		return false;
	return true;
}

static void put_cloudevent(struct npsd_buf *o, const struct gen_catalog *catalog, const struct gen_id *id,
    const struct gen_draft *a, const struct gen_bad *bad, bool stripped)
{
	const char *text;
	char time[GEN_TIME_BYTES];

	npsd_buf_addf(o,
	    "{\"specversion\":\"1.0\",\"id\":\"%016llx\",\"source\":\"/"
	    "surveys\",\"datacontenttype\":\"application/json\"",
	    (unsigned long long)gen_mix(a->variant));
	if (!is_replaced(bad, GEN_F_CE_TYPE, &text) || text)
		put_attribute(o, "type", ce_type(a, stripped), text);
	if ((!is_replaced(bad, GEN_F_CE_SUBJECT, &text) && (stripped || gen_variant(a, 101, 2))) || text)
		put_attribute(o, "subject", ce_subject(id, stripped), text);
	if ((!is_replaced(bad, GEN_F_CE_TIME, &text) && a->ce_ms != GEN_NO_TIME) || text)
		put_attribute(o, "time", text ? NPSD_STR("") : gen_rfc3339(time, a->ce_ms, 0, 3), text);
	if (!is_replaced(bad, GEN_F_CE_DATA, &text)) {
		npsd_buf_addz(o, ",\"data\":");
		gen_render(o, catalog, id, a, bad, stripped);
	} else if (text) {
		put_attribute(o, "data", NPSD_STR(""), text);
	}
	npsd_buf_addz(o, "}");
}

void gen_wrap(struct gen_record *rec, struct gen_buffers *buf, const struct gen_catalog *catalog,
    const struct gen_draft *a, const struct gen_bad *bad, bool plain)
{
	enum gen_envelope how = (enum gen_envelope)a->envelope;
	bool stripped = bad || gen_variant(a, 100, 2), headers = bad || (!plain && gen_variant(a, 102, 2));
	struct npsd_buf *o = &buf->value;

	npsd_buf_clear(o);
	npsd_buf_clear(&buf->headers);
	if (plain && !bad)
		how = how == GEN_FRAMED ? GEN_BARE : how == GEN_BINARY ? GEN_STRUCTURED : how;
	if (how == GEN_STRUCTURED) {
		if (headers)
			add_header(rec, &buf->headers, "content-type",
			    gen_variant(a, 103, 2) ? NPSD_STR("application/cloudevents+json; charset=UTF-8")
						   : NPSD_STR("application/cloudevents+json"));
		put_cloudevent(o, catalog, rec->id, a, bad, stripped);
	} else {
		if (how == GEN_FRAMED)
			put_frame(o, a);
		if (how == GEN_BINARY)
			add_ce_headers(rec, &buf->headers, a, stripped);
		gen_render(o, catalog, rec->id, a, bad, how == GEN_BINARY && stripped);
	}
	npsd_assert(!o->full && !buf->headers.full);
	rec->value = (struct npsd_str){bad && bad->damage == GEN_DAMAGE_NULL ? NULL : o->p, (uint32_t)o->n};
}
