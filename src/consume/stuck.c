#include "consume/stuck.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define LOOK_MS 1000
#define PATIENCE_MS 5000 /* what takes no longer is not worth a line */
#define LOG_MS 30000
#define REPORT_MS 5000
#define NAMES_MAX 5 /* in a line */
#define WHY_MAX 280

/* --- one thing that is stuck --- */

struct thing {
	char name[CONTEXT_TP_TEXT]; /* TOPIC or TOPIC/PARTITION */
	int64_t since_mono_ms;
	char why[WHY_MAX];
};

/* Of a partition that is not counted. */
static const char *why_it_waits(const struct acquisition *a)
{
	if (*a->why)
		return a->why;
	if (a->step == ACQ_HISTORY || a->step == ACQ_RECORDS)
		return "the records that were counted last are compared with those that Kafka holds";
	return "it waits for a reply of Kafka or Redis, or for the rebuild";
}

/* False: the partition is not stuck. */
static bool look_at_part(struct thing *out, const struct acquisition *a)
{
	bool waits = a->step != ACQ_COUNTED && a->step != ACQ_READY;

	out->since_mono_ms = waits ? a->since_mono_ms : a->open_mono_ms;
	if (!waits && !a->open_mono_ms)
		return false;
	memcpy(out->name, a->name, sizeof out->name);
	snprintf(out->why, sizeof out->why, "%s",
	    waits ? why_it_waits(a)
		  : "an open transaction holds back its records; end it, or wait for its time-out");
	return true;
}

static bool look_at_topic(struct thing *out, const struct context *c, int32_t topic)
{
	const struct context_topic *t = &c->topic[topic];

	out->since_mono_ms = t->failed_mono_ms;
	snprintf(out->name, sizeof out->name, "%s", c->cfg->topics[topic]);
	snprintf(out->why, sizeof out->why, "topic %s", t->why);
	return t->failed_mono_ms != 0;
}

/* Thing number i; false: that one is not stuck, or not for long. */
static bool look(struct thing *out, const struct context *c, const struct assignment *a, size_t i)
{
	bool is = i < a->n ? look_at_part(out, a->part[i]) : look_at_topic(out, c, (int32_t)(i - a->n));

	return is && npsd_mono_ms(c->clock) - out->since_mono_ms >= PATIENCE_MS;
}

/* --- open transactions --- */

/*
 * A partition has records after the position, and the position stands: is it the last stable offset? Where no
 * record follows, nothing is asked.
 */
static void ask_stable(struct acquisition *a, struct context *c)
{
	int64_t now = npsd_mono_ms(c->clock);

	if (a->step != ACQ_COUNTED || a->seen_mono_ms == 0 || now - a->seen_mono_ms < PATIENCE_MS ||
	    c->broker->high(c->broker->self, a->tp) <= a->seen) {
		a->open_mono_ms = 0;
		return;
	}
	if (now - a->asked_mono_ms >= PATIENCE_MS &&
	    c->broker->ends(c->broker->self, CONTEXT_TAG(TAG_STABLE, a->attempt), a->tp))
		a->asked_mono_ms = now;
}

void stuck_on_ends(const struct context *c, const struct assignment *s, const struct npsd_broker_event *e)
{
	for (size_t i = 0; e->ok && i < s->n; i++) {
		struct acquisition *a = s->part[i];

		if (a->attempt != (uint32_t)e->tag || a->step != ACQ_COUNTED)
			continue;
		if (e->high > a->seen || c->broker->high(c->broker->self, a->tp) <= a->seen)
			a->open_mono_ms = 0;
		else if (!a->open_mono_ms)
			a->open_mono_ms = a->seen_mono_ms;
	}
}

/* --- the log --- */

static void log_thing(const struct context *c, const struct thing *t)
{
	npsd_log(NPSD_LOG_WARN, "consume", "%s: not counted for %" PRId64 " s: %s; the others are counted",
	    t->name, (npsd_mono_ms(c->clock) - t->since_mono_ms) / 1000, t->why);
}

static size_t log_all(const struct context *c, const struct assignment *a, bool quiet)
{
	size_t n = 0, all = a->n + (size_t)c->cfg->ntopics;
	struct thing t;

	for (size_t i = 0; i < all; i++)
		if (look(&t, c, a, i) && n++ < NAMES_MAX && !quiet)
			log_thing(c, &t);
	if (n > NAMES_MAX && !quiet)
		npsd_log(NPSD_LOG_WARN, "consume", "%zu more partitions and topics are not counted",
		    n - NAMES_MAX);
	return n;
}

/* --- the public key --- */

/* Each process tells what it knows of its own partitions and of the topics. */
static bool report(struct context *c, const struct assignment *a)
{
	int64_t now = npsd_mono_ms(c->clock), wall_ms = c->clock->wall_ms(c->clock->self);
	size_t all = a->n + (size_t)c->cfg->ntopics;
	struct npsd_script_build *b = &c->build;
	struct thing t;

	npsd_script_begin(b, NPSD_S_stuck);
	npsd_script_public_key(b, "stuck");
	for (size_t i = 0; i < all; i++) {
		bool is = look(&t, c, a, i);

		npsd_script_argz(b, i < a->n ? a->part[i]->name : c->cfg->topics[i - a->n]);
		if (is)
			npsd_script_argf(b, "%" PRId64 " %s", wall_ms - (now - t.since_mono_ms), t.why);
		else
			npsd_script_argz(b, "");
	}
	return context_submit(c, CONTEXT_TAG(TAG_ADVISORY, 0));
}

void stuck_step(struct stuck *s, struct context *c, const struct assignment *a)
{
	int64_t now = npsd_mono_ms(c->clock);
	size_t n;

	if (!npsd_log_every(&s->looked_mono_ms, now, LOOK_MS))
		return;
	for (size_t i = 0; i < a->n; i++)
		ask_stable(a->part[i], c);
	n = log_all(c, a, true);
	if (n > 0 && npsd_log_every(&s->logged_mono_ms, now, LOG_MS))
		log_all(c, a, false);
	if ((n > 0 || s->reported) && npsd_log_every(&s->reported_mono_ms, now, REPORT_MS) && report(c, a))
		s->reported = n > 0;
}

/* --- a drain --- */

int64_t stuck_drain_ms(struct stuck *s, const struct context *c, const struct npsd_pipeline *pl,
    const struct progress *p, bool publishing)
{
	int64_t now = npsd_mono_ms(c->clock);
	int64_t records = npsd_load_relaxed(&pl->records), writes = npsd_load_relaxed(&pl->writes);
	bool moved = publishing ? writes != s->writes : records != s->records;

	if (s->moved_mono_ms == 0 || moved)
		s->moved_mono_ms = now;
	if (s->moved_mono_ms < p->moved_mono_ms)
		s->moved_mono_ms = p->moved_mono_ms;
	s->records = records;
	s->writes = writes;
	return now - s->moved_mono_ms;
}

struct names {
	char *out;
	size_t size, n, left_out;
};

static void add_name(struct names *l, const char *name, const char *why)
{
	size_t at = strlen(l->out);

	if (l->n++ < NAMES_MAX)
		snprintf(l->out + at, l->size - at, "%s%s: %s", at ? "; " : "", name, why);
	else
		l->left_out++;
}

/* Adds a target that is not reached, or whose partition is not counted here. */
static void add_target(
    struct names *l, const struct context *c, const struct target *t, const struct assignment *assigned)
{
	const struct acquisition *a = assignment_of(assigned, t->tp);
	bool waits = a && a->step != ACQ_COUNTED;
	char name[CONTEXT_TP_TEXT], why[WHY_MAX];

	if (t->reached && !waits)
		return;
	context_tp_name(c, name, t->tp);
	if (waits && (*a->why || t->end >= 0))
		snprintf(why, sizeof why, "%s", why_it_waits(a));
	else if (t->end < 0)
		snprintf(why, sizeof why, "%s", *t->why ? t->why : "Kafka does not tell its end");
	else
		snprintf(why, sizeof why, "%s at %" PRId64 " of %" PRId64,
		    a ? "counting stands" : "another process has it, and stands", t->pos.offset, t->end);
	add_name(l, name, why);
}

void stuck_names(
    char *out, size_t size, const struct context *c, const struct progress *p, const struct assignment *a)
{
	struct names l = {.out = out, .size = size};
	char topic[CONTEXT_TP_TEXT];

	out[0] = 0;
	for (int32_t i = 0; i < c->cfg->ntopics; i++) {
		if (p->named[i] || !c->topic[i].failed_mono_ms)
			continue;
		snprintf(topic, sizeof topic, "topic \"%s\"", c->cfg->topics[i]);
		add_name(&l, topic, c->topic[i].why);
	}
	for (size_t i = 0; i < p->ntargets; i++)
		add_target(&l, c, &p->target[i], a);
	if (l.left_out) {
		size_t at = strlen(out);

		snprintf(out + at, size - at, "; and %zu more", l.left_out);
	}
}
