/* The checker's third part: the stream of alerts. */
#include "checker.h"

#include <simdjson.h>

namespace sim
{

/* A JSON object of an alert, as a Transition would write it. */
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
		throw Difference(name + "no JSON object");
	auto got = flat(o);
	for (auto &w : wanted)
		if (!got.count(w.first) || got[w.first] != w.second)
			throw Difference(name + w.first + " is " +
					 (got.count(w.first) ? "`" + got[w.first] + "`" : "not there") +
					 ", not `" + w.second + "`");
	for (auto &g : got)
		if (!wanted.count(g.first))
			throw Difference(name + g.first + " should not be there");
	for (const char *field : {"id", "kind", "severity", "response_id", "source", "at_ms"})
		if (a.field.at(field) != wanted[field])
			throw Difference(name + "its field " + field + " is `" + a.field.at(field) +
					 "`, not `" + wanted[field] + "`");
}

/* Just added to the stream: marked where it is stale, else told to all whom it concerns, once. */
void Checker::check_told(const StoredAlert &a, const Transition &t)
{
	bool stale = now_ms > t.oldest_ms + setup.alerts_max_age_ms;
	std::string json = a.field.at("json"),
		    message = json.substr(0, json.size() - 1) + ",\"stream_id\":\"" + a.stream_id + "\"}";
	std::set<std::string> heard_by;

	if ((a.field.count("stale") > 0) != stale || (stale && a.field.at("stale") != "1"))
		throw Difference(name_of(a) + (stale ? "it is not stale" : "it is stale"));
	for (auto &m : published)
		if (m.second == message && !heard_by.insert(m.first).second)
			throw Difference(name_of(a) + "twice on " + m.first);
	for (auto &channel : t.channels)
		if (heard_by.erase("nps:alerts:" + channel) == stale)
			throw Difference(name_of(a) + (stale ? "told to " : "not told to ") + channel);
	if (!heard_by.empty())
		throw Difference(name_of(a) + "told to " + *heard_by.begin());
	messages += stale ? 0 : t.channels.size();
}

static int64_t offset_in(const std::string &source)
{
	return std::stoll(source.substr(source.rfind('/') + 1));
}

/* Whether another count of the same records may decide otherwise what is late. */
bool Checker::may_change() const
{
	return setup.lateness_ms.size() > 1 || setup.ledger_bytes;
}

/* All that was to be told of a partition, by this count or by one before a rebuild. */
const std::vector<Transition> &Checker::told_of(const std::string &tp, const StoredPart &p)
{
	int64_t upto = std::max(p.pos.offset, p.told.offset);
	Rulings rulings = p.rulings;

	if (!p.rulings.lateness.empty() || upto == 0)
		return counted(tp, upto).told;
	/* it will be ruled with the first record */
	rulings.lateness = {{0, setup.lateness_ms[0]}};
	return (repeated[tp] = Recount(setup, part(tp), tp, rulings, st.values).upto(upto)).told;
}

/* Each partition's in order. What a count before a rebuild told stays, as far as this one may say otherwise.
 */
void Checker::check_alerts()
{
	std::map<std::string, const std::vector<Transition> *> told;
	std::map<std::string, size_t> next;
	size_t all = 0, number = 0, before = 0;

	for (auto &p : st.parts) {
		size_t &n = next[p.first];

		told[p.first] = &told_of(p.first, p.second);
		all += told[p.first]->size();
		while (may_change() && n < told[p.first]->size() &&
		       offset_in((*told[p.first])[n].source) < p.second.told.offset)
			n++;
		all -= n;
	}
	messages = 0;
	for (auto &a : st.alerts) {
		std::string source = a.field.at("source"), tp = source.substr(0, source.rfind('/'));

		if (may_change() && offset_in(source) < st.parts[tp].told.offset) {
			before++;
			number++;
			continue;
		}
		size_t n = next[tp]++;
		if (!told.count(tp) || n >= told[tp]->size())
			throw Difference("alert " + a.field.at("id") + " of " + source + " is one too many");
		const Transition &t = (*told[tp])[n];
		if (number >= heard || resting)
			check_alert(a, t);
		else if (a.field.at("id") != t.id || a.field.at("kind") != t.kind || source != t.source)
			throw Difference(name_of(a) + "it is not what it was");
		if (number++ >= heard)
			check_told(a, t);
	}
	if (all + before != st.alerts.size())
		throw Difference(
		    std::to_string(st.alerts.size()) + " alerts, not " + std::to_string(all + before));
	if (published.size() != messages)
		throw Difference(
		    std::to_string(published.size()) + " messages, not " + std::to_string(messages));
	heard = st.alerts.size();
	published.clear();
	transitions = (int64_t)(all + before);
}

} // namespace sim
