/*
 * Which records were counted at which offset, in each incarnation of a partition. A topic that was cut or
 * made anew holds other records than before, so the recount cannot read them from it: they are taken from the
 * marks of the commits that were executed.
 */
#ifndef NPSD_SIM_LIVES_H
#define NPSD_SIM_LIVES_H

#include <map>
#include <string>
#include <vector>

#include "events.h"
#include "sim_store.h"

namespace sim
{

using Life = std::map<int64_t, Record>; /* by offset */

class Lives
{
      public:
	explicit Lives(const Topics &topics);
	/* A commit was executed. */
	void on_commit(const Call &call);
	/* By incarnation; there is one at least. */
	const std::vector<Life> &of(const std::string &tp);

	std::map<std::string, std::vector<Life>> all; /* by partition */

      private:
	const Topics &topics;
};

} // namespace sim

#endif
