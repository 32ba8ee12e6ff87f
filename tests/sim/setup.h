/* What a run is like: drawn from its seed, before anything happens. */
#ifndef NPSD_SIM_SETUP_H
#define NPSD_SIM_SETUP_H

#include <map>
#include <set>
#include <string>
#include <vector>

#include "rng.h"

namespace sim
{

struct Window {
	std::string name;
	int64_t width_s, step_s;
};

/* Chances of a fault at a scheduler's step; 0 while the run comes to rest. */
struct Faults {
	double cut = 0, cant_now = 0, twice = 0, crash = 0, roll_back = 0, lose_admission = 0, rebalance = 0,
	       stop = 0, broker_no = 0;
	double rebuild = 0; /* somebody starts a process that counts anew */
};

struct Setup {
	std::vector<std::string> topics;
	int partitions, shards, instances, workers;
	bool clock_event, kinds_split, location_required;
	std::vector<std::vector<std::string>> sets;
	std::map<std::string, int64_t> caps;
	std::string default_kind;		/* of every topic; empty: none */
	std::vector<std::string> default_kinds; /* by topic, its own applied */
	double stages;				/* share of events that are stages of invitations */
	std::vector<Window> windows;
	std::vector<int64_t> lateness_ms; /* an instance takes one of them */
	int64_t publish_interval_ms, publish_sweep_ms, snapshot_interval_ms, batch_age_ms;
	int64_t fragile_few, rank_min_n;
	std::set<std::string> series_sets; /* by name */
	std::map<std::string, int64_t> series_steps;
	int64_t alerts_max_age_ms;
	int64_t ledger_bytes; /* what the ledgers of a worker may take; 0: as much as they need */
	int records;	      /* of a run, about */
	Faults faults;

	bool splits_by(const std::string &dim) const;
	/* As --set takes them. */
	std::vector<std::string> options(int64_t lateness) const;
};

Setup draw_setup(Rng &rng);

} // namespace sim

#endif
