/* Part of the checker: the stream of alerts and its channels. */
#include "checker.h"

#include <simdjson.h>

namespace sim
{

/* The JSON of an alert as a flat map, as flat(Transition) gives it. */
static std::map<std::string, std::string> flat(const simdjson::dom::object &o)
{
	std::map<std::string, std::string> out;

	for (auto f : o) {
		std::string name(f.key);

		if (name == "reasons" || name == "themes") {
			for (auto item : f.value.get_array())
				out[name + "/" + std::string(std::string_view(item))] = "";
		} else if (name == "attributes") {
			for (auto a : f.value.get_object())
				out["attributes." + std::string(a.key)] =
				    std::string(std::string_view(a.value));
		} else if (f.value.is_string()) {
			out[name] = std::string(std::string_view(f.value));
		} else {
			out[name] = simdjson::minify(f.value);
		}
	}
	return out;
}

static std::map<std::string, std::string> flat(const Transition &t)
{
	std::map<std::string, std::string> out = t.texts;

	for (auto &r : t.reasons)
		out["reasons/" + r] = "";
	for (auto &theme : t.themes)
		out["themes/" + theme] = "";
	out["id"] = t.id;
	out["kind"] = t.kind;
	out["severity"] = t.severity;
	out["response_id"] = t.response_id;
	out["source"] = t.source;
	out["incident"] = std::to_string(t.incident);
	out["responded_at_ms"] = std::to_string(t.responded_ms);
	out["at_ms"] = std::to_string(t.at_ms);
	out["has_comment"] = t.has_comment ? "true" : "false";
	out["contract"] = "1";
	if (t.score)
		out["score"] = std::to_string(*t.score);
	if (t.prev_score)
		out["prev_score"] = std::to_string(*t.prev_score);
	return out;
}

static std::string name_of(const StoredAlert &a)
{
	return "alert " + a.field.at("id") + " of " + a.field.at("source") + ": ";
}

static void check_alert(const StoredAlert &a, const Transition &t)
{
	static simdjson::dom::parser parser;
	simdjson::dom::object o;
	std::string name = name_of(a);
	auto wanted = flat(t);

	if (parser.parse(a.field.at("json")).get(o))
		throw Violation(name + "no JSON object");
	auto got = flat(o);
	for (auto &w : wanted)
		if (!got.count(w.first) || got[w.first] != w.second)
			throw Violation(name + w.first + " is " +
					(got.count(w.first) ? "`" + got[w.first] + "`" : "not there") +
					", not `" + w.second + "`");
	for (auto &g : got)
		if (!wanted.count(g.first))
			throw Violation(name + g.first + " is not expected");
	for (const char *field : {"id", "kind", "severity", "response_id", "source", "at_ms"})
		if (a.field.at(field) != wanted[field])
			throw Violation(name + "its field " + field + " is `" + a.field.at(field) +
					"`, not `" + wanted[field] + "`");
}

/* Checks a new alert: it is marked as stale, or it was published once on each of its channels. */
void Checker::check_emission(const StoredAlert &a, const Transition &t)
{
	bool stale = now_ms > t.oldest_ms + setup.alerts_max_age_ms;
	std::string json = a.field.at("json"),
		    message = json.substr(0, json.size() - 1) + ",\"stream_id\":\"" + a.stream_id + "\"}";
	std::set<std::string> channels;

	if ((a.field.count("stale") > 0) != stale || (stale && a.field.at("stale") != "1"))
		throw Violation(name_of(a) + (stale ? "it is not stale" : "it is stale"));
	for (auto &m : published)
		if (m.second == message && !channels.insert(m.first).second)
			throw Violation(name_of(a) + "twice on " + m.first);
	for (auto &channel : t.channels)
		if (channels.erase("nps:alerts:" + channel) == stale)
			throw Violation(
			    name_of(a) + (stale ? "published on " : "not published on ") + channel);
	if (!channels.empty())
		throw Violation(name_of(a) + "published on " + *channels.begin());
	messages += stale ? 0 : t.channels.size();
}

static int64_t offset_in(const std::string &source)
{
	return std::stoll(source.substr(source.rfind('/') + 1));
}

/* Whether a rebuild may decide otherwise which records are late. */
bool Checker::may_change() const
{
	return setup.lateness_ms.size() > 1 || setup.ledger_bytes;
}

/* The alerts of a partition, those before a rebuild included. */
const std::vector<Transition> &Checker::alerts_of(const std::string &tp, const StoredPart &p)
{
	int64_t upto = std::max(p.pos.offset, p.emitted.offset);
	std::vector<Rulings> rulings = p.all;

	if (!p.rulings.lateness.empty() || upto == 0)
		return counted(tp, {p.pos.inc, upto}).emitted;
	/* the ruling comes with the first record */
	rulings.back().lateness = {{0, setup.lateness_ms[0]}};
	return (repeated[tp] = Recount(setup, lives.of(tp), tp, rulings, st.values).upto(upto)).emitted;
}

/* Alerts of one partition are in order. Those emitted before a rebuild stay, even if the rebuild decides
 * otherwise. */
void Checker::check_alerts()
{
	std::map<std::string, const std::vector<Transition> *> expected;
	std::map<std::string, size_t> next;
	size_t all = 0, number = 0, before = 0;

	for (auto &p : st.parts) {
		size_t &n = next[p.first];

		expected[p.first] = &alerts_of(p.first, p.second);
		all += expected[p.first]->size();
		while (may_change() && n < expected[p.first]->size() &&
		       offset_in((*expected[p.first])[n].source) < p.second.emitted.offset)
			n++;
		all -= n;
	}
	messages = 0;
	for (auto &a : st.alerts) {
		std::string source = a.field.at("source"), tp = source.substr(0, source.rfind('/'));

		if (may_change() && offset_in(source) < st.parts[tp].emitted.offset) {
			before++;
			number++;
			continue;
		}
		size_t n = next[tp]++;
		if (!expected.count(tp) || n >= expected[tp]->size())
			throw Violation("alert " + a.field.at("id") + " of " + source + " is not expected");
		const Transition &t = (*expected[tp])[n];
		if (number >= alerts_checked || resting)
			check_alert(a, t);
		else if (a.field.at("id") != t.id || a.field.at("kind") != t.kind || source != t.source)
			throw Violation(name_of(a) + "it has changed");
		if (number++ >= alerts_checked)
			check_emission(a, t);
	}
	if (all + before != st.alerts.size())
		throw Violation(
		    std::to_string(st.alerts.size()) + " alerts, not " + std::to_string(all + before));
	if (published.size() != messages)
		throw Violation(
		    std::to_string(published.size()) + " messages, not " + std::to_string(messages));
	alerts_checked = st.alerts.size();
	published.clear();
	transitions = (int64_t)(all + before);
}

} // namespace sim
