#include "count/part.h"

#include <inttypes.h>
#include <stdlib.h>

#include "npsd/err.h"

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct npsd_part_range *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static void sort_rulings(struct npsd_part *p, const struct npsd_command *o)
{
	p->ahead = calloc(o->nrulings + 1, sizeof *p->ahead);
	p->late = calloc(o->nrulings + 1, sizeof *p->late);
	p->raised = calloc(o->nrulings + 1, sizeof *p->raised);
	p->older = calloc(o->nrulings + 1, sizeof *p->older);
	npsd_assert(p->ahead && p->late && p->raised && p->older);
	for (size_t i = 0; i < o->nrulings; i++) {
		const struct npsd_ruling *r = &o->rulings[i];

		if (r->from.inc != o->state.pos.inc) /* offsets of a topic of that name that was deleted */
			continue;
		if (r->what == NPSD_RULING_AHEAD)
			p->ahead[p->naheads++] = (struct npsd_part_range){r->from.offset, r->to};
		else if (r->what == NPSD_RULING_LATENESS)
			p->late[p->nlates++] = (struct npsd_part_from){r->from.offset, r->ms};
		else if (r->what == NPSD_RULING_HORIZON)
			p->raised[p->nraised++] = (struct npsd_part_from){r->from.offset, r->ms};
		else if (r->what == NPSD_RULING_CONFIG)
			p->older[p->nolder++] = (struct npsd_part_older){r->from.offset, (int)r->ms};
	}
	/* a rebuild under a clock that was set back may list earlier records later */
	qsort(p->ahead, p->naheads, sizeof *p->ahead, compare_ranges);
}

static void keep_cut(struct npsd_part *p, const struct npsd_command *o)
{
	p->cut = calloc(o->ncut + 1, sizeof *p->cut);
	npsd_assert(p->cut);
	if (o->ncut)
		memcpy(p->cut, o->cut, o->ncut * sizeof *p->cut);
	p->ncut = o->ncut;
}

struct npsd_part *npsd_part_new(const struct npsd_command *o, int64_t lateness_ms)
{
	struct npsd_part *p = calloc(1, sizeof *p);

	npsd_assert(p);
	p->state = o->state;
	p->stream_ms = p->horizon_ms = NPSD_TIME_NONE;
	p->lateness_ms = o->state.lateness_ms ? o->state.lateness_ms : lateness_ms;
	p->next = o->load_from;
	p->loading = o->load_from < o->state.pos.offset;
	p->wants_first = o->state.base.offset > 0 && npsd_pos_cmp(o->state.base, o->state.pos) == 0;
	p->ledger = npsd_ledger_new();
	p->listing.from = p->raising.at = -1;
	sort_rulings(p, o);
	keep_cut(p, o);
	if (!p->loading)
		npsd_part_begin(p, lateness_ms);
	return p;
}

void npsd_part_free(struct npsd_part **part)
{
	struct npsd_part *p = *part;

	*part = NULL;
	if (!p)
		return;
	npsd_ledger_free(&p->ledger);
	free(p->ahead);
	free(p->late);
	free(p->raised);
	free(p->older);
	free(p->cut);
	free(p);
}

void npsd_part_begin(struct npsd_part *p, int64_t lateness_ms)
{
	p->loading = false;
	p->stream_ms = max64(p->stream_ms, p->state.stream_ms);
	p->horizon_ms = max64(p->horizon_ms, p->state.horizon_ms);
	p->lateness_ms = lateness_ms;
}

bool npsd_part_is_ahead(const struct npsd_part *p, int64_t offset)
{
	size_t lo = 0, hi = p->naheads;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (p->ahead[mid].to <= offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < p->naheads && p->ahead[lo].from <= offset;
}

int npsd_part_older(const struct npsd_part *p, int64_t offset)
{
	for (size_t i = 0; i < p->nolder; i++)
		if (offset < p->older[i].before)
			return p->older[i].at;
	return -1;
}

bool npsd_part_was_alerted(const struct npsd_part *p, int64_t offset)
{
	struct npsd_pos at = {p->state.pos.inc, offset};

	return npsd_pos_cmp(at, p->state.alerted) < 0;
}

static int compare_hashes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

bool npsd_part_was_counted(const struct npsd_part *p, uint64_t hash)
{
	return p->ncut && bsearch(&hash, p->cut, p->ncut, sizeof hash, compare_hashes) != NULL;
}

void npsd_part_advance(struct npsd_part *p, int64_t offset, int64_t record_ms, bool moves_time)
{
	while (p->loading && p->late_at < p->nlates && p->late[p->late_at].at <= offset)
		p->lateness_ms = p->late[p->late_at++].ms;
	while (p->loading && p->raised_at < p->nraised && p->raised[p->raised_at].at <= offset)
		p->horizon_ms = max64(p->horizon_ms, p->raised[p->raised_at++].ms);
	if (moves_time)
		p->stream_ms = max64(p->stream_ms, record_ms);
	if (p->stream_ms != NPSD_TIME_NONE)
		p->horizon_ms = max64(p->horizon_ms, p->stream_ms - p->lateness_ms);
}

void npsd_part_join(struct npsd_part *p, struct npsd_batch_part *in)
{
	p->in = in;
	in->end.tp = p->state.tp;
	in->from = p->state.pos;
	in->first_ms = NPSD_TIME_NONE;
	npsd_buf_clear(&in->rulings);
	npsd_buf_clear(&in->marks);
	if (p->state.lateness_ms == p->lateness_ms)
		return;
	npsd_buf_addf(&in->rulings, "lateness %" PRIu32 ":%" PRId64 " %" PRId64 "\n", p->state.pos.inc,
	    p->state.pos.offset, p->lateness_ms);
	p->state.lateness_ms = p->lateness_ms;
}

static void write_listing(struct npsd_part *p)
{
	if (p->listing.from < 0)
		return;
	npsd_buf_addf(&p->in->rulings, "ahead %" PRIu32 ":%" PRId64 " %" PRId64 "\n", p->state.pos.inc,
	    p->listing.from, p->listing.to);
	npsd_assert(!p->in->rulings.full);
	p->listing.from = -1;
}

void npsd_part_list_ahead(struct npsd_part *p, int64_t offset)
{
	if (p->listing.from >= 0 && p->listing.to != offset)
		write_listing(p);
	if (p->listing.from < 0)
		p->listing.from = offset;
	p->listing.to = offset + 1;
}

static void write_raising(struct npsd_part *p)
{
	if (p->raising.at < 0)
		return;
	npsd_assert(p->in);
	npsd_buf_addf(&p->in->rulings, "horizon %" PRIu32 ":%" PRId64 " %" PRId64 "\n", p->state.pos.inc,
	    p->raising.at, p->raising.ms);
	npsd_assert(!p->in->rulings.full);
	p->raising.at = -1;
}

void npsd_part_move_horizon(struct npsd_part *p, int64_t horizon_ms)
{
	npsd_assert(!p->loading && horizon_ms >= p->horizon_ms && horizon_ms <= p->stream_ms);
	if (p->raising.at != p->state.pos.offset)
		write_raising(p); /* an earlier one, with records after it */
	p->raising = (struct npsd_part_from){p->state.pos.offset, horizon_ms};
	p->horizon_ms = horizon_ms;
}

void npsd_part_leave(struct npsd_part *p)
{
	write_listing(p);
	write_raising(p);
	p->state.stream_ms = p->stream_ms;
	p->state.horizon_ms = p->horizon_ms;
	p->in->end = p->state;
	p->in = NULL;
}
