#include "decode/parse.h"

#include <string.h>

#include "decode/number.h"
#include "decode/utf8.h"

const char *const npsd_field_names[NPSD_NFIELD] = {
#define X(name, dim, accepted) #name,
#include "decode/fields.def"
#undef X
};

/* A buffer for a key of any field. */
union key {
#define X(name, dim, accepted) char name[sizeof #name];
#include "decode/fields.def"
#undef X
};

/*
 *   { "a" : [ 1 , "x\n" ] }
 *   ^         ^pos
 *
 * All bytes before pos are parsed. The next token begins at *index; without an index, at the next byte that
 * is not white space.
 */
struct walk {
	const char *p;
	uint32_t n;
	uint32_t pos;
	uint32_t depth;		      /* open brackets */
	const uint32_t *index, *stop; /* index NULL: byte by byte */
	uint32_t back;		      /* with an index: the first backslash at or after pos, or n */
	struct npsd_document *out;
};

static bool value(struct walk *w, struct npsd_token *out, struct npsd_fields *fields);

static inline bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Moves to the next token; false at the end of the document. */
static inline bool next(struct walk *w)
{
	if (w->index) {
		if (w->index == w->stop)
			return false;
		w->pos = *w->index++;
		return true;
	}
	while (w->pos < w->n && is_space(w->p[w->pos]))
		w->pos++;
	return w->pos < w->n;
}

/* Four hex digits, or -1. */
static int32_t hex4(const char *p, const char *end)
{
	int32_t v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		if (npsd_is_digit(c))
			v = v << 4 | (c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			v = v << 4 | ((c | 32) - 'a' + 10);
		else
			return -1;
	}
	return v;
}

/*
 * Length and code point of the escape at p; 0 if it is invalid. A surrogate is valid in a pair only.
 *
 *   \n   \/   \u00e9   \ud83d\ude00
 */
static uint32_t escape(uint32_t *code, const char *p, const char *end)
{
	static const char plain[] = "\"\"\\\\//b\bf\fn\nr\rt\t";

	if (end - p < 2)
		return 0;
	if (p[1] != 'u') {
		for (const char *q = plain; *q; q += 2)
			if (*q == p[1]) {
				*code = (uint8_t)q[1];
				return 2;
			}
		return 0;
	}
	int32_t hi = hex4(p + 2, end);
	if (hi < 0 || (hi >= 0xdc00 && hi <= 0xdfff))
		return 0;
	if (hi < 0xd800 || hi > 0xdfff) {
		*code = (uint32_t)hi;
		return 6;
	}
	if (end - p < 12 || p[6] != '\\' || p[7] != 'u')
		return 0;
	int32_t lo = hex4(p + 8, end);
	if (lo < 0xdc00 || lo > 0xdfff)
		return 0;
	*code = 0x10000 + ((uint32_t)(hi - 0xd800) << 10) + (uint32_t)(lo - 0xdc00);
	return 12;
}

static void find_back(struct walk *w, uint32_t from)
{
	const char *b = memchr(w->p + from, '\\', w->n - from);

	w->back = b ? (uint32_t)(b - w->p) : w->n;
}

/* The index has checked everything in a string but its escapes. The closing quote is the last byte before the
 * next token that is not white space. If that byte is no quote, other bytes follow the string. */
static inline bool string_indexed(struct walk *w, struct npsd_token *out)
{
	uint32_t end = w->index == w->stop ? w->n : *w->index;
	uint32_t at = w->pos, code;

	while (end > at && is_space(w->p[end - 1]))
		end--;
	if (end < at + 2 || w->p[end - 1] != '"')
		return false;
	*out = (struct npsd_token){at, end, NPSD_JSON_STRING, w->back < end};
	while (w->back < end) {
		uint32_t len = escape(&code, w->p + w->back, w->p + end - 1);
		if (len == 0)
			return false;
		find_back(w, w->back + len);
	}
	w->pos = end;
	return true;
}

static bool string_exact(struct walk *w, struct npsd_token *out)
{
	const char *end = w->p + w->n;

	*out = (struct npsd_token){w->pos++, 0, NPSD_JSON_STRING, false};
	while (w->pos < w->n && (uint8_t)w->p[w->pos] >= 0x20) {
		uint32_t code, len = 1;
		if (w->p[w->pos] == '"') {
			out->end = ++w->pos;
			return true;
		}
		if (w->p[w->pos] == '\\') {
			out->escaped = true;
			len = escape(&code, w->p + w->pos, end);
		}
		if (len == 0)
			return false;
		w->pos += len;
	}
	return false;
}

static inline bool string(struct walk *w, struct npsd_token *out)
{
	return w->index ? string_indexed(w, out) : string_exact(w, out);
}

static bool digits(struct walk *w)
{
	uint32_t from = w->pos;

	while (w->pos < w->n && npsd_is_digit(w->p[w->pos]))
		w->pos++;
	return w->pos > from;
}

static inline bool skip_one_of(struct walk *w, char a, char b)
{
	if (w->pos == w->n || (w->p[w->pos] != a && w->p[w->pos] != b))
		return false;
	w->pos++;
	return true;
}

/*
 *   -0.5e+3      sign, integer without leading zeros, fraction, exponent
 */
static bool number(struct walk *w)
{
	skip_one_of(w, '-', '-');
	if (!skip_one_of(w, '0', '0') && !digits(w))
		return false;
	if (skip_one_of(w, '.', '.') && !digits(w))
		return false;
	if (skip_one_of(w, 'e', 'E')) {
		skip_one_of(w, '+', '-');
		return digits(w);
	}
	return true;
}

static bool word(struct walk *w, const char *z)
{
	for (; *z; z++)
		if (!skip_one_of(w, *z, *z))
			return false;
	return true;
}

/* Only white space, a comma or a closing bracket may follow a scalar. */
static inline bool scalar_ends(const struct walk *w)
{
	char c;

	if (w->pos == w->n)
		return true;
	c = w->p[w->pos];
	return c == ',' || c == '}' || c == ']' || is_space(c);
}

static bool scalar(struct walk *w, struct npsd_token *out)
{
	bool ok;

	out->at = w->pos;
	switch (w->p[w->pos]) {
	case 't':
		out->kind = NPSD_JSON_TRUE;
		ok = word(w, "true");
		break;
	case 'f':
		out->kind = NPSD_JSON_FALSE;
		ok = word(w, "false");
		break;
	case 'n':
		out->kind = NPSD_JSON_NULL;
		ok = word(w, "null");
		break;
	default:
		out->kind = NPSD_JSON_NUMBER;
		ok = number(w);
	}
	out->end = w->pos;
	out->escaped = false;
	return ok && scalar_ends(w);
}

/* With a constant n the compiler removes all rows of another length. */
static inline __attribute__((always_inline)) int match(const char *key, uint32_t n)
{
#define X(name, dim, accepted)                                                                               \
	if (n == sizeof #name - 1 && memcmp(key, #name, sizeof #name - 1) == 0)                              \
		return NPSD_FIELD_##name;
#include "decode/fields.def"
#undef X
	return NPSD_NFIELD;
}

static int field_of(const char *key, uint32_t n)
{
#define LENGTH(n)                                                                                            \
	case n:                                                                                              \
		return match(key, n)
	switch (n) {
		LENGTH(2);
		LENGTH(4);
		LENGTH(5);
		LENGTH(6);
		LENGTH(7);
		LENGTH(8);
		LENGTH(9);
		LENGTH(10);
		LENGTH(11);
		LENGTH(12);
		LENGTH(13);
	default:
		return match(key, n);
	}
#undef LENGTH
}

/* The field of a key, or NPSD_NFIELD if it is unknown. */
static int field_of_key(const struct walk *w, const struct npsd_token *key)
{
	const char *p = w->p + key->at + 1;
	uint32_t n = key->end - key->at - 2;
	char plain[sizeof(union key)];
	bool whole = true;

	if (key->escaped) {
		n = npsd_parse_unescape(plain, sizeof plain, &whole, p, n);
		p = plain;
	}
	return whole ? field_of(p, n) : NPSD_NFIELD;
}

/* Moves from an opening bracket to the token after it. */
static inline bool opens(struct walk *w)
{
	if (w->depth == NPSD_JSON_DEPTH)
		return false;
	w->depth++;
	w->pos++;
	return next(w);
}

static inline bool closes(struct walk *w, char bracket)
{
	if (w->p[w->pos] != bracket)
		return false;
	w->depth--;
	w->pos++;
	return true;
}

/* Moves from a comma to the token after it. */
static inline bool comma(struct walk *w)
{
	if (w->p[w->pos] != ',')
		return false;
	w->pos++;
	return next(w);
}

/* Moves from a key to its value. */
static inline bool key_of(struct walk *w, struct npsd_token *key)
{
	if (w->p[w->pos] != '"' || !string(w, key) || !next(w) || w->p[w->pos] != ':')
		return false;
	w->pos++;
	return next(w);
}

/* fields: of the document or its `data`; NULL for any other object. */
static bool object(struct walk *w, struct npsd_fields *fields)
{
	struct npsd_token key, val;

	if (fields) {
		memset(fields, 0, sizeof *fields);
		fields->at = w->pos;
	}
	if (!opens(w))
		return false;
	if (closes(w, '}'))
		return true;
	do {
		if (!key_of(w, &key))
			return false;
		int f = fields ? field_of_key(w, &key) : NPSD_NFIELD;
		bool is_data = f == NPSD_FIELD_data && fields == &w->out->top;
		if (!value(w, &val, is_data ? &w->out->data : NULL))
			return false;
		if (f != NPSD_NFIELD)
			fields->field[f] = val;
		if (!next(w))
			return false;
		if (closes(w, '}'))
			return true;
	} while (comma(w));
	return false;
}

static bool array(struct walk *w)
{
	struct npsd_token item;

	if (!opens(w))
		return false;
	if (closes(w, ']'))
		return true;
	do {
		if (!value(w, &item, NULL) || !next(w))
			return false;
		if (closes(w, ']'))
			return true;
	} while (comma(w));
	return false;
}

/* fields: of the value, if it is an object. Recursion is bounded by NPSD_JSON_DEPTH. */
static bool value(struct walk *w, struct npsd_token *out, struct npsd_fields *fields)
{
	bool ok;

	switch (w->p[w->pos]) {
	case '"':
		return string(w, out);
	case '{':
		*out = (struct npsd_token){w->pos, 0, NPSD_JSON_OBJECT, false};
		ok = object(w, fields);
		break;
	case '[':
		*out = (struct npsd_token){w->pos, 0, NPSD_JSON_ARRAY, false};
		ok = array(w);
		break;
	default:
		return scalar(w, out);
	}
	out->end = w->pos;
	return ok;
}

static bool document(struct walk *w)
{
	return next(w) && w->p[w->pos] == '{' && object(w, &w->out->top) && !next(w);
}

bool npsd_parse_indexed(
    struct npsd_document *out, const char *p, uint32_t n, const uint32_t *index, uint32_t nindex)
{
	struct walk w = {.p = p, .n = n, .index = index, .stop = index + nindex, .out = out};

	find_back(&w, 0);
	return document(&w);
}

bool npsd_parse_exact(struct npsd_document *out, uint32_t *bad, const char *p, uint32_t n)
{
	struct walk w = {.p = p, .n = n, .out = out};
	bool ok = document(&w);

	*bad = w.pos;
	return ok;
}

bool npsd_items_next(struct npsd_items *it, struct npsd_token *key, struct npsd_token *val)
{
	struct walk w = {.p = it->p, .n = it->end, .pos = it->pos, .depth = 1};
	bool ok;

	if (!next(&w) || (w.p[w.pos] == ',' && !comma(&w)) || w.pos == w.n - 1)
		return false;
	ok = (!it->object || key_of(&w, key)) && value(&w, val, NULL);
	it->pos = w.pos;
	return ok;
}

uint32_t npsd_parse_unescape(char *dst, uint32_t cap, bool *whole, const char *src, uint32_t n)
{
	const char *end = src + n;
	uint32_t len = 0;

	*whole = false;
	while (src < end) {
		const char *back = memchr(src, '\\', (size_t)(end - src));
		uint32_t run = (uint32_t)((back ? back : end) - src);
		uint32_t fits = npsd_utf8_cut(src, run, cap - len);
		memcpy(dst + len, src, fits);
		len += fits;
		if (fits < run)
			return len;
		if (!back)
			break;
		char sign[4];
		uint32_t code, step = escape(&code, back, end);
		uint32_t size = npsd_utf8_put(sign, code);
		if (size > cap - len)
			return len;
		memcpy(dst + len, sign, size);
		len += size;
		src = back + step;
	}
	*whole = true;
	return len;
}
