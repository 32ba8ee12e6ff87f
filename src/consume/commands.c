/* What the group says to the other rooms (orders) and to the store (calls). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consume/group.h"

void group_tp_name(const struct npsd_group *g, char out[GROUP_TP_TEXT], struct npsd_tp tp)
{
	snprintf(out, GROUP_TP_TEXT, "%s/%" PRId32, g->pl->cfg->topics[tp.topic], tp.part);
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
		int n = snprintf(text[i], sizeof text[i], "{%s:alerts}:%s", g->pl->cfg->prefix,
		    i < 2 ? common[i] : keys[i - 2]);

		key[i] = (struct npsd_arg){text[i], (size_t)n};
	}
	arg[0] = (struct npsd_arg){g->header, strlen(g->header)};
	arg[1] = (struct npsd_arg){"0", 1}; /* taking needs no dictionary: any fits */
	arg[2] = (struct npsd_arg){"", 0};
	for (size_t i = 0; i < nargs; i++)
		arg[i + 3] = (struct npsd_arg){args[i], strlen(args[i])};
	sent = g->pl->store_group.submit(g->pl->store_group.self, &call);
	free(arg);
	return sent;
}

void group_command_send(struct npsd_group *g, struct npsd_ring *ring, const struct npsd_command *what)
{
	struct npsd_command *o = malloc(sizeof *o);

	npsd_assert(o);
	*o = *what;
	o->session = g->session;
	g->commands_out++;
	npsd_assert(npsd_ring_push(ring, o)); /* rings are as long as all orders that can be out */
}

void group_wake_all(struct npsd_group *g)
{
	for (int i = 0; i < g->pl->workers; i++)
		g->pl->broker.wake_worker(g->pl->broker.self, i);
	g->pl->store_commit.wake(g->pl->store_commit.self);
	g->pl->store_fold.wake(g->pl->store_fold.self);
}

void group_command_workers(struct npsd_group *g, const struct npsd_command *o)
{
	for (int i = 0; i < g->pl->workers; i++)
		group_command_send(g, g->pl->group_to_worker[i], o);
}

static bool commands_back(struct npsd_group *g, struct npsd_ring *ring)
{
	struct npsd_command *o = npsd_ring_pop(ring);

	if (!o)
		return false;
	g->commands_out--;
	g->commands_ok = g->commands_ok && o->ok;
	free(o);
	return true;
}

bool group_collect_commands(struct npsd_group *g)
{
	bool any = commands_back(g, g->pl->commit_to_group);

	any |= commands_back(g, g->pl->fold_to_group);

	for (int i = 0; i < g->pl->workers; i++)
		any |= commands_back(g, g->pl->worker_to_group[i]);
	return any;
}
