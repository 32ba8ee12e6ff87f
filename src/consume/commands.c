#include "consume/commands.h"

#include <stdlib.h>

static void send(struct commands *s, struct npsd_ring *ring, const struct npsd_command *what)
{
	struct npsd_command *o = malloc(sizeof *o);

	npsd_assert(o);
	*o = *what;
	o->session = s->session;
	s->out++;
	npsd_assert(npsd_ring_push(ring, o)); /* a ring has room for all commands that can be out */
}

void commands_to_worker(struct commands *s, int32_t part, const struct npsd_command *what)
{
	int worker = part % s->pl->workers;

	send(s, s->pl->group_to_worker[worker], what);
	s->pl->broker.wake_worker(s->pl->broker.self, worker);
}

void commands_to_workers(struct commands *s, const struct npsd_command *what)
{
	for (int i = 0; i < s->pl->workers; i++)
		commands_to_worker(s, i, what);
}

void commands_to_commit(struct commands *s, const struct npsd_command *what)
{
	send(s, s->pl->group_to_commit, what);
	s->pl->store_commit.wake(s->pl->store_commit.self);
}

void commands_to_fold(struct commands *s, const struct npsd_command *what)
{
	send(s, s->pl->group_to_fold, what);
	s->pl->store_fold.wake(s->pl->store_fold.self);
}

static bool collect(struct commands *s, struct npsd_ring *ring)
{
	struct npsd_command *o = npsd_ring_pop(ring);

	if (!o)
		return false;
	s->out--;
	if (o->what == NPSD_CMD_CHECK_FENCE)
		s->fence_ok = o->ok;
	for (size_t i = 0; i < o->nstands && s->nstands < NPSD_MAX_PARTS; i++)
		s->stands[s->nstands++] = o->stands[i];
	free(o->stands);
	free(o);
	return true;
}

bool commands_collect(struct commands *s)
{
	bool any = collect(s, s->pl->commit_to_group);

	any |= collect(s, s->pl->fold_to_group);
	for (int i = 0; i < s->pl->workers; i++)
		any |= collect(s, s->pl->worker_to_group[i]);
	return any;
}
