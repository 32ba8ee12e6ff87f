/* The judge of the ledger, with a break on purpose where one is asked for (the linker's --wrap). */
#include "mutant_judge.h"

#include "count/judge.h"

static enum mutant_judge broken;

void mutant_judge(enum mutant_judge what)
{
	broken = what;
}

void __real_npsd_ledger_judge(struct npsd_judged *out, struct npsd_ledger *l, const struct npsd_said *said,
    const struct npsd_moment *at);
void __wrap_npsd_ledger_judge(struct npsd_judged *out, struct npsd_ledger *l, const struct npsd_said *said,
    const struct npsd_moment *at);

static void break_entry(struct npsd_entry *e, const struct npsd_entry *before, const struct npsd_judged *out,
    const struct npsd_said *said, const struct npsd_moment *at)
{
	switch (broken) {
	case MUTANT_JUDGE_TIME:
		if (out->fate == NPSD_F_counted && !npsd_is_stage(said->ev->type) && !before->counts)
			e->event_ms = before->event_ms;
		break;
	case MUTANT_JUDGE_ORDER:
		if (out->fate == NPSD_F_duplicate)
			*e = *before;
		break;
	case MUTANT_JUDGE_MEMORY:
		if (out->fate == NPSD_F_duplicate && at->stream_ms > e->event_ms)
			e->after_ms = at->stream_ms - e->event_ms;
		break;
	default:
		break;
	}
}

void __wrap_npsd_ledger_judge(struct npsd_judged *out, struct npsd_ledger *l, const struct npsd_said *said,
    const struct npsd_moment *at)
{
	struct npsd_entry *e = npsd_ledger_find(l, said->key), before;
	unsigned stage = said->ev->type - NPSD_T_INVITED;

	if (e)
		before = *e;
	__real_npsd_ledger_judge(out, l, said, at);
	if (broken == MUTANT_JUDGE_STAGES && out->fate == NPSD_F_counted && npsd_is_stage(said->ev->type)) {
		out->entry->score = 1u << stage & 15;
		out->entry->kind = 1u << stage >> 4 & 3;
	}
	if (e && npsd_ledger_find(l, said->key) == e)
		break_entry(e, &before, out, said, at);
}
