#include "redis_commands.h"

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <functional>

namespace sim
{

static const char *const kind_words[] = {"string", "hash", "list", "set", "zset", "stream"};

static int64_t number(const std::string &s)
{
	char *end;

	errno = 0;
	long long v = strtoll(s.c_str(), &end, 10);
	if (s.empty() || *end || errno)
		throw std::runtime_error("ERR value is not an integer or out of range");
	return v;
}

static Value strings(const std::vector<std::string> &v)
{
	Value out = Value::array();

	for (auto &s : v)
		out.items.push_back(Value::string(s));
	return out;
}

/* Clips start and stop as LRANGE does; false: the range is empty. */
static bool clip(int64_t &a, int64_t &b, int64_t n)
{
	if (a < 0)
		a = std::max<int64_t>(0, a + n);
	if (b < 0)
		b += n;
	b = std::min(b, n - 1);
	return a <= b;
}

static Id parse_id(const std::string &s, uint64_t seq_default)
{
	Id id;

	if (s == "-")
		return id;
	if (s == "+")
		return {UINT64_MAX, UINT64_MAX};
	size_t dash = s.find('-');
	id.ms = strtoull(s.c_str(), nullptr, 10);
	id.seq = dash == std::string::npos ? seq_default : strtoull(s.c_str() + dash + 1, nullptr, 10);
	return id;
}

static Value entry(const std::pair<const Id, std::vector<std::string>> &e)
{
	Value out = Value::array();

	out.items.push_back(Value::string(e.first.text()));
	out.items.push_back(strings(e.second));
	return out;
}

/* MAXLEN|MINID [=|~] N at args[i]; true, and i after it, if it is there */
static bool trim_option(Stream &s, const Args &a, size_t &i, int64_t &removed, bool apply)
{
	if (i >= a.size() || (a[i] != "MAXLEN" && a[i] != "MINID"))
		return false;
	bool len = a[i++] == "MAXLEN";
	if (a.at(i) == "=" || a.at(i) == "~")
		i++;
	std::string n = a.at(i++);
	if (!apply)
		return true;
	while (!s.entries.empty() &&
	       (len ? (int64_t)s.entries.size() > number(n) : s.entries.begin()->first < parse_id(n, 0))) {
		s.entries.erase(s.entries.begin());
		removed++;
	}
	return true;
}

static Value cmd_xadd(Keys &k, const Args &a)
{
	Stream &s = k.make(a.at(1), Item::STREAM).stream;
	size_t i = 2, at = 2;
	int64_t removed = 0;
	Id id;

	trim_option(s, a, i, removed, false);
	if (a.at(i) == "*") {
		id.ms = std::max<uint64_t>((uint64_t)*k.now_ms, s.last.ms);
		id.seq = id.ms == s.last.ms ? s.last.seq + 1 : 0;
	} else {
		id = parse_id(a[i], 0);
	}
	if (!(s.last < id))
		throw std::runtime_error(
		    "ERR The ID specified in XADD is equal or smaller than the target stream top item");
	s.entries[id] = std::vector<std::string>(a.begin() + (long)i + 1, a.end());
	s.last = id;
	trim_option(s, a, at, removed, true);
	return Value::string(id.text());
}

static Value cmd_xrange(Keys &k, const Args &a)
{
	Item *i = k.find(a.at(1), Item::STREAM);
	bool reverse = a[0] == "XREVRANGE";
	std::string from = a.at(reverse ? 3 : 2), to = a.at(reverse ? 2 : 3);
	bool exclusive = from[0] == '(';
	Id first = parse_id(exclusive ? from.substr(1) : from, 0), last = parse_id(to, UINT64_MAX);
	size_t count = a.size() > 5 ? (size_t)number(a[5]) : SIZE_MAX;
	Value out = Value::array();

	if (!i)
		return out;
	for (auto &e : i->stream.entries) {
		if (e.first < first || last < e.first || (exclusive && !(first < e.first)))
			continue;
		if (!reverse && out.items.size() == count)
			break;
		out.items.push_back(entry(e));
	}
	if (reverse) {
		std::vector<Value> back(out.items.rbegin(), out.items.rend());

		if (back.size() > count)
			back.resize(count);
		out.items = back;
	}
	return out;
}

using Command = std::function<Value(Keys &, const Args &)>;

static void add_hash(std::map<std::string, Command> &c)
{
	c["HGET"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::HASH);
		if (!i || !i->hash.count(a.at(2)))
			return Value::nil();
		return Value::string(i->hash[a[2]]);
	};
	c["HMGET"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::HASH);
		Value out = Value::array();
		for (size_t n = 2; n < a.size(); n++)
			out.items.push_back(
			    i && i->hash.count(a[n]) ? Value::string(i->hash[a[n]]) : Value::nil());
		return out;
	};
	c["HSET"] = [](Keys &k, const Args &a) {
		if (a.size() < 4 || a.size() % 2)
			throw std::runtime_error("ERR wrong number of arguments for 'hset' command");
		Item &i = k.make(a.at(1), Item::HASH);
		int64_t added = 0;
		for (size_t n = 2; n + 1 < a.size(); n += 2) {
			added += !i.hash.count(a[n]);
			i.hash[a[n]] = a[n + 1];
		}
		return Value::integer(added);
	};
	c["HMSET"] = c["HSET"];
	c["HSETNX"] = [](Keys &k, const Args &a) {
		Item &i = k.make(a.at(1), Item::HASH);
		return Value::integer(i.hash.emplace(a.at(2), a.at(3)).second);
	};
	c["HDEL"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::HASH);
		int64_t n = 0;
		for (size_t f = 2; i && f < a.size(); f++)
			n += (int64_t)i->hash.erase(a[f]);
		k.tidy(a[1]);
		return Value::integer(n);
	};
}

static void add_hash_whole(std::map<std::string, Command> &c)
{
	c["HGETALL"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::HASH);
		Value out = Value::array();
		if (i)
			for (auto &e : i->hash) {
				out.items.push_back(Value::string(e.first));
				out.items.push_back(Value::string(e.second));
			}
		return out;
	};
	c["HKEYS"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::HASH);
		Value out = Value::array();
		if (i)
			for (auto &e : i->hash)
				out.items.push_back(Value::string(e.first));
		return out;
	};
	c["HLEN"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::HASH);
		return Value::integer(i ? (int64_t)i->hash.size() : 0);
	};
	c["HEXISTS"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::HASH);
		return Value::integer(i && i->hash.count(a.at(2)));
	};
	c["HINCRBY"] = [](Keys &k, const Args &a) {
		std::string &v = k.make(a.at(1), Item::HASH).hash[a.at(2)];
		int64_t n = (v.empty() ? 0 : number(v)) + number(a.at(3));
		v = std::to_string(n);
		return Value::integer(n);
	};
}

static void add_list(std::map<std::string, Command> &c)
{
	c["RPUSH"] = [](Keys &k, const Args &a) {
		Item &i = k.make(a.at(1), Item::LIST);
		i.list.insert(i.list.end(), a.begin() + 2, a.end());
		return Value::integer((int64_t)i.list.size());
	};
	c["LRANGE"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::LIST);
		int64_t from = number(a.at(2)), to = number(a.at(3));
		Value out = Value::array();
		if (i && clip(from, to, (int64_t)i->list.size()))
			for (int64_t n = from; n <= to; n++)
				out.items.push_back(Value::string(i->list[(size_t)n]));
		return out;
	};
	c["LLEN"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::LIST);
		return Value::integer(i ? (int64_t)i->list.size() : 0);
	};
	c["LINDEX"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::LIST);
		int64_t n = number(a.at(2));
		if (i && n < 0)
			n += (int64_t)i->list.size();
		if (!i || n < 0 || n >= (int64_t)i->list.size())
			return Value::nil();
		return Value::string(i->list[(size_t)n]);
	};
	c["LSET"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::LIST);
		int64_t n = number(a.at(2));
		if (!i)
			throw std::runtime_error("ERR no such key");
		if (n < 0)
			n += (int64_t)i->list.size();
		i->list.at((size_t)n) = a.at(3);
		return Value::status("OK");
	};
	c["LTRIM"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::LIST);
		int64_t from = number(a.at(2)), to = number(a.at(3));
		if (i) {
			std::deque<std::string> left;
			if (clip(from, to, (int64_t)i->list.size()))
				left.assign(i->list.begin() + from, i->list.begin() + to + 1);
			i->list = left;
		}
		k.tidy(a[1]);
		return Value::status("OK");
	};
}

static void add_set(std::map<std::string, Command> &c)
{
	c["SADD"] = [](Keys &k, const Args &a) {
		Item &i = k.make(a.at(1), Item::SET);
		int64_t n = 0;
		for (size_t m = 2; m < a.size(); m++)
			n += i.set.insert(a[m]).second;
		return Value::integer(n);
	};
	c["SREM"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::SET);
		int64_t n = 0;
		for (size_t m = 2; i && m < a.size(); m++)
			n += (int64_t)i->set.erase(a[m]);
		k.tidy(a[1]);
		return Value::integer(n);
	};
	c["SMEMBERS"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::SET);
		return i ? strings({i->set.begin(), i->set.end()}) : Value::array();
	};
	c["SSCAN"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::SET);
		Value out = Value::array();
		out.items = {
		    Value::string("0"), i ? strings({i->set.begin(), i->set.end()}) : Value::array()};
		return out;
	};
	c["SISMEMBER"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::SET);
		return Value::integer(i && i->set.count(a.at(2)));
	};
	c["SMISMEMBER"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::SET);
		Value out = Value::array();
		for (size_t m = 2; m < a.size(); m++)
			out.items.push_back(Value::integer(i && i->set.count(a[m])));
		return out;
	};
	c["SCARD"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::SET);
		return Value::integer(i ? (int64_t)i->set.size() : 0);
	};
}

/* As a server writes it: with 17 digits where it is not whole. */
static std::string score(double v)
{
	char text[40];

	snprintf(text, sizeof text, "%.17g", v);
	return text;
}

static void add_zset(std::map<std::string, Command> &c)
{
	c["ZADD"] = [](Keys &k, const Args &a) {
		Item &i = k.make(a.at(1), Item::ZSET);
		int64_t n = 0;
		for (size_t m = 2; m + 1 < a.size(); m += 2) {
			n += !i.zset.count(a[m + 1]);
			i.zset[a[m + 1]] = strtod(a[m].c_str(), nullptr);
		}
		return Value::integer(n);
	};
	c["ZREM"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::ZSET);
		int64_t n = 0;
		for (size_t m = 2; i && m < a.size(); m++)
			n += (int64_t)i->zset.erase(a[m]);
		k.tidy(a[1]);
		return Value::integer(n);
	};
	c["ZMSCORE"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::ZSET);
		Value out = Value::array();
		for (size_t m = 2; m < a.size(); m++)
			out.items.push_back(
			    i && i->zset.count(a[m]) ? Value::string(score(i->zset[a[m]])) : Value::nil());
		return out;
	};
	c["ZSCAN"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::ZSET);
		Value out = Value::array(), page = Value::array();
		if (i)
			for (auto &e : i->zset) {
				page.items.push_back(Value::string(e.first));
				page.items.push_back(Value::string(std::to_string(e.second)));
			}
		out.items = {Value::string("0"), page};
		return out;
	};
	c["ZRANGE"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::ZSET);
		int64_t from = number(a.at(2)), to = number(a.at(3));
		std::vector<std::pair<double, std::string>> sorted;
		Value out = Value::array();
		if (i)
			for (auto &e : i->zset)
				sorted.emplace_back(e.second, e.first);
		std::sort(sorted.begin(), sorted.end());
		if (clip(from, to, (int64_t)sorted.size()))
			for (int64_t n = from; n <= to; n++)
				out.items.push_back(Value::string(sorted[(size_t)n].second));
		return out;
	};
}

static void add_keys(std::map<std::string, Command> &c)
{
	c["GET"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::STRING);
		return i ? Value::string(i->str) : Value::nil();
	};
	c["SET"] = [](Keys &k, const Args &a) {
		Item i;
		i.str = a.at(2);
		k.all[a.at(1)] = i;
		return Value::status("OK");
	};
	c["MGET"] = [](Keys &k, const Args &a) {
		Value out = Value::array();
		for (size_t n = 1; n < a.size(); n++) {
			Item *i = k.find(a[n]);
			out.items.push_back(
			    i && i->kind == Item::STRING ? Value::string(i->str) : Value::nil());
		}
		return out;
	};
	c["STRLEN"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::STRING);
		return Value::integer(i ? (int64_t)i->str.size() : 0);
	};
	c["EXISTS"] = [](Keys &k, const Args &a) {
		int64_t n = 0;
		for (size_t m = 1; m < a.size(); m++)
			n += k.find(a[m]) != nullptr;
		return Value::integer(n);
	};
	c["DEL"] = [](Keys &k, const Args &a) {
		int64_t n = 0;
		for (size_t m = 1; m < a.size(); m++)
			n += k.find(a[m]) && k.all.erase(a[m]);
		return Value::integer(n);
	};
	c["UNLINK"] = c["DEL"];
	c["TYPE"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1));
		return Value::status(i ? kind_words[i->kind] : "none");
	};
	c["PEXPIRE"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1));
		if (i)
			i->expires_ms = *k.now_ms + number(a.at(2));
		return Value::integer(i != nullptr);
	};
	c["PERSIST"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1));
		bool had = i && i->expires_ms;
		if (i)
			i->expires_ms = 0;
		return Value::integer(had);
	};
}

static void add_streams(std::map<std::string, Command> &c)
{
	c["XADD"] = cmd_xadd;
	c["XRANGE"] = cmd_xrange;
	c["XREVRANGE"] = cmd_xrange;
	c["XLEN"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::STREAM);
		return Value::integer(i ? (int64_t)i->stream.entries.size() : 0);
	};
	c["XTRIM"] = [](Keys &k, const Args &a) {
		Item *i = k.find(a.at(1), Item::STREAM);
		int64_t removed = 0;
		size_t at = 2;
		if (i)
			trim_option(i->stream, a, at, removed, true);
		return Value::integer(removed);
	};
	c["PUBLISH"] = [](Keys &k, const Args &a) {
		if (k.published)
			k.published->emplace_back(a.at(1), a.at(2));
		return Value::integer(0);
	};
	c["TIME"] = [](Keys &k, const Args &) {
		return strings({std::to_string(*k.now_ms / 1000), std::to_string(*k.now_ms % 1000 * 1000)});
	};
}

static const std::map<std::string, Command> &commands()
{
	static const std::map<std::string, Command> all = [] {
		std::map<std::string, Command> c;
		add_hash(c);
		add_hash_whole(c);
		add_list(c);
		add_set(c);
		add_zset(c);
		add_keys(c);
		add_streams(c);
		return c;
	}();
	return all;
}

/* A server refuses the former when it has no memory, unless the script has written something before. */
static const std::set<std::string> needs_memory = {
    "HSET", "HSETNX", "HINCRBY", "SET", "RPUSH", "LSET", "XADD", "SADD", "ZADD"};
static const std::set<std::string> frees_memory = {
    "HDEL", "DEL", "UNLINK", "PEXPIRE", "LTRIM", "XTRIM", "SREM", "ZREM"};

Value run_command(Keys &keys, Args a)
{
	if (a.empty())
		throw std::runtime_error("ERR no command");
	for (auto &ch : a[0])
		ch = (char)toupper((unsigned char)ch);
	auto it = commands().find(a[0]);
	if (it == commands().end())
		throw std::runtime_error("ERR the model does not know `" + a[0] + "`");
	if (keys.no_memory && !keys.wrote && needs_memory.count(a[0]))
		throw std::runtime_error("OOM command not allowed when used memory > 'maxmemory'.");
	keys.wrote = keys.wrote || needs_memory.count(a[0]) || frees_memory.count(a[0]);
	try {
		return it->second(keys, a);
	} catch (std::out_of_range &) {
		throw std::runtime_error("ERR wrong number of arguments for '" + a[0] + "' command");
	}
}

} // namespace sim
