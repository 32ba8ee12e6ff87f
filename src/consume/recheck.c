#include "consume/recheck.h"

#include <inttypes.h>

#include "base/log.h"

void recheck_free(struct recheck *r)
{
	history_free(&r->history);
}

void recheck_go_on(struct recheck *r)
{
	r->step = RECHECK_NEXT;
	r->in_flight = false;
}

void recheck_begin(struct recheck *r, const struct context *c)
{
	recheck_go_on(r);
	r->at = 0;
	r->begun_mono_ms = npsd_mono_ms(c->clock) + c->cfg->history_interval_ms;
}

static void next(struct recheck *r)
{
	r->step = RECHECK_NEXT;
	r->at++;
}

/* Chooses the partition to compare. False: none is due. */
static bool choose(struct recheck *r, struct context *c, const struct assignment *s)
{
	int64_t now = npsd_mono_ms(c->clock);

	if (r->at >= s->n && now >= r->begun_mono_ms + c->cfg->history_interval_ms) {
		r->at = 0;
		r->begun_mono_ms = now;
	}
	while (r->at < s->n && s->part[r->at]->step != ACQ_COUNTED)
		r->at++;
	if (r->at >= s->n || now < r->begun_mono_ms)
		return false;
	r->tp = s->part[r->at]->tp;
	r->step = RECHECK_HISTORY;
	return true;
}

bool recheck_step(struct recheck *r, struct context *c, struct assignment *s)
{
	const struct history_range *range = history_next(&r->history);

	if (r->in_flight || (r->step == RECHECK_NEXT && !choose(r, c, s)))
		return false;
	r->tag = CONTEXT_TAG(TAG_RECHECK, ++c->numbers);
	if (r->step == RECHECK_HISTORY)
		r->in_flight = context_history_call(c, s->part[r->at]->name, r->tag);
	else if (r->step == RECHECK_RECORDS)
		r->in_flight = c->broker->records(c->broker->self, r->tag, r->tp, range->from, range->to);
	else
		r->in_flight = c->broker->ends(c->broker->self, r->tag, r->tp);
	if (!r->in_flight && r->step == RECHECK_RECORDS)
		next(r);
	return r->in_flight;
}

void recheck_on_store(
    struct recheck *r, struct context *c, const struct npsd_done *done, const struct assignment *s)
{
	struct npsd_result result = context_result(c, done, 4);

	if (done->tag != r->tag || !r->in_flight)
		return;
	r->in_flight = false;
	if (result.kind != NPSD_RESULT_OK ||
	    !history_read(&r->history, result.reply, s->part[r->at]->low, s->part[r->at]->checked) ||
	    !history_next(&r->history)) {
		next(r);
		return;
	}
	r->last = r->history.nlast ? r->history.last[r->history.nlast - 1].offset : 0;
	r->step = RECHECK_RECORDS;
}

/* Compares when all is read. True: the records differ. */
static bool judge(struct recheck *r, struct context *c, struct acquisition *a)
{
	int64_t at;

	if (history_compare(&r->history, &at, a->low, c->cfg->allow_compacted) == HISTORY_SAME) {
		a->checked = r->last;
		next(r);
		return false;
	}
	if (r->step == RECHECK_RECORDS) {
		r->step = RECHECK_ENDS;
		return false;
	}
	npsd_log(NPSD_LOG_WARN, "consume", "%s does not hold the records that were counted", a->name);
	return true;
}

bool recheck_on_event(
    struct recheck *r, struct context *c, const struct npsd_broker_event *e, struct assignment *s)
{
	if (e->tag != r->tag || !r->in_flight)
		return false;
	r->in_flight = false;
	if (!e->ok) { /* Kafka cannot now: after an interval */
		next(r);
		return false;
	}
	if (r->step == RECHECK_ENDS)
		s->part[r->at]->low = e->low;
	else
		history_found(&r->history, e);
	return !history_next(&r->history) && judge(r, c, s->part[r->at]);
}
