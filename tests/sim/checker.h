/*
 * Holds what npsd stored and published against the recount: after every script that changes it, and at rest.
 * Throws Difference.
 */
#ifndef NPSD_SIM_CHECKER_H
#define NPSD_SIM_CHECKER_H

#include <map>
#include <string>

#include "events.h"
#include "sim_store.h"
#include "stored.h"
#include "windows.h"

namespace sim
{

class Checker
{
      public:
	Checker(const Setup &setup, const Topics &topics, struct model *model, const int64_t &now_ms);
	/* A script was executed. */
	void seen(const Call &call, const struct npsd_reply *reply);
	/* Redis went back: what is known of the time that never was is forgotten. */
	void rolled_back();
	/* All that is stored; called by the above where it may have changed. */
	void check_stored();
	/* Nothing is on its way any more: all public keys. */
	void check_at_rest();
	/* Whether indexes, ranks and series, which follow the windows more slowly, have come as far. */
	bool charts_right();
	/* Whether everything that was produced is counted. */
	bool all_counted() const;

	int64_t stored_checks = 0, key_checks = 0, keys_of_unknown_rounds = 0, transitions = 0;
	int64_t rank_checks = 0, series_checks = 0;
	int64_t memory_moves = 0;		 /* of horizons */
	std::map<std::string, int64_t> happened; /* at rest: fates, reasons, turns, kinds of alerts */

      private:
	struct Whole { /* of all partitions */
		std::map<std::string, int64_t> totals, other, turns;
		int64_t undated = 0;
		std::optional<int64_t> clock_ms;
		Panes panes;
	};
	const Counted &counted(const std::string &tp, int64_t position);
	Whole whole(const Positions &positions);
	Positions stored_positions() const;
	void check_part(const std::string &tp, const StoredPart &p);
	void check_rulings(const std::string &tp, const StoredPart &p);
	void check_panes(const Whole &w);
	const std::vector<Transition> &told_of(const std::string &tp, const StoredPart &p);
	bool may_change() const;
	void check_alerts();
	void check_meta(Whole &w);
	void check_told(const StoredAlert &a, const Transition &t);
	void check_values();
	void check_values_of(const Said &said);
	void check_published(const Call &call);
	void check_key(const std::string &key, const std::map<std::string, std::string> &fields,
	    const SegPanes &panes, int64_t t_ms);
	void check_keys(const Panes &segs, int64_t t_ms);
	void check_indexes(const Panes &segs, int64_t t_ms);
	void check_public_totals(const Whole &w);
	void check_ranks(const Panes &segs, int64_t t_ms);
	void check_series(const Panes &segs, int64_t t_ms);
	void check_public_meta(const Whole &w);
	const TopicPart &part(const std::string &tp) const;
	const Panes &segs_at(const Positions &positions);

	const Setup &setup;
	const Topics &topics;
	const Keys &keys;
	const int64_t &now_ms;
	Stored st;
	std::vector<std::pair<std::string, std::string>> published; /* since the last look */
	std::map<std::string, Counted> repeated; /* by partition, up to where alerts were told */
	bool resting = false;
	size_t heard = 0, messages = 0;		 /* alerts that were there then; what the new ones make */
	std::map<std::string, std::string> revs; /* highest seen, by key */
	std::vector<std::map<int64_t, std::string>>
	    hashes; /* by shard: chain hash of each log entry ever in this history */
	struct Memory {
		Rulings rulings;
		Values values;
		std::unique_ptr<Recount> recount;
		std::map<int64_t, Counted> at; /* by position */
	};
	std::map<std::string, Memory> memory; /* by partition */
	std::map<std::string, Panes> segs;    /* by positions, written */
};

/* The segment set of a written name, as in `nps:index:SET`. */
std::string set_of(const std::string &seg);

} // namespace sim

#endif
