#include "consume/progress.h"

#include "consume/stored.h"

#define ADVISORY_MS 5000
#define DRAIN_MS 50

static void choose(struct progress *p, const struct assignment *assigned, const struct targets *drain)
{
	p->n = 0;
	for (size_t i = 0; drain && i < drain->n && p->n < NPSD_MAX_PARTS; i++)
		if (!drain->target[i].reached)
			p->tp[p->n++] = drain->target[i].tp;
	for (size_t i = 0; !drain && i < assigned->n; i++)
		p->tp[p->n++] = assigned->part[i]->tp;
}

bool progress_step(
    struct progress *p, struct context *c, const struct assignment *assigned, const struct targets *drain)
{
	int64_t now = context_mono_ms(c);
	uint64_t tag = CONTEXT_TAG(TAG_POSITIONS, ++c->numbers);
	char name[CONTEXT_TP_TEXT];

	if (p->tag || now - p->asked_mono_ms < (drain ? DRAIN_MS : ADVISORY_MS))
		return false;
	p->asked_mono_ms = now;
	choose(p, assigned, drain);
	if (p->n == 0)
		return false;
	npsd_script_begin_private(&c->build, NPSD_S_positions);
	npsd_script_header(&c->build, NULL, 0);
	npsd_script_argz(&c->build, "0"); /* no logs */
	for (size_t i = 0; i < p->n; i++) {
		context_tp_name(c, name, p->tp[i]);
		npsd_script_argz(&c->build, name);
	}
	if (context_submit(c, tag))
		p->tag = tag;
	return p->tag != 0;
}

/* The group's own offsets; a failure is not reported, the next call follows. */
static void commit_advisory(const struct progress *p, struct context *c, const struct npsd_reply *list)
{
	struct npsd_offset at[NPSD_MAX_PARTS];
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct npsd_pos pos;

		if (npsd_stored_pos(&pos, npsd_reply_str(list, i)))
			at[n++] = (struct npsd_offset){p->tp[i], pos.offset};
	}
	if (n)
		c->broker->commit(c->broker->self, CONTEXT_TAG(TAG_ADVISORY, 0), at, n);
}

void progress_on_store(
    struct progress *p, struct context *c, struct targets *drain, const struct npsd_done *done)
{
	struct npsd_result r = context_result(c, done, 3);

	if (done->tag != p->tag)
		return;
	p->tag = 0;
	if (r.kind != NPSD_RESULT_OK)
		return; /* asked again; a refusal is commit's to handle */
	for (size_t i = 0; drain && i < p->n; i++)
		targets_on_position(drain, p->tp[i], npsd_reply_str(npsd_reply_at(r.reply, 2), i));
	if (!drain)
		commit_advisory(p, c, npsd_reply_at(r.reply, 2));
}
