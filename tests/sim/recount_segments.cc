/* Part of the recount: the segments, panes and counters in which a response or a stage is counted. */
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "recount.h"

namespace sim
{

void add_pane(Panes &to, const std::string &seg, int64_t pane_s, const Counters &v, int64_t sign)
{
	SegPanes &panes = to[seg];
	Counters &sum = panes[pane_s];

	for (size_t c = 0; c < COUNTERS; c++)
		sum[c] += sign * v[c];
	if (sum != Counters{})
		return;
	panes.erase(pane_s);
	if (panes.empty())
		to.erase(seg);
}

std::string seg_encode(const std::string &value)
{
	std::string out;

	for (unsigned char c : value) {
		char text[4];

		if (c >= 0x20 && c != 0x7f && !strchr("%,={}:", c)) {
			out += (char)c;
			continue;
		}
		snprintf(text, sizeof text, "%%%02X", c);
		out += text;
	}
	return out;
}

std::string seg_name(const std::string &kind, const std::vector<std::pair<std::string, std::string>> &values)
{
	std::string out = kind.empty() ? "" : "kind=" + kind;

	for (auto &v : values)
		out += (out.empty() ? "" : ",") + v.first + "=" + seg_encode(v.second);
	return out.empty() ? "all" : out;
}

std::string counted_value(const std::string &dim, const std::string &value, const Values &values)
{
	auto it = values.find(dim);

	if (value.empty() || value == "__none__")
		return "__none__";
	return it != values.end() && it->second.count(value) ? value : "__other__";
}

std::vector<std::string> dim_values(const std::string &dim, const Content &c, const Values &values)
{
	std::set<std::string> out;

	if (dim == "location") {
		/* itself and its ancestors; those over cap count once, as `__other__` */
		for (size_t n = 1; n <= c.location.size(); n++)
			if (n == c.location.size() || c.location[n] == '/')
				out.insert(counted_value(dim, c.location.substr(0, n), values));
	} else if (dim == "theme") {
		for (auto &t : c.themes)
			out.insert(counted_value(dim, t, values));
	} else {
		out.insert(counted_value(dim,
		    dim == "channel" ? c.channel
		    : dim == "team"  ? c.team
				     : c.plan,
		    values));
	}
	if (out.empty())
		out.insert("__none__");
	return {out.begin(), out.end()};
}

static Counters one_response(const Content &c)
{
	Counters v = {};

	v[c.score ? (size_t)*c.score : (size_t)NO_SCORE] = 1;
	v[COMMENTS] = !c.comment.empty();
	return v;
}

namespace
{

/* One addition to the panes. */
struct Addition {
	Panes &panes;
	const Setup &setup;
	const Content &content;
	const Values &values;
	int64_t pane_s, sign;
	Counters counters;
	std::vector<std::pair<std::string, std::string>>
	    chosen; /* dimensions of the set that have a value already */
};

} // namespace

static void count_set(Addition &a, const std::vector<std::string> &set, size_t at)
{
	if (at == set.size()) {
		add_pane(a.panes, seg_name(a.setup.kinds_split ? a.content.kind : "", a.chosen), a.pane_s,
		    a.counters, a.sign);
		return;
	}
	for (auto &value : dim_values(set[at], a.content, a.values)) {
		a.chosen.emplace_back(set[at], value);
		count_set(a, set, at + 1);
		a.chosen.pop_back();
	}
}

static int64_t finest(const Setup &setup)
{
	int64_t step = INT64_MAX;

	for (auto &w : setup.windows)
		step = std::min(step, w.step_s);
	return step;
}

static void count_sets(Counted &out, const Setup &setup, const Content &c, const Counters &counters,
    int64_t event_ms, int64_t sign, const Values &values)
{
	int64_t pane_s = floor_to(event_ms, finest(setup) * 1000) / 1000;
	Addition a = {out.panes, setup, c, values, pane_s, sign, counters, {}};

	for (auto &set : setup.sets)
		count_set(a, set, 0);
	if (sign > 0)
		out.clock_ms = std::max(out.clock_ms.value_or(event_ms), event_ms);
}

void count_stage(
    Counted &out, const Setup &setup, const Content &c, Type stage, int64_t event_ms, const Values &values)
{
	Counters v = {};

	v[(size_t)INVITED + (size_t)stage - (size_t)Type::INVITED] = 1;
	count_sets(out, setup, c, v, event_ms, 1, values);
}

void count_response(
    Counted &out, const Setup &setup, const Content &c, int64_t event_ms, int64_t sign, const Values &values)
{
	count_sets(out, setup, c, one_response(c), event_ms, sign, values);
	for (auto &d : {std::make_pair("channel", &c.channel), std::make_pair("team", &c.team),
		 std::make_pair("owner", &c.owner)})
		if (counted_value(d.first, *d.second, values) == "__other__")
			out.other[d.first] += sign;
	if (setup.splits_by("attributes.plan") &&
	    counted_value("attributes.plan", c.plan, values) == "__other__")
		out.other["attributes.plan"] += sign;
	if (counted_value("location", c.location, values) == "__other__")
		out.other["location"] += sign;
	for (auto &value : dim_values("theme", c, values))
		if (value == "__other__")
			out.other["theme"] += sign;
}

} // namespace sim
