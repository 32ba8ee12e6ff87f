/* The keys of the model of Redis, and the commands on them. */
#ifndef NPSD_SIM_REDIS_COMMANDS_H
#define NPSD_SIM_REDIS_COMMANDS_H

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "value.h"

struct model;

namespace sim
{

struct Id {
	uint64_t ms = 0, seq = 0;
	bool operator<(const Id &o) const
	{
		return ms != o.ms ? ms < o.ms : seq < o.seq;
	}
	std::string text() const
	{
		return std::to_string(ms) + "-" + std::to_string(seq);
	}
};

struct Stream {
	std::map<Id, std::vector<std::string>> entries;
	Id last;
};

struct Item {
	enum Kind { STRING, HASH, LIST, SET, ZSET, STREAM } kind = STRING;
	std::string str;
	std::map<std::string, std::string> hash;
	std::deque<std::string> list;
	std::set<std::string> set;
	std::map<std::string, double> zset;
	Stream stream;
	int64_t expires_ms = 0; /* 0: never */

	bool empty() const
	{
		return (kind == HASH && hash.empty()) || (kind == LIST && list.empty()) ||
		       (kind == SET && set.empty()) || (kind == ZSET && zset.empty());
	}
};

using Args = std::vector<std::string>;

struct Keys {
	std::map<std::string, Item> all;
	bool no_memory = false, wrote = false; /* wrote: the script that runs */
	std::vector<std::pair<std::string, std::string>> *published = nullptr; /* channel, message */
	const int64_t *now_ms;

	Item *find(const std::string &key)
	{
		auto it = all.find(key);

		if (it == all.end())
			return nullptr;
		if (it->second.expires_ms && it->second.expires_ms <= *now_ms) {
			all.erase(it);
			return nullptr;
		}
		return &it->second;
	}

	Item *find(const std::string &key, Item::Kind kind)
	{
		Item *i = find(key);

		if (i && i->kind != kind)
			throw std::runtime_error(
			    "WRONGTYPE Operation against a key holding the wrong kind of value");
		return i;
	}

	Item &make(const std::string &key, Item::Kind kind)
	{
		Item *i = find(key, kind);

		if (!i) {
			i = &all[key];
			i->kind = kind;
		}
		return *i;
	}

	void tidy(const std::string &key)
	{
		auto it = all.find(key);

		if (it != all.end() && it->second.empty())
			all.erase(it);
	}
};

/* The keys of a model, to read them. */
const Keys &model_keys(const struct ::model *m);
/* A copy of all keys, and the way back to it: what a fail-over does where the replica lacked the last writes.
 * A replica gets the writes in order, so it lacks all after some instant and none before. */
using Copy = std::map<std::string, Item>;
Copy model_copy(const struct ::model *m);
void model_restore(struct ::model *m, const Copy &copy);
/* Whether Redis has no memory for what is written next. */
void model_no_memory(struct ::model *m, bool now);
/* Appends each published channel and message to the list from now on. */
void model_listen(struct ::model *m, std::vector<std::pair<std::string, std::string>> *published);

/* Throws std::runtime_error with the error reply of a server. */
Value run_command(Keys &keys, Args a);

} // namespace sim

#endif
