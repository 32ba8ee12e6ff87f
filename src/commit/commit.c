/*
 * The commit component: batches of workers and admissions go to the store, and come back when they are
 * acknowledged. It waits only for the store. It undoes nothing: what is refused waits for the group's RESET.
 *
 * Files call only those below them:
 *
 *   commit                  the step: commands, requests, completions
 *   inflight   fence_check  one request; the comparison of what is held with what is stored
 *   pack       session      keys and arguments of the calls; handles, dictionary's copy, faults
 *   held                    claims and positions held
 */
#include <stdlib.h>

#include "commit/fence_check.h"
#include "commit/inflight.h"
#include "npsd/err.h"

#define DONE_MAX 64 /* completions in a step */

struct npsd_commit {
	struct session session;
	struct fence_check fence_check;
	int n;
	struct inflight inflight[NPSD_MAX_WORKERS + 1]; /* of each worker; the last of n is fold's */
};

static void reset(struct npsd_commit *c, const struct npsd_command *command)
{
	struct session *s = &c->session;

	fence_check_reset(&c->fence_check, s);
	for (int i = 0; i < c->n; i++)
		inflight_drop(&c->inflight[i], s);
	s->held.n = 0;
	s->number = command->session;
	s->names = command->names;
}

static bool run_commands(struct npsd_commit *c)
{
	struct npsd_pipeline *pl = c->session.pl;
	struct npsd_command *command;
	bool any = false;

	while ((command = npsd_ring_pop(pl->group_to_commit)) != NULL) {
		any = true;
		command->ok = true;
		switch (command->what) {
		case NPSD_CMD_ACQUIRE:
			held_acquire(&c->session.held, &command->state);
			break;
		case NPSD_CMD_RELEASE:
			held_release(&c->session.held, command->state.tp);
			break;
		case NPSD_CMD_RESET:
			reset(c, command);
			break;
		case NPSD_CMD_CHECK_FENCE:
			fence_check_command(&c->fence_check, &c->session, command);
			continue;
		default:
			break;
		}
		npsd_assert(npsd_ring_push(pl->commit_to_group, command));
		pl->broker.wake(pl->broker.self);
	}
	return any;
}

static bool take_request(struct npsd_commit *c, struct inflight *x)
{
	struct npsd_request *req;

	if (x->state != INFLIGHT_FREE || !c->session.names || (req = npsd_ring_pop(x->from)) == NULL)
		return false;
	run_commands(c); /* those that came before the request: the ACQUIRE of its partitions, or a RESET */
	inflight_begin(x, &c->session, req);
	return true;
}

/* A completion that matches no call belongs to a request that a RESET dropped. */
static void on_done(struct npsd_commit *c, const struct npsd_done *done)
{
	if (done->tag == c->fence_check.tag)
		fence_check_done(&c->fence_check, &c->session, done);
	for (int i = 0; i < c->n; i++)
		if (c->inflight[i].state == INFLIGHT_SENT && c->inflight[i].tag == done->tag)
			inflight_done(&c->inflight[i], &c->session, done);
}

/* How long to wait: less than wait_ms if something is due earlier. */
static int until_next(const struct npsd_commit *c, int wait_ms)
{
	const struct fence_check *f = &c->fence_check;
	const struct session *s = &c->session;
	int64_t now = npsd_mono_ms(&s->pl->clock), at = now + wait_ms;

	for (int i = 0; i < c->n; i++)
		if (c->inflight[i].state == INFLIGHT_READY && c->inflight[i].backoff.retry_mono_ms < at)
			at = c->inflight[i].backoff.retry_mono_ms;
	if (!f->tag && s->held.n && !session_faulted(s) && f->next_mono_ms < at)
		at = f->next_mono_ms;
	return at > now ? (int)(at - now) : 1; /* due, but the store's queue is full until its next poll */
}

bool npsd_commit_step(struct npsd_commit *c, int wait_ms)
{
	const struct npsd_store *store = &c->session.pl->store_commit;
	struct npsd_done done;
	bool any = run_commands(c);

	for (int n = 0; n < DONE_MAX && store->poll(store->self, &done, 0); n++) {
		on_done(c, &done);
		any = true;
	}
	for (int i = 0; i < c->n; i++) {
		any |= take_request(c, &c->inflight[i]);
		any |= inflight_submit(&c->inflight[i], &c->session);
	}
	any |= fence_check_advance(&c->fence_check, &c->session);
	if (any || wait_ms == 0)
		return any;
	if (!store->poll(store->self, &done, until_next(c, wait_ms)))
		return false;
	on_done(c, &done);
	return true;
}

struct npsd_commit *npsd_commit_new(struct npsd_pipeline *pl)
{
	struct npsd_commit *c = calloc(1, sizeof *c);

	npsd_assert(c);
	c->session.pl = pl;
	c->n = pl->workers + 1;
	for (int i = 0; i < c->n; i++)
		inflight_init(&c->inflight[i], pl, i < pl->workers ? i : -1);
	fence_check_init(&c->fence_check, pl->cfg);
	return c;
}

void npsd_commit_free(struct npsd_commit **c)
{
	if (!*c)
		return;
	for (int i = 0; i < (*c)->n; i++)
		npsd_script_free(&(*c)->inflight[i].build);
	fence_check_free(&(*c)->fence_check);
	free(*c);
	*c = NULL;
}
