/*
 *   value ─► tombstone? too_big? ─► frame ─► index + grammar ─► envelope? ─► validate ─► event or reason
 *                                                  │ refused       ▲
 *                                                  └► exact pass ──┘ or bad_utf8, bad_json
 */
#include "npsd/decode.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "decode/pass.h"
#include "decode/token_index.h"
#include "decode/utf8.h"
#include "decode/validate.h"

struct npsd_decoder {
	struct npsd_index *index; /* NULL: exact passes only */
	uint64_t exact_passes;
	uint32_t decoded; /* since the last reset */
	struct npsd_document document;
	struct npsd_validator validator;
};

struct npsd_decoder *npsd_decoder_new_kernel(const struct npsd_config *cfg, const char *kernel)
{
	struct npsd_decoder *d = calloc(1, sizeof *d);
	size_t longest = (size_t)cfg->event_bytes;
	bool exact = strcmp(kernel, "exact") == 0;

	if (!d)
		return NULL;
	d->validator.cfg = cfg;
	d->validator.minute = NPSD_MINUTE_INIT;
	d->validator.size = (size_t)NPSD_DECODE_GROUP * NPSD_EVENT_BYTES;
	d->validator.arena = malloc(d->validator.size);
	d->validator.scratch = malloc(longest);
	if (!exact)
		d->index = npsd_index_new(longest, kernel);
	if (!d->validator.arena || !d->validator.scratch || (!exact && !d->index))
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
	free((*d)->validator.arena);
	free((*d)->validator.scratch);
	free(*d);
	*d = NULL;
}

void npsd_decoder_reset(struct npsd_decoder *d)
{
	d->decoded = 0;
	d->validator.used = 0;
}

uint64_t npsd_decoder_exact_passes(const struct npsd_decoder *d)
{
	return d->exact_passes;
}

/* bad_utf8, bad_json; otherwise the document is set. */
static enum npsd_reason parse(struct npsd_decoder *d, uint32_t *bad, const char *p, uint32_t n)
{
	const uint32_t *index;
	int64_t nindex = d->index ? npsd_index_make(d->index, &index, p, n) : -1;

	if (nindex >= 0 && npsd_parse_indexed(&d->document, p, n, index, (uint32_t)nindex))
		return NPSD_R_ok;
	d->exact_passes++;
	if (!npsd_utf8_check(bad, p, n))
		return NPSD_R_bad_utf8;
	return npsd_parse_exact(&d->document, bad, p, n) ? NPSD_R_ok : NPSD_R_bad_json;
}

/* Length of the Confluent frame: a zero byte and the id of a schema (4 bytes), or 0 if there is none. */
static uint32_t frame_length(const struct npsd_record_view *rec)
{
	return rec->len >= 5 && *(const char *)rec->value == 0 ? 5 : 0;
}

/* Media types are case-insensitive. */
static bool is_structured(const struct npsd_headers *headers)
{
	static const struct npsd_str word = NPSD_STR("application/cloudevents");
	struct npsd_str s = headers ? headers->value[NPSD_HEADER_CONTENT_TYPE] : (struct npsd_str){NULL, 0};

	return s.n >= word.n && strncasecmp(s.p, word.p, word.n) == 0;
}

/*
 *   {"specversion":"1.0","type":..,"data":{...}}      structured: the event is `data`
 *   ce_type: ..  ce_subject: ..  ce_time: ..  {...}   binary: the attributes are headers
 *
 * False: bad_json; the header announces a structured CloudEvent, and `data` is not an object.
 */
static bool open_envelope(struct npsd_decoder *d, const struct npsd_headers *headers)
{
	const struct npsd_fields *top = &d->document.top;
	const struct npsd_token *data = &top->field[NPSD_FIELD_data];
	const struct npsd_token *base64 = &top->field[NPSD_FIELD_data_base64];
	bool announced = is_structured(headers), object = data->kind == NPSD_JSON_OBJECT;
	bool structured = object && (announced || !npsd_token_is_absent(&top->field[NPSD_FIELD_specversion]));
	struct npsd_validator *v = &d->validator;

	v->fields = structured ? &d->document.data : top;
	v->envelope = structured ? top : NULL;
	v->headers = structured ? NULL : headers;
	if (announced && !npsd_token_is_absent(base64))
		v->verdict = (struct npsd_verdict){NPSD_R_bad_json, base64->at, base64->end, "data_base64"};
	else if (announced && data->kind == NPSD_JSON_ABSENT)
		v->verdict = (struct npsd_verdict){NPSD_R_bad_json, top->at, top->at, "data"};
	else if (announced && !object)
		v->verdict = (struct npsd_verdict){NPSD_R_bad_json, data->at, data->end, "data"};
	else
		return true;
	return false;
}

struct npsd_verdict npsd_decode(
    struct npsd_decoder *d, struct npsd_event *out, const struct npsd_record_view *rec)
{
	struct npsd_validator *v = &d->validator;
	uint32_t skip, bad = 0, n = (uint32_t)rec->len;
	enum npsd_reason reason;

	npsd_assert(d->decoded < NPSD_DECODE_GROUP);
	d->decoded++;
	if (!rec->value)
		return (struct npsd_verdict){NPSD_R_tombstone, 0, 0, NULL};
	if (rec->len > (size_t)v->cfg->event_bytes)
		return (struct npsd_verdict){NPSD_R_too_big, (uint32_t)v->cfg->event_bytes, n, NULL};
	skip = frame_length(rec);
	v->doc = (const char *)rec->value + skip;
	reason = parse(d, &bad, v->doc, n - skip);
	if (reason != NPSD_R_ok)
		return (struct npsd_verdict){reason, bad + skip, bad + skip + (bad + skip < n), NULL};
	v->rec = rec;
	v->ev = out;
	if (open_envelope(d, rec->headers))
		npsd_validate(v);
	v->verdict.at += skip;
	v->verdict.end += skip;
	return v->verdict;
}

const char *npsd_verdict_accepted(const struct npsd_verdict *v)
{
	const char *name = v->field;

	if (name && strncmp(name, "ce_", 3) == 0)
		name += 3; /* a header has the form of the attribute */
#define X(field, dim, accepted)                                                                              \
	if (name && strcmp(name, #field) == 0)                                                               \
		return (accepted);
#include "decode/fields.def"
#undef X
	return NULL;
}
