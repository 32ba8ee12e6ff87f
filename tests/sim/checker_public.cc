/* Part of the checker: the windows, indexes and totals that are published. */
#include "checker.h"

#include <algorithm>

namespace sim
{

static const std::string KEY = "nps:v:{";

static std::string seg_in(const std::string &key)
{
	return key.substr(KEY.size(), key.size() - KEY.size() - 1);
}

const Panes &Checker::segs_at(const Positions &positions)
{
	std::string name;

	for (auto &p : positions) {
		counted(p.first, p.second); /* clears `segs` if rulings or dictionary changed */
		name += p.first + " " + std::to_string(p.second.inc) + ":" + std::to_string(p.second.offset) +
			";";
	}
	auto it = segs.find(name);
	if (it != segs.end())
		return it->second;
	if (segs.size() > 64)
		segs.clear();
	return segs[name] = whole(positions).panes;
}

void Checker::check_key(const std::string &key, const std::map<std::string, std::string> &fields,
    const SegPanes &panes, int64_t t_ms)
{
	std::vector<Window> windows = windows_of(panes, setup, t_ms);

	key_checks++;
	for (auto &w : windows) {
		auto field = fields.find(w.name);

		if (field == fields.end())
			throw Violation(key + " has no window " + w.name);
		std::string fault;
		for (int64_t lost : lost_ms) /* of a round that may have begun before the last one */
			if ((fault = window_error(field->second, panes, w, setup, t_ms, lost)).empty())
				break;
		if (!fault.empty())
			throw Violation(key + " " + w.name + ": " + fault + ": " + field->second);
	}
	if (fields.size() != windows.size() + 1) /* and `rev` */
		throw Violation(key + " has an unexpected window");
}

/* A key was written: it must match the positions of its round, if the round belongs to this history. */
void Checker::check_published(const Call &call)
{
	const std::string &key = call.keys.at(0);
	auto it = keys.all.find(key);

	if (key.compare(0, KEY.size(), KEY) != 0 || it == keys.all.end() || it->second.kind != Item::HASH)
		return;
	std::string rev = it->second.hash.at("rev"), seg = seg_in(key), &highest = revs[key];
	if (rev < highest)
		throw Violation(key + ": rev goes back from " + highest + " to " + rev);
	highest = rev;
	auto shard = st.shard_of.find(seg);
	std::string k = shard == st.shard_of.end() ? "" : std::to_string(shard->second),
		    round = stored_field(keys, "rounds:" + k, rev), hash = round.substr(0, round.find(' '));
	if (k.empty() || round.empty() || rev.size() != 40) {
		keys_of_unknown_rounds++;
		return;
	}
	int64_t seq = std::stoll(rev.substr(14, 12)), t_ms = std::stoll(rev.substr(27));
	auto known = hashes[(size_t)shard->second].find(seq);
	if (known == hashes[(size_t)shard->second].end() || known->second != hash) {
		keys_of_unknown_rounds++; /* of a lost history; npsd has not noticed yet */
		return;
	}
	Positions at = parse_positions(round.size() > hash.size() ? round.substr(hash.size() + 1) : "");
	const auto &panes = segs_at(at);
	check_key(key, it->second.hash, panes.count(seg) ? panes.at(seg) : SegPanes(), t_ms);
}

/* --- at rest --- */

void Checker::check_keys(const Panes &all, int64_t t_ms)
{
	std::set<std::string> wanted;

	for (auto &s : all) {
		std::string key = KEY + s.first + "}";
		auto it = keys.all.find(key);

		if (windows_of(s.second, setup, t_ms).empty())
			continue;
		wanted.insert(key);
		if (it == keys.all.end())
			throw Violation("at rest " + key + " is missing");
		int64_t asof_ms = std::stoll(it->second.hash.at("rev").substr(27));
		for (auto &w : windows_of(s.second, setup, t_ms))
			if (window_from_s(w, asof_ms) != window_from_s(w, t_ms))
				throw Violation("at rest " + key + " " + w.name + " is of an earlier pane");
		try {
			check_key(key, it->second.hash, s.second, asof_ms);
		} catch (Violation &d) {
			throw Violation(std::string("at rest ") + d.what());
		}
	}
	for (auto &e : keys.all)
		if (e.first.compare(0, KEY.size(), KEY) == 0 && !wanted.count(e.first) &&
		    e.second.hash.size() > 1)
			throw Violation("at rest " + e.first + " has windows without counts");
}

void Checker::check_indexes(const Panes &all, int64_t t_ms)
{
	std::map<std::string, std::set<std::string>> wanted;

	for (auto &s : all) {
		if (!windows_of(s.second, setup, t_ms).empty())
			wanted["nps:index:" + set_of(s.first)].insert(s.first);
	}
	for (auto &w : wanted) {
		auto it = keys.all.find(w.first);

		if (it == keys.all.end() || it->second.set != w.second)
			throw Violation("at rest " + w.first + " does not match the segments that have keys");
	}
	for (auto &e : keys.all)
		if (e.first.compare(0, 10, "nps:index:") == 0 && !wanted.count(e.first))
			throw Violation("at rest " + e.first + " is not expected");
}

void Checker::check_public_totals(const Whole &w)
{
	auto it = keys.all.find("nps:totals");
	std::map<std::string, int64_t> got;

	if (it == keys.all.end()) {
		if (w.totals.empty())
			return;
		throw Violation("at rest nps:totals is missing");
	}
	for (auto &f : it->second.hash)
		if (f.second != "0" && f.second != "")
			got[f.first] = std::stoll(f.second);
	auto wanted = w.totals;
	if (w.clock_ms)
		wanted["clock_ms"] = *w.clock_ms;
	for (auto &t : wanted)
		if (got[t.first] != t.second)
			throw Violation("at rest nps:totals " + t.first + " is " +
					std::to_string(got[t.first]) + ", not " + std::to_string(t.second));
	for (auto &g : got)
		if (g.second && !wanted.count(g.first))
			throw Violation("at rest nps:totals " + g.first + " is not expected");
}

void Checker::check_at_rest()
{
	resting = true;
	lost_ms = {atoll(stored_field(keys, "fence", "lost_ms").c_str())};
	check_stored();
	Whole w = whole(stored_positions());
	int64_t t_ms = setup.clock_event ? w.clock_ms.value_or(0) : now_ms;
	const auto &all = segs_at(stored_positions());

	if (!all_counted())
		throw Violation("at rest not every record is counted");
	check_keys(all, t_ms);
	check_indexes(all, t_ms);
	check_public_totals(w);
	check_ranks(all, t_ms);
	check_series(all, t_ms);
	check_public_meta(w);
	if (rank_checks)
		happened["ranks"] = rank_checks;
	if (series_checks)
		happened["series"] = series_checks;
	for (auto &t : w.totals)
		if (t.first.find('/') == std::string::npos)
			happened[t.first] = t.second;
	if (memory_moves)
		happened["horizon:moved"] = memory_moves;
	for (auto &t : w.effects)
		happened["effect:" + t.first] = t.second;
	for (auto &p : st.parts)
		for (auto &t : alerts_of(p.first, p.second))
			happened["alert:" + t.kind]++;
}

} // namespace sim
