#include "help_decode.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "decode/token_index.h"
#include "decode/pass.h"
#include "npsd/err.h"

struct readers *readers_new(void)
{
	struct readers *r = calloc(1, sizeof *r);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	npsd_assert(r);
	r->cfg.event_bytes = 262144;
	r->cfg.location_required = true;
	r->cfg.sets.attr[0] = "plan";
	r->cfg.sets.attr[1] = "seat";
	r->cfg.sets.nattr = 2;
	strcpy(r->name[0], "exact");
	for (r->n = 1; r->n < READERS_MAX && npsd_index_kernel(r->name[r->n], r->n - 1); r->n++)
		;
	for (int i = 0; i < r->n; i++) {
		r->decoder[i] = npsd_decoder_new_kernel(&r->cfg, r->name[i]);
		npsd_assert(r->decoder[i]);
	}
	r->room = 1 << 20;
	r->page = mmap(NULL, r->room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	npsd_assert(r->page != MAP_FAILED);
	r->end = r->page + r->room;
	npsd_assert(mprotect(r->end, page, PROT_NONE) == 0);
	return r;
}

void readers_free(struct readers *r)
{
	for (int i = 0; i < r->n; i++)
		npsd_decoder_free(&r->decoder[i]);
	munmap(r->page, r->room + (size_t)sysconf(_SC_PAGESIZE));
	free(r);
}

struct out {
	char *p;
	size_t n;
};

static void add(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct out *o, const char *fmt, ...)
{
	size_t room = sizeof((struct readers *)0)->text[0] - o->n;
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(o->p + o->n, room, fmt, ap);
	va_end(ap);
	npsd_assert(n >= 0 && (size_t)n < room);
	o->n += (size_t)n;
}

static void add_str(struct out *o, const char *name, struct npsd_str s)
{
	if (!s.p)
		return;
	add(o, "%s=", name);
	for (uint32_t i = 0; i < s.n; i++)
		if ((uint8_t)s.p[i] < 0x20 || s.p[i] == 0x7f)
			add(o, "\\x%02x", (uint8_t)s.p[i]);
		else
			o->p[o->n++] = s.p[i];
	add(o, ";");
}

static void add_time(struct out *o, const char *name, int64_t ms)
{
	if (ms == NPSD_TIME_NONE)
		add(o, "%s=none;", name);
	else
		add(o, "%s=%lld;", name, (long long)ms);
}

static void add_event(struct out *o, const struct npsd_event *ev)
{
	static const char *const names[NPSD_NDIM] = {
#define X(name, cap) #name,
#include "tbl/dims.def"
#undef X
	    "plan", "seat"};

	add_str(o, "id", ev->id);
	add(o, "type=%d;revision=%lld;score=%d;kind=%d;default=%d;", ev->type, (long long)ev->revision,
	    ev->score, ev->kind, ev->default_kind);
	add_time(o, "event", ev->event_ms);
	add_time(o, "updated", ev->updated_ms);
	add(o, "undated=%d;responded=%d;", ev->undated, ev->has_responded_at);
	for (int i = 0; i < NPSD_NDIM; i++)
		add_str(o, names[i] ? names[i] : "?", ev->dim[i]);
	add(o, "themes=%d/%d;", ev->has_themes, ev->nthemes);
	for (int i = 0; i < ev->nthemes; i++)
		add_str(o, "theme", ev->theme[i]);
	add_str(o, "comment", ev->comment);
	add_str(o, "respondent", ev->respondent);
}

static void decode(struct readers *r, int i, struct npsd_verdict *v, const struct npsd_record_view *rec)
{
	struct out o = {r->text[i], 0};
	struct npsd_event ev = {0};

	npsd_decoder_reset(r->decoder[i]);
	*v = npsd_decode(r->decoder[i], &ev, rec);
	if (i == 0)
		r->ev = ev;
	if (v->reason == NPSD_R_ok)
		add_event(&o, &ev);
	else
		add(&o, "%s %u %s", npsd_reason_names[v->reason], v->at, v->field ? v->field : "-");
}

const char *readers_decode(
    struct readers *r, struct npsd_verdict *v, const char *value, size_t len, int64_t record_ms, bool ahead)
{
	struct npsd_record_view rec = {
	    value ? r->end - len : NULL, len, record_ms, ahead, r->topic, r->headers};
	struct npsd_verdict other;
	static char text[1024];

	npsd_assert(len <= r->room);
	if (value)
		memcpy(r->end - len, value, len);
	decode(r, 0, v, &rec);
	for (int i = 1; i < r->n; i++) {
		uint64_t before = npsd_decoder_exact_passes(r->decoder[i]);
		decode(r, i, &other, &rec);
		bool slow = npsd_decoder_exact_passes(r->decoder[i]) != before;
		/* a bad_json with a field is an envelope without an event: the document itself is valid */
		bool document = (v->reason != NPSD_R_bad_utf8 && v->reason != NPSD_R_bad_json) || v->field;
		if (strcmp(r->text[0], r->text[i]) == 0 && v->end == other.end && slow == !document)
			continue;
		snprintf(text, sizeof text, "exact: %.400s\n%s (%s): %.400s", r->text[0], r->name[i],
		    slow ? "refused" : "accepted", r->text[i]);
		return text;
	}
	return NULL;
}
