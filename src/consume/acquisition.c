#include "consume/acquisition.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "consume/stored.h"

#define TRUNCATED "truncated" /* the reason of a lost range that was counted */
#define SUSPECTED 3	      /* comparisons that must find other records before npsd acts on it */

struct acquisition *acquisition_new(struct context *c, struct npsd_tp tp)
{
	struct acquisition *a = calloc(1, sizeof *a);

	npsd_assert(a);
	a->tp = tp;
	a->retry = CONTEXT_BACKOFF;
	context_tp_name(c, a->name, tp);
	acquisition_begin(a, c);
	return a;
}

void acquisition_free(struct acquisition **a)
{
	free((*a)->rulings);
	history_free(&(*a)->history);
	free(*a);
	*a = NULL;
}

void acquisition_begin(struct acquisition *a, struct context *c)
{
	if (a->since_mono_ms == 0 || a->step == ACQ_COUNTED) {
		a->since_mono_ms = npsd_mono_ms(c->clock);
		a->why[0] = 0;
	}
	acquisition_restart(a, c);
}

void acquisition_restart(struct acquisition *a, struct context *c)
{
	a->step = ACQ_ENDS;
	a->in_flight = false;
	a->attempt = ++c->numbers;
	a->retry.retry_mono_ms = 0;
}

void acquisition_retry(struct acquisition *a, struct context *c, const char *who, const char *text)
{
	acquisition_restart(a, c);
	snprintf(a->why, sizeof a->why, "%s: %s", who, text);
	context_retry(c, &a->retry, "%s cannot be acquired: %s: %s", a->name, who, text);
}

static void fresh_claim(struct acquisition *a, const struct context *c)
{
	snprintf(a->fresh, sizeof a->fresh, "%016" PRIx64, c->clock->random(c->clock->self));
}

/* --- the steps' calls --- */

static bool base_call(struct acquisition *a, struct context *c, uint64_t tag)
{
	struct npsd_script_build *b = &c->build;
	/* a group that has offsets counted before: what Redis does not know is lost, from offset 0 on */
	bool counted = a->committed >= 0;
	bool latest = c->cfg->start == NPSD_START_LATEST;
	struct npsd_pos base = {0, counted  ? 0
				   : latest ? a->high
					    : a->low},
			later = {0, counted ? 0 : a->low};
	int32_t parts = context_parts(c, a->tp.topic);

	if (parts == 0)
		return false;
	fresh_claim(a, c);
	npsd_script_begin_private(b, NPSD_S_base);
	npsd_script_private_key(b, "config");
	npsd_script_private_key(b, "rulings:%s", a->name);
	npsd_script_header(b, NULL, 0);
	npsd_script_argz(b, c->cfg->text);
	npsd_script_argz(b, a->name);
	if (counted && c->cfg->on_gap == NPSD_GAP_HALT)
		npsd_script_argz(b, ""); /* only reads */
	else
		npsd_script_pos(b, base);
	npsd_script_argz(b, a->fresh);
	npsd_script_argz(b, c->cfg->topics[a->tp.topic]);
	npsd_script_int(b, a->tp.part);
	npsd_script_int(b, parts);
	npsd_script_pos(b, later);
	return context_submit(c, tag);
}

/* Begins a call that demands the claim and the position that were read. */
static struct npsd_script_build *begin_compare(
    struct acquisition *a, struct context *c, enum npsd_script script)
{
	struct npsd_script_build *b = &c->build;

	npsd_script_begin_private(b, script);
	npsd_script_private_key(b, "rulings:%s", a->name);
	if (script == NPSD_S_skip) {
		npsd_script_private_key(b, "lost");
		npsd_script_private_key(b, "history:%s", a->name);
	}
	npsd_script_header(b, NULL, 0);
	npsd_script_argz(b, a->name);
	npsd_script_argz(b, a->state.claim);
	npsd_script_pos(b, a->state.pos);
	return b;
}

static bool skip_call(struct acquisition *a, struct context *c, uint64_t tag)
{
	struct npsd_script_build *b = begin_compare(a, c, NPSD_S_skip);

	npsd_script_pos(b, a->skip_to);
	npsd_script_argz(b, a->skip_reason);
	if (strcmp(a->skip_reason, TRUNCATED) == 0)
		history_add_cut(&a->history, b, a->skip_to.offset);
	return context_submit(c, tag);
}

static bool claim_call(struct acquisition *a, struct context *c, uint64_t tag)
{
	struct npsd_script_build *b = begin_compare(a, c, NPSD_S_claim);

	fresh_claim(a, c);
	npsd_script_argz(b, a->fresh);
	return context_submit(c, tag);
}

bool acquisition_advance(struct acquisition *a, struct context *c)
{
	uint64_t tag = CONTEXT_TAG(TAG_ACQUISITION, a->attempt);
	struct npsd_offset at = {a->tp, a->state.pos.offset};
	const struct history_range *range = history_next(&a->history);

	if (a->in_flight || npsd_backoff_waits(&a->retry, npsd_mono_ms(c->clock)))
		return false;
	switch (a->step) {
	case ACQ_ENDS:
		a->in_flight = c->broker->ends(c->broker->self, tag, a->tp);
		break;
	case ACQ_BASE:
		a->in_flight = base_call(a, c, tag);
		break;
	case ACQ_HISTORY:
		a->in_flight = context_history_call(c, a->name, tag);
		break;
	case ACQ_RECORDS:
		a->in_flight = c->broker->records(c->broker->self, tag, a->tp, range->from, range->to);
		break;
	case ACQ_SKIP:
		a->in_flight = skip_call(a, c, tag);
		break;
	case ACQ_COMMIT:
		a->in_flight = c->broker->commit(c->broker->self, tag, &at, 1);
		break;
	case ACQ_CLAIM:
		a->in_flight = claim_call(a, c, tag);
		break;
	case ACQ_READY:
	case ACQ_COUNTED:
	case ACQ_STALE:
		break;
	}
	return a->in_flight;
}

/* --- completions --- */

void acquisition_on_ends(struct acquisition *a, struct context *c, const struct npsd_broker_event *e)
{
	a->in_flight = false;
	if (!e->ok) {
		acquisition_retry(a, c, "Kafka, first and last offset", e->text);
		return;
	}
	a->low = e->low;
	a->high = e->high;
	a->committed = e->committed;
	a->step = ACQ_BASE;
}

void acquisition_on_commit(struct acquisition *a, struct context *c, const struct npsd_broker_event *e)
{
	a->in_flight = false;
	if (e->answer == NPSD_COMMIT_AGAIN) {
		acquisition_retry(a, c, "Kafka, group commit", e->text);
	} else if (e->answer == NPSD_COMMIT_STALE) {
		a->step = ACQ_STALE;
		snprintf(a->why, sizeof a->why, "Kafka, group commit: %s", e->text);
		npsd_log(NPSD_LOG_INFO, "consume",
		    "%s: Kafka refused the group commit: %s; waiting for the next assignment", a->name,
		    e->text);
	} else {
		a->step = acquisition_keeps(a) ? ACQ_READY : ACQ_CLAIM;
	}
}

static bool read_stored(struct acquisition *a, struct context *c, const struct npsd_reply *r)
{
	free(a->rulings);
	a->state = (struct npsd_part_state){.tp = a->tp};
	if (npsd_stored_part(&a->state, &a->rulings, &a->nrulings, r, c->cfg))
		return true;
	context_fail(c, 1, "%s: Redis holds a state of this partition that npsd did not write", a->name);
	return false;
}

/*
 * The position is greater than the end where the topic is another one or was cut, but also where the owner
 * before went on counting after the end was read. A position that was read before the end proves the first.
 */
static bool end_is_older(struct acquisition *a)
{
	struct npsd_pos before = a->read_before, pos = a->state.pos;

	a->read_before = pos;
	return pos.offset > a->high && !(before.inc == pos.inc && before.offset > a->high);
}

/* The position moves, and a range is lost. */
static void skip(struct acquisition *a, struct context *c, const char *reason, struct npsd_pos to)
{
	a->skip_reason = reason;
	a->skip_to = to;
	a->held[0] = 0;
	a->step = ACQ_SKIP;
	if (c->cfg->on_gap == NPSD_GAP_HALT)
		context_fail(c, 1, "%s: records are lost (%s), and on_gap is halt", a->name, reason);
}

static void log_grown(const struct acquisition *a, const struct context *c)
{
	const char *topic = c->cfg->topics[a->tp.topic];

	npsd_log(NPSD_LOG_WARN, "consume",
	    "topic \"%s\" has grown to %" PRId32
	    " partitions: keys move between them, and answers with them; see grown:%s in %s:meta",
	    topic, c->topic[a->tp.topic].parts, topic, c->cfg->prefix);
}

static void on_base(struct acquisition *a, struct context *c, const struct npsd_reply *r)
{
	bool emptied; /* the group counted before, and Redis holds nothing */

	if (npsd_reply_str(r, 2).n == 0) {
		context_fail(c, 1,
		    "%s: Redis holds no position, the group had %" PRId64 ", and on_gap is halt", a->name,
		    a->committed);
		return;
	}
	if (!read_stored(a, c, r))
		return;
	if (end_is_older(a)) {
		acquisition_restart(a, c);
		return;
	}
	if (npsd_reply_str(r, 7).n > 0)
		log_grown(a, c);
	emptied = a->committed >= 0 && strcmp(a->state.claim, a->fresh) == 0;
	if (emptied)
		npsd_log(NPSD_LOG_WARN, "consume",
		    "%s: Redis holds no position, the group had %" PRId64 "; counting begins at %" PRId64,
		    a->name, a->committed, a->low);
	a->step = ACQ_HISTORY;
	if (a->state.pos.offset >= a->low)
		return;
	skip(a, c, emptied ? "emptied" : "retention", (struct npsd_pos){a->state.pos.inc, a->low});
	npsd_log(NPSD_LOG_WARN, "consume",
	    "%s: records %" PRId64 " to %" PRId64 " are lost (%s): Kafka holds %" PRId64 " to %" PRId64,
	    a->name, a->state.pos.offset, a->low, a->skip_reason, a->low, a->high);
}

/* --- is the topic the one that was counted? --- */

static void on_cut(struct acquisition *a, struct context *c, int64_t at)
{
	npsd_log(NPSD_LOG_WARN, "consume",
	    "%s: the topic was cut: records %" PRId64 " to %" PRId64
	    " were counted and are not in it any more; their counts stay, and counting goes on at %" PRId64,
	    a->name, at, a->state.pos.offset - 1, at);
	skip(a, c, TRUNCATED, (struct npsd_pos){a->state.pos.inc + 1, at});
}

static void on_other(struct acquisition *a, struct context *c)
{
	size_t n = a->history.nlast;

	if (c->cfg->on_gap == NPSD_GAP_ASK) {
		context_fail(c, 1,
		    "%.120s is not the topic that was counted up to offset %" PRId64 ": it begins at %" PRId64
		    ", ends before %" PRId64
		    ", and does not hold the last %zu records where they were counted. Was it recreated, "
		    "copied, or cut? on_gap=continue counts it as a new topic, beside what is counted; "
		    "--rebuild drops the counts and counts it anew; with the former topic back, npsd goes on",
		    a->name, a->state.pos.offset, a->low, a->high, n);
		return;
	}
	npsd_log(NPSD_LOG_WARN, "consume",
	    "%s is not the topic that was counted up to offset %" PRId64 "; all that it holds is counted",
	    a->name, a->state.pos.offset);
	skip(a, c, "recreated", (struct npsd_pos){a->state.pos.inc + 1, a->low});
}

/* A leader that was elected a moment ago may not know its end: a difference must be found repeatedly. */
static void judge(struct acquisition *a, struct context *c)
{
	const struct history *h = &a->history;
	int64_t at;
	enum history_verdict verdict = history_compare(h, &at, a->low, c->cfg->allow_compacted);

	if (verdict == HISTORY_SAME && a->state.pos.offset > a->high)
		verdict = at >= 0 ? HISTORY_CUT : HISTORY_OTHER; /* offsets without records are gone */
	if (verdict == HISTORY_SAME) {
		a->suspected = 0;
		a->checked = h->nlast ? h->last[h->nlast - 1].offset : 0;
		a->step = ACQ_COMMIT;
		return;
	}
	a->checked = 0;
	if (++a->suspected < SUSPECTED)
		acquisition_retry(a, c, "Kafka", "it does not hold the records that were counted");
	else if (verdict == HISTORY_CUT)
		on_cut(a, c, at);
	else
		on_other(a, c);
}

static void read_more(struct acquisition *a, struct context *c)
{
	a->step = ACQ_RECORDS;
	if (!history_next(&a->history))
		judge(a, c);
}

static void on_history(struct acquisition *a, struct context *c, const struct npsd_reply *r)
{
	if (!history_read(&a->history, r, a->low, a->checked))
		context_fail(c, 1, "%s: Redis holds marks of records that npsd did not write", a->name);
	else if (npsd_pos_cmp(a->history.pos, a->state.pos) != 0)
		acquisition_restart(a, c); /* the owner before counts still */
	else
		read_more(a, c);
}

void acquisition_on_records(struct acquisition *a, struct context *c, const struct npsd_broker_event *e)
{
	a->in_flight = false;
	if (!e->ok) {
		acquisition_retry(a, c, "Kafka, records counted before", e->text);
		return;
	}
	history_found(&a->history, e);
	read_more(a, c);
}

/* --- the scripts --- */

/* `base` alone gives the stored configuration; another script's refusal leads to it. */
static void on_refused(struct acquisition *a, struct context *c, const struct npsd_result *r)
{
	struct npsd_err err = {0};

	if (r->refusal != NPSD_REFUSAL_config || a->step != ACQ_BASE) {
		acquisition_restart(a, c);
		return;
	}
	npsd_config_refuse(&err, c->cfg, npsd_reply_z(r->reply, 3));
	context_fail(c, 2, "%s", err.text);
}

void acquisition_on_store(struct acquisition *a, struct context *c, const struct npsd_done *done)
{
	static const size_t least[] = {[ACQ_BASE] = 7, [ACQ_HISTORY] = 4, [ACQ_SKIP] = 2, [ACQ_CLAIM] = 7};
	struct npsd_result r = context_result(c, done, least[a->step]);

	a->in_flight = false;
	c->stored |= r.kind == NPSD_RESULT_OK;
	if (r.kind == NPSD_RESULT_RETRY)
		acquisition_retry(a, c, "Redis", r.text);
	else if (r.kind == NPSD_RESULT_REFUSED)
		on_refused(a, c, &r);
	else if (r.kind == NPSD_RESULT_OK && a->step == ACQ_BASE)
		on_base(a, c, r.reply);
	else if (r.kind == NPSD_RESULT_OK && a->step == ACQ_HISTORY)
		on_history(a, c, r.reply);
	else if (r.kind == NPSD_RESULT_OK && a->step == ACQ_SKIP)
		acquisition_restart(a, c); /* reads what is stored now */
	else if (r.kind == NPSD_RESULT_OK && read_stored(a, c, r.reply))
		a->step = ACQ_READY;
}

bool acquisition_keeps(const struct acquisition *a)
{
	return strcmp(a->held, a->state.claim) == 0;
}

int64_t acquisition_from(const struct acquisition *a)
{
	int64_t from = a->low;

	if (acquisition_keeps(a))
		return a->next;
	if (a->state.base.inc == a->state.pos.inc && a->state.base.offset > from)
		from = a->state.base.offset;
	return from < a->state.pos.offset ? from : a->state.pos.offset;
}
