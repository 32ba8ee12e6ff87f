/* Decides when a fault of draws.def happens, and counts it. */
#ifndef NPSD_SIM_FAULTS_H
#define NPSD_SIM_FAULTS_H

#include <array>
#include <cstdint>

#include "rng.h"

namespace sim
{

enum Fault {
#define FAULT(name, runs, chance, per, text) FAULT_##name,
#define DELAY(name, chance, per, text) FAULT_##name,
#include "draws.def"
	NFAULTS
};

class Faults
{
      public:
	/* Draws which faults this run has. */
	explicit Faults(Rng &rng);
	/* Draws; `possible` says whether it can happen now. True, and counted: it happens. */
	bool strikes(Fault f, bool possible = true);
	bool has(Fault f) const
	{
		return chance[f] > 0;
	}
	void never(Fault f)
	{
		chance[f] = 0;
	}
	/* From now on only delays. */
	void stop();

	std::array<int64_t, NFAULTS> injected = {};

      private:
	Rng &rng;
	std::array<double, NFAULTS> chance;
};

} // namespace sim

#endif
