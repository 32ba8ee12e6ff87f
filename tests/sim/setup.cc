#include "setup.h"

#include <algorithm>

namespace sim
{

bool Setup::splits_by(const std::string &dim) const
{
	for (auto &set : sets)
		if (std::find(set.begin(), set.end(), dim) != set.end())
			return true;
	return false;
}

/* SET in `nps:index:SET`. */
static std::string name_of(const std::vector<std::string> &set)
{
	std::string out;

	for (auto &dim : set)
		out += (out.empty() ? "" : ",") + dim;
	return out.empty() ? "all" : out;
}

static std::string ms(int64_t n)
{
	return std::to_string(n) + "ms";
}

std::vector<std::string> Setup::options(int64_t lateness) const
{
	std::string set_text, cap_text, window_text, topic_text, series_text, step_text;

	for (auto &set : sets) {
		std::string one = "[" + (set.empty() ? "" : name_of(set)) + "]";

		set_text += (set_text.empty() ? "" : ", ") + one;
		if (series_sets.count(name_of(set)))
			series_text += (series_text.empty() ? "" : ", ") + one;
	}
	for (auto &s : series_steps)
		step_text += (step_text.empty() ? "" : ", ") + s.first;
	for (auto &c : caps)
		cap_text += (cap_text.empty() ? "" : ", ") + c.first + ": " + std::to_string(c.second);
	for (auto &w : windows)
		window_text += (window_text.empty() ? "" : ", ") + w.name;
	for (auto &t : topics)
		topic_text += (topic_text.empty() ? "" : ", ") + t;
	std::vector<std::string> out = {"kafka.topics=[" + topic_text + "]", "segments=[" + set_text + "]",
	    "caps={" + cap_text + "}", "windows=[" + window_text + "]", "shards=" + std::to_string(shards),
	    std::string("clock=") + (clock_event ? "event" : "wall"),
	    std::string("kinds.split=") + (kinds_split ? "true" : "false"),
	    std::string("location.required=") + (location_required ? "true" : "false"),
	    "lateness=" + ms(lateness), "publish.interval=" + ms(publish_interval_ms),
	    "publish.sweep=" + ms(publish_sweep_ms), "snapshot.interval=" + ms(snapshot_interval_ms),
	    "batch.age=" + ms(batch_age_ms), "history.interval=" + ms(history_interval_ms),
	    "fragile.few=" + std::to_string(fragile_few), "publish.budget=1",
	    "alerts.max_age=" + ms(alerts_max_age_ms), "rank.min_n=" + std::to_string(rank_min_n)};
	if (!series_sets.empty()) {
		out.push_back("series.segments=[" + series_text + "]");
		out.push_back("series.steps=[" + step_text + "]");
	}
	if (!default_kind.empty())
		out.push_back("defaults.survey_kind=" + default_kind);
	for (size_t i = 0; i < topics.size(); i++)
		if (default_kinds[i] != default_kind)
			out.push_back("topic_defaults." + topics[i] + ".survey_kind=" +
				      (default_kinds[i].empty() ? "none" : default_kinds[i]));
	return out;
}

static std::vector<std::vector<std::string>> draw_sets(Rng &rng)
{
	std::vector<std::vector<std::string>> out = {{}},
					      more = {{"location"}, {"channel"}, {"location", "channel"},
						  {"theme"}, {"location", "theme"}, {"team"},
						  {"attributes.plan"},
						  {"channel", "attributes.plan", "theme"}};

	for (auto &set : more)
		if (rng.chance(0.4))
			out.push_back(set);
	if (rng.chance(0.2) && out.size() > 1)
		out.erase(out.begin());
	return out;
}

static std::vector<Window> draw_windows(Rng &rng)
{
	static const std::vector<Window> all = {{"2m", 120, 60}, {"5m", 300, 60}, {"1h", 3600, 60},
	    {"4h", 4 * 3600, 300}, {"24h", 86400, 300}, {"7d", 7 * 86400, 3600}, {"90d", 90 * 86400, 86400}};
	std::vector<Window> out;

	for (auto &w : all)
		if (rng.chance(0.4))
			out.push_back(w);
	if (out.empty())
		out.push_back(all[(size_t)rng.below((int64_t)all.size())]);
	return out;
}

static std::string draw_kind(Rng &rng)
{
	return rng.pick(std::vector<std::string>{"", "transactional", "relational", "other"});
}

/* Some of the sets and steps; few, since each of their keys needs a round trip of its own. */
static void draw_series(Setup &s, Rng &rng)
{
	static const std::vector<std::pair<std::string, int64_t>> steps = {
	    {"1m", 60}, {"5m", 300}, {"1h", 3600}, {"1d", 86400}};

	if (rng.chance(0.5))
		return;
	for (auto &step : steps)
		for (auto &w : s.windows)
			if (w.step_s == step.second && rng.chance(0.7))
				s.series_steps[step.first] = step.second;
	if (s.series_steps.empty())
		return;
	for (auto &set : s.sets)
		if (set.size() <= 1 && rng.chance(0.4))
			s.series_sets.insert(name_of(set));
}

Setup draw_setup(Rng &rng)
{
	Setup s;

	s.topics = {"survey-events"};
	if (rng.chance(0.2))
		s.topics.push_back("survey-events.more"); /* npsd sorts them */
	s.partitions = (int)rng.between(1, 4);
	s.shards = (int)rng.between(1, 4);
	s.instances = rng.chance(0.4) ? 2 : 1;
	s.workers = (int)rng.between(1, 2);
	s.clock_event = rng.chance(0.3);
	s.kinds_split = rng.chance(0.7);
	s.location_required = rng.chance(0.7);
	s.sets = draw_sets(rng);
	for (const char *dim : {"location", "channel", "team", "theme", "owner"})
		if (rng.chance(0.4))
			s.caps[dim] = rng.between(1, 5);
	if (rng.chance(0.4))
		s.default_kind = draw_kind(rng);
	for (size_t i = 0; i < s.topics.size(); i++)
		s.default_kinds.push_back(rng.chance(0.2) ? draw_kind(rng) : s.default_kind);
	s.stages = rng.chance(0.7) ? 0.1 * (double)rng.between(1, 6) : 0;
	s.windows = draw_windows(rng);
	s.lateness_ms = {rng.between(60, 600) * 1000};
	if (rng.chance(0.3))
		s.lateness_ms.push_back(rng.between(60, 900) * 1000);
	s.publish_interval_ms = rng.pick(std::vector<int64_t>{10, 200, 1000});
	s.publish_sweep_ms = rng.between(1, 8) * 1000;
	s.snapshot_interval_ms = rng.pick(std::vector<int64_t>{100, 700, 5000, 30000});
	s.batch_age_ms = rng.pick(std::vector<int64_t>{1, 20, 100});
	s.fragile_few = rng.between(0, 40);
	s.rank_min_n = rng.between(1, 4);
	draw_series(s, rng);
	s.alerts_max_age_ms = rng.chance(0.3) ? rng.between(2, 120) * 1000 : 86400000;
	s.history_interval_ms = rng.pick(std::vector<int64_t>{500, 2000, 10000});
	s.ledger_bytes = rng.chance(0.2) ? rng.between(4, 12) * 1024 : 0;
	s.records = (int)rng.between(60, 400);
	return s;
}

} // namespace sim
