/* Reads the stored state from the model's keys, as docs/formats.md describes it, and checks its consistency.
 */
#ifndef NPSD_SIM_STORED_STATE_H
#define NPSD_SIM_STORED_STATE_H

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "recount.h"
#include "npsd/store.h"
#include "redis_commands.h"

namespace sim
{

/* The stored or published state breaks a property. */
struct Violation : std::runtime_error {
	using std::runtime_error::runtime_error;
};

struct Position {
	int64_t inc = 0, offset = 0;
};
/* `TOPIC/P` -> position */
using Positions = std::map<std::string, Position>;

struct StoredPart {
	Position pos, base;
	Position emitted; /* alerts before it were emitted before the rebuild; stored as `told` */
	std::string claim, state;
	std::vector<Rulings> all; /* by incarnation, up to the present one */
	Rulings rulings;	  /* of the present one */
};

struct StoredAlert {
	std::string stream_id;
	std::map<std::string, std::string> field;
};

struct StoredShard {
	int64_t seq = 0;		     /* of the last entry */
	std::map<int64_t, std::string> hash; /* chain hash by sequence number; 0 -> "" */
	int64_t manifest_seq = 0, dropped_ms = INT64_MIN;
};

struct Stored {
	std::map<std::string, StoredPart> parts; /* by `TOPIC/P` */
	std::map<std::string, int64_t> totals, meta;
	std::vector<StoredAlert> alerts;
	Values values;					       /* the dictionary */
	std::vector<std::pair<std::string, std::string>> dict; /* dimension, value; in the order of ids */
	std::map<int64_t, Panes> panes;	     /* by step: snapshots and the log entries after them */
	std::map<std::string, int> shard_of; /* name of the segment -> shard */
	std::vector<StoredShard> shards;
	std::map<int64_t, int64_t> whole_from_s; /* by step: panes that start earlier may have been dropped */
	std::string clock_ms;
};

/* Puts `to` in place of `from` in a script's text. */
struct ScriptEdit {
	enum npsd_script script;
	std::string from, to;
};
/*
 * With these edits the scripts keep the history of claims: a list `claims:TP` of `CLAIM INC:OFFSET`, which
 * rolls back with the other keys. read_stored() checks each log entry against it.
 */
std::vector<ScriptEdit> claim_records();
/* Throws Violation if the keys contradict each other. */
Stored read_stored(const Keys &keys, const Setup &setup);
Position parse_position(const std::string &text);
/* `TOPIC/P INC:OFFSET;...` */
Positions parse_positions(const std::string &text);
/* NULL: there is no such key. */
const Item *stored_key(const Keys &keys, const std::string &name);
std::string stored_field(const Keys &keys, const std::string &name, const std::string &field);

} // namespace sim

#endif
