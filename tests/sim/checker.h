/*
 * Compares the stored and the published state with the recount: after every script that changes it, and at
 * rest, when nothing is in flight. Throws Violation.
 *
 *   checker.cc         stored state: positions, rulings, totals, panes, dictionary
 *   checker_alerts.cc  the stream of alerts and its channels
 *   checker_public.cc  public keys: windows, indexes, totals
 *   checker_ranks.cc   public keys: ranks, series, meta
 */
#ifndef NPSD_SIM_CHECKER_H
#define NPSD_SIM_CHECKER_H

#include <map>
#include <string>

#include "events.h"
#include "npsd/broker.h"
#include "sim_store.h"
#include "stored_state.h"
#include "expected_windows.h"

namespace sim
{

class Checker
{
      public:
	Checker(const Setup &setup, const Topics &topics, struct model *model, const int64_t &now_ms);
	/* A script is about to be executed. */
	void before_script(const Call &call);
	/* A script was executed; reply NULL: it failed. */
	void on_script(const Call &call, const struct npsd_reply *reply);
	/* The records that were counted, by partition and incarnation. */
	const std::map<std::string, std::vector<Life>> &lives_now() const
	{
		return lives.all;
	}
	/* Redis was rolled back to when the records counted were these: forgets the history that was lost. */
	void rolled_back(const std::map<std::string, std::vector<Life>> &counted);
	/* Compares all of the stored state. */
	void check_stored();
	/* Compares all public keys too; nothing may be in flight. */
	void check_at_rest();
	/* Whether indexes, ranks and series match. They are updated later than the windows. */
	bool slow_views_match();
	/* Whether every record is counted, of all partitions but one. */
	bool all_counted(struct npsd_tp except = {-1, -1}) const;

	int64_t stored_checks = 0, key_checks = 0, keys_of_unknown_rounds = 0, transitions = 0;
	int64_t rank_checks = 0, series_checks = 0;
	int64_t memory_moves = 0; /* of horizons, by `horizon` rulings */
	std::map<std::string, int64_t>
	    happened; /* counted at rest: fates, reasons, effects, kinds of alerts */

      private:
	struct Whole { /* of all partitions */
		std::map<std::string, int64_t> totals, other, effects;
		int64_t undated = 0;
		std::optional<int64_t> clock_ms;
		Panes panes;
	};
	const Counted &counted(const std::string &tp, Position position);
	Whole whole(const Positions &positions);
	Positions stored_positions() const;
	void check_part(const std::string &tp, const StoredPart &p);
	void check_rulings(const std::string &tp, const StoredPart &p);
	void check_panes(const Whole &w);
	const std::vector<Transition> &alerts_of(const std::string &tp, const StoredPart &p);
	bool may_change() const;
	void check_alerts();
	void check_meta(Whole &w);
	void check_emission(const StoredAlert &a, const Transition &t);
	void check_values();
	void check_values_of(const Mentioned &event);
	void check_published(const Call &call);
	void check_list(const Call &call, bool ok);
	void check_key(const std::string &key, const std::map<std::string, std::string> &fields,
	    const SegPanes &panes, int64_t t_ms);
	void check_keys(const Panes &segs, int64_t t_ms);
	void check_indexes(const Panes &segs, int64_t t_ms);
	void check_public_totals(const Whole &w);
	void check_ranks(const Panes &segs, int64_t t_ms);
	void check_series(const Panes &segs, int64_t t_ms);
	void check_public_meta(const Whole &w);
	const TopicPart &part(const std::string &tp) const;
	std::vector<const Record *> records(const std::string &tp, const StoredPart &p);
	bool counts_topic(const std::string &tp) const;
	const Panes &segs_at(const Positions &positions);

	const Setup &setup;
	const Topics &topics;
	const Keys &keys;
	const int64_t &now_ms;
	Stored st;
	mutable Lives lives;
	std::optional<Item> before;	 /* what stood in the index or rank of the call */
	std::set<int64_t> lost_ms = {0}; /* when ranges were lost; the last one at rest */
	std::vector<std::pair<std::string, std::string>> published; /* since the last check of alerts */
	std::map<std::string, Counted> repeated; /* by partition without a `lateness` ruling */
	bool resting = false;
	size_t alerts_checked = 0, messages = 0; /* alerts of the last check; messages of those after it */
	std::map<std::string, std::string> revs; /* highest so far, by key */
	std::vector<std::map<int64_t, std::string>>
	    hashes; /* by shard: sequence number -> chain hash, of all log entries of this history */
	struct Memory {
		std::vector<Rulings> rulings;
		Values values;
		std::map<int64_t, std::unique_ptr<Recount>> recount; /* by incarnation */
		std::map<std::pair<int64_t, int64_t>, Counted> at;   /* by position */
	};
	std::map<std::string, Memory> memory; /* by partition */
	std::map<std::string, Panes> segs;    /* by text of the positions */
};

/* The set of a segment, as in `nps:index:SET`. */
std::string set_of(const std::string &seg);

} // namespace sim

#endif
