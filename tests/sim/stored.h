/* What npsd stored, read from the model's keys as docs/formats.md says, and held against itself. */
#ifndef NPSD_SIM_STORED_H
#define NPSD_SIM_STORED_H

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "recount.h"
#include "npsd/store.h"
#include "redis_commands.h"

namespace sim
{

/* What is stored, or published, is not as it should be. */
struct Difference : std::runtime_error {
	using std::runtime_error::runtime_error;
};

struct Position {
	int64_t inc = 0, offset = 0;
};
/* `TOPIC/P` -> position */
using Positions = std::map<std::string, Position>;

struct StoredPart {
	Position pos, base;
	Position told; /* up to there alerts were told by a count before this one */
	std::string claim, state;
	Rulings rulings;
};

struct StoredAlert {
	std::string stream_id;
	std::map<std::string, std::string> field;
};

struct StoredShard {
	int64_t seq = 0; /* of the log's end */
	std::map<int64_t, std::string>
	    hash; /* of the entries held, by number; 0: "" where the log begins there */
	int64_t manifest_seq = 0, dropped_ms = INT64_MIN;
};

struct Stored {
	std::map<std::string, StoredPart> parts; /* by `TOPIC/P` */
	std::map<std::string, int64_t> totals, meta;
	std::vector<StoredAlert> alerts;
	Values values;					       /* the dictionary, by dimension's word */
	std::vector<std::pair<std::string, std::string>> dict; /* dimension's word, value */
	std::map<int64_t, Panes> panes;	     /* by step: as the snapshots and the logs behind them have it */
	std::map<std::string, int> shard_of; /* segment's name -> its shard */
	std::vector<StoredShard> shards;
	std::map<int64_t, int64_t> whole_from_s; /* by step: what begins earlier may have been dropped */
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
/* Throws Difference where it does not fit together. */
Stored read_stored(const Keys &keys, const Setup &setup);
Position parse_position(const std::string &text);
/* `TOPIC/P INC:OFFSET;...` */
Positions parse_positions(const std::string &text);
/* Nothing, where the key is not there. */
const Item *stored_key(const Keys &keys, const std::string &name);
std::string stored_field(const Keys &keys, const std::string &name, const std::string &field);

} // namespace sim

#endif
