/*
 * The commit room: what workers have counted goes to the store, one script a batch, and is told back. Nothing
 * here waits but for the store, and nothing is undone: what is refused waits for the group's RESET.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "commit/commit.h"
#include "npsd/err.h"

#define STUCK_AGAIN_MS 1000
#define DONE_MAX 64 /* completions in a step */

int64_t commit_now_ms(const struct npsd_commit *c)
{
	return c->pl->clock.mono_ms(c->pl->clock.self);
}

struct held *commit_held(struct npsd_commit *c, struct npsd_tp tp)
{
	for (size_t i = 0; i < c->nheld; i++)
		if (c->held[i].tp.topic == tp.topic && c->held[i].tp.part == tp.part)
			return &c->held[i];
	return NULL;
}

void commit_stuck(struct npsd_commit *c, enum npsd_fault what, const char *fmt, ...)
{
	va_list ap;

	if (c->stuck)
		return;
	va_start(ap, fmt);
	vsnprintf(c->stuck_text, sizeof c->stuck_text, fmt, ap);
	va_end(ap);
	c->stuck = what;
	c->stuck_ms = commit_now_ms(c);
	npsd_fault_set(c->pl, what, "%s", c->stuck_text);
	c->pl->broker.wake(c->pl->broker.self);
}

/* Said while another recovery was under way it may have been overheard. */
static void tell_again(struct npsd_commit *c)
{
	int64_t now = commit_now_ms(c);

	if (!c->stuck || now - c->stuck_ms < STUCK_AGAIN_MS)
		return;
	c->stuck_ms = now;
	npsd_fault_set(c->pl, c->stuck, "%s", c->stuck_text);
	c->pl->broker.wake(c->pl->broker.self);
}

/* --- jobs on their way back --- */

static struct npsd_ring *ring_in(const struct npsd_commit *c, int i)
{
	return i == c->nslots - 1 ? c->pl->fold_to_commit : c->pl->worker_to_commit[i];
}

static bool give_back(struct npsd_commit *c, int i)
{
	struct slot *s = &c->slot[i];
	bool fold = i == c->nslots - 1;

	if (!npsd_ring_push(fold ? c->pl->commit_to_fold : c->pl->commit_to_worker[i], s->req))
		return false;
	s->req = NULL;
	s->state = SLOT_FREE;
	if (fold)
		c->pl->store_fold.wake(c->pl->store_fold.self);
	else
		c->pl->broker.wake_worker(c->pl->broker.self, i);
	return true;
}

static void drop_all(struct npsd_commit *c)
{
	for (int i = 0; i < c->nslots; i++) {
		struct slot *s = &c->slot[i];

		if (s->state == SLOT_FREE || s->state == SLOT_BACK)
			continue;
		s->req->end = NPSD_REQ_DROPPED;
		s->state = SLOT_BACK;
		give_back(c, i);
	}
}

/* --- orders --- */

static void take(struct npsd_commit *c, const struct npsd_part_state *state)
{
	struct held *h = commit_held(c, state->tp);

	if (!h) {
		npsd_assert(c->nheld < NPSD_MAX_PARTS);
		h = &c->held[c->nheld++];
		h->busy = false;
	}
	npsd_assert(!h->busy); /* the group gives nothing anew before all of it came back */
	*h = (struct held){.tp = state->tp, .pos = state->pos};
	memcpy(h->claim, state->claim, sizeof h->claim);
}

static void drop(struct npsd_commit *c, struct npsd_tp tp)
{
	struct held *h = commit_held(c, tp);

	if (!h)
		return;
	npsd_assert(!h->busy);
	*h = c->held[--c->nheld];
}

static void reset(struct npsd_commit *c, const struct npsd_command *o)
{
	watch_end_order(c, false);
	drop_all(c);
	c->nheld = 0;
	c->watch_tag = 0;
	c->watch_due = false;
	c->watch_retry_ms = 0;
	c->stuck = NPSD_FAULT_NONE;
	c->session = o->session;
	c->names = o->names;
}

static bool orders(struct npsd_commit *c)
{
	struct npsd_command *o;
	bool any = false;

	while ((o = npsd_ring_pop(c->pl->group_to_commit)) != NULL) {
		any = true;
		o->ok = true;
		switch (o->what) {
		case NPSD_CMD_ACQUIRE:
			take(c, &o->state);
			break;
		case NPSD_CMD_RELEASE:
			drop(c, o->state.tp);
			break;
		case NPSD_CMD_RESET:
			reset(c, o);
			break;
		case NPSD_CMD_CHECK_FENCE:
			watch_end_order(c, false);
			c->check_command = o;
			continue; /* answered by the watch */
		default:
			break;
		}
		npsd_assert(npsd_ring_push(c->pl->commit_to_group, o));
		c->pl->broker.wake(c->pl->broker.self);
	}
	return any;
}

/* --- jobs on their way in --- */

/*
 * Every partition goes on from what is held. And each moves: a batch that moves nothing could not be told
 * from one that is stored already.
 */
static bool fits(struct npsd_commit *c, const struct npsd_batch *b)
{
	npsd_assert(b->nparts > 0);
	for (uint32_t i = 0; i < b->nparts; i++) {
		const struct npsd_batch_part *p = &b->part[i];
		const struct held *h = commit_held(c, p->end.tp);

		npsd_assert(npsd_pos_cmp(p->from, p->end.pos) < 0);
		if (!h || h->busy || strcmp(h->claim, p->end.claim) != 0 ||
		    npsd_pos_cmp(h->pos, p->from) != 0)
			return false;
	}
	return true;
}

static void begin_batch(struct npsd_commit *c, struct slot *s)
{
	const struct npsd_batch *b = (const struct npsd_batch *)s->req;

	s->script = NPSD_S_commit;
	if (!fits(c, b)) {
		s->state = SLOT_BLOCKED;
		commit_stuck(c, NPSD_FAULT_CLAIM, "a batch does not go on from what is held");
		return;
	}
	for (uint32_t i = 0; i < b->nparts; i++)
		commit_held(c, b->part[i].end.tp)->busy = true;
	pack_batch(c, &s->pack, b);
}

static void begin_ask(struct npsd_commit *c, struct slot *s)
{
	const struct npsd_admission *ask = (const struct npsd_admission *)s->req;

	s->script = NPSD_S_admit;
	if (ask->n && answer_all_known(c, ask)) { /* another worker has asked meanwhile */
		s->req->end = NPSD_REQ_DONE;
		s->state = SLOT_BACK;
		return;
	}
	pack_ask(c, &s->pack, ask, false);
}

static bool take_job(struct npsd_commit *c, int i)
{
	struct slot *s = &c->slot[i];
	struct npsd_request *req;

	if (s->state != SLOT_FREE || !c->names || (req = npsd_ring_pop(ring_in(c, i))) == NULL)
		return false;
	orders(c); /* those that came before the job: the TAKE of its partition, or a RESET that it missed */
	s->req = req;
	s->state = SLOT_SEND;
	s->tries = 0;
	s->not_before_ms = 0;
	/* fold's number is old where a recovery did not concern it; what it asks is answered all the same */
	if (req->session != c->session && i != c->nslots - 1) {
		req->end = NPSD_REQ_DROPPED;
		s->state = SLOT_BACK;
	} else if (req->what == NPSD_REQ_COMMIT) {
		begin_batch(c, s);
	} else {
		begin_ask(c, s);
	}
	return true;
}

static bool advance(struct npsd_commit *c, int i)
{
	struct slot *s = &c->slot[i];

	if (s->state == SLOT_BACK)
		return give_back(c, i);
	if (s->state != SLOT_SEND || commit_now_ms(c) < s->not_before_ms)
		return false;
	if (!pack_submit(c, &s->pack, s->script, c->last_tag + 1))
		return false;
	s->tag = ++c->last_tag;
	s->state = SLOT_IN_FLIGHT;
	return true;
}

/* --- the step --- */

/* The wait ends earlier where something is to be done at a time. */
static int until_next(const struct npsd_commit *c, int wait_ms)
{
	int64_t now = commit_now_ms(c), at = now + wait_ms;

	for (int i = 0; i < c->nslots; i++)
		if (c->slot[i].state == SLOT_SEND && c->slot[i].not_before_ms < at)
			at = c->slot[i].not_before_ms;
	if (!c->watch_tag && !c->stuck && c->nheld && c->watch_ms < at)
		at = c->watch_ms;
	if (c->stuck && c->stuck_ms + STUCK_AGAIN_MS < at)
		at = c->stuck_ms + STUCK_AGAIN_MS;
	return at > now ? (int)(at - now) : at < now && wait_ms > 0 ? 1 : 0;
}

bool npsd_commit_step(struct npsd_commit *c, int wait_ms)
{
	struct npsd_done done;
	bool any = orders(c);

	for (int n = 0; n < DONE_MAX && c->pl->store_commit.poll(c->pl->store_commit.self, &done, 0); n++) {
		commit_on_done(c, &done);
		any = true;
	}
	for (int i = 0; i < c->nslots; i++) {
		any |= take_job(c, i);
		any |= advance(c, i);
	}
	any |= watch_advance(c);
	tell_again(c);
	if (any || wait_ms == 0)
		return any;
	if (!c->pl->store_commit.poll(c->pl->store_commit.self, &done, until_next(c, wait_ms)))
		return false;
	commit_on_done(c, &done);
	return true;
}

struct npsd_commit *npsd_commit_new(struct npsd_pipeline *pl)
{
	struct npsd_commit *c = calloc(1, sizeof *c);

	npsd_assert(c);
	c->pl = pl;
	c->nslots = pl->workers + 1;
	return c;
}

void npsd_commit_free(struct npsd_commit **c)
{
	if (!*c)
		return;
	for (int i = 0; i < COMMIT_SLOTS; i++)
		pack_free(&(*c)->slot[i].pack);
	pack_free(&(*c)->watch);
	free((*c)->check_command);
	free(*c);
	*c = NULL;
}
