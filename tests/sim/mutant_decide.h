/* Mutants of npsd_decide(): deliberate errors in what the ledger decides. */
#ifndef NPSD_SIM_MUTANT_DECIDE_H
#define NPSD_SIM_MUTANT_DECIDE_H

#ifdef __cplusplus
extern "C" {
#endif

enum mutant_decide {
	MUTANT_DECIDE_NONE,
	MUTANT_DECIDE_TIME,   /* a revived response keeps its earlier event time */
	MUTANT_DECIDE_ORDER,  /* a second retraction does not update revision and time */
	MUTANT_DECIDE_MEMORY, /* a duplicate extends how long an entry is known */
	MUTANT_DECIDE_STAGES, /* an invitation remembers its last stage only */
};

/* For all later decisions. */
void mutant_decide(enum mutant_decide what);

#ifdef __cplusplus
}
#endif

#endif
