/*
 * Mutants: deliberate errors in a script, in what the broker delivers, or in what the ledger decides. Some
 * seed must find each, or the simulator does not test that property.
 */
#ifndef NPSD_SIM_MUTANTS_H
#define NPSD_SIM_MUTANTS_H

#include "setup.h"

struct model;

namespace sim
{

int mutants();
const char *mutant_name(int number); /* from 1 */
/* Applies a mutant to the scripts of the model or to the ledger. 0: none. */
void mutate(struct ::model *m, int number);
/* The setup, changed so that what the mutant breaks happens often enough to be seen. */
Setup suited(Setup setup, int number);
/* Whether it is the mutant of the broker: the ledger is not loaded when a partition is acquired. */
bool mutant_forgets_ledger(int number);

} // namespace sim

#endif
