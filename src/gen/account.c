#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "gen/account.h"

#define OUT_BYTES (1u << 16) /* more than the longest line */
#define REASONS 64

struct account_reason {
	const char *reason; /* a literal */
	enum gen_intent intent;
	uint64_t n;
};

struct gen_account {
	FILE *file;
	struct npsd_buf out;
	uint64_t records, by_intent[GEN_NINTENT];
	int64_t clock_ms; /* maximum of the counted event times */
	struct account_reason reason[REASONS];
	int nreasons;
};

static bool write_line(struct gen_account *a, struct npsd_err *err)
{
	npsd_buf_addz(&a->out, "\n");
	npsd_assert(!a->out.full);
	if (fwrite(a->out.p, 1, a->out.n, a->file) != a->out.n)
		return npsd_fail(err, NPSD_RETRY, errno, "cannot write the account");
	npsd_buf_clear(&a->out);
	return true;
}

struct gen_account *gen_account_open(struct npsd_err *err, const char *file, const char *first)
{
	struct gen_account *a = calloc(1, sizeof(*a));

	npsd_assert(a);
	npsd_buf_init(&a->out, OUT_BYTES);
	a->clock_ms = GEN_NO_TIME;
	a->file = fopen(file, "w");
	if (!a->file) {
		npsd_fail(err, NPSD_RETRY, errno, "cannot open %s for writing", file);
		gen_account_close(&a, err);
		return NULL;
	}
	setvbuf(a->file, NULL, _IOFBF, 1 << 18);
	npsd_buf_addz(&a->out, first);
	if (!write_line(a, err))
		gen_account_close(&a, err);
	return a;
}

static void put_name(struct npsd_buf *o, const char *name)
{
	if (o->p[o->n - 1] != '{')
		npsd_buf_addz(o, ",");
	npsd_buf_addf(o, "\"%s\":", name);
}

static void put_number(struct npsd_buf *o, const char *name, int64_t v)
{
	put_name(o, name);
	npsd_buf_addf(o, "%lld", (long long)v);
}

static void put_str(struct npsd_buf *o, const char *name, struct npsd_str v)
{
	put_name(o, name);
	gen_put_json(o, v, false);
}

static void put_themes(struct npsd_buf *o, uint32_t bits)
{
	put_name(o, "themes");
	npsd_buf_addz(o, "[");
	for (int i = 0; i < GEN_NTHEMES; i++) {
		if (!(bits >> i & 1))
			continue;
		if (o->p[o->n - 1] != '[')
			npsd_buf_addz(o, ",");
		gen_put_json(o, npsd_str(gen_theme_names[i]), false);
	}
	npsd_buf_addz(o, "]");
}

static void put_comment(struct npsd_buf *o, uint32_t code, bool says_text)
{
	struct npsd_buf text;

	put_name(o, "has_comment");
	npsd_buf_addz(o, code ? "true" : "false");
	if (!code || !says_text)
		return;
	npsd_buf_init(&text, GEN_COMMENT_BYTES);
	gen_comment(&text, code);
	put_str(o, "comment", npsd_buf_str(&text));
	npsd_buf_free(&text);
}

/* Fields that only responses have. */
static void put_response(struct npsd_buf *o, const struct gen_content *c, uint32_t has)
{
	put_name(o, "score");
	npsd_buf_addf(o, c->score < 0 ? "null" : "%d", c->score);
	if (c->themes)
		put_themes(o, c->themes);
	if (c->respondent && has & GEN_HAS_RESPONDENT) {
		put_name(o, "respondent_id");
		npsd_buf_addf(o, GEN_RESPONDENT, c->respondent);
	}
	put_comment(o, c->comment, has & GEN_HAS_COMMENT);
}

/* `has`: the fields in the record; npsd keeps no `__none__` of another record. */
static void put_content(struct npsd_buf *o, const char *name, const struct gen_catalog *w,
    const struct gen_content *c, enum gen_type type, uint32_t has)
{
	put_name(o, name);
	npsd_buf_addz(o, "{");
	put_str(o, "survey_kind", npsd_str(gen_kind_names[c->kind]));
	put_str(o, "location", w->location[c->location].path);
	for (int l = 0; l < GEN_NLIST; l++)
		if (c->value[l] && (c->value[l] != GEN_TEXT_NONE || has & (uint32_t)GEN_HAS_LIST << l))
			put_str(o, gen_list_fields[l], gen_list_value((enum gen_list)l, c->value[l]));
	if (type < GEN_INVITED)
		put_response(o, c, has);
	npsd_buf_addz(o, "}");
}

/* Whether npsd adds the record to a pane; it subtracts withdrawals. */
static bool adds(enum gen_intent intent)
{
	return intent == GEN_CREATES || intent == GEN_EDITS || intent == GEN_REVIVES || intent == GEN_REACHES;
}

static void count(struct gen_account *a, const struct gen_record *rec)
{
	int i = 0;

	a->records++;
	a->by_intent[rec->intent]++;
	if (adds(rec->intent) && rec->event_ms > a->clock_ms)
		a->clock_ms = rec->event_ms;
	if (!rec->reason)
		return;
	while (i < a->nreasons && strcmp(a->reason[i].reason, rec->reason) != 0)
		i++;
	if (i == a->nreasons) {
		npsd_assert(i < REASONS);
		a->reason[a->nreasons++] = (struct account_reason){rec->reason, rec->intent, 0};
	}
	a->reason[i].n++;
}

/* The fields of all but bad records. */
static void put_good(struct npsd_buf *o, const struct gen_catalog *w, const struct gen_record *rec)
{
	put_str(o, "type", npsd_str(gen_type_names[rec->type]));
	put_number(o, "event_ms", rec->event_ms);
	if (rec->at_ms != rec->event_ms)
		put_number(o, "at_ms", rec->at_ms);
	if (rec->excluded) {
		put_name(o, "excluded");
		npsd_buf_addz(o, "true");
	}
	if (rec->is)
		put_content(o, "is", w, rec->is, rec->type, rec->has);
	if (rec->was)
		put_content(o, "was", w, rec->was, GEN_SUBMITTED, 0);
}

bool gen_account_add(
    struct gen_account *a, struct npsd_err *err, const struct gen_catalog *w, const struct gen_record *rec)
{
	struct npsd_buf *o = &a->out;

	count(a, rec);
	npsd_buf_addz(o, "{");
	put_number(o, "seq", (int64_t)rec->seq);
	put_str(o, "id", (struct npsd_str){rec->id->p, rec->id->n});
	put_name(o, "intent");
	npsd_buf_addf(o, rec->reason ? "\"%s:%s\"" : "\"%s\"", gen_intent_names[rec->intent], rec->reason);
	put_number(o, "record_ms", rec->record_ms);
	if (rec->intent != GEN_REJECTED && rec->intent != GEN_IGNORED)
		put_good(o, w, rec);
	npsd_buf_addz(o, "}");
	return write_line(a, err);
}

static bool put_summary(struct gen_account *a, struct npsd_err *err)
{
	struct npsd_buf *o = &a->out;

	npsd_buf_addz(o, "{\"summary\":{");
	put_number(o, "records", (int64_t)a->records);
	for (int i = 0; i < GEN_NINTENT; i++)
		put_number(o, gen_intent_names[i], (int64_t)a->by_intent[i]);
	for (int i = 0; i < a->nreasons; i++)
		npsd_buf_addf(o, ",\"%s:%s\":%llu", gen_intent_names[a->reason[i].intent],
		    a->reason[i].reason, (unsigned long long)a->reason[i].n);
	if (a->clock_ms != GEN_NO_TIME)
		put_number(o, "clock_ms", a->clock_ms);
	npsd_buf_addz(o, "}}");
	return write_line(a, err);
}

bool gen_account_close(struct gen_account **account, struct npsd_err *err)
{
	struct gen_account *a = *account;
	bool ok = err->code == NPSD_OK;

	if (!a)
		return ok;
	if (a->file && ok)
		ok = put_summary(a, err);
	if (a->file && fclose(a->file) != 0 && ok)
		ok = npsd_fail(err, NPSD_RETRY, errno, "cannot write the account");
	npsd_buf_free(&a->out);
	free(a);
	*account = NULL;
	return ok;
}
