#include "npsd/segment.h"

static bool must_encode(unsigned char c)
{
	return c < 0x20 || c == 0x7f || (c < 0x7f && strchr("%,={}:", c));
}

void npsd_name_encode(struct npsd_buf *out, struct npsd_str v)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = v.n;
	char *to;

	for (uint32_t i = 0; i < v.n; i++)
		n += must_encode((unsigned char)v.p[i]) ? 2 : 0;
	to = npsd_buf_reserve(out, n);
	if (!to)
		return;
	for (uint32_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if (must_encode(c)) {
			*to++ = '%';
			*to++ = hex[c >> 4];
			*to++ = hex[c & 15];
		} else {
			*to++ = (char)c;
		}
	}
	out->n += n;
}

/* The value of an upper-case hex digit, or -1. */
static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool npsd_name_decode(struct npsd_buf *out, struct npsd_str in)
{
	char *to = npsd_buf_reserve(out, in.n);
	size_t n = 0;

	if (!to)
		return false;
	for (uint32_t i = 0; i < in.n; i++) {
		unsigned char c = (unsigned char)in.p[i];

		if (c == '%') {
			int hi = i + 2 < in.n ? hex_value(in.p[i + 1]) : -1;
			int lo = i + 2 < in.n ? hex_value(in.p[i + 2]) : -1;

			if (hi < 0 || lo < 0)
				return false;
			c = (unsigned char)(hi << 4 | lo);
			if (!must_encode(c))
				return false;
			i += 2;
		} else if (must_encode(c)) {
			return false;
		}
		to[n++] = (char)c;
	}
	out->n += n;
	return true;
}

bool npsd_seg_name(
    struct npsd_buf *out, struct npsd_seg s, const struct npsd_sets *sets, const struct npsd_names *names)
{
	int place = npsd_set_place(sets, npsd_seg_set(s));
	const struct npsd_set *set;
	uint32_t kind = npsd_seg_kind(s), id[NPSD_SET_DIMS];
	struct npsd_str text[NPSD_SET_DIMS];
	const char *comma = "";

	if (place < 0 || kind > NPSD_KIND_OTHER)
		return false;
	set = &sets->set[place];
	npsd_seg_ids(id, s);
	for (int i = 0; i < set->ndims; i++) {
		text[i] = npsd_names_text_any(names, id[i]);
		if (!text[i].p)
			return false;
	}
	if (kind != NPSD_KIND_NONE) {
		npsd_buf_addf(out, "kind=%s", npsd_kind_names[kind]);
		comma = ",";
	} else if (set->ndims == 0) {
		npsd_buf_addz(out, "all");
	}
	for (int i = 0; i < set->ndims; i++) {
		npsd_buf_addz(out, comma);
		npsd_buf_addz(out, npsd_dim_word(sets, set->dims[i]));
		npsd_buf_add(out, "=", 1);
		npsd_name_encode(out, text[i]);
		comma = ",";
	}
	return !out->full;
}

/* Removes `WORD=VALUE` and the comma after it from the front of rest. False at the end, or without an `=`. */
static bool take_part(struct npsd_str *word, struct npsd_str *value, struct npsd_str *rest)
{
	struct npsd_str part;

	if (!rest->p)
		return false;
	if (!npsd_str_cut(&part, rest, ',')) {
		part = *rest;
		*rest = (struct npsd_str){NULL, 0};
	}
	*value = part;
	return npsd_str_cut(word, value, '=');
}

/* The id of a value in its written form, or NPSD_ID_UNKNOWN; never NPSD_ID_OTHER for an unknown value. */
static uint32_t find_value(const struct npsd_names *names, int dim, struct npsd_str value)
{
	struct npsd_buf raw;
	uint32_t id = NPSD_ID_UNKNOWN;

	npsd_buf_init(&raw, 65536);
	if (value.n > 0 && npsd_name_decode(&raw, value)) {
		id = npsd_names_find_any(names, dim, npsd_buf_str(&raw));
		if (id != NPSD_ID_UNKNOWN && !npsd_str_eq(npsd_names_text_any(names, id), npsd_buf_str(&raw)))
			id = NPSD_ID_UNKNOWN;
	}
	npsd_buf_free(&raw);
	return id;
}

static const struct npsd_set *find_set_of(const struct npsd_sets *sets, const uint8_t *dims, int ndims)
{
	for (int i = 0; i < sets->n; i++)
		if (sets->set[i].ndims == ndims && memcmp(sets->set[i].dims, dims, (size_t)ndims) == 0)
			return &sets->set[i];
	return NULL;
}

bool npsd_seg_parse(struct npsd_seg *out, struct npsd_str seg, const struct npsd_sets *sets, bool kinds_split,
    const struct npsd_names *names)
{
	struct npsd_str rest = seg, word, value;
	uint32_t kind = NPSD_KIND_NONE, id[NPSD_SET_DIMS] = {0};
	uint8_t dims[NPSD_SET_DIMS] = {0};
	const struct npsd_set *set;
	int ndims = 0;

	if (kinds_split) {
		if (!take_part(&word, &value, &rest) || !npsd_str_eq(word, NPSD_STR("kind")))
			return false;
		kind = npsd_kind_find(value);
		if (kind == NPSD_KIND_NONE)
			return false;
	} else if (npsd_str_eq(seg, NPSD_STR("all"))) {
		rest.p = NULL;
	}
	while (rest.p) {
		int dim;

		if (ndims == NPSD_SET_DIMS || !take_part(&word, &value, &rest))
			return false;
		dim = npsd_dim_find(sets, word);
		if (dim < 0)
			return false;
		id[ndims] = find_value(names, dim, value);
		if (id[ndims] == NPSD_ID_UNKNOWN)
			return false;
		dims[ndims++] = (uint8_t)dim;
	}
	set = find_set_of(sets, dims, ndims);
	if (!set)
		return false;
	*out = npsd_seg_pack(set->number, kind, id);
	return true;
}
