/*
 * Commands of the group. One is carried out at a time, in the order in which they came:
 *
 *   ACQUIRE, FETCH, RELEASE   reply at once
 *   PAUSE                     no more is fetched; reply when no request is in flight and the batch is empty
 *   RESET                     all in hand is dropped; reply when no request is in flight
 *
 * A RESET does not wait for a PAUSE before it, which may never end.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "count/worker.h"
#include "npsd/err.h"

static void reply(struct npsd_worker *k, bool ok)
{
	struct npsd_command *cmd = k->command;

	cmd->ok = ok;
	free(cmd->rulings);
	cmd->rulings = NULL;
	cmd->nrulings = 0;
	free(cmd->cut);
	cmd->cut = NULL;
	cmd->ncut = 0;
	k->command = NULL;
	npsd_assert(
	    npsd_ring_push(k->pl->worker_to_group[k->number], cmd)); /* holds all commands that are out */
	k->pl->broker.wake(k->pl->broker.self);
}

/* The ledger that is held must be the one that the command means. */
static bool keep_part(struct npsd_worker *k, struct npsd_part *p, const struct npsd_command *cmd)
{
	if (p && npsd_pos_cmp(p->state.pos, cmd->state.pos) == 0 && p->next == cmd->load_from) {
		memcpy(p->state.claim, cmd->state.claim, sizeof p->state.claim);
		return true;
	}
	npsd_worker_halt(k, NPSD_FAULT_OWNER,
	    "%s/%" PRId32 ": the ledger that was kept is not at offset %" PRId64,
	    k->cfg->topics[cmd->state.tp.topic], cmd->state.tp.part, cmd->state.pos.offset);
	return false;
}

static bool acquire_part(struct npsd_worker *k, const struct npsd_command *cmd)
{
	struct npsd_part *p = npsd_worker_part(k, cmd->state.tp);

	if (!k->names)
		k->names = cmd->names;
	npsd_assert(k->names && (!cmd->names || k->names == cmd->names));
	k->session = cmd->session;
	if (cmd->keep)
		return keep_part(k, p, cmd);
	if (p)
		npsd_worker_release_part(k, p);
	npsd_worker_add_part(k, npsd_part_new(cmd, k->cfg->lateness_ms));
	return true;
}

/* For the reply to a PAUSE. */
static void say_where(const struct npsd_worker *k, struct npsd_command *cmd)
{
	cmd->stands = calloc(k->nparts + 1, sizeof *cmd->stands);
	npsd_assert(cmd->stands);
	for (size_t i = 0; i < k->nparts; i++)
		cmd->stands[cmd->nstands++] = (struct npsd_offset){k->part[i]->state.tp, k->part[i]->next};
}

static void release_part(struct npsd_worker *k, struct npsd_tp tp)
{
	struct npsd_part *p = npsd_worker_part(k, tp);

	if (p)
		npsd_worker_release_part(k, p);
}

static void stop_fetching(struct npsd_worker *k)
{
	k->fetching = false;
	npsd_messages_drop(k);
}

static void drop_all(struct npsd_worker *k)
{
	stop_fetching(k);
	npsd_worker_forget(k);
	npsd_tables_reset(&k->tables);
	while (k->nparts)
		npsd_worker_release_part(k, k->part[k->nparts - 1]);
}

static void begin(struct npsd_worker *k)
{
	switch (k->command->what) {
	case NPSD_CMD_ACQUIRE:
		reply(k, acquire_part(k, k->command));
		break;
	case NPSD_CMD_FETCH:
		k->fetching = true;
		reply(k, true);
		break;
	case NPSD_CMD_PAUSE:
		stop_fetching(k);
		break;
	case NPSD_CMD_RELEASE:
		release_part(k, k->command->state.tp);
		reply(k, true);
		break;
	case NPSD_CMD_RESET:
		drop_all(k);
		break;
	default:
		npsd_assert(!"a command for another component");
	}
}

/* Replies to a PAUSE or RESET that has what it waits for. False: it waits still. */
static bool finish(struct npsd_worker *k)
{
	if (k->command->what == NPSD_CMD_PAUSE && k->next && k->next->what == NPSD_CMD_RESET) {
		reply(k, false);
		return true;
	}
	if (k->sent || k->admitting)
		return false;
	if (k->command->what == NPSD_CMD_PAUSE) {
		if (!k->halted && k->batch->nparts > 0)
			return false;
		say_where(k, k->command);
		reply(k, !k->halted);
		return true;
	}
	k->names = k->command->names;
	k->session = k->command->session;
	k->halted = false;
	reply(k, true);
	return true;
}

bool npsd_worker_commands(struct npsd_worker *k)
{
	bool any = false;

	for (;;) {
		if (!k->next)
			k->next = npsd_ring_pop(k->pl->group_to_worker[k->number]);
		if (!k->command && k->next) {
			k->command = k->next;
			k->next = NULL;
			begin(k);
			any = true;
			continue;
		}
		if (!k->command || !finish(k))
			return any;
		any = true;
	}
}
