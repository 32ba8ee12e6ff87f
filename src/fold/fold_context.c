#include "fold/fold_context.h"

#include "base/log.h"
#include "npsd/publish.h"

#define TEXT_MAX (16u << 20) /* of the copied keys and arguments of a call */
#define AWAY_FIRST_MS 100
#define AWAY_MOST_MS 2000
#define LOG_MS 5000

void npsd_fold_context_init(struct npsd_fold_context *c, struct npsd_pipeline *pl)
{
	*c = (struct npsd_fold_context){.pl = pl,
	    .cfg = pl->cfg,
	    .store = &pl->store_fold,
	    .wall_t_ms = INT64_MIN,
	    .away = {.first_ms = AWAY_FIRST_MS, .most_ms = AWAY_MOST_MS}};
	npsd_script_init(&c->call, pl->cfg, TEXT_MAX);
}

void npsd_fold_fault(struct npsd_fold_context *c, enum npsd_fault what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	npsd_fault_vraise(&c->pl->fault_fold, c->session, what, fmt, ap);
	va_end(ap);
	if (c->state == NPSD_FOLD_RUNNING)
		c->state = NPSD_FOLD_FAULTED;
	c->pl->broker.wake(c->pl->broker.self);
}

bool npsd_fold_ready(const struct npsd_fold_context *c)
{
	return c->state == NPSD_FOLD_RUNNING && !npsd_backoff_waits(&c->away, c->now_mono_ms);
}

void npsd_fold_header(struct npsd_fold_context *c)
{
	npsd_script_header(&c->call, c->names, npsd_names_len_any(c->names));
}

uint64_t npsd_fold_submit(struct npsd_fold_context *c, int shard)
{
	if (!npsd_script_submit(&c->call, c->store, npsd_tag(NPSD_TAG_FOLD, shard, c->calls + 1)))
		return 0;
	return ++c->calls;
}

struct npsd_result npsd_fold_result(struct npsd_fold_context *c, const struct npsd_done *done, size_t least)
{
	struct npsd_result r = npsd_result_of(done, least);
	enum npsd_fault what = NPSD_FAULT_BROKEN;

	if (r.kind == NPSD_RESULT_RETRY) {
		npsd_backoff_fail(&c->away, &c->pl->clock, c->now_mono_ms);
		if (npsd_log_every(&c->logged_mono_ms, c->now_mono_ms, LOG_MS))
			npsd_log(NPSD_LOG_WARN, "fold", "Redis: %s; retrying", r.text);
		return r;
	}
	npsd_backoff_reset(&c->away);
	if (r.kind == NPSD_RESULT_REFUSED) {
		what = npsd_refusal_fault(r.refusal);
		r.text = npsd_refusal_text(r.refusal);
	}
	if (r.kind == NPSD_RESULT_OK || what == NPSD_FAULT_NONE)
		return r;
	npsd_fold_fault(c, what, "%s", r.text);
	r.kind = NPSD_RESULT_BROKEN;
	return r;
}

int64_t npsd_fold_t(struct npsd_fold_context *c, int64_t t_ms, int64_t wall_ms, int64_t event_ms)
{
	if (c->cfg->clock == NPSD_CLOCK_EVENT)
		return event_ms;
	if (wall_ms > c->wall_t_ms)
		c->wall_t_ms = wall_ms;
	if (t_ms > c->wall_t_ms)
		c->wall_t_ms = t_ms;
	return c->wall_t_ms;
}
