/* What the group says to the other rooms (orders) and to the store (calls). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consume/group.h"

void group_tp_name(const struct npsd_group *g, char out[GROUP_TP_TEXT], struct npsd_tp tp)
{
	snprintf(out, GROUP_TP_TEXT, "%s/%" PRId32, g->w->cfg->topics[tp.topic], tp.part);
}

bool group_call(struct npsd_group *g, uint64_t tag, enum npsd_script script, const char *const *keys,
    size_t nkeys, const char *const *args, size_t nargs)
{
	char text[8][GROUP_TP_TEXT + 100];
	struct npsd_arg key[8], *arg = calloc(nargs + 3, sizeof *arg);
	static const char *const common[] = {"fence", "dict"};
	struct npsd_call call = {
	    .tag = tag, .script = script, .keys = key, .nkeys = nkeys + 2, .args = arg, .nargs = nargs + 3};
	bool sent;

	npsd_assert(nkeys + 2 <= 8 && arg);
	for (size_t i = 0; i < nkeys + 2; i++) {
		int n = snprintf(text[i], sizeof text[i], "{%s:alerts}:%s", g->w->cfg->prefix,
		    i < 2 ? common[i] : keys[i - 2]);

		key[i] = (struct npsd_arg){text[i], (size_t)n};
	}
	arg[0] = (struct npsd_arg){g->header, strlen(g->header)};
	arg[1] = (struct npsd_arg){"0", 1}; /* taking needs no dictionary: any fits */
	arg[2] = (struct npsd_arg){"", 0};
	for (size_t i = 0; i < nargs; i++)
		arg[i + 3] = (struct npsd_arg){args[i], strlen(args[i])};
	sent = g->w->store_group.submit(g->w->store_group.self, &call);
	free(arg);
	return sent;
}

void group_order_send(struct npsd_group *g, struct npsd_ring *ring, const struct npsd_order *what)
{
	struct npsd_order *o = malloc(sizeof *o);

	npsd_assert(o);
	*o = *what;
	o->run = g->run;
	g->orders_out++;
	npsd_assert(npsd_ring_push(ring, o)); /* rings are as long as all orders that can be out */
}

void group_wake_all(struct npsd_group *g)
{
	for (int i = 0; i < g->w->workers; i++)
		g->w->broker.wake_worker(g->w->broker.self, i);
	g->w->store_commit.wake(g->w->store_commit.self);
	g->w->store_fold.wake(g->w->store_fold.self);
}

void group_order_workers(struct npsd_group *g, const struct npsd_order *o)
{
	for (int i = 0; i < g->w->workers; i++)
		group_order_send(g, g->w->group_to_worker[i], o);
}

static bool orders_back(struct npsd_group *g, struct npsd_ring *ring)
{
	struct npsd_order *o = npsd_ring_pop(ring);

	if (!o)
		return false;
	g->orders_out--;
	g->orders_ok = g->orders_ok && o->ok;
	free(o);
	return true;
}

bool group_collect_orders(struct npsd_group *g)
{
	bool any = orders_back(g, g->w->commit_to_group);

	any |= orders_back(g, g->w->fold_to_group);

	for (int i = 0; i < g->w->workers; i++)
		any |= orders_back(g, g->w->worker_to_group[i]);
	return any;
}
