/* Part of the recount: the alert that is emitted when an event changes a response. */
#include "recount.h"

namespace sim
{

static bool detractor(const Content *c)
{
	return c && c->score && *c->score <= 6;
}

std::string severity_of(int score)
{
	return score <= 2 ? "critical" : score <= 4 ? "high" : "moderate";
}

/* The dimensions that have one value per response, by field name. */
static std::map<std::string, std::string> one_valued(const Setup &setup, const Content &c)
{
	std::map<std::string, std::string> out = {
	    {"location", c.location}, {"owner", c.owner}, {"channel", c.channel}, {"team", c.team}};

	if (setup.splits_by("attributes.plan"))
		out["attributes.plan"] = c.plan;
	return out;
}

static std::set<std::string> differences(
    const Setup &setup, const Content &before, const Content &now, const Values &values)
{
	std::set<std::string> out;
	auto old = one_valued(setup, before);

	if (before.score != now.score)
		out.insert("score");
	if (!now.comment.empty() && now.comment != before.comment)
		out.insert("comment");
	if (before.kind != now.kind)
		out.insert("survey_kind");
	for (auto &v : one_valued(setup, now))
		if (counted_value(v.first, v.second, values) != counted_value(v.first, old[v.first], values))
			out.insert(v.first);
	if (dim_values("theme", before, values) != dim_values("theme", now, values))
		out.insert("themes");
	return out;
}

/* Whether an alert can have the value when its event does not mention it: the ledger stores admitted values
 * only. */
static bool kept(const std::string &dim, const std::string &value, const Values &values)
{
	auto it = values.find(dim);

	return it != values.end() && it->second.count(value);
}

/* The values of the event, and the stored ones of fields that it does not mention. */
static void set_values(
    Transition &t, const Setup &setup, const Mentioned &event, const Content &shown, const Values &values)
{
	std::map<std::string, std::optional<std::string>> mentioned = {{"location", event.location},
	    {"owner", event.owner}, {"channel", event.channel}, {"team", event.team},
	    {"attributes.plan", event.plan}};

	t.texts["survey_kind"] = shown.kind;
	for (auto &v : one_valued(setup, shown)) {
		if (!v.second.empty() && (mentioned[v.first] || kept(v.first, v.second, values)))
			t.texts[v.first] = v.second;
	}
	for (auto &theme : shown.themes)
		if (event.themes || kept("theme", theme, values))
			t.themes.insert(theme);
	if (event.comment && !event.comment->empty())
		t.texts["comment"] = *event.comment;
	for (auto &set : setup.sets)
		if (set == std::vector<std::string>{"location"})
			t.texts["seg"] = seg_name(setup.kinds_split ? shown.kind : "",
			    {{"location", counted_value("location", shown.location, values)}});
}

static void add_place(std::set<std::string> &to, const std::string &path)
{
	for (size_t n = 1; n <= path.size(); n++)
		if (n == path.size() || path[n] == '/')
			to.insert("location:" + seg_encode(path.substr(0, n)));
}

/* The longest ancestor of a location that is admitted, or itself. */
static std::string kept_place(std::string path, const Values &values)
{
	while (!path.empty() && !kept("location", path, values))
		path = path.substr(0, path.find('/') == std::string::npos ? 0 : path.rfind('/'));
	return path;
}

std::set<std::string> channels_of(
    const Transition &t, const Content *before, const Content &shown, const Values &values)
{
	std::set<std::string> out = {"all", "severity:" + t.severity};

	if (!t.texts.count("location"))
		add_place(out, kept_place(shown.location, values));
	for (auto &text : t.texts) {
		if (text.first == "location")
			add_place(out, text.second);
		if (text.first == "team" || text.first == "owner")
			out.insert(text.first + ":" + seg_encode(text.second));
	}
	if (t.kind == "raised")
		return out;
	out.insert("severity:" + severity_of(*before->score));
	add_place(out, kept_place(before->location, values));
	if (kept("team", before->team, values))
		out.insert("team:" + seg_encode(before->team));
	if (kept("owner", before->owner, values))
		out.insert("owner:" + seg_encode(before->owner));
	return out;
}

std::optional<Transition> transition_of(
    const Setup &setup, const Event &e, const Content *before, const Content *now, const Values &values)
{
	bool was = detractor(before), is = detractor(now);
	const Content &shown = now ? *now : *before;
	Transition t = {};

	if (is && !was) {
		t.kind = "raised";
		t.reasons = {"detractor"};
	} else if (was && !is) {
		t.kind = "retracted";
		t.reasons = {now ? "score" : e.excluded ? "excluded" : "withdrawn"};
	} else if (was && is) {
		t.kind = "changed";
		t.reasons = differences(setup, *before, *now, values);
	}
	if (t.reasons.empty())
		return {};
	if (now)
		t.score = now->score;
	if (before && before->score && before->score != t.score)
		t.prev_score = before->score;
	t.has_comment = !shown.comment.empty();
	t.at_ms = e.updated_ms ? *e.updated_ms : e.event_ms;
	set_values(t, setup, e.mentioned, shown, values);
	return t;
}

} // namespace sim
