#include "recount.h"

#include <algorithm>
#include <cstdio>

namespace sim
{

static int64_t floor_to(int64_t x, int64_t step)
{
	int64_t r = x % step;

	return x - (r < 0 ? r + step : r);
}

void add_pane(Panes &to, const std::string &seg, int64_t pane_s, const Counters &v, int64_t sign)
{
	auto it = to.emplace(std::make_pair(seg, pane_s), Counters{}).first;

	for (int c = 0; c < COUNTERS; c++)
		it->second[(size_t)c] += sign * v[(size_t)c];
	if (it->second == Counters{})
		to.erase(it);
}

bool Rulings::is_ahead(int64_t offset) const
{
	for (auto &r : ahead)
		if (r.first <= offset && offset < r.second)
			return true;
	return false;
}

std::string seg_encode(const std::string &value)
{
	std::string out;

	for (unsigned char c : value) {
		char text[4];

		snprintf(text, sizeof text, "%%%02X", c);
		if (c < 0x20 || c == 0x7f || (c && std::string("%,={}:").find((char)c) != std::string::npos))
			out += text;
		else
			out += (char)c;
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

/* --- what an answer counts in --- */

/* A value as it is told apart. */
static std::string told_apart(const std::string &dim, const std::string &value, const Values &values)
{
	auto it = values.find(dim);

	if (value.empty() || value == "__none__")
		return "__none__";
	return it != values.end() && it->second.count(value) ? value : "__other__";
}

static std::vector<std::string> ways(const std::string &dim, const Content &c, const Values &values)
{
	std::set<std::string> out;

	if (dim == "location") {
		/* itself and its ancestors; what is beyond the cap counts once, as `__other__` */
		for (size_t n = 1; n <= c.location.size(); n++)
			if (n == c.location.size() || c.location[n] == '/')
				out.insert(told_apart(dim, c.location.substr(0, n), values));
	} else if (dim == "theme") {
		for (auto &t : c.themes)
			out.insert(told_apart(dim, t, values));
	} else {
		out.insert(told_apart(dim,
		    dim == "channel" ? c.channel
		    : dim == "team"  ? c.team
				     : c.plan,
		    values));
	}
	if (out.empty())
		out.insert("__none__");
	return {out.begin(), out.end()};
}

static Counters one_answer(const Content &c)
{
	Counters v = {};

	v[c.score ? (size_t)*c.score : (size_t)NO_SCORE] = 1;
	v[COMMENTS] = !c.comment.empty();
	return v;
}

static void count_set(Panes &panes, const std::vector<std::string> &set, size_t at,
    std::vector<std::pair<std::string, std::string>> &chosen, const Setup &setup, const Content &c,
    int64_t pane_s, int64_t sign, const Values &values)
{
	if (at == set.size()) {
		add_pane(
		    panes, seg_name(setup.kinds_split ? c.kind : "", chosen), pane_s, one_answer(c), sign);
		return;
	}
	for (auto &way : ways(set[at], c, values)) {
		chosen.emplace_back(set[at], way);
		count_set(panes, set, at + 1, chosen, setup, c, pane_s, sign, values);
		chosen.pop_back();
	}
}

static int64_t finest(const Setup &setup)
{
	int64_t step = INT64_MAX;

	for (auto &w : setup.windows)
		step = std::min(step, w.step_s);
	return step;
}

static void count_answer(
    Counted &out, const Setup &setup, const Content &c, int64_t event_ms, int64_t sign, const Values &values)
{
	std::vector<std::pair<std::string, std::string>> chosen;
	int64_t pane_s = floor_to(event_ms, finest(setup) * 1000) / 1000;

	for (auto &set : setup.sets)
		count_set(out.panes, set, 0, chosen, setup, c, pane_s, sign, values);
	for (auto &d : {std::make_pair("channel", &c.channel), std::make_pair("team", &c.team),
		 std::make_pair("owner", &c.owner)})
		if (told_apart(d.first, *d.second, values) == "__other__")
			out.other[d.first] += sign;
	if (setup.splits_by("attributes.plan") &&
	    told_apart("attributes.plan", c.plan, values) == "__other__")
		out.other["attributes.plan"] += sign;
	if (told_apart("location", c.location, values) == "__other__")
		out.other["location"] += sign;
	for (auto &way : ways("theme", c, values))
		if (way == "__other__")
			out.other["theme"] += sign;
}

/* --- the responses of a partition --- */

struct Response {
	Content content;
	int64_t event_ms = 0, seen_ms = 0, revision = 0;
	std::optional<int64_t> updated_ms;
	int64_t told = 0, incident = 0;
	std::string severity; /* last told */
};

static bool detractor(const Content &c)
{
	return c.score && *c.score <= 6;
}

static std::string severity_of(int score)
{
	return score <= 2 ? "critical" : score <= 4 ? "high" : "moderate";
}

/* What alerts tell answers apart by. */
static std::vector<std::string> told_values(const Setup &setup, const Content &c, const Values &values)
{
	std::vector<std::string> out = {c.kind, told_apart("location", c.location, values),
	    told_apart("owner", c.owner, values), told_apart("channel", c.channel, values),
	    told_apart("team", c.team, values)};
	std::vector<std::string> themes = ways("theme", c, values);

	if (setup.splits_by("attributes.plan"))
		out.push_back(told_apart("attributes.plan", c.plan, values));
	out.insert(out.end(), themes.begin(), themes.end());
	return out;
}

static std::string transition_of(
    const Setup &setup, const Content *before, const Content &now, const Values &values)
{
	bool was = before && detractor(*before), is = detractor(now);

	if (was != is)
		return is ? "raised" : "retracted";
	if (!is)
		return "";
	bool changed = before->score != now.score ||
		       told_values(setup, *before, values) != told_values(setup, now, values) ||
		       (!now.comment.empty() && now.comment != before->comment);
	return changed ? "changed" : "";
}

static bool newer(const Event &e, const Response &r)
{
	if (e.revision && r.revision)
		return e.revision > r.revision;
	if (e.updated_ms && r.updated_ms)
		return *e.updated_ms > *r.updated_ms;
	return true; /* the later offset */
}

namespace
{

class Partition
{
      public:
	Partition(const Setup &s, const std::string &w, const Rulings &r, const Values &v)
	    : setup(s), where(w), rulings(r), values(v)
	{
	}
	void record(const Record &r);
	Counted out;

      private:
	bool move(const Record &r, bool ahead, const std::string &reason);
	std::string judge(const Record &r);
	void tell(const Record &r, const Content *before, Response &now);

	const Setup &setup;
	const std::string &where;
	const Rulings &rulings;
	const Values &values;
	std::map<std::string, Response> responses;
	int64_t lateness_ms = 0;
};

} // namespace

void Partition::tell(const Record &r, const Content *before, Response &now)
{
	std::string kind = transition_of(setup, before, now.content, values);
	Transition t;

	if (kind.empty())
		return;
	now.told++;
	if (kind == "raised")
		now.incident = now.told;
	if (kind != "retracted")
		now.severity = severity_of(*now.content.score);
	t.id = r.event.id + ":" + std::to_string(now.told);
	t.kind = kind;
	t.severity = now.severity;
	t.response_id = r.event.id;
	t.source = where + "/" + std::to_string(r.offset);
	t.incident = now.incident;
	t.responded_ms = now.event_ms;
	t.score = now.content.score;
	if (before && before->score != now.content.score)
		t.prev_score = before->score;
	t.has_comment = !now.content.comment.empty();
	out.told.push_back(t);
}

std::string Partition::judge(const Record &r)
{
	const Event &e = r.event;
	auto it = responses.find(e.id);
	bool known = it != responses.end() && it->second.seen_ms >= *out.horizon_ms;
	Content before;

	if (known && !newer(e, it->second))
		return "duplicate";
	if (!known && out.horizon_ms && e.event_ms < *out.horizon_ms)
		return "late";
	if (!known) {
		it = responses.insert_or_assign(e.id, Response()).first;
		it->second.event_ms = e.event_ms;
		out.undated += e.undated;
	} else {
		before = it->second.content;
		count_answer(out, setup, before, it->second.event_ms, -1, values);
	}
	Response &now = it->second;
	now.content = e.content;
	if (e.revision)
		now.revision = e.revision;
	if (e.updated_ms)
		now.updated_ms = e.updated_ms;
	now.seen_ms = std::max(out.stream_ms.value_or(now.event_ms), now.event_ms);
	count_answer(out, setup, now.content, now.event_ms, 1, values);
	out.clock_ms = std::max(out.clock_ms.value_or(now.event_ms), now.event_ms);
	tell(r, known ? &before : nullptr, now);
	return "counted";
}

void Partition::record(const Record &r)
{
	bool ahead = rulings.is_ahead(r.offset);
	std::string fate = r.event.fate, reason = r.event.reason;

	for (auto &l : rulings.lateness)
		if (l.first <= r.offset)
			lateness_ms = l.second;
	bool future = ahead || (fate.empty() && r.event.event_ms > r.ms + 5 * 60000);
	if (future && !r.event.before_future) {
		fate = "rejected";
		reason = "future";
	}
	if (!ahead && reason != "future") {
		out.stream_ms = std::max(out.stream_ms.value_or(r.ms), r.ms);
		out.horizon_ms = std::max(out.horizon_ms.value_or(INT64_MIN), *out.stream_ms - lateness_ms);
	}
	if (out.stream_ms)
		out.horizon_ms = std::max(out.horizon_ms.value_or(INT64_MIN), *out.stream_ms - lateness_ms);
	if (fate.empty())
		fate = judge(r);
	out.totals["consumed"]++;
	out.totals[fate]++;
	if (!reason.empty())
		out.totals[fate + ":" + reason]++;
}

Counted recount(const Setup &setup, const TopicPart &part, const std::string &where, int64_t position,
    const Rulings &rulings, const Values &values)
{
	Partition p(setup, where, rulings, values);

	for (auto &r : part.records)
		if (r.offset < position)
			p.record(r);
	return p.out;
}

} // namespace sim
