/*
 * Counting anew under the same keys: what Kafka holds of each partition is asked, then one script drops what
 * was counted and sets base positions. The partitions are taken after that as at any start.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "consume/group.h"

static bool rebuild_call(struct npsd_group *g)
{
	static const char *const keys[] = {"config", "totals", "meta", "lost"};
	size_t n = 4 + 2 * g->ntargets;
	const char **args = calloc(n, sizeof *args);
	char(*text)[GROUP_TP_TEXT] = calloc(2 * g->ntargets + 1, sizeof *text);
	char nobody[NPSD_CLAIM_LEN + 1];
	bool sent;

	npsd_assert(args && text);
	snprintf(nobody, sizeof nobody, "%016" PRIx64, g->pl->clock.random(g->pl->clock.self));
	args[0] = g->pl->cfg->hash;
	args[1] = g->pl->cfg->text;
	args[2] = nobody;
	args[3] = g->accept_loss ? "1" : "";
	for (size_t i = 0; i < g->ntargets; i++) {
		group_tp_name(g, text[2 * i], g->target[i].tp);
		snprintf(text[2 * i + 1], sizeof text[0], "%" PRId64, g->target[i].low);
		args[4 + 2 * i] = text[2 * i];
		args[5 + 2 * i] = text[2 * i + 1];
	}
	g->header = g->pl->cfg->replaces;
	sent = group_call(g, GROUP_TAG(TAG_REBUILD, 0, 0), NPSD_S_rebuild, keys, 4, args, n);
	g->header = g->pl->cfg->hash;
	free(args);
	free(text);
	return sent;
}

bool group_rebuild_step(struct npsd_group *g)
{
	int64_t now = group_mono_ms(g);

	if (g->rebuild == REBUILD_WAIT || now < g->rebuild_not_before_ms)
		return false;
	if (g->rebuild == REBUILD_ENDS) {
		if (!g->targets_known)
			group_targets_find(g);
		if (!g->targets_known)
			return false;
		g->rebuild = REBUILD_CALL;
	}
	if (!rebuild_call(g))
		return false;
	g->calls_out++;
	g->rebuild = REBUILD_WAIT;
	return true;
}

static void on_refused(struct npsd_group *g, const struct npsd_reply *r)
{
	const char *reason = r->n > 1 ? r->el[1].str : "";

	if (strcmp(reason, "empty") == 0) {
		g->rebuild = REBUILD_NONE; /* nothing to drop */
		return;
	}
	if (strcmp(reason, "config") == 0 && r->n > 2 && strcmp(r->el[2].str, g->pl->cfg->hash) == 0) {
		g->rebuild = REBUILD_NONE; /* an answer was lost, the work was done */
		return;
	}
	if (strcmp(reason, "loss") == 0 && r->n > 4)
		group_fail(g, 2,
		    "%s was counted from %s on, and Kafka holds it %s%s: a rebuild would lose what is "
		    "before; "
		    "--accept-loss does it all the same",
		    r->el[2].str, r->el[3].str, r->el[4].len ? "from " : "no more", r->el[4].str);
	else
		group_fail(g, 2, "the rebuild was refused (%s): another configuration was applied meanwhile",
		    reason);
}

void group_on_rebuild(struct npsd_group *g, const struct npsd_done *done)
{
	const struct npsd_reply *r = done->reply;

	if (done->outcome == NPSD_BROKEN) {
		group_fail(g, 1, "Redis: %s", done->text);
		return;
	}
	if (done->outcome != NPSD_DONE) {
		g->rebuild = REBUILD_CALL;
		group_tell_wait(g, "the rebuild waits: Redis: %s", done->text);
		g->rebuild_not_before_ms = group_mono_ms(g) + GROUP_AGAIN_MS;
		return;
	}
	if (r->type != NPSD_REPLY_ARRAY || r->n == 0 || strcmp(r->el[0].str, "ok") != 0) {
		on_refused(g, r);
		return;
	}
	npsd_log(NPSD_LOG_INFO, "consume", "what was counted is dropped: %s partitions are counted anew",
	    r->n > 1 ? r->el[1].str : "?");
	g->rebuild = REBUILD_NONE;
}
