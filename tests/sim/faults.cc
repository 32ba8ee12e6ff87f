#include "faults.h"

namespace sim
{

Faults::Faults(Rng &r) : rng(r)
{
	auto draw = [&](double runs, double most) {
		return rng.chance(runs) ? most * (double)rng.between(1, 10) / 10 : 0;
	};

	chance = {
#define FAULT(name, runs, most, per, text) draw(runs, most),
#define DELAY(name, most, per, text) most,
#include "draws.def"
	};
}

bool Faults::strikes(Fault f, bool possible)
{
	bool now = rng.chance(chance[f]) && possible;

	injected[f] += now;
	return now;
}

void Faults::stop()
{
#define FAULT(name, runs, most, per, text) chance[FAULT_##name] = 0;
#include "draws.def"
}

} // namespace sim
