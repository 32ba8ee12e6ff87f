/*
 *   value ──► tombstone? too_big? ──► frame ──► index + grammar ──► envelope? ──► judge ──► event, or reason
 *                                                     │ refused         ▲
 *                                                     └► byte by byte ──┘ or bad_utf8, bad_json
 */
#include "npsd/decode.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "decode/index.h"
#include "decode/judge.h"
#include "decode/pass.h"
#include "decode/utf8.h"

const char *const npsd_header_names[NPSD_NHEADER] = {
    [NPSD_HEADER_CONTENT_TYPE] = "content-type",
    [NPSD_HEADER_CE_TYPE] = "ce_type",
    [NPSD_HEADER_CE_SUBJECT] = "ce_subject",
    [NPSD_HEADER_CE_TIME] = "ce_time",
};

struct npsd_decoder {
	struct npsd_index *index; /* NULL: byte by byte */
	uint64_t exact_passes;
	uint32_t decoded; /* since the last reset */
	struct npsd_document document;
	struct npsd_judge judge;
};

struct npsd_decoder *npsd_decoder_new_kernel(const struct npsd_config *cfg, const char *kernel)
{
	struct npsd_decoder *d = calloc(1, sizeof *d);
	size_t longest = (size_t)cfg->event_bytes;
	bool exact = strcmp(kernel, "exact") == 0;

	if (!d)
		return NULL;
	d->judge.cfg = cfg;
	d->judge.minute = NPSD_MINUTE_INIT;
	d->judge.size = (size_t)NPSD_DECODE_GROUP * NPSD_EVENT_BYTES;
	d->judge.arena = malloc(d->judge.size);
	d->judge.scratch = malloc(longest);
	if (!exact)
		d->index = npsd_index_new(longest, kernel);
	if (!d->judge.arena || !d->judge.scratch || (!exact && !d->index))
		npsd_decoder_free(&d);
	return d;
}

struct npsd_decoder *npsd_decoder_new(const struct npsd_config *cfg)
{
	char best[NPSD_KERNEL_NAME];

	return npsd_decoder_new_kernel(cfg, npsd_index_kernel(best, 0) ? best : "exact");
}

void npsd_decoder_free(struct npsd_decoder **d)
{
	if (!*d)
		return;
	npsd_index_free(&(*d)->index);
	free((*d)->judge.arena);
	free((*d)->judge.scratch);
	free(*d);
	*d = NULL;
}

void npsd_decoder_reset(struct npsd_decoder *d)
{
	d->decoded = 0;
	d->judge.used = 0;
}

uint64_t npsd_decoder_exact_passes(const struct npsd_decoder *d)
{
	return d->exact_passes;
}

/* bad_utf8, bad_json, or the fields are found. */
static enum npsd_reason find(struct npsd_decoder *d, uint32_t *bad, const char *p, uint32_t n)
{
	const uint32_t *index;
	int64_t nindex = d->index ? npsd_index_make(d->index, &index, p, n) : -1;

	if (nindex >= 0 && npsd_json_indexed(&d->document, p, n, index, (uint32_t)nindex))
		return NPSD_R_ok;
	d->exact_passes++;
	if (!npsd_utf8_check(bad, p, n))
		return NPSD_R_bad_utf8;
	return npsd_json_exact(&d->document, bad, p, n) ? NPSD_R_ok : NPSD_R_bad_json;
}

/*
 *   00 00 00 00 2a {"type":...      the Confluent frame: a zero and the number of a schema
 */
static uint32_t frame(const struct npsd_record_view *rec)
{
	return rec->len >= 5 && *(const char *)rec->value == 0 ? 5 : 0;
}

static bool is_absent(const struct npsd_token *t)
{
	return t->kind == NPSD_JSON_ABSENT || t->kind == NPSD_JSON_NULL;
}

/* Media types know no case. */
static bool says_structured(const struct npsd_headers *headers)
{
	static const struct npsd_str word = NPSD_STR("application/cloudevents");
	struct npsd_str s = headers ? headers->value[NPSD_HEADER_CONTENT_TYPE] : (struct npsd_str){NULL, 0};

	return s.n >= word.n && strncasecmp(s.p, word.p, word.n) == 0;
}

/*
 *   {"specversion":"1.0","type":..,"data":{...}}      structured: the event is `data`
 *   ce_type: ..  ce_subject: ..  ce_time: ..  {...}   binary: the attributes are headers
 *
 * False: bad_json, a structured one by its header that holds no event.
 */
static bool open_envelope(struct npsd_decoder *d, const struct npsd_headers *headers)
{
	const struct npsd_found *top = &d->document.top;
	const struct npsd_token *data = &top->field[NPSD_FIELD_data];
	const struct npsd_token *base64 = &top->field[NPSD_FIELD_data_base64];
	bool told = says_structured(headers), object = data->kind == NPSD_JSON_OBJECT;
	struct npsd_judge *j = &d->judge;

	if (told && !is_absent(base64)) {
		j->verdict = (struct npsd_verdict){NPSD_R_bad_json, base64->at, "data_base64"};
		return false;
	}
	if (told && !object) {
		uint32_t at = data->kind == NPSD_JSON_ABSENT ? top->at : data->at;
		j->verdict = (struct npsd_verdict){NPSD_R_bad_json, at, "data"};
		return false;
	}
	bool structured = told || (object && !is_absent(&top->field[NPSD_FIELD_specversion]));
	j->found = structured ? &d->document.data : top;
	j->envelope = structured ? top : NULL;
	j->headers = structured ? NULL : headers;
	return true;
}

struct npsd_verdict npsd_decode(
    struct npsd_decoder *d, struct npsd_event *out, const struct npsd_record_view *rec)
{
	struct npsd_judge *j = &d->judge;
	uint32_t skip, bad;
	enum npsd_reason reason;

	npsd_assert(d->decoded < NPSD_DECODE_GROUP);
	d->decoded++;
	if (!rec->value)
		return (struct npsd_verdict){NPSD_R_tombstone, 0, NULL};
	if (rec->len > (size_t)j->cfg->event_bytes)
		return (struct npsd_verdict){NPSD_R_too_big, (uint32_t)j->cfg->event_bytes, NULL};
	skip = frame(rec);
	j->doc = (const char *)rec->value + skip;
	reason = find(d, &bad, j->doc, (uint32_t)rec->len - skip);
	if (reason != NPSD_R_ok)
		return (struct npsd_verdict){reason, bad + skip, NULL};
	j->rec = rec;
	j->ev = out;
	if (open_envelope(d, rec->headers))
		npsd_judge(j);
	if (j->verdict.reason != NPSD_R_ok)
		j->verdict.at += skip;
	return j->verdict;
}
