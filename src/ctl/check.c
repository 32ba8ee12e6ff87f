/* npsctl check-event FILE|-: how npsd reads events, or why it rejects them. Needs no server. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "ctl/ctl.h"
#include "ctl/nearest.h"
#include "npsd/clock.h"
#include "npsd/decode.h"

#define INPUT_MAX ((size_t)256 << 20)
#define SHOWN 100 /* most bytes of a line that are shown */

/* An event in the input. */
struct item {
	struct npsd_str text;
	long line; /* of its first byte, from 1 */
};

struct check {
	struct ctl *c;
	struct npsd_decoder *decoder;
	int64_t now_ms;
	int32_t topic; /* its defaults apply */
	long events, rejected;
};

/* --- the segments that count an event, by name --- */

/* The values of an event in a dimension; a location has one for each level. */
struct values {
	int n;
	struct npsd_str value[NPSD_THEMES];
};
_Static_assert(NPSD_LEVELS <= NPSD_THEMES, "the levels of a location fit");

static void values_of(struct values *w, int dim, const struct npsd_event *ev)
{
	struct npsd_str s = ev->dim[dim];

	w->n = 0;
	if (dim == NPSD_DIM_theme)
		for (; w->n < ev->nthemes; w->n++)
			w->value[w->n] = ev->theme[w->n];
	else if (dim == NPSD_DIM_location)
		for (uint32_t i = 1; i <= s.n; i++) {
			if (i == s.n || s.p[i] == '/')
				w->value[w->n++] = (struct npsd_str){s.p, i};
		}
	else if (s.n)
		w->value[w->n++] = s;
	if (w->n == 0)
		w->value[w->n++] = NPSD_STR("__none__");
}

static void add_segment(json_t *out, const struct npsd_config *cfg, const struct npsd_event *ev,
    const struct npsd_set *set, const struct npsd_str *value)
{
	struct npsd_buf name;

	npsd_buf_init(&name, CTL_SEG_BYTES);
	if (cfg->kinds_split)
		npsd_buf_addf(&name, "kind=%s", npsd_kind_names[ev->kind ? ev->kind : ev->default_kind]);
	else if (set->ndims == 0)
		npsd_buf_addz(&name, "all");
	for (int i = 0; i < set->ndims; i++) {
		npsd_buf_addf(&name, "%s%s=", name.n ? "," : "", npsd_dim_word(&cfg->sets, set->dims[i]));
		npsd_name_encode(&name, value[i]);
	}
	json_array_append_new(out, json_stringn(name.p, name.n));
	npsd_buf_free(&name);
}

/* Adds each combination of the values of the dimensions, like an odometer. */
static void add_set(
    json_t *out, const struct npsd_config *cfg, const struct npsd_event *ev, const struct npsd_set *set)
{
	struct values values[NPSD_SET_DIMS];
	int at[NPSD_SET_DIMS] = {0}, i;

	for (i = 0; i < set->ndims; i++)
		values_of(&values[i], set->dims[i], ev);
	do {
		struct npsd_str value[NPSD_SET_DIMS];

		for (i = 0; i < set->ndims; i++)
			value[i] = values[i].value[at[i]];
		add_segment(out, cfg, ev, set, value);
		for (i = 0; i < set->ndims && ++at[i] == values[i].n; i++)
			at[i] = 0;
	} while (i < set->ndims);
}

/* The names of the segments; an empty array: the event creates no answer or invitation. */
static json_t *segments_of(const struct npsd_config *cfg, const struct npsd_event *ev)
{
	json_t *out = json_array();

	if (ev->type == NPSD_T_RETRACTED)
		return out;
	if (ev->type == NPSD_T_UPDATED &&
	    (!ev->has_responded_at || ev->score == NPSD_SCORE_ABSENT || (!ev->kind && !ev->default_kind) ||
		(cfg->location_required && !ev->dim[NPSD_DIM_location].n)))
		return out;
	for (int i = 0; i < cfg->sets.n; i++)
		add_set(out, cfg, ev, &cfg->sets.set[i]);
	return out;
}

/* --- output as text --- */

static bool continues(struct npsd_str s, uint32_t i)
{
	return i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80;
}

/*
 *   ...ponse_id":"r1","score":"09","survey_kind":"relational"...
 *                             ^
 */
static void print_place(struct npsd_str s, uint32_t at)
{
	uint32_t from = at, to = at, column = 0;
	bool before, after;

	while (from > 0 && s.p[from - 1] != '\n' && at - from < SHOWN / 2)
		from--;
	while (to < s.n && s.p[to] != '\n' && to - from < SHOWN)
		to++;
	while (from < at && continues(s, from))
		from++;
	while (continues(s, to))
		to--;
	before = from > 0 && s.p[from - 1] != '\n';
	after = to < s.n && s.p[to] != '\n';
	for (uint32_t i = from; i < at; i++)
		column += !continues(s, i);
	printf("  %s", before ? "..." : "");
	ctl_print((struct npsd_str){s.p + from, to - from}, to - from);
	printf("%s\n  %*s^\n", after ? "..." : "", (int)column + (before ? 3 : 0), "");
}

static void print_time(const char *name, int64_t ms, const char *more)
{
	char text[32];

	printf("  %-9s %s.%03d UTC%s\n", name, ctl_time(text, ms), (int)((ms % 1000 + 1000) % 1000), more);
}

static void replace_non_ascii(char *text, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if ((unsigned char)text[i] >= 0x80)
			text[i] = '?';
}

/* `line 4: rejected: out_of_range at byte 151, score: score is outside 0 to 10; found 11; accepted: ...` */
static void print_refusal(const struct item *it, long line, const struct npsd_verdict *v)
{
	struct npsd_str found = {it->text.p + v->at, v->end - v->at};
	unsigned char byte = found.n ? (unsigned char)*found.p : 0;

	printf("line %ld: %s: %s at byte %u%s%s: %s; found ", line,
	    npsd_fate_names[npsd_reason_fate[v->reason]], npsd_reason_names[v->reason], v->at,
	    v->field ? ", " : "", v->field ? v->field : "", npsd_reason_meanings[v->reason]);
	if (v->reason == NPSD_R_too_big)
		printf("%u bytes", it->text.n);
	else if (found.n == 0)
		printf("%s", v->field ? "nothing" : "the end");
	else if (v->field)
		printf("%s", ctl_print(found, SHOWN) ? "" : "...");
	else
		printf(byte > 0x20 && byte < 0x7f ? "%c" : "byte %02X", byte);
	if (v->field)
		printf("; accepted: %s", npsd_verdict_accepted(v));
	printf("\n");
	/* a value that is too big was not checked to be UTF-8 */
	if (v->reason == NPSD_R_bad_utf8 || v->reason == NPSD_R_too_big)
		replace_non_ascii((char *)it->text.p, it->text.n);
	print_place(it->text, v->at < it->text.n ? v->at : it->text.n);
}

static void print_event(const struct check *k, const struct item *it, const struct npsd_event *ev)
{
	uint8_t kind = ev->kind ? ev->kind : ev->default_kind;
	json_t *segments = segments_of(k->c->cfg, ev), *name;
	size_t i;

	printf("line %ld: %s ", it->line, npsd_type_names[ev->type]);
	ctl_print(ev->id, ev->id.n);
	printf("\n");
	if (ev->revision)
		printf("  %-9s %lld\n", "revision", (long long)ev->revision);
	if (ev->updated_ms != NPSD_TIME_NONE)
		print_time("updated", ev->updated_ms, "");
	print_time("time", ev->event_ms, ev->undated ? " (now; npsd uses the timestamp of the record)" : "");
	if (ev->score >= 0)
		printf("  %-9s %d\n", "score", ev->score);
	else if (ev->score == NPSD_SCORE_NULL)
		printf("  %-9s none\n", "score");
	if (kind && ev->type != NPSD_T_RETRACTED)
		printf("  %-9s %s%s\n", "kind", npsd_kind_names[kind],
		    ev->kind || ev->type != NPSD_T_UPDATED ? ""
							   : " (default, if the event creates an answer)");
	json_array_foreach(segments, i, name)
	{
		printf("  %-9s ", i ? "" : "counts in");
		ctl_print(npsd_str(json_string_value(name)), CTL_SEG_BYTES);
		printf("\n");
	}
	if (i == 0 && ev->type == NPSD_T_UPDATED)
		printf("  an edit: fields that it omits keep their values; if the response is unknown, the "
		       "edit is late\n");
	json_decref(segments);
}

/* --- output as JSON --- */

static json_t *refusal_json(const struct item *it, const struct npsd_verdict *v)
{
	return json_pack("{s:I, s:b, s:s, s:s, s:s, s:I, s:I, s:s*, s:s*}", "line", (json_int_t)it->line,
	    "reads", 0, "fate", npsd_fate_names[npsd_reason_fate[v->reason]], "reason",
	    npsd_reason_names[v->reason], "meaning", npsd_reason_meanings[v->reason], "at", (json_int_t)v->at,
	    "end", (json_int_t)v->end, "field", v->field, "accepted",
	    v->field ? npsd_verdict_accepted(v) : NULL);
}

static json_t *event_json(const struct check *k, const struct item *it, const struct npsd_event *ev)
{
	json_t *revision = ev->revision ? json_integer(ev->revision) : NULL,
	       *updated = ev->updated_ms != NPSD_TIME_NONE ? json_integer(ev->updated_ms) : NULL,
	       *score = ev->score == NPSD_SCORE_ABSENT ? NULL
			: ev->score == NPSD_SCORE_NULL ? json_null()
						       : json_integer(ev->score);

	return json_pack("{s:I, s:b, s:s, s:o, s:o*, s:o*, s:I, s:b, s:o*, s:s*, s:o}", "line",
	    (json_int_t)it->line, "reads", 1, "type", npsd_type_names[ev->type], "id",
	    json_stringn(ev->id.p, ev->id.n), "revision", revision, "updated_ms", updated, "event_ms",
	    (json_int_t)ev->event_ms, "undated", (int)ev->undated, "score", score, "survey_kind",
	    ev->kind ? npsd_kind_names[ev->kind] : NULL, "segments", segments_of(k->c->cfg, ev));
}

/* --- the input --- */

static struct npsd_verdict decode(struct check *k, struct npsd_event *ev, struct npsd_str text)
{
	struct npsd_record_view rec = {
	    .value = text.p, .len = text.n, .record_ms = k->now_ms, .topic = k->topic};

	npsd_decoder_reset(k->decoder);
	return npsd_decode(k->decoder, ev, &rec);
}

/* The line of a byte of the event. */
static long line_of(const struct item *it, uint32_t at)
{
	long line = it->line;

	for (uint32_t i = 0; i < at && i < it->text.n; i++)
		line += it->text.p[i] == '\n';
	return line;
}

static void check_item(struct check *k, const struct item *it)
{
	struct npsd_event ev;
	struct npsd_verdict v = decode(k, &ev, it->text);
	enum npsd_fate fate = npsd_reason_fate[v.reason];

	k->events++;
	k->rejected += fate == NPSD_F_rejected;
	if (k->c->json) {
		ctl_print_json(v.reason == NPSD_R_ok ? event_json(k, it, &ev) : refusal_json(it, &v));
	} else if (v.reason == NPSD_R_ok) {
		print_event(k, it, &ev);
	} else {
		print_refusal(it, line_of(it, v.at), &v);
	}
}

static bool is_blank(struct npsd_str s)
{
	for (uint32_t i = 0; i < s.n; i++)
		if (!strchr(" \t\r\n", s.p[i]) || !s.p[i])
			return false;
	return true;
}

/* Takes the next line that is not blank, without its line break. False: there is none. */
static bool take_line(struct item *out, struct item *rest)
{
	while (npsd_str_next(&out->text, &rest->text, '\n')) {
		out->line = rest->line++;
		if (!is_blank(out->text))
			return true;
	}
	return false;
}

static bool is_document(struct check *k, struct npsd_str text)
{
	struct npsd_event ev;
	enum npsd_reason reason = decode(k, &ev, text).reason;

	return reason != NPSD_R_bad_json && reason != NPSD_R_bad_utf8 && reason != NPSD_R_too_big;
}

/*
 * The input is one event that covers all lines, unless it has several lines and the first line is a complete
 * event, or every line begins like an object.
 */
static bool is_lines(struct check *k, struct item all)
{
	struct item line, rest = all;
	bool objects = true;
	long lines = 0;

	if (is_document(k, all.text))
		return false;
	for (; take_line(&line, &rest); lines++) {
		if (lines == 0 && is_document(k, line.text))
			return take_line(&line, &rest);
		objects = objects && line.text.p[strspn(line.text.p, " \t\r")] == '{';
	}
	return objects && lines > 1;
}

/* Reads the input and appends a zero byte. */
static bool read_input(struct npsd_buf *out, const char *name)
{
	FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
	const char *why;
	char piece[65536];
	size_t n;

	if (!f) {
		fprintf(stderr, "npsctl: %s: %s\n", name, strerror(errno));
		return false;
	}
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		npsd_buf_add(out, piece, n);
	npsd_buf_add(out, "", 1); /* strspn() stops there */
	why = out->full ? "the input is too long" : ferror(f) ? strerror(errno) : NULL;
	if (why)
		fprintf(stderr, "npsctl: %s: %s\n", name, why);
	if (f != stdin)
		fclose(f);
	return !why;
}

static void check_all(struct check *k, struct npsd_str text)
{
	struct item all = {text, 1}, line;

	if (is_lines(k, all))
		while (take_line(&line, &all))
			check_item(k, &line);
	else
		check_item(k, &all);
}

/* The index of --topic in kafka.topics, 0 without --topic; -1: it is not one of them. */
static int32_t topic_at(const struct ctl *c)
{
	for (int i = 0; i < c->cfg->ntopics; i++)
		if (!c->topic || strcmp(c->cfg->topics[i], c->topic) == 0)
			return i;
	return -1;
}

static int fail_topic(const struct ctl *c)
{
	struct ctl_nearest nearest = {.wanted = npsd_str(c->topic), .most = (int)strlen(c->topic) / 2};

	fprintf(stderr, "npsctl: --topic: `%s` is not one of kafka.topics\n", c->topic);
	for (int i = 0; i < c->cfg->ntopics; i++)
		ctl_nearest_add(&nearest, npsd_str(c->cfg->topics[i]));
	ctl_nearest_end(&nearest, "nearest:");
	return CTL_USAGE;
}

int ctl_check_event(struct ctl *c)
{
	struct check k = {.c = c, .now_ms = npsd_clock_system.wall_ms(NULL), .topic = topic_at(c)};
	struct npsd_buf input;
	bool ok;

	if (k.topic < 0)
		return fail_topic(c);
	npsd_buf_init(&input, INPUT_MAX);
	ok = read_input(&input, c->argv[0]);
	if (ok) {
		k.decoder = npsd_decoder_new(c->cfg);
		npsd_assert(k.decoder);
		check_all(&k, (struct npsd_str){input.p, (uint32_t)input.n - 1});
		npsd_decoder_free(&k.decoder);
	}
	npsd_buf_free(&input);
	if (!ok)
		return CTL_USAGE;
	return k.rejected ? CTL_NOT_THERE : CTL_OK;
}
