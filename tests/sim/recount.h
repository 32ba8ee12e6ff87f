/*
 * The recount: a second implementation of section 1 of the contract, over the generator's structs, as simple
 * as possible. It shares no code with npsd. From the stored state it uses only what does not follow from the
 * records: positions, rulings and the dictionary.
 */
#ifndef NPSD_SIM_RECOUNT_H
#define NPSD_SIM_RECOUNT_H

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lives.h"

namespace sim
{

/* The largest multiple of step that is not greater than x. */
inline int64_t floor_to(int64_t x, int64_t step)
{
	int64_t r = x % step;

	return x - (r < 0 ? r + step : r);
}

enum { COUNTERS = 19, NO_SCORE = 11, COMMENTS = 12, INVITED = 13, DELIVERED = 14 };
using Counters = std::array<int64_t, COUNTERS>;
/* Panes of one segment: start of the pane, in seconds -> counters. No pane is all zero. */
using SegPanes = std::map<int64_t, Counters>;
/* Name of the segment (SEG) -> its panes; no segment is without panes. */
using Panes = std::map<std::string, SegPanes>;

void add_pane(Panes &to, const std::string &seg, int64_t pane_s, const Counters &v, int64_t sign);

/* The dictionary: name of the dimension -> its admitted values. */
using Values = std::map<std::string, std::set<std::string>>;

struct Rulings {
	std::vector<std::pair<int64_t, int64_t>> ahead;	   /* offsets from .. to-1 */
	std::vector<std::pair<int64_t, int64_t>> lateness; /* from this offset on, ms */
	std::vector<std::pair<int64_t, int64_t>> horizon;  /* from this offset on, at least these ms */
	int64_t cut_at = -1; /* this incarnation began where the topic was cut; -1: with another topic */

	bool operator<(const Rulings &o) const
	{
		return std::tie(ahead, lateness, horizon, cut_at) <
		       std::tie(o.ahead, o.lateness, o.horizon, o.cut_at);
	}
	bool is_ahead(int64_t offset) const;
	/* The rulings of the next incarnation, which begins where the topic was cut. */
	Rulings cut(int64_t at) const;
};

/* The content of an alert. */
struct Transition {
	std::string id, kind, severity, response_id, source;
	int64_t incident, responded_ms, at_ms;
	int64_t oldest_ms; /* start of its age */
	std::optional<int> score, prev_score;
	bool has_comment;
	std::set<std::string> reasons, themes;
	std::map<std::string, std::string> texts; /* by field, `attributes.plan` included */
	std::set<std::string> channels;
};

/* The counts of one partition up to a position. */
struct Counted {
	std::map<std::string, int64_t> totals;	/* without those per topic */
	std::map<std::string, int64_t> other;	/* by dimension: responses counted as `__other__` */
	std::map<std::string, int64_t> effects; /* of counted events: created, edited, withdrawn ... */
	int64_t undated = 0;
	std::optional<int64_t> stream_ms, horizon_ms, clock_ms;
	Panes panes;
	std::vector<Transition> emitted;
};

/*
 * Counts the records of one partition from its start, under rulings and values that stay. What was counted of
 * an earlier incarnation stays counted. Where the topic was cut, the responses are those of the records
 * before; a record that was counted, then cut, and comes again, is applied to them and not counted.
 */
class Recount
{
      public:
	/* where: `TOPIC/P`; rulings: by incarnation, the last one is counted. setup and lives must outlive
	 * the recount. */
	Recount(const Setup &setup, const std::vector<Life> &lives, const std::string &where,
	    const std::vector<Rulings> &rulings, const Values &values);
	~Recount();
	Recount(const Recount &) = delete;
	Recount &operator=(const Recount &) = delete;
	/* The records before the position; continues from the last position if that is not greater. */
	const Counted &upto(int64_t position);

      private:
	class Partition;
	void begin();
	void load(int64_t at);

	const Setup &setup;
	const std::vector<Life> &lives;
	const std::string where;
	const std::vector<Rulings> rulings;
	const Values values;
	std::unique_ptr<Partition> partition;
	std::set<uint64_t> cut; /* hashes of records that were counted and cut */
	int64_t counted_to = 0;
};

/* The records before an offset of an incarnation, with those of the ones before that it continues. */
std::vector<const Record *> counted_records(
    const std::vector<Life> &lives, const std::vector<Rulings> &rulings, int64_t inc, int64_t before);

/* --- parts of the recount --- */

/* SEG of a segment: `kind` (empty: not split), then dimensions and values in the set's order. */
std::string seg_name(const std::string &kind, const std::vector<std::pair<std::string, std::string>> &values);
/* A value as SEG has it. */
std::string seg_encode(const std::string &value);
/* The value under which a value is counted: itself, `__none__` or `__other__`. */
std::string counted_value(const std::string &dim, const std::string &value, const Values &values);
/* The values of a dimension under which a response is counted. */
std::vector<std::string> dim_values(const std::string &dim, const Content &c, const Values &values);
/* Adds (sign 1) or subtracts (sign -1) a response. */
void count_response(
    Counted &out, const Setup &setup, const Content &c, int64_t event_ms, int64_t sign, const Values &values);
void count_stage(
    Counted &out, const Setup &setup, const Content &c, Type stage, int64_t event_ms, const Values &values);
std::string severity_of(int score);
/* The channels on which an alert is published: those of the values before and after the event. */
std::set<std::string> channels_of(
    const Transition &t, const Content *before, const Content &shown, const Values &values);
/* The alert of an event that changes a response from `before` to `now` (NULL: not counted), without id,
 * source and times. */
std::optional<Transition> transition_of(
    const Setup &setup, const Event &e, const Content *before, const Content *now, const Values &values);

} // namespace sim

#endif
