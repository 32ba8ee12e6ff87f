#include "consume/group_context.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"

#define RETRY_LOG_MS 5000
#define COMPACTION_TRIES 5
#define CALL_MAX (64u << 20) /* bytes of a call; a rebuild names each partition of all topics */

void context_init(struct context *c, struct npsd_pipeline *pl)
{
	*c = (struct context){.cfg = pl->cfg,
	    .broker = &pl->broker,
	    .clock = &pl->clock,
	    .store = &pl->store_group,
	    .parts_retry = CONTEXT_BACKOFF};
	npsd_script_init(&c->build, pl->cfg, CALL_MAX);
}

void context_fail(struct context *c, int code, const char *fmt, ...)
{
	va_list ap;

	if (c->error[0])
		return;
	va_start(ap, fmt);
	vsnprintf(c->error, sizeof c->error, fmt, ap);
	va_end(ap);
	c->code = code;
}

void context_retry(struct context *c, struct npsd_backoff *retry, const char *fmt, ...)
{
	int64_t now = npsd_mono_ms(c->clock);
	char text[512];
	va_list ap;

	npsd_backoff_fail(retry, c->clock, now);
	if (!npsd_log_every(&c->retry_logged_mono_ms, now, RETRY_LOG_MS))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	npsd_log(NPSD_LOG_WARN, "consume", "%s; retrying in %.1f s", text,
	    (double)(retry->retry_mono_ms - now) / 1000);
}

void context_tp_name(const struct context *c, char out[CONTEXT_TP_TEXT], struct npsd_tp tp)
{
	snprintf(out, CONTEXT_TP_TEXT, "%s/%d", c->cfg->topics[tp.topic], (int)tp.part);
}

bool context_submit(struct context *c, uint64_t tag)
{
	bool sent = npsd_script_submit(&c->build, c->store, tag);

	c->calls_out += sent;
	return sent;
}

bool context_history_call(struct context *c, const char *tp, uint64_t tag)
{
	npsd_script_begin_private(&c->build, NPSD_S_history);
	npsd_script_private_key(&c->build, "history:%s", tp);
	npsd_script_header(&c->build, NULL, 0);
	npsd_script_argz(&c->build, tp);
	return context_submit(c, tag);
}

struct npsd_result context_result(struct context *c, const struct npsd_done *done, size_t least)
{
	struct npsd_result r = npsd_result_of(done, least);

	if (r.kind == NPSD_RESULT_BROKEN)
		context_fail(c, 1, "Redis: %s", r.text);
	return r;
}

int32_t context_parts(struct context *c, int32_t topic)
{
	int32_t n = c->parts[topic];

	if (n > 0 || npsd_backoff_waits(&c->parts_retry, npsd_mono_ms(c->clock)))
		return n;
	n = c->broker->partitions(c->broker->self, topic);
	if (n <= 0) {
		context_retry(c, &c->parts_retry, "topic \"%s\" %s", c->cfg->topics[topic],
		    n == 0 ? "does not exist" : "cannot be described by Kafka now");
		return 0;
	}
	npsd_backoff_reset(&c->parts_retry);
	c->parts[topic] = n;
	return n;
}

/* A compacted topic no longer holds older answers: a recount could not confirm the counts. */
bool context_compaction_checked(struct context *c)
{
	const char *topic;
	enum npsd_compacted compacted;

	if (c->compaction_next == c->cfg->ntopics || c->cfg->allow_compacted || !c->broker->compacted)
		return true;
	topic = c->cfg->topics[c->compaction_next];
	compacted = c->broker->compacted(c->broker->self, c->compaction_next);
	if (compacted == NPSD_COMPACTED_LATER && ++c->compaction_tries < COMPACTION_TRIES)
		return false;
	if (compacted == NPSD_COMPACTED_YES) {
		context_fail(c, 2,
		    "topic \"%s\" is compacted, so that a recount may differ: use another topic, or set "
		    "allow_compacted",
		    topic);
		return false;
	}
	if (compacted != NPSD_COMPACTED_NO)
		npsd_log(NPSD_LOG_WARN, "consume",
		    "Kafka does not say whether topic \"%s\" is compacted; npsd counts it", topic);
	c->compaction_tries = 0;
	return ++c->compaction_next == c->cfg->ntopics;
}
