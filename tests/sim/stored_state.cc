#include "stored_state.h"

#include <msgpack.h>

#include <algorithm>
#include <cstdio>
#include <functional>

namespace sim
{

static std::string sha1hex(const std::string &s)
{
	Sha1Hex hex = sha1hex(s.data(), s.size());

	return {hex.data(), hex.size()};
}

const Item *stored_key(const Keys &keys, const std::string &name)
{
	auto it = keys.all.find("{nps:alerts}:" + name);

	return it == keys.all.end() ? nullptr : &it->second;
}

std::string stored_field(const Keys &keys, const std::string &name, const std::string &field)
{
	const Item *i = stored_key(keys, name);

	return i && i->hash.count(field) ? i->hash.at(field) : "";
}

Position parse_position(const std::string &text)
{
	Position p;
	int end = 0;

	if (sscanf(text.c_str(), "%ld:%ld%n", &p.inc, &p.offset, &end) != 2 || (size_t)end != text.size())
		throw Violation("`" + text + "` is not a position");
	return p;
}

Positions parse_positions(const std::string &text)
{
	Positions out;

	for (size_t at = 0; at < text.size();) {
		size_t end = std::min(text.find(';', at), text.size());
		std::string one = text.substr(at, end - at);
		size_t space = one.find(' ');

		if (space == std::string::npos)
			throw Violation("`" + text + "` is not a list of positions");
		out[one.substr(0, space)] = parse_position(one.substr(space + 1));
		at = end + 1;
	}
	return out;
}

/* --- msgpack --- */

static void each_item(const std::string &bytes, const std::function<void(const msgpack_object &)> &f)
{
	msgpack_unpacked u;
	size_t off = 0;

	msgpack_unpacked_init(&u);
	if (msgpack_unpack_next(&u, bytes.data(), bytes.size(), &off) != MSGPACK_UNPACK_SUCCESS ||
	    off != bytes.size() || u.data.type != MSGPACK_OBJECT_ARRAY) {
		msgpack_unpacked_destroy(&u);
		throw Violation("a stored value is not a msgpack array");
	}
	try {
		for (uint32_t i = 0; i < u.data.via.array.size; i++)
			f(u.data.via.array.ptr[i]);
	} catch (...) {
		msgpack_unpacked_destroy(&u);
		throw;
	}
	msgpack_unpacked_destroy(&u);
}

static int64_t number(const msgpack_object &o)
{
	return o.type == MSGPACK_OBJECT_NEGATIVE_INTEGER ? o.via.i64 : (int64_t)o.via.u64;
}

/* bits, v... at p of an array */
static Counters counters(const msgpack_object_array &a, uint32_t at)
{
	Counters v = {};
	uint64_t bits = (uint64_t)number(a.ptr[at++]);

	for (int c = 0; c < COUNTERS; c++)
		if (bits >> c & 1) {
			if (at == a.size)
				throw Violation("a delta has fewer counters than bits");
			v[(size_t)c] = number(a.ptr[at++]);
		}
	if (at != a.size || bits >> COUNTERS)
		throw Violation("a delta has more counters than bits");
	return v;
}

/* --- the dictionary --- */

static const char *const dim_words[] = {"location", "channel", "stage", "team", "product", "profile",
    "language", "survey_id", "theme", "owner", "attributes.plan"};

static void read_dict(Stored &out, const Keys &keys, const Setup &setup)
{
	const Item *dict = stored_key(keys, "dict");
	std::string chain;

	for (size_t i = 0; dict && i < dict->list.size(); i++) {
		std::vector<std::string> field;
		int64_t dim = -1;

		each_item(dict->list[i], [&](const msgpack_object &o) {
			if (dim < 0)
				dim = number(o);
			else
				field.emplace_back(o.via.str.ptr, o.via.str.size);
		});
		std::string word = dim_words[dim], value = field.at(0);
		chain = sha1hex(chain + std::to_string(word.size()) + ":" + word +
				std::to_string(value.size()) + ":" + value);
		if (field.at(1) != chain)
			throw Violation("the dictionary's chain breaks at entry " + std::to_string(i));
		size_t slash = word == "location" ? value.rfind('/') : std::string::npos;
		if (slash != std::string::npos && !out.values[word].count(value.substr(0, slash)))
			throw Violation("`" + value + "` was admitted before its ancestor");
		if (!out.values[word].insert(value).second)
			throw Violation("`" + value + "` was admitted twice");
		if (stored_field(keys, "dictids", std::to_string(dim) + ":" + value) != std::to_string(i + 2))
			throw Violation("`" + value + "` has an id that is not its index");
		out.dict.emplace_back(word, value);
	}
	for (auto &cap : setup.caps)
		if (out.values.count(cap.first) && (int64_t)out.values[cap.first].size() > cap.second)
			throw Violation("more values of " + cap.first + " than its cap");
	if (stored_field(keys, "fence", "dict_len") !=
		(chain.empty() ? "" : std::to_string(out.dict.size())) ||
	    stored_field(keys, "fence", "dict_chain") != chain)
		throw Violation("the fence does not have the dictionary's end");
}

/* --- segments --- */

static std::string seg_of(uint64_t hi, uint64_t lo, const Stored &st, const Setup &setup)
{
	static const char *const kinds[] = {"", "transactional", "relational", "other"};
	uint64_t ids[] = {
	    hi >> 20 & 0xfffffff, (hi & 0xfffff) << 8 | lo >> 56, lo >> 28 & 0xfffffff, lo & 0xfffffff};
	std::vector<std::pair<std::string, std::string>> values;
	const auto &set = setup.sets.at(hi >> 52);

	for (size_t i = 0; i < set.size(); i++) {
		if (ids[i] >= st.dict.size() + 2)
			throw Violation("a segment has an id after the end of the dictionary");
		if (ids[i] >= 2 && st.dict[ids[i] - 2].first != set[i])
			throw Violation("a segment has an id of another dimension");
		values.emplace_back(set[i], ids[i] == 0	  ? "__none__"
					    : ids[i] == 1 ? "__other__"
							  : st.dict[ids[i] - 2].second);
	}
	return seg_name(kinds[hi >> 48 & 3], values);
}

/* --- logs and snapshots --- */

static void read_deltas(Stored &out, const std::string &bytes, int k, const Setup &setup)
{
	each_item(bytes, [&](const msgpack_object &o) {
		const msgpack_object_array &a = o.via.array;
		std::string seg = seg_of((uint64_t)number(a.ptr[0]), (uint64_t)number(a.ptr[1]), out, setup);
		Counters v = counters(a, 3);

		out.shard_of[seg] = k;
		for (auto &step : out.panes)
			add_pane(step.second, seg, floor_to(number(a.ptr[2]), step.first), v, 1);
	});
}

static void read_chunk(Stored &out, const std::string &bytes, int64_t step, int k, const Setup &setup)
{
	each_item(bytes, [&](const msgpack_object &o) {
		const msgpack_object_array &a = o.via.array;
		std::string seg = seg_of((uint64_t)number(a.ptr[0]), (uint64_t)number(a.ptr[1]), out, setup);

		out.shard_of[seg] = k;
		for (uint32_t i = 2; i < a.size; i++) {
			const msgpack_object_array &pane = a.ptr[i].via.array;

			add_pane(out.panes[step], seg, number(pane.ptr[0]), counters(pane, 1), 1);
		}
	});
}

static void read_manifest(Stored &out, const Keys &keys, int k, const Setup &setup)
{
	const Item *m = stored_key(keys, "manifest:" + std::to_string(k));
	StoredShard &s = out.shards[(size_t)k];

	if (!m)
		return;
	s.manifest_seq = std::stoll(m->hash.at("seq"));
	s.hash[s.manifest_seq] = m->hash.at("hash");
	s.dropped_ms = std::stoll(m->hash.at("dropped_ms"));
	for (auto &f : m->hash) {
		int64_t bucket, step, span;

		if (sscanf(f.first.c_str(), "chunk:%ld/%ld/%ld", &bucket, &step, &span) != 3)
			continue;
		const Item *chunk = stored_key(keys, "chunk:" + f.second);
		if (!chunk)
			throw Violation("chunk " + f.second + " is in a manifest and does not exist");
		read_chunk(out, chunk->str, step, k, setup);
	}
}

std::vector<ScriptEdit> claim_records()
{
	static const struct {
		enum npsd_script script;
		const char *before, *tp, *claim, *pos;
	} sites[] = {
	    {NPSD_S_base, "redis.call('HSET', KEYS[1], 'pos:'", "tp", "nobody", "base"},
	    {NPSD_S_claim, "redis.call('HSET', KEYS[1], 'claim:'", "tp", "mine", "pos"},
	    {NPSD_S_rebuild, "redis.call('HSET', KEYS[1], 'pos:'", "p.tp", "nobody", "base"},
	};
	std::vector<ScriptEdit> out;

	for (const auto &s : sites)
		out.push_back({s.script, s.before,
		    std::string("redis.call('RPUSH', (KEYS[1]:gsub('fence$', 'claims:')) .. ") + s.tp + ", " +
			s.claim + " .. ' ' .. " + s.pos + ") " + s.before});
	return out;
}

/* Positions compare as pairs. */
static int64_t order(const std::string &text)
{
	Position p = parse_position(text);

	return p.inc << 40 | p.offset;
}

/* `TP CLAIM INC:OFFSET;...`: the claim must have been in force up to the position. */
static void check_claims(const Keys &keys, const std::string &batch)
{
	for (size_t at = 0; at < batch.size();) {
		size_t end = std::min(batch.find(';', at), batch.size()), space = batch.find(' ', at),
		       second = batch.find(' ', space + 1);
		std::string tp = batch.substr(at, space - at),
			    claim = batch.substr(space + 1, second - space - 1);
		int64_t to = order(batch.substr(second + 1, end - second - 1)), from = -1, next = INT64_MAX;
		const Item *list = stored_key(keys, "claims:" + tp);

		for (size_t i = 0; list && i < list->list.size(); i++) {
			const std::string &line = list->list[i];
			int64_t start = order(line.substr(line.find(' ') + 1));

			if (line.substr(0, line.find(' ')) == claim)
				from = start;
			else if (from >= 0 && next == INT64_MAX)
				next = start;
		}
		if (from < 0 || to <= from || to > next)
			throw Violation(tp + " was counted up to " + std::to_string(to) +
					" under a claim that was not in force");
		at = end + 1;
	}
}

static void read_entry(Stored &out, const Keys &keys, int64_t seq, const std::vector<std::string> &fields,
    int k, const Setup &setup)
{
	StoredShard &s = out.shards[(size_t)k];
	std::map<std::string, std::string> f;

	for (size_t i = 0; i + 1 < fields.size(); i += 2)
		f[fields[i]] = fields[i + 1];
	check_claims(keys, f["b"]);
	if (s.hash.count(seq - 1) && sha1hex(s.hash[seq - 1] + f["b"]) != f["x"])
		throw Violation(
		    "the chain of log " + std::to_string(k) + " breaks at " + std::to_string(seq));
	if (s.hash.count(seq) && s.hash[seq] != f["x"])
		throw Violation(
		    "the manifest of shard " + std::to_string(k) + " has the hash of another log");
	s.hash[seq] = f["x"];
	if (seq > s.manifest_seq)
		read_deltas(out, f["d"], k, setup);
}

/* The first second that a window of the step, or the one before it, reads at t. */
static int64_t kept_from_s(int64_t t_ms, int64_t step, const Setup &setup)
{
	int64_t from = INT64_MAX;

	for (auto &w : setup.windows)
		if (w.step_s == step)
			from = std::min(
			    from, floor_to(floor_to(t_ms, 1000) / 1000, step) + step - 2 * w.width_s);
	return from;
}

static void read_shard(Stored &out, const Keys &keys, int k, const Setup &setup)
{
	const Item *log = stored_key(keys, "log:" + std::to_string(k));
	std::string end = stored_field(keys, "fence", "log:" + std::to_string(k));
	StoredShard &s = out.shards[(size_t)k];

	s.hash[0] = "";
	read_manifest(out, keys, k, setup);
	static const std::map<Id, std::vector<std::string>> none;
	for (auto &e : log ? log->stream.entries : none) {
		if (s.seq && (int64_t)e.first.ms != s.seq + 1)
			throw Violation("the log of shard " + std::to_string(k) + " has a hole");
		if (!s.seq && (int64_t)e.first.ms > s.manifest_seq + (s.manifest_seq == 0))
			throw Violation("the log of shard " + std::to_string(k) + " was trimmed too far");
		s.seq = (int64_t)e.first.ms;
		read_entry(out, keys, s.seq, e.second, k, setup);
	}
	if (end != (s.seq ? std::to_string(s.seq) + " " + s.hash[s.seq] : ""))
		throw Violation(
		    "the log of shard " + std::to_string(k) + " does not end where the fence says");
	for (auto &step : out.panes) {
		int64_t &from = out.whole_from_s.emplace(step.first, INT64_MIN).first->second;

		if (s.dropped_ms != INT64_MIN)
			from = std::max(from, kept_from_s(s.dropped_ms, step.first, setup));
	}
}

/* --- partitions --- */

/* By incarnation, up to inc. */
static std::vector<Rulings> read_rulings(const Keys &keys, const std::string &tp, int64_t inc)
{
	const Item *list = stored_key(keys, "rulings:" + tp);
	std::vector<Rulings> out((size_t)inc + 1);

	static const std::deque<std::string> none;
	for (auto &line : list ? list->list : none) {
		char word[16], reason[16] = "";
		int64_t of, from, to;

		if (sscanf(line.c_str(), "%15s %ld:%ld %ld %*d %15s", word, &of, &from, &to, reason) < 4 ||
		    of < 0 || of > inc)
			throw Violation("`" + line + "` is not an expected ruling");
		if (std::string(word) == "ahead")
			out[(size_t)of].ahead.emplace_back(from, to);
		else if (std::string(word) == "lateness")
			out[(size_t)of].lateness.emplace_back(from, to);
		else if (std::string(word) == "horizon")
			out[(size_t)of].horizon.emplace_back(from, to);
		else if (std::string(reason) == "truncated" && of < inc)
			out[(size_t)of + 1] = out[(size_t)of].cut(from);
		else if (std::string(reason) != "recreated")
			throw Violation("`" + line + "` is not an expected ruling");
	}
	return out;
}

static void read_part(Stored &out, const Keys &keys, const std::string &tp)
{
	StoredPart p;
	std::string pos = stored_field(keys, "fence", "pos:" + tp);
	const Item *claims = stored_key(keys, "claims:" + tp);

	if (pos.empty())
		return;
	p.pos = parse_position(pos);
	p.base = parse_position(stored_field(keys, "fence", "base:" + tp));
	std::string emitted = stored_field(keys, "fence", "told:" + tp);
	if (!emitted.empty())
		p.emitted = parse_position(emitted);
	p.claim = stored_field(keys, "fence", "claim:" + tp);
	p.state = stored_field(keys, "fence", "state:" + tp);
	p.all = read_rulings(keys, tp, p.pos.inc);
	p.rulings = p.all.back();
	if (!claims || claims->list.back().substr(0, claims->list.back().find(' ')) != p.claim)
		throw Violation("the claim of " + tp + " is not the last of its list");
	out.parts[tp] = p;
}

static std::map<std::string, int64_t> numbers(const Item *hash)
{
	std::map<std::string, int64_t> out;

	if (hash)
		for (auto &f : hash->hash)
			if (f.second != "0")
				out[f.first] = std::stoll(f.second);
	return out;
}

Stored read_stored(const Keys &keys, const Setup &setup)
{
	Stored out;
	auto stream = keys.all.find("nps:alerts");

	read_dict(out, keys, setup);
	for (auto &topic : setup.topics)
		for (int p = 0; p < setup.partitions; p++)
			read_part(out, keys, topic + "/" + std::to_string(p));
	out.shards.resize((size_t)setup.shards);
	for (auto &w : setup.windows)
		out.panes[w.step_s];
	for (int k = 0; k < setup.shards; k++)
		read_shard(out, keys, k, setup);
	out.totals = numbers(stored_key(keys, "totals"));
	out.meta = numbers(stored_key(keys, "meta"));
	out.clock_ms = stored_field(keys, "fence", "clock_ms");
	if (stream != keys.all.end())
		for (auto &e : stream->second.stream.entries) {
			StoredAlert a;

			a.stream_id = e.first.text();
			for (size_t i = 0; i + 1 < e.second.size(); i += 2)
				a.field[e.second[i]] = e.second[i + 1];
			out.alerts.push_back(a);
		}
	return out;
}

} // namespace sim
