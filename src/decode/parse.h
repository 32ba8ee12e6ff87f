/*
 * Strict JSON (RFC 8259): finds the known fields of an event and where they are. It copies nothing, reads no
 * byte after the end and does not validate values.
 *
 * There is one grammar and two sources of tokens: an index of where tokens begin (token_index.h), or the
 * bytes one by one, which is slow and gives the position of an error.
 */
#ifndef NPSD_DECODE_PARSE_H
#define NPSD_DECODE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NPSD_JSON_DEPTH 256 /* of nested objects and arrays; the document is at depth 1 */

enum npsd_field {
#define X(name, dim, accepted) NPSD_FIELD_##name,
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
	NPSD_JSON_OBJECT
};

/* Bytes [at, end) of the document, with quotes and brackets. */
struct npsd_token {
	uint32_t at, end;
	uint8_t kind; /* enum npsd_json_kind */
	bool escaped; /* a string with a backslash in it */
};

static inline bool npsd_token_is_absent(const struct npsd_token *t)
{
	return t->kind == NPSD_JSON_ABSENT || t->kind == NPSD_JSON_NULL;
}

/* The known fields of an object. If a key is repeated, the last one. */
struct npsd_fields {
	struct npsd_token field[NPSD_NFIELD];
	uint32_t at; /* of its `{` */
};

struct npsd_document {
	struct npsd_fields top;
	struct npsd_fields data; /* top's member `data`, if the last of that name is an object */
};

/* p is valid UTF-8. Thread: any; Fails: false if p is not one JSON object, *bad is the first wrong byte */
bool npsd_parse_exact(struct npsd_document *out, uint32_t *bad, const char *p, uint32_t n);
/* The same from an index of p. Thread: any; Fails: false if npsd_parse_exact() must decide */
bool npsd_parse_indexed(
    struct npsd_document *out, const char *p, uint32_t n, const uint32_t *index, uint32_t nindex);

/* Iterates the members of an object, or the items of an array, of a valid document. */
struct npsd_items {
	const char *p; /* the document */
	uint32_t pos;  /* after the opening bracket, or after the last item returned */
	uint32_t end;  /* after the closing bracket */
	bool object;
};

static inline struct npsd_items npsd_items(const char *doc, const struct npsd_token *t)
{
	return (struct npsd_items){doc, t->at + 1, t->end, t->kind == NPSD_JSON_OBJECT};
}

/* False at the end. key is set for objects only. Thread: owner */
bool npsd_items_next(struct npsd_items *it, struct npsd_token *key, struct npsd_token *value);

/*
 * Unescapes the inside of a valid string: as many whole characters as fit in cap bytes. *whole: all did.
 * Returns the length. Thread: any
 */
uint32_t npsd_parse_unescape(char *dst, uint32_t cap, bool *whole, const char *src, uint32_t n);

#endif
