/* Breaks on purpose in what the ledger decides. */
#ifndef NPSD_SIM_MUTANT_JUDGE_H
#define NPSD_SIM_MUTANT_JUDGE_H

#ifdef __cplusplus
extern "C" {
#endif

enum mutant_judge {
	MUTANT_JUDGE_NONE,
	MUTANT_JUDGE_TIME,   /* a revived answer keeps the time that it had */
	MUTANT_JUDGE_ORDER,  /* a second retraction leaves no order */
	MUTANT_JUDGE_MEMORY, /* a duplicate prolongs what is known */
	MUTANT_JUDGE_STAGES, /* an invitation's last stage is remembered alone */
};

/* For all that is judged from now on. */
void mutant_judge(enum mutant_judge what);

#ifdef __cplusplus
}
#endif

#endif
