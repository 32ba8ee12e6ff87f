/*
 * The event's object in what carries it: alone, behind a Confluent frame, inside a CloudEvent, or beside the
 * headers of one.
 */
#include "gen/core.h"

#define FRAME_BYTES 5

static bool choose(const struct gen_answer *a, uint32_t salt, uint32_t n)
{
	return gen_mix((uint64_t)salt << 32 | a->quirks) % n == 0;
}

static void add_header(struct gen_record *rec, struct gen *g, const char *name, const char *p, size_t n)
{
	npsd_assert(rec->nheaders < GEN_HEADERS);
	rec->header[rec->nheaders].name = name;
	rec->header[rec->nheaders++].value = (struct npsd_str){g->head.p + g->head.n, (uint32_t)n};
	gen_put(&g->head, p, n);
}

static void add_headerz(struct gen_record *rec, struct gen *g, const char *name, const char *z)
{
	add_header(rec, g, name, z, strlen(z));
}

/* The time as RFC 3339, without quotes. */
static struct npsd_str write_time(char *buf, size_t cap, int64_t ms)
{
	struct gen_out o = {.p = buf, .cap = cap};

	gen_put_rfc3339(&o, ms, 0, 3);
	return (struct npsd_str){buf, (uint32_t)o.n};
}

static void put_frame(struct gen_out *o, const struct gen_answer *a)
{
	const char frame[FRAME_BYTES] = {0, 0, 0, (char)(a->shape + 1), (char)(a->quirks % 200)};

	gen_put(o, frame, FRAME_BYTES);
}

/* `less`: the body leaves type and id to the headers; else what it says itself wins over them. */
static void add_ce_headers(struct gen_record *rec, struct gen *g, bool less)
{
	const struct gen_answer *a = &g->answer;
	char time[40];
	struct npsd_str t;

	add_headerz(rec, g, "content-type", "application/json");
	add_headerz(rec, g, "ce_specversion", "1.0");
	add_headerz(rec, g, "ce_type", less ? gen_type_names[a->type] : "com.example.survey.v2");
	if (less)
		add_header(rec, g, "ce_subject", g->id.p, g->id.n);
	else if (choose(a, 101, 2))
		add_headerz(rec, g, "ce_subject", "surveys/42");
	if (a->ce_ms == GEN_NO_TIME)
		return;
	t = write_time(time, sizeof(time), a->ce_ms);
	add_header(rec, g, "ce_time", t.p, t.n);
}

static void put_attribute(struct gen_out *o, const char *name, struct npsd_str value, const char *instead)
{
	gen_puts(o, ",\"");
	gen_puts(o, name);
	gen_puts(o, "\":");
	if (instead)
		gen_puts(o, instead);
	else
		gen_put_json(o, value.p, value.n, 0);
}

static bool is_spoilt(const struct gen_bad *bad, enum gen_field f, const char **text)
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

static void put_cloudevent(struct gen *g, const struct gen_bad *bad, bool less)
{
	const struct gen_answer *a = &g->answer;
	struct npsd_str type = npsd_str(less ? gen_type_names[a->type] : "com.example.survey.v2");
	struct npsd_str subject = less ? (struct npsd_str){g->id.p, g->id.n} : NPSD_STR("surveys/42");
	struct gen_out *o = &g->out;
	const char *text;
	char time[40];

	gen_puts(o, "{\"specversion\":\"1.0\",\"id\":\"");
	gen_put_hex(o, gen_mix(a->quirks), 16);
	gen_puts(o, "\",\"source\":\"/surveys\",\"datacontenttype\":\"application/json\"");
	if (!is_spoilt(bad, GEN_F_CE_TYPE, &text) || text)
		put_attribute(o, "type", type, text);
	if ((!is_spoilt(bad, GEN_F_CE_SUBJECT, &text) && (less || choose(a, 101, 2))) || text)
		put_attribute(o, "subject", subject, text);
	if ((!is_spoilt(bad, GEN_F_CE_TIME, &text) && a->ce_ms != GEN_NO_TIME) || text)
		put_attribute(
		    o, "time", text ? NPSD_STR("") : write_time(time, sizeof(time), a->ce_ms), text);
	if (is_spoilt(bad, GEN_F_CE_DATA, &text)) {
		if (text)
			put_attribute(o, "data", NPSD_STR(""), text);
	} else {
		gen_puts(o, ",\"data\":");
		gen_render(o, g->world, &g->id, a, bad, less);
	}
	gen_putc(o, '}');
}

void gen_wrap(struct gen_record *rec, struct gen *g, const struct gen_bad *bad)
{
	const struct gen_answer *a = &g->answer;
	enum gen_envelope how = (enum gen_envelope)a->envelope;
	bool less = bad || choose(a, 100, 2), headers = bad || (!g->opt.plain && choose(a, 102, 2));

	g->out.n = g->head.n = 0;
	if (g->opt.plain && !bad)
		how = how == GEN_FRAMED ? GEN_BARE : how == GEN_BINARY ? GEN_STRUCTURED : how;
	if (how == GEN_STRUCTURED) {
		if (headers)
			add_headerz(rec, g, "content-type",
			    choose(a, 103, 2) ? "application/cloudevents+json; charset=UTF-8"
					      : "application/cloudevents+json");
		put_cloudevent(g, bad, less);
	} else {
		if (how == GEN_FRAMED)
			put_frame(&g->out, a);
		if (how == GEN_BINARY)
			add_ce_headers(rec, g, less);
		gen_render(&g->out, g->world, &g->id, a, bad, how == GEN_BINARY && less);
	}
	rec->value = (struct npsd_str){bad && bad->harm == GEN_H_NULL ? NULL : g->out.p, (uint32_t)g->out.n};
}
