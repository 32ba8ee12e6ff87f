/*
 * Breaks on purpose: an edit of a script's text before it runs, of what the broker delivers, or of what the
 * ledger decides. Each must be found by some seed, or the simulator is blind there.
 */
#ifndef NPSD_SIM_MUTANTS_H
#define NPSD_SIM_MUTANTS_H

struct model;

namespace sim
{

int mutants();
const char *mutant_name(int number); /* from 1 */
/* Edits the scripts of the model, and sets what the ledger does wrong. 0: none. */
void mutate(struct ::model *m, int number);
/* The mutant whose fault lies in the broker: a ledger is not loaded again when a partition is taken. */
bool mutant_forgets_ledger(int number);

} // namespace sim

#endif
