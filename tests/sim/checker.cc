#include "checker.h"

#include <algorithm>

namespace sim
{

static constexpr int64_t DAY = 24 * 3600000;

Checker::Checker(const Setup &s, const Topics &t, struct model *m, const int64_t &now)
    : setup(s), topics(t), keys(model_keys(m)), now_ms(now), lives(t), hashes((size_t)s.shards)
{
	model_listen(m, &published);
}

const TopicPart &Checker::part(const std::string &tp) const
{
	size_t slash = tp.rfind('/');
	auto topic = std::find(setup.topics.begin(), setup.topics.end(), tp.substr(0, slash));

	return topics.part((int)(topic - setup.topics.begin()), std::stoi(tp.substr(slash + 1)));
}

/* A recount is valid while rulings and dictionary stay: what was counted does not change. */
const Counted &Checker::counted(const std::string &tp, Position position)
{
	static const std::vector<Rulings> none(1);
	Memory &m = memory[tp];
	auto stored = st.parts.find(tp);
	const std::vector<Rulings> &rulings = stored == st.parts.end() ? none : stored->second.all;

	if (m.values != st.values || m.rulings < rulings || rulings < m.rulings) {
		m = {rulings, st.values, {}, {}};
		segs.clear();
	}
	auto it = m.at.find({position.inc, position.offset});
	if (it != m.at.end())
		return it->second;
	if (position.inc >= (int64_t)rulings.size())
		throw Violation(tp + ": a position of an incarnation that is not stored");
	auto &recount = m.recount[position.inc];
	if (!recount)
		recount = std::make_unique<Recount>(setup, lives.of(tp), tp,
		    std::vector<Rulings>(rulings.begin(), rulings.begin() + position.inc + 1), st.values);
	return m.at.emplace(std::make_pair(position.inc, position.offset), recount->upto(position.offset))
	    .first->second;
}

/* All records that were counted, those that the topic lost included. */
std::vector<const Record *> Checker::records(const std::string &tp, const StoredPart &p)
{
	std::vector<const Record *> out;

	for (int64_t inc = 0; inc <= p.pos.inc; inc++)
		for (const Record *r :
		    counted_records(lives.of(tp), p.all, inc, inc == p.pos.inc ? p.pos.offset : INT64_MAX))
			out.push_back(r);
	return out;
}

/* Whether what was counted is what the topic holds. */
bool Checker::counts_topic(const std::string &tp) const
{
	auto p = st.parts.find(tp);
	const auto &now = part(tp).records;

	if (p == st.parts.end())
		return false;
	auto was = counted_records(lives.of(tp), p->second.all, p->second.pos.inc, p->second.pos.offset);
	return was.size() == now.size() &&
	       std::equal(was.begin(), was.end(), now.begin(), [](const Record *a, const Record &b) {
		       return a->offset == b.offset && a->hash == b.hash;
	       });
}

Checker::Whole Checker::whole(const Positions &positions)
{
	Whole w;

	for (auto &p : positions) {
		const Counted &c = counted(p.first, p.second);
		std::string topic = p.first.substr(0, p.first.rfind('/'));

		for (auto &t : c.totals) {
			w.totals[t.first] += t.second;
			w.totals[topic + "/" + t.first] += t.second;
		}
		for (auto &t : c.effects)
			w.effects[t.first] += t.second;
		for (auto &o : c.other)
			if ((w.other["other:" + o.first] += o.second) == 0)
				w.other.erase("other:" + o.first);
		w.undated += c.undated;
		if (c.clock_ms)
			w.clock_ms = std::max(w.clock_ms.value_or(*c.clock_ms), *c.clock_ms);
		for (auto &seg : c.panes)
			for (auto &pane : seg.second)
				add_pane(w.panes, seg.first, pane.first, pane.second, 1);
	}
	return w;
}

Positions Checker::stored_positions() const
{
	Positions out;

	for (auto &p : st.parts)
		out[p.first] = p.second.pos;
	return out;
}

bool Checker::all_counted(struct npsd_tp except) const
{
	for (size_t t = 0; t < setup.topics.size(); t++)
		for (int p = 0; p < setup.partitions; p++) {
			if ((int)t == except.topic && p == except.part)
				continue;
			std::string tp = setup.topics[t] + "/" + std::to_string(p),
				    pos = stored_field(keys, "fence", "pos:" + tp);

			if (pos.empty() || parse_position(pos).offset != part(tp).end || !counts_topic(tp))
				return false;
		}
	return true;
}

/* --- what is stored --- */

void Checker::check_rulings(const std::string &tp, const StoredPart &p)
{
	int64_t last = 0, most = std::max(part(tp).end, topics.disturbed ? p.pos.offset : 0);

	for (auto &r : p.rulings.ahead) {
		if (r.first < last || r.second <= r.first || r.second > most)
			throw Violation(
			    tp + ": the range of a ruling `ahead` is not valid: " + std::to_string(r.first));
		last = r.second;
	}
	for (const Record *r : counted_records(lives.of(tp), p.all, p.pos.inc, p.pos.offset)) {
		if (p.rulings.is_ahead(r->offset) ? r->ms <= r->produced_ms + DAY : r->ms > now_ms + DAY)
			throw Violation(tp + ": record " + std::to_string(r->offset) + " is ruled to be " +
					(p.rulings.is_ahead(r->offset) ? "ahead" : "in time") +
					", and it is not");
	}
	for (auto &l : p.rulings.lateness)
		if (!std::count(setup.lateness_ms.begin(), setup.lateness_ms.end(), l.second))
			throw Violation(tp + ": a ruling `lateness` that no instance is configured with");
	for (auto &h : p.rulings.horizon)
		if (!setup.ledger_bytes ||
		    h.second > counted(tp, {p.pos.inc, h.first}).stream_ms.value_or(INT64_MIN))
			throw Violation(tp + ": a ruling `horizon` greater than stream time");
}

static std::string text_of(const std::optional<int64_t> &v)
{
	return v ? std::to_string(*v) : "-";
}

void Checker::check_part(const std::string &tp, const StoredPart &p)
{
	const Counted &c = counted(tp, p.pos);
	std::string lateness =
			p.rulings.lateness.empty() ? "-" : std::to_string(p.rulings.lateness.back().second),
		    state = text_of(c.stream_ms) + " " + text_of(c.horizon_ms) + " " + lateness;

	if ((p.pos.inc != 0 && !topics.disturbed) || p.base.inc != 0 || p.base.offset != 0)
		throw Violation(tp + " is not counted from its first offset");
	if (p.pos.offset > part(tp).end && !topics.disturbed)
		throw Violation(tp + " is counted past its end");
	check_rulings(tp, p);
	/* a new incarnation has no times before its first batch */
	if (p.state != state &&
	    !(p.pos.inc > 0 && p.state == "- - -" && p.pos.offset == std::max<int64_t>(0, p.rulings.cut_at)))
		throw Violation(tp + ": its time is stored as `" + p.state + "`, not `" + state + "`");
}

static std::string first_difference(
    const std::map<std::string, int64_t> &stored, const std::map<std::string, int64_t> &recounted)
{
	for (auto &r : recounted) {
		auto it = stored.find(r.first);

		if (it == stored.end() || it->second != r.second)
			return r.first + " is " +
			       (it == stored.end() ? "not there" : std::to_string(it->second)) + ", not " +
			       std::to_string(r.second);
	}
	for (auto &s : stored)
		if (!recounted.count(s.first))
			return s.first + " is " + std::to_string(s.second) + ", not there";
	return "";
}

static std::string show(const Counters &v)
{
	std::string out;

	for (int64_t n : v)
		out += " " + std::to_string(n);
	return out;
}

/* The panes of one segment in one step; those that start before from_s may have been dropped. */
static void check_segment(
    const std::string &seg, int64_t step, int64_t from_s, const SegPanes &stored, const SegPanes &recounted)
{
	for (auto a = recounted.lower_bound(from_s), b = stored.lower_bound(from_s);
	     a != recounted.end() || b != stored.end(); ++a, ++b) {
		bool want = a != recounted.end() && (b == stored.end() || a->first <= b->first);
		bool have = b != stored.end() && (a == recounted.end() || b->first <= a->first);

		if (!want || !have || a->second != b->second)
			throw Violation("pane " + seg + " " + std::to_string(want ? a->first : b->first) +
					"/" + std::to_string(step) + " is stored as" +
					(have ? show(b->second) : " nothing") + ", not" +
					(want ? show(a->second) : " nothing"));
	}
}

void Checker::check_panes(const Whole &w)
{
	static const SegPanes none;
	auto of = [](const Panes &panes, const std::string &seg) -> const SegPanes & {
		auto it = panes.find(seg);

		return it == panes.end() ? none : it->second;
	};

	for (auto &step : st.panes) {
		int64_t from_s = st.whole_from_s[step.first];
		Panes recounted;

		for (auto &seg : w.panes)
			for (auto &pane : seg.second)
				add_pane(
				    recounted, seg.first, floor_to(pane.first, step.first), pane.second, 1);
		for (auto &seg : recounted)
			check_segment(seg.first, step.first, from_s, of(step.second, seg.first), seg.second);
		for (auto &seg : step.second)
			if (!recounted.count(seg.first))
				check_segment(seg.first, step.first, from_s, seg.second, none);
	}
}

/* Every counted value of a dimension below its cap is admitted. So where the recount has `__other__`, the
 * dimension is full. */
void Checker::check_values()
{
	for (auto &p : st.parts)
		for (const Record *r :
		    counted_records(lives.of(p.first), p.second.all, p.second.pos.inc, p.second.pos.offset))
			if (r->event.fate.empty() && !p.second.rulings.is_ahead(r->offset) &&
			    r->event.event_ms <= r->ms + 5 * 60000)
				check_values_of(r->event.mentioned);
}

void Checker::check_values_of(const Mentioned &event)
{
	std::vector<std::pair<std::string, std::string>> all = {{"location", event.location.value_or("")},
	    {"channel", event.channel.value_or("")}, {"team", event.team.value_or("")},
	    {"owner", event.owner.value_or("")}};

	if (setup.splits_by("attributes.plan"))
		all.emplace_back("attributes.plan", event.plan.value_or(""));
	for (auto &t : event.themes.value_or(std::vector<std::string>()))
		all.emplace_back("theme", t);
	for (auto &v : all) {
		auto cap = setup.caps.find(v.first);

		if (v.second.empty() || v.second.compare(0, 2, "__") == 0 ||
		    st.values[v.first].count(v.second))
			continue;
		if (cap == setup.caps.end() || (int64_t)st.values[v.first].size() < cap->second)
			throw Violation("`" + v.second + "` was counted before it was admitted");
	}
}

void Checker::check_meta(Whole &w)
{
	std::map<std::string, int64_t> stored = st.meta;
	int64_t ahead = stored["ahead"], moved = stored["horizon_moved"], may_be_ahead = 0, rulings = 0;
	std::string meta;

	stored.erase("ahead");
	stored.erase("horizon_moved");
	if (w.undated)
		w.other["undated"] = w.undated;
	if (!(meta = first_difference(stored, w.other)).empty())
		throw Violation("meta: " + meta);
	for (auto &p : st.parts) {
		for (auto &of : p.second.all)
			for (auto &h : of.horizon)
				rulings += of.cut_at < 0 || h.first >= of.cut_at;
		for (const Record *r : records(p.first, p.second))
			may_be_ahead += r->ms > r->produced_ms + 5 * 60000;
	}
	if (ahead > may_be_ahead)
		throw Violation("meta: ahead is " + std::to_string(ahead) + ", at most " +
				std::to_string(may_be_ahead) + " records can have been");
	/* two moves at one offset are one ruling, and a ruling is written with the partition's next batch */
	if (moved < rulings)
		throw Violation("meta: horizon_moved is " + std::to_string(moved) + ", less than the " +
				std::to_string(rulings) + " rulings");
	memory_moves = moved;
}

void Checker::check_stored()
{
	st = read_stored(keys, setup);
	lost_ms.insert(atoll(stored_field(keys, "fence", "lost_ms").c_str()));
	stored_checks++;
	for (size_t k = 0; k < st.shards.size(); k++)
		for (auto &h : st.shards[k].hash)
			hashes[k][h.first] = h.second;
	for (auto &p : st.parts)
		check_part(p.first, p.second);
	Whole w = whole(stored_positions());
	std::string totals = first_difference(st.totals, w.totals);

	if (!totals.empty())
		throw Violation("totals: " + totals);
	if (st.totals["consumed"] != st.totals["counted"] + st.totals["duplicate"] + st.totals["late"] +
					 st.totals["rejected"] + st.totals["ignored"])
		throw Violation("consumed is not the sum of the fates");
	check_meta(w);
	if (st.clock_ms != (w.clock_ms ? std::to_string(*w.clock_ms) : ""))
		throw Violation(
		    "the event clock is `" + st.clock_ms + "`, not `" + text_of(w.clock_ms) + "`");
	check_values();
	check_panes(w);
	check_alerts();
}

void Checker::rolled_back(const std::map<std::string, std::vector<Life>> &counted)
{
	st = read_stored(keys, setup);
	for (size_t k = 0; k < st.shards.size(); k++)
		hashes[k].erase(hashes[k].upper_bound(st.shards[k].seq), hashes[k].end());
	lives.all = counted;
	memory.clear();
	segs.clear();
	revs.clear();
	published.clear();
	alerts_checked = st.alerts.size();
	check_stored();
}

/* --- after a script --- */

static bool is_ok(const struct npsd_reply *r)
{
	return r && r->type == NPSD_REPLY_ARRAY && r->n > 0 && r->el[0].type == NPSD_REPLY_STR &&
	       std::string(r->el[0].str) == "ok";
}

void Checker::on_script(const Call &call, const struct npsd_reply *reply)
{
	check_list(call, is_ok(reply));
	if (!is_ok(reply))
		return;
	if (call.script == NPSD_S_commit)
		lives.on_commit(call);
	switch (call.script) {
	case NPSD_S_rebuild: /* new logs */
		for (auto &h : hashes)
			h.clear();
		check_stored();
		break;
	case NPSD_S_commit:
	case NPSD_S_admit:
	case NPSD_S_base:
	case NPSD_S_claim:
	case NPSD_S_skip:
	case NPSD_S_manifest:
		check_stored();
		break;
	case NPSD_S_publish:
		check_published(call);
		break;
	default:
		break;
	}
}

} // namespace sim
