#include "consume/progress.h"

#include <stdio.h>
#include <stdlib.h>

#define ADVISORY_MS 5000
#define DRAIN_MS 50

/* --- targets --- */

static void name_targets(struct progress *p, int32_t topic, int32_t parts)
{
	p->target = realloc(p->target, (p->ntargets + (size_t)parts) * sizeof *p->target);
	npsd_assert(p->target);
	for (int32_t k = 0; k < parts; k++)
		p->target[p->ntargets++] = (struct target){.tp = {topic, k}, .end = -1};
	p->unknown += (size_t)parts;
	p->unreached += (size_t)parts;
	p->named[topic] = true;
}

bool progress_find_targets(struct progress *p, struct context *c)
{
	bool all = true;

	for (int32_t t = 0; t < c->cfg->ntopics; t++) {
		int32_t parts = context_parts(c, t);

		if (!p->named[t] && parts > 0)
			name_targets(p, t, parts);
		all &= p->named[t] || c->topic[t].missing;
	}
	if (npsd_backoff_waits(&p->retry, npsd_mono_ms(c->clock)))
		return false;
	for (size_t i = 0; i < p->ntargets && p->unknown; i++) {
		struct target *t = &p->target[i];

		if (t->end < 0 && !t->asked)
			t->asked = c->broker->ends(c->broker->self, CONTEXT_TAG(TAG_TARGET, i), t->tp);
	}
	return all && p->unknown == 0;
}

bool progress_reached(const struct progress *p, const struct context *c)
{
	for (int32_t t = 0; t < c->cfg->ntopics; t++)
		if (!p->named[t])
			return false;
	return p->unknown == 0 && p->unreached == 0;
}

void progress_on_ends(struct progress *p, struct context *c, const struct npsd_broker_event *e)
{
	struct target *t = &p->target[(uint32_t)e->tag];
	char name[CONTEXT_TP_TEXT];

	t->asked = false;
	if (e->ok) {
		t->low = e->low;
		t->end = e->high;
		t->reached = t->end <= t->low;
		p->unreached -= t->reached;
		p->unknown--;
		return;
	}
	snprintf(t->why, sizeof t->why, "%.*s", (int)sizeof t->why - 1, e->text);
	if (!npsd_backoff_waits(&p->retry, npsd_mono_ms(c->clock))) {
		context_tp_name(c, name, t->tp);
		context_retry(c, &p->retry, "%s: Kafka, first and last offset: %s", name, e->text);
	}
}

/* a: the partition's acquisition here, or NULL. Before it is compared, its position may be one of another
 * topic. */
static void on_position(struct progress *p, const struct context *c, const struct acquisition *a,
    struct npsd_tp tp, struct npsd_pos pos)
{
	bool compared = !a || a->step == ACQ_COUNTED;

	for (struct target *t = p->target; t < p->target + p->ntargets; t++) {
		if (t->tp.topic != tp.topic || t->tp.part != tp.part || t->reached)
			continue;
		if (npsd_pos_cmp(pos, t->pos) != 0)
			p->moved_mono_ms = npsd_mono_ms(c->clock);
		t->pos = pos;
		if (compared && t->end >= 0 && pos.offset >= t->end) {
			t->reached = true;
			p->unreached--;
		}
	}
}

/* --- positions --- */

static void choose(struct progress *p, const struct assignment *assigned)
{
	p->nasked = 0;
	for (size_t i = 0; p->drain && i < p->ntargets && p->nasked < NPSD_MAX_PARTS; i++)
		if (!p->target[i].reached)
			p->asked[p->nasked++] = p->target[i].tp;
	for (size_t i = 0; !p->drain && i < assigned->n; i++)
		p->asked[p->nasked++] = assigned->part[i]->tp;
}

bool progress_step(struct progress *p, struct context *c, const struct assignment *assigned)
{
	int64_t now = npsd_mono_ms(c->clock);
	uint64_t tag = CONTEXT_TAG(TAG_POSITIONS, ++c->numbers);

	if (p->tag || now - p->asked_mono_ms < (p->drain ? DRAIN_MS : ADVISORY_MS))
		return false;
	p->asked_mono_ms = now;
	choose(p, assigned);
	if (p->nasked == 0)
		return false;
	npsd_script_begin_private(&c->build, NPSD_S_positions);
	npsd_script_header(&c->build, NULL, 0);
	npsd_script_argz(&c->build, "0"); /* no logs */
	for (size_t i = 0; i < p->nasked; i++)
		npsd_script_tp(&c->build, p->asked[i]);
	if (context_submit(c, tag))
		p->tag = tag;
	return p->tag != 0;
}

static void see(struct acquisition *a, const struct context *c, int64_t offset)
{
	if (a->seen != offset || a->seen_mono_ms == 0)
		a->seen_mono_ms = npsd_mono_ms(c->clock);
	a->seen = offset;
}

void progress_on_store(
    struct progress *p, struct context *c, const struct assignment *assigned, const struct npsd_done *done)
{
	struct npsd_result r = context_result(c, done, 3);
	struct npsd_offset at[NPSD_MAX_PARTS];
	struct npsd_pos pos;
	size_t n = 0;

	if (done->tag != p->tag)
		return;
	p->tag = 0;
	if (r.kind != NPSD_RESULT_OK)
		return; /* asked again; a refusal is commit's to handle */
	c->stored = true;
	for (size_t i = 0; i < p->nasked; i++) {
		if (!npsd_text_pos(&pos, npsd_reply_str(npsd_reply_at(r.reply, 2), i)))
			continue;
		if (!p->drain && i < assigned->n) /* the tag is this assignment's: the same order */
			see(assigned->part[i], c, pos.offset);
		if (p->drain)
			on_position(p, c, assignment_of(assigned, p->asked[i]), p->asked[i], pos);
		else
			at[n++] = (struct npsd_offset){p->asked[i], pos.offset};
	}
	if (n) /* where this fails, the next call's offsets are enough */
		c->broker->commit(c->broker->self, CONTEXT_TAG(TAG_ADVISORY, 0), at, n);
}
