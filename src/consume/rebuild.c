#include "consume/rebuild.h"

#include <inttypes.h>

#include "base/log.h"

static bool call(const struct rebuild *r, struct context *c, const struct progress *p)
{
	static const char *const keys[] = {"config", "totals", "meta", "lost"};
	struct npsd_script_build *b = &c->build;

	npsd_script_begin_private(b, NPSD_S_rebuild);
	for (int i = 0; i < 4; i++)
		npsd_script_private_key(b, "%s", keys[i]);
	npsd_script_public_key(b, "alerts");
	npsd_script_private_key(b, "dictids");
	npsd_script_private_key(b, "dictcount");
	npsd_script_header_of(b, c->cfg->replaces);
	npsd_script_argz(b, c->cfg->hash);
	npsd_script_argz(b, c->cfg->text);
	npsd_script_argf(b, "%016" PRIx64, c->clock->random(c->clock->self)); /* a claim that nobody holds */
	npsd_script_argz(b, r->accept_loss ? "1" : "");
	npsd_script_int(b, c->cfg->shards);
	for (size_t i = 0; i < p->ntargets; i++) {
		npsd_script_tp(b, p->target[i].tp);
		npsd_script_int(b, p->target[i].low);
	}
	return context_submit(c, CONTEXT_TAG(TAG_REBUILD, 0));
}

bool rebuild_step(struct rebuild *r, struct context *c, struct progress *p)
{
	if (r->step != REBUILD_CALL || npsd_backoff_waits(&r->retry, npsd_mono_ms(c->clock)))
		return false;
	if (!progress_find_targets(p, c) || !call(r, c, p))
		return false;
	r->step = REBUILD_WAIT;
	return true;
}

static void on_refused(struct rebuild *r, struct context *c, const struct npsd_result *result)
{
	const struct npsd_reply *reply = result->reply;
	/* an earlier call did it, and its reply was lost */
	bool done = result->refusal == NPSD_REFUSAL_config && npsd_reply_is(reply, 2, c->cfg->hash);

	if (done)
		r->step = REBUILD_NONE;
	else if (result->refusal == NPSD_REFUSAL_loss)
		context_fail(c, 2,
		    "%s was counted from %s on, and %s%s: a rebuild would lose what is before; --accept-loss "
		    "allows that",
		    npsd_reply_z(reply, 2), npsd_reply_z(reply, 3),
		    npsd_reply_str(reply, 4).n ? "Kafka holds it from "
					       : "Kafka holds it no more or its topic is not listed",
		    npsd_reply_z(reply, 4));
	else
		context_fail(c, 2, "the rebuild was refused: %s", npsd_refusal_text(result->refusal));
}

void rebuild_on_store(struct rebuild *r, struct context *c, const struct npsd_done *done)
{
	struct npsd_result result = context_result(c, done, 2);

	if (result.kind == NPSD_RESULT_OK) {
		npsd_log(NPSD_LOG_INFO, "consume",
		    "rebuild: the counts of %s partitions are dropped; all records are counted again",
		    npsd_reply_z(result.reply, 1));
		r->step = REBUILD_NONE;
	} else if (result.kind == NPSD_RESULT_REFUSED) {
		on_refused(r, c, &result);
	} else if (result.kind == NPSD_RESULT_RETRY) {
		r->step = REBUILD_CALL;
		context_retry(c, &r->retry, "rebuild: Redis: %s", result.text);
	}
}
