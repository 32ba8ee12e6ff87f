#include "fold/source_positions.h"

#include <inttypes.h>

#include "base/array.h"
#include "script/result.h"

#define TEXT_MAX (64u << 20)

void npsd_source_positions_init(struct npsd_source_positions *p)
{
	*p = (struct npsd_source_positions){0};
	npsd_buf_init(&p->text, TEXT_MAX);
}

void npsd_source_positions_free(struct npsd_source_positions *p)
{
	free(p->at);
	npsd_buf_free(&p->text);
	*p = (struct npsd_source_positions){0};
}

static int compare(const struct npsd_position *a, struct npsd_str tp)
{
	int c = strncmp(a->tp, tp.p, tp.n);

	return c ? c : a->tp[tp.n] != 0;
}

/* A position never moves back. */
static void advance(struct npsd_source_positions *p, struct npsd_str tp, struct npsd_pos pos)
{
	uint32_t lo = 0, hi = p->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (compare(&p->at[mid], tp) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < p->n && compare(&p->at[lo], tp) == 0) {
		if (npsd_pos_cmp(p->at[lo].pos, pos) < 0)
			p->at[lo].pos = pos;
		return;
	}
	p->at = npsd_array_reserve(p->at, &p->cap, p->n, sizeof *p->at);
	memmove(p->at + lo + 1, p->at + lo, (p->n++ - lo) * sizeof *p->at);
	p->at[lo] = (struct npsd_position){.pos = pos};
	memcpy(p->at[lo].tp, tp.p, tp.n);
}

/* Reads `TP INC:OFFSET;...`, or with `claims` `TP CLAIM INC:OFFSET;...`; advances each only if `move`. */
static bool read_all(struct npsd_source_positions *p, struct npsd_str text, bool claims, bool move)
{
	bool more = text.n > 0;

	while (more) {
		struct npsd_str part, tp, claim;
		struct npsd_pos pos;

		more = npsd_str_cut(&part, &text, ';');
		if (!more)
			part = text;
		if (!npsd_str_cut(&tp, &part, ' ') || (claims && !npsd_str_cut(&claim, &part, ' ')) ||
		    tp.n == 0 || tp.n >= NPSD_TP_TEXT || memchr(tp.p, 0, tp.n) || !npsd_text_pos(&pos, part))
			return false;
		if (move)
			advance(p, tp, pos);
	}
	return true;
}

bool npsd_source_positions_read(struct npsd_source_positions *p, struct npsd_str stored)
{
	p->n = 0;
	return read_all(p, stored, false, true);
}

bool npsd_source_positions_advance(struct npsd_source_positions *p, struct npsd_str batch)
{
	return read_all(p, batch, true, false) && read_all(p, batch, true, true);
}

const char *npsd_source_positions_text(struct npsd_source_positions *p)
{
	npsd_buf_clear(&p->text);
	for (uint32_t i = 0; i < p->n; i++)
		npsd_buf_addf(&p->text, "%s%s %" PRIu32 ":%" PRId64, i ? ";" : "", p->at[i].tp,
		    p->at[i].pos.inc, p->at[i].pos.offset);
	npsd_buf_add(&p->text, "", 1);
	npsd_assert(!p->text.full);
	return p->text.p;
}
