/* Breaks on purpose in what the ledger decides. */
#ifndef NPSD_SIM_MUTANT_DECIDE_H
#define NPSD_SIM_MUTANT_DECIDE_H

#ifdef __cplusplus
extern "C" {
#endif

enum mutant_decide {
	MUTANT_DECIDE_NONE,
	MUTANT_DECIDE_TIME,   /* a revived answer keeps the time that it had */
	MUTANT_DECIDE_ORDER,  /* a second retraction leaves no order */
	MUTANT_DECIDE_MEMORY, /* a duplicate prolongs what is known */
	MUTANT_DECIDE_STAGES, /* an invitation's last stage is remembered alone */
};

/* For all decisions from now on. */
void mutant_decide(enum mutant_decide what);

#ifdef __cplusplus
}
#endif

#endif
