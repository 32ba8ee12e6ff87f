/*
 * Strict JSON (RFC 8259) over bytes in hand: which fields an event has and where they stand. Nothing is
 * copied, nothing is read behind the end, and no value is judged here.
 *
 * One grammar, two sources of its tokens: an index of where tokens begin (index.h), or the bytes themselves,
 * one by one. The second is slow and knows the position of what is wrong.
 */
#ifndef NPSD_DECODE_JSON_H
#define NPSD_DECODE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NPSD_JSON_DEPTH 256 /* of objects and arrays; the event itself is at depth 1 */

enum npsd_field {
#define X(name, dim) NPSD_FIELD_##name,
#include "decode/fields.def"
#undef X
	NPSD_NFIELD
};
extern const char *const npsd_field_names[NPSD_NFIELD];

enum npsd_json_kind {
	NPSD_JSON_ABSENT,
	NPSD_JSON_NULL,
	NPSD_JSON_TRUE,
	NPSD_JSON_FALSE,
	NPSD_JSON_NUMBER,
	NPSD_JSON_STRING,
	NPSD_JSON_ARRAY,
	NPSD_JSON_OBJECT,
};

/* Bytes [at, end) of the document, with quotes and brackets. */
struct npsd_token {
	uint32_t at, end;
	uint8_t kind;
	bool escaped; /* a string with a backslash in it */
};

/* What an object says of the fields that are looked at. Of a repeated key the last one counts. */
struct npsd_found {
	struct npsd_token field[NPSD_NFIELD];
	uint32_t at; /* of its `{` */
};

/* What both ways of reading find, and all that is judged. */
struct npsd_document {
	struct npsd_found top;
	struct npsd_found data; /* top's member `data`, where the last of that name is an object */
};

/* p must be valid UTF-8. False: not one whole JSON object, *bad is the first byte that cannot stand there.
 * Thread: any */
bool npsd_json_exact(struct npsd_document *out, uint32_t *bad, const char *p, uint32_t n);
/*
 * The same by an index of p. False: it is not, or it cannot be told; ask npsd_json_exact for the reason.
 * Thread: any
 */
bool npsd_json_indexed(
    struct npsd_document *out, const char *p, uint32_t n, const uint32_t *index, uint32_t nindex);

/* The members of an object, or the items of an array, in a document that was found valid. */
struct npsd_items {
	const char *p; /* the document */
	uint32_t pos;  /* behind the opening bracket, later behind the last item */
	uint32_t end;  /* behind the closing bracket */
	bool object;
};

static inline struct npsd_items npsd_items(const char *doc, const struct npsd_token *t)
{
	return (struct npsd_items){doc, t->at + 1, t->end, t->kind == NPSD_JSON_OBJECT};
}

/* False at the end; key is only set in objects. Thread: owner */
bool npsd_items_next(struct npsd_items *it, struct npsd_token *key, struct npsd_token *value);

/*
 * Unescapes the inside of a valid string. As many whole characters as fit in cap bytes; *whole says if all
 * did. Returns the length. Thread: any
 */
uint32_t npsd_json_unescape(char *dst, uint32_t cap, bool *whole, const char *src, uint32_t n);

#endif
