/* The configuration of a simulated run and the shape of its input: drawn from the seed before the first step.
 */
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

struct Setup {
	std::vector<std::string> topics;
	int partitions, shards, instances, workers;
	bool clock_event, kinds_split, location_required;
	std::vector<std::vector<std::string>> sets;
	std::map<std::string, int64_t> caps;
	std::string default_kind;		/* of every topic without one of its own; empty: none */
	std::vector<std::string> default_kinds; /* by topic, after topic_defaults */
	double stages;				/* chance of RECORD_STAGE */
	std::vector<Window> windows;
	std::vector<int64_t> lateness_ms; /* each instance is configured with one of them */
	int64_t publish_interval_ms, publish_sweep_ms, snapshot_interval_ms, batch_age_ms;
	int64_t fragile_few, rank_min_n;
	std::set<std::string> series_sets; /* by name */
	std::map<std::string, int64_t> series_steps;
	int64_t alerts_max_age_ms;
	int64_t history_interval_ms;
	int64_t ledger_bytes; /* limit of the ledgers of a worker; 0: none */
	int records;	      /* that are produced, about */

	bool splits_by(const std::string &dim) const;
	/* In the form of --set. */
	std::vector<std::string> options(int64_t lateness) const;
};

Setup draw_setup(Rng &rng);

} // namespace sim

#endif
