#include "commit/fence_check.h"

#include <stdlib.h>

#include "commit/pack.h"
#include "npsd/err.h"

#define EVERY_MS 10000
#define BACKOFF_MS 200

void fence_check_init(struct fence_check *f, const struct npsd_config *cfg)
{
	*f = (struct fence_check){.backoff = {.first_ms = BACKOFF_MS, .most_ms = BACKOFF_MS}};
	npsd_script_init(&f->build, cfg, PACK_TEXT_MAX);
}

void fence_check_free(struct fence_check *f)
{
	npsd_script_free(&f->build);
	free(f->command);
}

static void end_command(struct fence_check *f, struct session *s, bool ok)
{
	if (!f->command)
		return;
	f->command->ok = ok;
	npsd_assert(npsd_ring_push(s->pl->commit_to_group, f->command));
	f->command = NULL;
	s->pl->broker.wake(s->pl->broker.self);
}

void fence_check_command(struct fence_check *f, struct session *s, struct npsd_command *command)
{
	end_command(f, s, false);
	f->command = command;
}

void fence_check_reset(struct fence_check *f, struct session *s)
{
	end_command(f, s, false);
	f->tag = 0;
	npsd_backoff_reset(&f->backoff);
}

bool fence_check_advance(struct fence_check *f, struct session *s)
{
	const struct npsd_store *store = &s->pl->store_commit;
	uint32_t connection = store->connection(store->self);
	int64_t now = npsd_mono_ms(&s->pl->clock);
	bool faulted = session_faulted(s);

	if (connection != f->connection) {
		npsd_backoff_reset(&f->backoff);
		f->next_mono_ms = 0;
		f->connection = connection;
	}
	if (faulted || s->held.n == 0) {
		end_command(f, s, !faulted);
		return false;
	}
	if (f->tag || npsd_backoff_waits(&f->backoff, now))
		return false;
	if (f->command ? held_busy(&s->held) : now < f->next_mono_ms)
		return false;
	pack_fence_check(&f->build, s->names, &s->held);
	f->tag = session_submit(s, &f->build);
	if (!f->tag)
		return false;
	f->complete = f->command != NULL;
	f->next_mono_ms = now + EVERY_MS;
	return true;
}

/*
 * A mismatch of a partition that moved after the check was sent is none: its batch is in flight, or what is
 * stored is what is held by now.
 */
static bool moved_since(const struct session *s, const struct npsd_result *r)
{
	const struct held_part *p;
	char pos[HELD_POS_TEXT];

	if (r->refusal != NPSD_REFUSAL_claim && r->refusal != NPSD_REFUSAL_position)
		return false;
	p = held_named(&s->held, s->pl->cfg, npsd_reply_z(r->reply, 2));
	return !p || p->busy ||
	       (npsd_reply_is(r->reply, 3, p->claim) &&
		   npsd_reply_is(r->reply, 4, held_pos_text(pos, p->pos)));
}

void fence_check_done(struct fence_check *f, struct session *s, const struct npsd_done *done)
{
	struct npsd_result r = npsd_result_of(done, 1);

	f->tag = 0;
	if (r.kind == NPSD_RESULT_RETRY) {
		npsd_backoff_fail(&f->backoff, &s->pl->clock, npsd_mono_ms(&s->pl->clock));
		f->next_mono_ms = f->backoff.retry_mono_ms;
		return;
	}
	npsd_backoff_reset(&f->backoff);
	if (r.kind == NPSD_RESULT_OK) {
		if (f->complete)
			end_command(f, s, true);
	} else if (r.kind == NPSD_RESULT_REFUSED && moved_since(s, &r)) {
		f->next_mono_ms = 0;
	} else {
		session_fault_of(s, &r);
	}
}
