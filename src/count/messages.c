#include <inttypes.h>

#include "count/route.h"
#include "count/worker.h"
#include "npsd/err.h"

#define AHEAD_MS                                                                                             \
	((int64_t)5 * 60 * 1000) /* records stamped further ahead of the clock are counted in `ahead` */
#define SWEEP 2			 /* ledger entries swept for each record, which adds one at most */
#define DELTA_BYTES 40 /* usual size of a delta, to estimate the size of a batch before it is packed */
#define RULING_ROOM 256
#define ADMISSIONS_MAX 64 /* for messages fetched together; values of the greatest length need five */

/* --- decode --- */

/* Producers may stamp records with any number. Sums and differences of bounded times do not overflow. */
static int64_t bounded(int64_t ms)
{
	return ms > NPSD_MS_MAX ? NPSD_MS_MAX : ms < -NPSD_MS_MAX ? -NPSD_MS_MAX : ms;
}

static bool is_ahead(const struct npsd_part *p, const struct npsd_msg *m, int64_t wall_ms)
{
	if (npsd_part_is_ahead(p, m->offset))
		return true;
	return m->offset >= p->state.pos.offset && m->record_ms > wall_ms + NPSD_DAY_MS;
}

/* The place in cfg->older of the configuration that the record was first counted under; -1: the present one.
 */
static int older_of(const struct npsd_worker *k, const struct npsd_part *p, int64_t offset)
{
	int at = npsd_part_older(p, offset);

	return at == k->cfg->nolder ? -1 : at;
}

static struct npsd_decoder *decoder_of(struct npsd_worker *k, const struct npsd_part *p, int64_t offset)
{
	int at = older_of(k, p, offset);

	if (at < 0)
		return k->decoder;
	if (!k->older[at])
		k->older[at] = npsd_decoder_new(k->cfg->older[at]);
	npsd_assert(k->older[at]);
	return k->older[at];
}

static bool location_required(const struct npsd_worker *k, const struct npsd_part *p, int64_t offset)
{
	int at = older_of(k, p, offset);

	return at < 0 ? k->cfg->location_required : k->cfg->older[at]->location_required;
}

static void decode_one(struct npsd_worker *k, size_t i)
{
	struct npsd_messages *in = &k->in;
	struct npsd_msg *m = &in->msg[i];
	struct npsd_part *p = npsd_worker_part(k, m->tp);
	struct npsd_record_view view = {.value = m->value, .len = m->len, .topic = m->tp.topic};
	struct npsd_headers headers;

	in->part[i] = p && m->offset >= p->next ? p : NULL;
	in->resolved[i] = false;
	if (!in->part[i] || m->what != NPSD_MSG_RECORD)
		return;
	if (m->offset >= in->part[i]->state.pos.offset)
		in->hash[i] = npsd_record_hash(m->value, m->len, m->record_ms);
	m->record_ms = view.record_ms = bounded(m->record_ms);
	in->ahead[i] = view.ahead = is_ahead(p, m, in->wall_ms);
	if (m->headers) {
		k->pl->broker.headers(k->pl->broker.self, &headers, m);
		view.headers = &headers;
	}
	in->verdict[i] = npsd_decode(decoder_of(k, p, m->offset), &in->event[i], &view);
}

void npsd_messages_decode(struct npsd_worker *k)
{
	k->in.wall_ms = k->pl->clock.wall_ms(k->pl->clock.self);
	k->in.at = k->in.admissions = 0;
	for (size_t i = 0; i < k->in.n; i++)
		decode_one(k, i);
	k->in.stage = NPSD_IN_DECODED;
}

void npsd_messages_drop(struct npsd_worker *k)
{
	if (k->in.n)
		k->pl->broker.release(k->pl->broker.self, k->in.msg, k->in.n);
	npsd_decoder_reset(k->decoder);
	for (int i = 0; i < k->cfg->nolder; i++)
		if (k->older[i])
			npsd_decoder_reset(k->older[i]);
	k->in.n = k->in.at = 0;
	k->in.stage = NPSD_IN_NONE;
}

/* --- resolve --- */

static bool is_event(const struct npsd_messages *in, size_t i)
{
	return in->part[i] && in->msg[i].what == NPSD_MSG_RECORD && in->verdict[i].reason == NPSD_R_ok;
}

/*
 * After an admission a value has an id, or its dimension is full. A reply that brings neither comes from a
 * store whose caps differ from this process's: requesting again would never end.
 */
static void request_admission(struct npsd_worker *k)
{
	if (++k->in.admissions > ADMISSIONS_MAX) {
		npsd_worker_halt(k, NPSD_FAULT_BROKEN,
		    "the dictionary does not hold the values of some records after %d admissions of them",
		    ADMISSIONS_MAX);
		return;
	}
	k->admission.req = (struct npsd_request){.what = NPSD_REQ_ADMIT, .session = k->session};
	npsd_assert(npsd_ring_push(k->pl->worker_to_commit[k->number], &k->admission.req));
	k->admitting = true;
	k->pl->store_commit.wake(k->pl->store_commit.self);
}

/* True when every value of every event has its id; else an admission was requested. */
static bool resolve(struct npsd_worker *k)
{
	struct npsd_messages *in = &k->in;
	bool all = true;

	k->admission.n = 0;
	npsd_buf_clear(&k->admission.text);
	for (size_t i = 0; i < in->n; i++) {
		if (in->resolved[i] || !is_event(in, i))
			continue;
		in->resolved[i] = npsd_content_of(&in->content[i], &in->event[i], k->names);
		if (in->resolved[i]) {
			in->key[i] = npsd_key_of(
			    npsd_is_stage(in->event[i].type) ? NPSD_SPACE_INVITATION : NPSD_SPACE_RESPONSE,
			    in->event[i].id);
			continue;
		}
		npsd_content_admit(&k->admission, &in->event[i], k->names);
		all = false;
	}
	if (all) {
		npsd_tables_names(&k->tables, npsd_names_len_any(k->names));
		in->stage = NPSD_IN_RESOLVED;
	} else if (k->admission.n > 0) {
		request_admission(k);
	}
	return all;
}

/* All growth of ledgers is here, before pointers into them are used; then the cache lines that are needed
 * next are prefetched. */
static void prepare(struct npsd_messages *in)
{
	for (size_t i = in->at; i < in->n; i++)
		if (in->resolved[i])
			npsd_ledger_reserve(in->part[i]->ledger, NPSD_MESSAGES_MAX);
	for (size_t i = in->at; i < in->n; i++)
		if (in->resolved[i])
			npsd_ledger_prefetch_bucket(in->part[i]->ledger, in->key[i]);
	for (size_t i = in->at; i < in->n; i++)
		if (in->resolved[i])
			npsd_ledger_prefetch_entry(in->part[i]->ledger, in->key[i]);
}

/* --- count --- */

/* Whether the batch has room for whatever one more record of the partition may add. */
static bool make_room(struct npsd_worker *k, struct npsd_part *p)
{
	struct npsd_batch *b = k->batch;

	k->full = b->nalerts >= NPSD_BATCH_ALERTS || !npsd_tables_room(&k->tables, k->most) ||
		  (int64_t)(b->alerts.n + (size_t)npsd_tables_rows(&k->tables) * DELTA_BYTES) >=
		      k->cfg->batch_bytes;
	if (p->in)
		k->full |= p->in->rulings.n > NPSD_RULINGS_TEXT - RULING_ROOM;
	else
		k->full |= b->nparts == NPSD_BATCH_PARTS;
	if (k->full)
		return false;
	if (!p->in) {
		if (b->nparts == 0)
			b->oldest_mono_ms = k->mono_ms;
		npsd_part_join(p, &b->part[b->nparts++]);
	}
	return true;
}

static void count_other(struct npsd_worker *k, const struct npsd_content *c, int sign)
{
	for (int dim = 0; dim < NPSD_NDIM; dim++)
		k->other[dim] +=
		    (dim == NPSD_DIM_location ? npsd_content_place(c) : c->value[dim]) == NPSD_ID_OTHER ? sign
													: 0;
	for (int i = 0; i < c->nthemes; i++)
		k->other[NPSD_DIM_theme] += c->theme[i] == NPSD_ID_OTHER ? sign : 0;
}

static void count_answer(struct npsd_worker *k, const struct npsd_content *c, int64_t event_ms, int sign)
{
	struct npsd_count count = {.comment = c->has_comment, .sign = (int8_t)sign};

	count.counter =
	    (uint8_t)(c->score == NPSD_SCORE_NULL ? NPSD_C_no_score : NPSD_C_FIRST_SCORE + c->score);
	npsd_route_count(&k->tables, &count, c, event_ms, k->cfg, k->names);
	count_other(k, c, sign);
}

static void count_stage(struct npsd_worker *k, const struct npsd_event *ev, const struct npsd_content *c)
{
	struct npsd_count count = {.sign = 1};

	count.counter = (uint8_t)(NPSD_C_FIRST_STAGE + (ev->type - NPSD_T_INVITED));
	npsd_route_count(&k->tables, &count, c, ev->event_ms, k->cfg, k->names);
}

static void count_decision(struct npsd_worker *k, size_t i, const struct npsd_decision *j)
{
	struct npsd_messages *in = &k->in;
	const struct npsd_event *ev = &in->event[i];

	if (j->fate != NPSD_F_counted)
		return;
	if (npsd_is_stage(ev->type)) {
		count_stage(k, ev, j->now);
		return;
	}
	if (j->had)
		count_answer(k, &j->before, j->entry->event_ms, -1);
	if (j->now)
		count_answer(k, j->now, j->entry->event_ms, 1);
	k->undated += j->first && j->now && ev->undated;
	if (j->transition != NPSD_TRANSITION_NONE && !npsd_part_was_alerted(in->part[i], in->msg[i].offset)) {
		struct npsd_alert alert = {j, ev, in->msg[i].tp, in->msg[i].offset, in->msg[i].record_ms};

		npsd_alert_add(k->batch, k->alerter, &alert, k->names);
	}
}

static void count_fate(
    struct npsd_worker *k, const struct npsd_msg *m, enum npsd_fate fate, enum npsd_reason reason)
{
	struct npsd_tally *t = &k->tally[m->tp.topic];

	t->consumed++;
	t->fate[fate]++;
	if (reason != NPSD_R_ok)
		t->reason[reason]++;
}

static void copy_reject(const struct npsd_worker *k, size_t i)
{
	const struct npsd_verdict *v = &k->in.verdict[i];

	if (k->pl->broker.reject && npsd_reason_fate[v->reason] == NPSD_F_rejected &&
	    !npsd_part_was_alerted(k->in.part[i], k->in.msg[i].offset))
		k->pl->broker.reject(
		    k->pl->broker.self, &k->in.msg[i], npsd_reason_names[v->reason], v->field, v->at);
}

/* What a record changes besides its fate, if it is counted and not only loaded. */
static void note_record(struct npsd_worker *k, struct npsd_part *p, size_t i)
{
	const struct npsd_msg *m = &k->in.msg[i];

	if (p->wants_first)
		p->in->first_ms = k->in.ahead[i] ? k->in.wall_ms : m->record_ms;
	p->wants_first = false;
	k->records_ahead += m->record_ms > k->in.wall_ms + AHEAD_MS;
}

static void count_record(struct npsd_worker *k, struct npsd_part *p, size_t i)
{
	struct npsd_messages *in = &k->in;
	const struct npsd_msg *m = &in->msg[i];
	enum npsd_reason reason = in->verdict[i].reason;
	struct npsd_decision decision;

	decision.fate = npsd_reason_fate[reason];
	decision.reason = reason;

	npsd_part_advance(p, m->offset, m->record_ms, !in->ahead[i] && reason != NPSD_R_future);
	if (reason == NPSD_R_ok) {
		struct npsd_moment at = {{p->state.pos.inc, m->offset}, p->stream_ms, p->horizon_ms,
		    location_required(k, p, m->offset)};
		struct npsd_resolved event = {in->key[i], &in->event[i], &in->content[i]};

		npsd_decide(&decision, p->ledger, &event, &at);
	}
	if (!p->loading && in->ahead[i] && !npsd_part_is_ahead(p, m->offset))
		npsd_part_list_ahead(p, m->offset);
	if (!p->loading && !npsd_part_was_counted(p, in->hash[i])) {
		note_record(k, p, i);
		count_fate(k, m, decision.fate, decision.reason);
		if (reason == NPSD_R_ok)
			count_decision(k, i, &decision);
		else
			copy_reject(k, i);
	}
	npsd_ledger_sweep(p->ledger, SWEEP, p->horizon_ms);
}

/* The load ends at the stored position. */
static void begin_at(const struct npsd_worker *k, struct npsd_part *p, int64_t offset)
{
	if (p->loading && offset >= p->state.pos.offset)
		npsd_part_begin(p, k->cfg->lateness_ms);
}

/* Processes message i. False: there is no room for it now, or the worker is halted. */
static bool process(struct npsd_worker *k, size_t i)
{
	const struct npsd_msg *m = &k->in.msg[i];
	struct npsd_part *p = k->in.part[i];
	int64_t next = m->offset + (m->what == NPSD_MSG_RECORD);

	if (!p || m->offset < p->next)
		return true;
	if (m->what == NPSD_MSG_GONE) {
		npsd_worker_halt(k, NPSD_FAULT_OFFSET,
		    "%s/%" PRId32 ": Kafka does not hold offset %" PRId64 " any more",
		    k->cfg->topics[m->tp.topic], m->tp.part, p->next);
		return false;
	}
	begin_at(k, p, m->offset);
	if (!p->loading && next > p->state.pos.offset && !make_room(k, p))
		return false;
	if (m->what == NPSD_MSG_RECORD)
		count_record(k, p, i);
	p->next = next;
	if (!p->loading) {
		if (m->what == NPSD_MSG_RECORD)
			npsd_marks_add(
			    &p->in->marks, &p->in->marks_from, (struct npsd_mark){m->offset, k->in.hash[i]});
		p->state.pos.offset = next;
	}
	begin_at(k, p, next);
	return true;
}

bool npsd_messages_process(struct npsd_worker *k)
{
	struct npsd_messages *in = &k->in;
	size_t was = in->at;

	if (in->stage == NPSD_IN_NONE || k->halted || k->admitting)
		return false;
	if (in->stage == NPSD_IN_DECODED && !resolve(k))
		return true;
	if (k->full || !npsd_memory_fits(k))
		return false;
	prepare(in);
	while (in->at < in->n && process(k, in->at))
		in->at++;
	if (in->at == in->n)
		npsd_messages_drop(k);
	return in->stage == NPSD_IN_NONE || in->at > was;
}
