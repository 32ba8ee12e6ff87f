#include <inttypes.h>
#include <stdlib.h>

#include "count/worker.h"
#include "npsd/err.h"

static bool requests_out(const struct npsd_worker *k)
{
	return k->sent || k->admitting;
}

/* The answer goes back as soon as the ring has room. */
static void answer(struct npsd_worker *k, bool ok)
{
	k->command->ok = ok;
	k->answered = true;
}

/* --- partitions --- */

static void index_part(struct npsd_worker *k, struct npsd_tp tp, struct npsd_part *p)
{
	int32_t n;

	npsd_assert(tp.topic >= 0 && tp.topic < NPSD_MAX_TOPICS && tp.part >= 0);
	n = k->by_tps[tp.topic];
	if (tp.part >= n) {
		size_t size = sizeof(struct npsd_part *);

		k->by_tp[tp.topic] = realloc(k->by_tp[tp.topic], ((size_t)tp.part + 1) * size);
		npsd_assert(k->by_tp[tp.topic]);
		memset(k->by_tp[tp.topic] + n, 0, (size_t)(tp.part + 1 - n) * size);
		k->by_tps[tp.topic] = tp.part + 1;
	}
	k->by_tp[tp.topic][tp.part] = p;
}

static void release_part(struct npsd_worker *k, struct npsd_part *p)
{
	size_t i = 0;

	npsd_assert(k->in.stage == NPSD_IN_NONE); /* messages in hand point to their partition */
	while (k->part[i] != p)
		i++;
	k->part[i] = k->part[--k->nparts];
	index_part(k, p->state.tp, NULL);
	npsd_part_free(&p);
}

/* Keeps what is held if it is what the order means. */
static bool keep_part(struct npsd_worker *k, struct npsd_part *p, const struct npsd_command *o)
{
	if (p && !p->loading && npsd_pos_cmp(p->state.pos, o->state.pos) == 0 && p->next == o->load_from) {
		memcpy(p->state.claim, o->state.claim, sizeof p->state.claim);
		return true;
	}
	npsd_worker_fault(k, NPSD_FAULT_OWNER,
	    "%s/%" PRId32 " was to be kept, but its ledger is not at %" PRId64,
	    k->cfg->topics[o->state.tp.topic], o->state.tp.part, o->state.pos.offset);
	return false;
}

static bool acquire_part(struct npsd_worker *k, const struct npsd_command *o)
{
	struct npsd_part *p = npsd_worker_part(k, o->state.tp);

	if (!k->names)
		k->names = o->names;
	npsd_assert(k->names && (!o->names || k->names == o->names));
	k->session = o->session;
	if (o->keep)
		return keep_part(k, p, o);
	if (p) {
		npsd_assert(!p->in); /* a batch in hand cannot lose one of its partitions: PAUSE or RESET come
					first */
		release_part(k, p);
	}
	npsd_assert(k->nparts < NPSD_MAX_PARTS);
	p = npsd_part_new(o, k->cfg->lateness_ms);
	k->part[k->nparts++] = p;
	index_part(k, o->state.tp, p);
	return true;
}

/* --- beginning and ending an order --- */

static void stand_still(struct npsd_worker *k)
{
	k->reading = false;
	npsd_messages_drop(k);
}

static void drop_all(struct npsd_worker *k)
{
	stand_still(k);
	npsd_worker_forget(k);
	npsd_tables_reset(&k->tables);
	while (k->nparts)
		release_part(k, k->part[k->nparts - 1]);
}

static void begin(struct npsd_worker *k)
{
	struct npsd_command *o = k->command;
	struct npsd_part *p;

	switch (o->what) {
	case NPSD_CMD_ACQUIRE:
		answer(k, acquire_part(k, o));
		break;
	case NPSD_CMD_FETCH:
		k->reading = true;
		answer(k, true);
		break;
	case NPSD_CMD_PAUSE:
		stand_still(k);
		break;
	case NPSD_CMD_RELEASE:
		p = npsd_worker_part(k, o->state.tp);
		npsd_assert(!p || !p->in); /* PAUSE comes first */
		if (p)
			release_part(k, p);
		answer(k, true);
		break;
	case NPSD_CMD_RESET:
		drop_all(k);
		break;
	default:
		npsd_assert(!"an order for another room");
	}
}

/* Whether a waiting order has what it waits for. */
static void look(struct npsd_worker *k)
{
	struct npsd_command *o = k->command;

	if (k->answered || requests_out(k))
		return;
	if (o->what == NPSD_CMD_PAUSE) {
		if (k->halted || k->batch->nparts == 0)
			answer(k, !k->halted);
	} else if (o->what == NPSD_CMD_RESET) {
		k->names = o->names;
		k->session = o->session;
		k->halted = false;
		answer(k, true);
	}
}

/* A RESET does not wait behind a PAUSE that may never end. */
static bool overtakes(const struct npsd_worker *k)
{
	return k->next && !k->answered && k->command->what == NPSD_CMD_PAUSE &&
	       k->next->what == NPSD_CMD_RESET;
}

static bool push_answer(struct npsd_worker *k)
{
	struct npsd_command *o = k->command;

	if (!k->answered)
		return false;
	free(o->rulings);
	o->rulings = NULL;
	o->nrulings = 0;
	npsd_assert(npsd_ring_push(k->pl->worker_to_group[k->number], o)); /* as long as all commands sent */
	k->command = NULL;
	k->answered = false;
	k->pl->broker.wake(k->pl->broker.self);
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
		}
		if (!k->command)
			return any;
		if (overtakes(k))
			answer(k, false);
		look(k);
		if (!push_answer(k))
			return any;
		any = true;
	}
}
