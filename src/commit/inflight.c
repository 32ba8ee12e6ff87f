#include "commit/inflight.h"

#include "base/log.h"
#include "base/unpack.h"
#include "commit/pack.h"
#include "npsd/err.h"

#define BACKOFF_FIRST_MS 50
#define BACKOFF_MOST_MS 2000
#define LOG_EVERY_MS 5000
#define CHAIN 40

void inflight_init(struct inflight *x, struct npsd_pipeline *pl, int worker)
{
	*x = (struct inflight){.worker = worker,
	    .from = worker < 0 ? pl->fold_to_commit : pl->worker_to_commit[worker],
	    .to = worker < 0 ? pl->commit_to_fold : pl->commit_to_worker[worker],
	    .backoff = {.first_ms = BACKOFF_FIRST_MS, .most_ms = BACKOFF_MOST_MS}};
	npsd_script_init(&x->build, pl->cfg, PACK_TEXT_MAX);
}

static void finish(struct inflight *x, struct session *s, enum npsd_request_end end)
{
	struct npsd_pipeline *pl = s->pl;

	x->req->end = end;
	npsd_assert(npsd_ring_push(x->to, x->req));
	x->req = NULL;
	x->state = INFLIGHT_FREE;
	if (x->worker < 0)
		pl->store_fold.wake(pl->store_fold.self);
	else
		pl->broker.wake_worker(pl->broker.self, x->worker);
}

void inflight_drop(struct inflight *x, struct session *s)
{
	if (x->state != INFLIGHT_FREE)
		finish(x, s, NPSD_REQ_DROPPED);
}

/* Every value has an id, if only that of `__other__`. */
static bool all_known(const struct npsd_names *names, const struct npsd_admission *values)
{
	for (uint32_t i = 0; i < values->n; i++) {
		struct npsd_str value = {values->text.p + values->value[i].at, values->value[i].len};

		if (npsd_names_find_any(names, values->value[i].dim, value) == NPSD_ID_UNKNOWN)
			return false;
	}
	return true;
}

static void begin_batch(struct inflight *x, struct session *s, const struct npsd_batch *batch)
{
	const struct npsd_clock *clock = &s->pl->clock;

	if (held_begin(&s->held, batch)) {
		pack_commit(&x->build, s->names, batch, clock->wall_ms(clock->self));
		return;
	}
	x->state = INFLIGHT_BLOCKED;
	session_fault(s, NPSD_FAULT_OWNER, "a batch does not follow the claims and positions held");
}

void inflight_begin(struct inflight *x, struct session *s, struct npsd_request *req)
{
	const struct npsd_admission *values = (const struct npsd_admission *)req;

	x->req = req;
	x->state = INFLIGHT_READY;
	npsd_backoff_reset(&x->backoff);
	if (req->session != s->number)
		finish(x, s, NPSD_REQ_DROPPED);
	else if (req->what == NPSD_REQ_COMMIT)
		begin_batch(x, s, (const struct npsd_batch *)req);
	else if (values->n && all_known(s->names, values)) /* admitted for another worker meanwhile */
		finish(x, s, NPSD_REQ_DONE);
	else
		pack_admit(&x->build, s->names, values);
}

bool inflight_submit(struct inflight *x, struct session *s)
{
	if (x->state != INFLIGHT_READY || npsd_backoff_waits(&x->backoff, npsd_mono_ms(&s->pl->clock)))
		return false;
	x->tag = session_submit(s, &x->build);
	if (x->tag)
		x->state = INFLIGHT_SENT;
	return x->tag != 0;
}

static void batch_done(struct inflight *x, struct session *s)
{
	held_end(&s->held, (const struct npsd_batch *)x->req);
	finish(x, s, NPSD_REQ_DONE);
	npsd_add_relaxed(&s->pl->fold_lag, 1);
	s->pl->store_fold.wake(s->pl->store_fold.self);
}

/* One entry of the stored dictionary, `[dim, value, chain]`. False: it is malformed, or disagrees with the
 * copy. */
static bool append(struct npsd_names *names, int64_t index, struct npsd_str entry)
{
	struct npsd_unpack u = npsd_unpack_of(entry.p, entry.n);
	uint32_t n = npsd_unpack_array(&u);
	uint64_t dim = npsd_unpack_uint(&u);
	struct npsd_str value = npsd_unpack_text(&u), chain = npsd_unpack_text(&u);

	if (u.bad || u.p != u.end || n != 3 || dim >= NPSD_NDIM || chain.n != CHAIN)
		return false;
	return npsd_names_append_owner(names, (uint32_t)index, (int)dim, value, chain.p);
}

static bool append_all(struct npsd_names *names, const struct npsd_reply *r)
{
	const struct npsd_reply *entries = npsd_reply_at(r, 3);
	int64_t from;

	if (!npsd_reply_int(&from, r, 1, 0))
		return false;
	for (size_t i = 0; i < entries->n; i++)
		if (!append(names, from + (int64_t)i, npsd_reply_str(entries, i)))
			return false;
	return true;
}

/* {"ok", index of the first entry, "1" where more follow, {entries}} */
static void admission_done(struct inflight *x, struct session *s, const struct npsd_reply *r)
{
	x->state = INFLIGHT_BLOCKED;
	if (!append_all(s->names, r)) {
		session_fault(s, NPSD_FAULT_DICT,
		    "an entry of the stored dictionary disagrees with this process's copy");
	} else if (npsd_reply_is(r, 2, "1")) {
		pack_admit(&x->build, s->names, NULL);
		x->state = INFLIGHT_READY;
	} else if (!all_known(s->names, (const struct npsd_admission *)x->req)) {
		session_fault(
		    s, NPSD_FAULT_BROKEN, "Redis admitted a value that the stored dictionary does not hold");
	} else {
		finish(x, s, NPSD_REQ_DONE);
	}
}

/* A lost call may have run: it is sent again at once, since the script recognizes a batch that is stored. */
static void retry(struct inflight *x, struct session *s, const struct npsd_result *r)
{
	int64_t now = npsd_mono_ms(&s->pl->clock);

	if (npsd_log_every(&s->logged_mono_ms, now, LOG_EVERY_MS))
		npsd_log(NPSD_LOG_WARN, "commit", "%s: %s; sending the same call again",
		    r->lost ? "a call was lost" : "Redis cannot run a call now", r->text);
	x->state = INFLIGHT_READY;
	if (r->lost)
		x->backoff.retry_mono_ms = 0;
	else
		npsd_backoff_fail(&x->backoff, &s->pl->clock, now);
}

void inflight_done(struct inflight *x, struct session *s, const struct npsd_done *done)
{
	bool commit = x->req->what == NPSD_REQ_COMMIT;
	struct npsd_result r = npsd_result_of(done, commit ? 2 : 4);

	if (r.kind == NPSD_RESULT_RETRY) {
		retry(x, s, &r);
		return;
	}
	npsd_backoff_reset(&x->backoff);
	if (r.kind != NPSD_RESULT_OK) {
		x->state = INFLIGHT_BLOCKED;
		session_fault_of(s, &r);
	} else if (commit) {
		batch_done(x, s);
	} else {
		admission_done(x, s, r.reply);
	}
}
