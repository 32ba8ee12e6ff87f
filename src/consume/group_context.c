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
	    .stored = pl->cfg->replaces[0] != 0};
	for (int32_t i = 0; i < pl->cfg->ntopics; i++)
		c->topic[i].retry = CONTEXT_BACKOFF;
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

/* --- topics --- */

int32_t context_parts(struct context *c, int32_t topic)
{
	struct context_topic *t = &c->topic[topic];
	uint32_t number;

	if (t->parts > 0 || t->asked || npsd_backoff_waits(&t->retry, npsd_mono_ms(c->clock)))
		return t->parts;
	number = ++c->numbers;
	if (c->broker->describe(c->broker->self, CONTEXT_TAG(TAG_TOPIC, number), topic))
		t->asked = number;
	return 0;
}

void context_forget_parts(struct context *c)
{
	for (int32_t i = 0; i < c->cfg->ntopics; i++)
		c->topic[i].parts = (int32_t)(c->topic[i].asked = 0);
}

/* A compacted topic no longer holds older answers: a recount could not confirm the counts. False: not known
 * yet, or it is compacted. */
static bool check_compaction(struct context *c, struct context_topic *t, const struct npsd_broker_event *e)
{
	const char *name = c->cfg->topics[e->tp.topic];

	if (t->checked || c->cfg->allow_compacted)
		return true;
	if (e->compacted == NPSD_COMPACTED_LATER && ++t->tries < COMPACTION_TRIES)
		return false;
	if (e->compacted == NPSD_COMPACTED_YES) {
		context_fail(c, 2,
		    "topic \"%s\" is compacted, so that a recount may differ: use another topic, or set "
		    "allow_compacted",
		    name);
		return false;
	}
	if (e->compacted != NPSD_COMPACTED_NO)
		npsd_log(NPSD_LOG_WARN, "consume",
		    "Kafka does not say whether topic \"%s\" is compacted; npsd counts it", name);
	return t->checked = true;
}

void context_on_topic(struct context *c, const struct npsd_broker_event *e)
{
	struct context_topic *t = &c->topic[e->tp.topic];

	if (t->asked == 0 || t->asked != (uint32_t)e->tag)
		return;
	t->asked = 0;
	if (e->ok) {
		if (!check_compaction(c, t, e))
			return; /* asked again */
		npsd_backoff_reset(&t->retry);
		t->parts = e->parts;
		t->missing = false;
		t->failed_mono_ms = 0;
		return;
	}
	t->missing = e->parts == 0;
	if (!t->failed_mono_ms)
		t->failed_mono_ms = npsd_mono_ms(c->clock);
	snprintf(t->why, sizeof t->why, "%.*s", (int)sizeof t->why - 1, e->text);
	context_retry(
	    c, &t->retry, "topic \"%s\" cannot be counted: %s", c->cfg->topics[e->tp.topic], t->why);
}
