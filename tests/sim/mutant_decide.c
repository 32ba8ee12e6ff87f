/* Wraps npsd_decide() (--wrap of the linker) and applies the mutant that is set. */
#include "mutant_decide.h"

#include "count/decide.h"

static enum mutant_decide mutant;

void mutant_decide(enum mutant_decide what)
{
	mutant = what;
}

void __real_npsd_decide(struct npsd_decision *out, struct npsd_ledger *l, const struct npsd_resolved *event,
    const struct npsd_moment *at);
void __wrap_npsd_decide(struct npsd_decision *out, struct npsd_ledger *l, const struct npsd_resolved *event,
    const struct npsd_moment *at);

static void apply_to_entry(struct npsd_entry *e, const struct npsd_entry *before,
    const struct npsd_decision *out, const struct npsd_resolved *event, const struct npsd_moment *at)
{
	switch (mutant) {
	case MUTANT_DECIDE_TIME:
		if (out->fate == NPSD_F_counted && !npsd_is_stage(event->ev->type) && !before->counts)
			e->event_ms = before->event_ms;
		break;
	case MUTANT_DECIDE_ORDER:
		if (out->fate == NPSD_F_duplicate)
			*e = *before;
		break;
	case MUTANT_DECIDE_MEMORY:
		if (out->fate == NPSD_F_duplicate && at->stream_ms > e->event_ms)
			e->after_ms = at->stream_ms - e->event_ms;
		break;
	default:
		break;
	}
}

void __wrap_npsd_decide(struct npsd_decision *out, struct npsd_ledger *l, const struct npsd_resolved *event,
    const struct npsd_moment *at)
{
	struct npsd_entry *e = npsd_ledger_find(l, event->key), before;
	unsigned stage = event->ev->type - NPSD_T_INVITED;

	if (e)
		before = *e;
	__real_npsd_decide(out, l, event, at);
	if (mutant == MUTANT_DECIDE_STAGES && out->fate == NPSD_F_counted && npsd_is_stage(event->ev->type)) {
		out->entry->location = 1u << stage;
	}
	if (e && npsd_ledger_find(l, event->key) == e)
		apply_to_entry(e, &before, out, event, at);
}
