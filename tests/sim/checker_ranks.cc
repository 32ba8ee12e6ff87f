/* Part of the checker: the ranks, series and meta that are published, compared at rest. */
#include <algorithm>
#include <cmath>

#include "checker.h"

namespace sim
{

/* Dimensions and values in the name of a segment, without the kind. */
static std::vector<std::pair<std::string, std::string>> parts_of(const std::string &seg)
{
	std::vector<std::pair<std::string, std::string>> out;

	for (size_t at = 0; at < seg.size() && seg != "all";) {
		size_t end = std::min(seg.find(',', at), seg.size()), equals = seg.find('=', at);

		if (seg.compare(at, 5, "kind=") != 0)
			out.emplace_back(
			    seg.substr(at, equals - at), seg.substr(equals + 1, end - equals - 1));
		at = end + 1;
	}
	return out;
}

std::string set_of(const std::string &seg)
{
	std::string out;

	for (auto &p : parts_of(seg))
		out += (out.empty() ? "" : ",") + p.first;
	return out.empty() ? "all" : out;
}

static std::string kind_of(const std::string &seg)
{
	return seg.compare(0, 5, "kind=") == 0 ? seg.substr(5, seg.find(',') - 5) : "all";
}

/* --- ranks --- */

void Checker::check_ranks(const Panes &all, int64_t t_ms)
{
	std::map<std::string, std::map<std::string, double>> wanted;

	for (auto &s : all) {
		auto parts = parts_of(s.first);

		if (parts.size() != 1 || parts[0].second == "__none__" || parts[0].second == "__other__")
			continue;
		std::string dim = parts[0].first;
		if (dim == "location")
			dim += "/" + std::to_string(
					 1 + std::count(parts[0].second.begin(), parts[0].second.end(), '/'));
		for (auto &w : setup.windows) {
			auto lo = window_lo(s.second, w, t_ms, setup.rank_min_n);

			if (lo)
				wanted["nps:rank:" + kind_of(s.first) + ":" + dim + ":" + w.name]
				      [parts[0].second] = *lo;
		}
	}
	for (auto &e : keys.all)
		if (e.first.compare(0, 9, "nps:rank:") == 0 && !wanted.count(e.first))
			throw Violation("at rest " + e.first + " is not expected");
	for (auto &w : wanted) {
		auto it = keys.all.find(w.first);

		if (it == keys.all.end() || it->second.zset.size() != w.second.size())
			throw Violation("at rest " + w.first + " does not hold " +
					std::to_string(w.second.size()) + " members");
		for (auto &m : w.second)
			if (!it->second.zset.count(m.first) ||
			    std::fabs(it->second.zset.at(m.first) - m.second) > 6e-5)
				throw Violation("at rest " + w.first + " does not have " + m.first + " at " +
						std::to_string(m.second));
		rank_checks++;
	}
}

void Checker::before_script(const Call &call)
{
	before.reset();
	if (call.script != NPSD_S_index && call.script != NPSD_S_rank)
		return;
	auto it = keys.all.find(call.keys.at(0));

	before = it == keys.all.end() ? Item() : it->second;
}

/* A call changes the members that it names, and none if it fails. */
void Checker::check_list(const Call &call, bool ok)
{
	auto it = keys.all.find(call.keys.empty() ? "" : call.keys[0]);

	if (!before)
		return;
	bool rank = call.script == NPSD_S_rank, adds = !rank && call.args[0] == "SADD";
	size_t set = rank ? 2 * (size_t)std::stoul(call.args[0]) : 0;

	for (size_t i = 1; ok && i < call.args.size(); i++) {
		if (rank && i <= set)
			before->zset[call.args[i + 1]] = std::stod(call.args[i]);
		else if (rank)
			before->zset.erase(call.args[i]);
		else if (adds)
			before->set.insert(call.args[i]);
		else
			before->set.erase(call.args[i]);
		i += rank && i <= set;
	}
	if (before->set != (it == keys.all.end() ? Item().set : it->second.set) ||
	    before->zset != (it == keys.all.end() ? Item().zset : it->second.zset))
		throw Violation("a call on " + call.keys[0] + " changed other members than its own");
	before.reset();
}

/* --- series --- */

/* The panes that the widest window of the step, or the one before it, holds at t. */
static std::map<std::string, std::string> panes_text(
    const SegPanes &panes, const Setup &setup, int64_t step_s, int64_t t_ms)
{
	std::map<int64_t, std::array<int64_t, 11>> scores;
	std::map<int64_t, std::array<int64_t, 3>> counts;
	std::map<std::string, std::string> out;
	int64_t width_s = 0;

	for (auto &w : setup.windows)
		width_s = std::max(width_s, w.step_s == step_s ? w.width_s : 0);
	int64_t end_s = window_from_s({"", width_s, step_s}, t_ms) + width_s;
	for (auto &p : panes) {
		int64_t start_s = floor_to(p.first, step_s);

		for (size_t score = 0; score <= 10; score++)
			if (start_s >= end_s - 2 * width_s && start_s < end_s)
				scores[start_s][score] += p.second[score];
	}
	for (auto &s : scores)
		for (size_t score = 0; score <= 10; score++)
			counts[s.first][score >= 9   ? 0
					: score >= 7 ? 1
						     : 2] += std::max<int64_t>(0, s.second[score]);
	for (auto &c : counts)
		if (c.second[0] || c.second[1] || c.second[2])
			out[std::to_string(c.first)] = std::to_string(c.second[0]) + " " +
						       std::to_string(c.second[1]) + " " +
						       std::to_string(c.second[2]);
	return out;
}

void Checker::check_series(const Panes &all, int64_t t_ms)
{
	std::set<std::string> wanted;

	for (auto &s : all) {
		if (!setup.series_sets.count(set_of(s.first)))
			continue;
		for (auto &step : setup.series_steps) {
			std::string key = "nps:series:{" + s.first + "}:" + step.first;
			auto panes = panes_text(s.second, setup, step.second, t_ms);
			auto it = keys.all.find(key);

			if (panes.empty())
				continue;
			wanted.insert(key);
			if (it == keys.all.end() || it->second.hash != panes)
				throw Violation(
				    "at rest " + key + " does not match the panes of its segment");
			series_checks++;
		}
	}
	for (auto &e : keys.all)
		if (e.first.compare(0, 11, "nps:series:") == 0 && !wanted.count(e.first))
			throw Violation("at rest " + e.first + " is not expected");
}

bool Checker::slow_views_match()
{
	Positions at = stored_positions();
	int64_t t_ms = setup.clock_event ? whole(at).clock_ms.value_or(0) : now_ms;

	try {
		check_indexes(segs_at(at), t_ms);
		check_ranks(segs_at(at), t_ms);
		check_series(segs_at(at), t_ms);
	} catch (Violation &) {
		return false;
	}
	return true;
}

/* --- meta --- */

void Checker::check_public_meta(const Whole &w)
{
	auto it = keys.all.find("nps:meta");
	std::map<std::string, std::string> wanted = {{"contract", "1"}, {"allow_compacted", "0"},
	    {"shards", std::to_string(setup.shards)}, {"lost", ""}, {"undated", std::to_string(w.undated)}};

	if (const Item *lost = stored_key(keys, "lost"))
		for (auto &line : lost->list)
			wanted["lost"] += (wanted["lost"].empty() ? "" : ";") + line;
	for (auto &topic : setup.topics)
		wanted["partitions:" + topic] = std::to_string(setup.partitions);
	for (auto &window : setup.windows) {
		wanted["windows"] += (wanted["windows"].empty() ? "" : ",") + window.name;
		wanted["steps"] += (wanted["steps"].empty() ? "" : ",") + std::to_string(window.step_s);
	}
	for (auto &set : setup.sets) {
		std::string name;

		for (auto &dim : set) {
			auto other = w.other.find("other:" + dim);

			name += (name.empty() ? "" : ",") + dim;
			wanted["other:" + dim] = std::to_string(other == w.other.end() ? 0 : other->second);
		}
		name = name.empty() ? "all" : name;
		wanted["sets"] += (wanted["sets"].empty() ? "" : ";") + name;
		wanted["since_ms:" + name] = "0";
	}
	if (it == keys.all.end())
		throw Violation("at rest nps:meta is missing");
	for (auto &f : wanted) {
		auto got = it->second.hash.find(f.first);

		if (got == it->second.hash.end() || got->second != f.second)
			throw Violation(
			    "at rest nps:meta " + f.first + " is " +
			    (got == it->second.hash.end() ? "not there" : "`" + got->second + "`") +
			    ", not `" + f.second + "`");
	}
}

} // namespace sim
