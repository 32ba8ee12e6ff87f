#include "fold/chunk_bytes.h"

#include <msgpack.h>

#include "npsd/err.h"

/* --- packing --- */

static int buf_write(void *to, const char *p, size_t n)
{
	npsd_buf_add(to, p, n);
	return 0;
}

static void put_u16(char *p, uint32_t v)
{
	p[0] = (char)(v >> 8);
	p[1] = (char)v;
}

/* False, and nothing is appended: segment i has no pane there. */
static bool pack_segment(struct npsd_buf *b, msgpack_packer *pk, const struct npsd_panes *panes, uint32_t i,
    int step, int64_t from_s, int64_t to_s)
{
	struct npsd_seg seg = npsd_panes_seg(panes, i);
	struct npsd_pane pane;
	size_t at = b->n;
	uint32_t n = 0;

	if (!npsd_panes_any(panes, i, step, from_s, to_s))
		return false;
	npsd_buf_add(b, "\xdc\0\0", 3); /* the length is set below */
	msgpack_pack_uint64(pk, seg.hi);
	msgpack_pack_uint64(pk, seg.lo);
	for (; npsd_panes_next(&pane, panes, i, step, from_s, to_s); n++) {
		uint32_t values = (uint32_t)__builtin_popcount(pane.bits);

		msgpack_pack_array(pk, 2 + values);
		msgpack_pack_int64(pk, pane.start_s);
		msgpack_pack_uint32(pk, pane.bits);
		for (uint32_t v = 0; v < values; v++)
			msgpack_pack_int64(pk, pane.v[v]);
		from_s = pane.start_s + 1;
	}
	npsd_assert(!b->full && n <= NPSD_SPAN_PANES);
	put_u16(b->p + at + 1, 2 + n);
	return true;
}

bool npsd_chunk_pack(struct npsd_buf *b, const struct npsd_counts *c, struct npsd_chunk_key key)
{
	const struct npsd_slice *slice = &c->slice[key.slice];
	int64_t from_s, to_s = npsd_counts_span(&from_s, c, key);
	msgpack_packer pk;
	size_t at = b->n;
	uint32_t n = 0;

	msgpack_packer_init(&pk, b, buf_write);
	npsd_buf_add(b, "\xdd\0\0\0\0", 5); /* the length is set below */
	for (uint32_t i = 0; i < slice->n; i++)
		n += pack_segment(b, &pk, c->view.panes, slice->at[i], key.step, from_s, to_s);
	if (n == 0) {
		b->n = at;
		return false;
	}
	put_u16(b->p + at + 1, n >> 16);
	put_u16(b->p + at + 3, n & 0xffff);
	return true;
}

/* --- unpacking --- */

/* A pane of the step with last_s < start_s < to_s. */
static bool read_pane(
    struct npsd_pane *out, struct npsd_unpack *u, int64_t step_s, int64_t last_s, int64_t to_s)
{
	uint32_t n = npsd_unpack_array(u);
	int64_t number;

	if (!npsd_pane_unpack(out, u, n, NPSD_PANE_MAX))
		return false;
	number = out->start_s / step_s;
	return out->start_s % step_s == 0 && out->start_s > last_s && out->start_s < to_s &&
	       number < NPSD_PANE_NUMBER_MAX && number > -NPSD_PANE_NUMBER_MAX;
}

static bool read_segment(
    struct npsd_counts *c, struct npsd_chunk_key key, uint32_t dict_len, struct npsd_unpack *u)
{
	struct npsd_panes *panes = c->view.panes;
	int64_t from_s, to_s = npsd_counts_span(&from_s, c, key);
	uint32_t n = npsd_unpack_array(u), i;
	struct npsd_seg seg = {npsd_unpack_uint(u), 0};
	struct npsd_pane pane = {.start_s = from_s - 1};

	seg.lo = npsd_unpack_uint(u);
	if (u->bad || n < 3 || npsd_chunk_slice(seg) != key.slice || !npsd_counts_may_hold(c, seg, dict_len))
		return false;
	i = npsd_counts_segment(c, seg);
	/* each segment once */
	if (i != UINT32_MAX && npsd_panes_any(panes, i, key.step, from_s, to_s))
		return false;
	for (n -= 2; n > 0; n--) {
		if (!read_pane(&pane, u, npsd_panes_step_s(panes, key.step), pane.start_s, to_s))
			return false;
		if (i != UINT32_MAX)
			npsd_panes_put(panes, i, key.step, pane.start_s, pane.bits, pane.v);
	}
	return true;
}

bool npsd_chunk_unpack(
    struct npsd_counts *c, struct npsd_chunk_key key, uint32_t dict_len, struct npsd_str bytes)
{
	struct npsd_unpack u = npsd_unpack_of(bytes.p, bytes.n);

	for (uint32_t n = npsd_unpack_array(&u); n > 0; n--)
		if (!read_segment(c, key, dict_len, &u))
			return false;
	return !u.bad && u.p == u.end;
}
