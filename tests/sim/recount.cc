#include "recount.h"

#include <algorithm>

namespace sim
{

bool Rulings::is_ahead(int64_t offset) const
{
	for (auto &r : ahead)
		if (r.first <= offset && offset < r.second)
			return true;
	return false;
}

Rulings Rulings::cut(int64_t at) const
{
	Rulings out;

	for (auto &r : ahead)
		if (r.first < at)
			out.ahead.emplace_back(r.first, std::min(r.second, at));
	for (auto &r : lateness)
		if (r.first < at)
			out.lateness.push_back(r);
	for (auto &r : horizon)
		if (r.first < at)
			out.horizon.push_back(r);
	out.cut_at = at;
	return out;
}

std::vector<const Record *> counted_records(
    const std::vector<Life> &lives, const std::vector<Rulings> &rulings, int64_t inc, int64_t before)
{
	int64_t at = rulings[(size_t)inc].cut_at;
	std::vector<const Record *> out;
	static const Life none;
	const Life &life = (size_t)inc < lives.size() ? lives[(size_t)inc] : none;

	if (at >= 0)
		out = counted_records(lives, rulings, inc - 1, std::min(at, before));
	for (auto it = life.lower_bound(std::max<int64_t>(at, 0)); it != life.end() && it->first < before;
	     ++it)
		out.push_back(&it->second);
	return out;
}

namespace
{

struct Response {
	std::optional<Content> content; /* none: retracted */
	int64_t event_ms = 0, seen_ms = 0, revision = 0;
	std::optional<int64_t> updated_ms;
	int64_t emitted = 0, incident = 0; /* alerts so far; the number of the one that raised */
	std::string severity;		   /* of the last alert */
};

struct Invitation {
	std::set<Type> stages;
	int64_t from_ms = INT64_MIN;   /* the horizon at its first stage */
	int64_t latest_ms = INT64_MIN; /* event time of its stages */
	int64_t seen_ms = 0;
};

struct Decision {
	std::string fate, reason;
};

} // namespace

class Recount::Partition
{
      public:
	Partition(const Setup &s, const std::string &w, const Rulings &r, const Values &v)
	    : setup(s), where(w), rulings(r), values(v)
	{
		std::string topic = where.substr(0, where.rfind('/'));
		auto at = std::find(setup.topics.begin(), setup.topics.end(), topic);

		default_kind = setup.default_kinds.at((size_t)(at - setup.topics.begin()));
	}
	void record(const Record &r);
	void raise_horizon(int64_t offset);
	Counted out;

      private:
	Decision decide(const Record &r);
	Decision decide_first(const Record &r, Response now);
	Decision decide_edit(const Record &r, Response &now);
	Decision decide_stage(const Record &r);
	bool knows(int64_t seen_ms) const;
	bool stands_alone(const Event &e) const;
	Content whole(const Mentioned &mentioned) const;
	void apply(const Record &r, Response &now, const std::optional<Content> &content);

	const Setup &setup;
	const std::string &where;
	const Rulings &rulings;
	const Values &values;
	std::string default_kind;
	std::map<std::string, Response> responses;
	std::map<std::string, Invitation> invitations;
	int64_t lateness_ms = 0;
};

static bool newer(const Event &e, const Response &r)
{
	if (e.revision && r.revision)
		return e.revision > r.revision;
	if (e.updated_ms && r.updated_ms)
		return *e.updated_ms > *r.updated_ms;
	return true; /* its offset is greater */
}

/* Revision and update time stay where the event has none. */
static void keep_order(Response &now, const Event &e)
{
	if (e.revision)
		now.revision = e.revision;
	if (e.updated_ms)
		now.updated_ms = e.updated_ms;
}

/* The content after an event that mentions some fields. */
static Content merged(Content c, const Mentioned &s)
{
	c.score = s.score.value_or(c.score);
	c.kind = s.kind.value_or(c.kind);
	c.location = s.location.value_or(c.location);
	c.channel = s.channel.value_or(c.channel);
	c.team = s.team.value_or(c.team);
	c.owner = s.owner.value_or(c.owner);
	c.plan = s.plan.value_or(c.plan);
	c.comment = s.comment.value_or(c.comment);
	c.themes = s.themes.value_or(c.themes);
	return c;
}

/* The content after an event that creates: the topic's default kind applies, as it never does to an edit. */
Content Recount::Partition::whole(const Mentioned &mentioned) const
{
	Content c;

	c.kind = default_kind;
	return merged(c, mentioned);
}

bool Recount::Partition::stands_alone(const Event &e) const
{
	Content c = whole(e.mentioned);

	return e.time_field == "responded_at" && e.mentioned.score && !c.kind.empty() &&
	       (!c.location.empty() || !setup.location_required);
}

bool Recount::Partition::knows(int64_t seen_ms) const
{
	return seen_ms >= out.horizon_ms.value_or(INT64_MIN);
}

/* The event is counted: `content` is the response from now on. */
void Recount::Partition::apply(const Record &r, Response &now, const std::optional<Content> &content)
{
	std::optional<Content> before = now.content;

	out.effects[!content	  ? (before ? "withdrawn" : "unknown withdrawn")
		    : before	  ? "edited"
		    : now.seen_ms ? "revived"
				  : "created"]++;
	if (before)
		count_response(out, setup, *before, now.event_ms, -1, values);
	if (content)
		count_response(out, setup, *content, now.event_ms, 1, values);
	now.content = content;
	now.seen_ms = std::max(out.stream_ms.value_or(now.event_ms), now.event_ms);
	keep_order(now, r.event);
	if (!before && !content)
		return;
	auto t =
	    transition_of(setup, r.event, before ? &*before : nullptr, content ? &*content : nullptr, values);
	if (!t)
		return;
	now.emitted++;
	if (t->kind == "raised")
		now.incident = now.emitted;
	if (t->kind != "retracted")
		now.severity = severity_of(*content->score);
	t->id = r.event.id + ":" + std::to_string(now.emitted);
	t->severity = now.severity;
	t->response_id = r.event.id;
	t->source = where + "/" + std::to_string(r.offset);
	t->incident = now.incident;
	t->responded_ms = now.event_ms;
	t->oldest_ms =
	    before ? r.ms : std::min(r.ms, now.event_ms); /* the age of an edit is that of its record */
	t->channels = channels_of(*t, before ? &*before : nullptr, content ? *content : *before, values);
	out.emitted.push_back(*t);
}

/* The response is unknown, or retracted before this newer event. */
Decision Recount::Partition::decide_first(const Record &r, Response now)
{
	const Event &e = r.event;

	if (e.type == Type::UPDATED && !stands_alone(e))
		return {"late", "unknown_update"};
	if (e.event_ms < out.horizon_ms.value_or(INT64_MIN))
		return {"late", ""};
	now.event_ms = e.event_ms;
	if (e.type == Type::RETRACTED) {
		apply(r, now, {});
	} else {
		out.undated += e.undated;
		apply(r, now, whole(e.mentioned));
	}
	responses[e.id] = now;
	return {"counted", ""};
}

Decision Recount::Partition::decide_edit(const Record &r, Response &now)
{
	if (r.event.type == Type::RETRACTED)
		apply(r, now, {});
	else if (r.event.type == Type::SUBMITTED)
		apply(r, now, whole(r.event.mentioned));
	else
		apply(r, now, merged(*now.content, r.event.mentioned));
	return {"counted", ""};
}

/* Each stage counts once, in any order. */
Decision Recount::Partition::decide_stage(const Record &r)
{
	const Event &e = r.event;
	auto it = invitations.find(e.id);
	bool known = it != invitations.end() && knows(it->second.seen_ms);

	if (known && it->second.stages.count(e.type))
		return {"duplicate", ""};
	Invitation now = known ? it->second : Invitation();
	if (!known)
		now.from_ms = out.horizon_ms.value_or(INT64_MIN);
	if (e.event_ms < now.from_ms)
		return {"late", ""};
	now.stages.insert(e.type);
	now.latest_ms = std::max(now.latest_ms, e.event_ms);
	now.seen_ms = std::max(out.stream_ms.value_or(now.latest_ms), now.latest_ms);
	invitations[e.id] = now;
	out.effects["stages"]++;
	count_stage(out, setup, whole(e.mentioned), e.type, e.event_ms, values);
	return {"counted", ""};
}

Decision Recount::Partition::decide(const Record &r)
{
	if (is_stage(r.event.type))
		return decide_stage(r);
	auto it = responses.find(r.event.id);
	if (it == responses.end() || !knows(it->second.seen_ms))
		return decide_first(r, Response());
	if (!newer(r.event, it->second))
		return {"duplicate", ""};
	if (it->second.content)
		return decide_edit(r, it->second);
	if (r.event.type != Type::RETRACTED)
		return decide_first(r, it->second);
	keep_order(it->second, r.event);
	return {"duplicate", ""};
}

/* Applies the `horizon` rulings up to an offset: memory was short there. */
void Recount::Partition::raise_horizon(int64_t offset)
{
	for (auto &h : rulings.horizon)
		if (h.first <= offset)
			out.horizon_ms = std::max(out.horizon_ms.value_or(INT64_MIN), h.second);
}

void Recount::Partition::record(const Record &r)
{
	bool ahead = rulings.is_ahead(r.offset);
	Decision d = {r.event.fate, r.event.reason};

	for (auto &l : rulings.lateness)
		if (l.first <= r.offset)
			lateness_ms = l.second;
	bool future = ahead || (d.fate.empty() && r.event.event_ms > r.ms + 5 * 60000);
	if (future && !r.event.before_future)
		d = {"rejected", "future"};
	if (!ahead && d.reason != "future")
		out.stream_ms = std::max(out.stream_ms.value_or(r.ms), r.ms);
	raise_horizon(r.offset);
	if (out.stream_ms)
		out.horizon_ms = std::max(out.horizon_ms.value_or(INT64_MIN), *out.stream_ms - lateness_ms);
	if (d.fate.empty())
		d = decide(r);
	out.totals["consumed"]++;
	out.totals[d.fate]++;
	if (!d.reason.empty())
		out.totals[d.fate + ":" + d.reason]++;
}

Recount::Recount(const Setup &s, const std::vector<Life> &l, const std::string &w,
    const std::vector<Rulings> &r, const Values &v)
    : setup(s), lives(l), where(w), rulings(r), values(v)
{
	begin();
}

Recount::~Recount() = default;

/* The incarnation continues the one before: applies the records before the cut, without counting them. */
void Recount::load(int64_t at)
{
	int64_t before = (int64_t)rulings.size() - 2;

	for (const Record *r : counted_records(lives, rulings, before, at))
		partition->record(*r);
	for (const Record *r : counted_records(lives, rulings, before, INT64_MAX))
		if (r->offset >= at)
			cut.insert(r->hash);
}

void Recount::begin()
{
	int64_t at = rulings.back().cut_at;

	partition = std::make_unique<Partition>(setup, where, rulings.back(), values);
	cut.clear();
	counted_to = std::max<int64_t>(at, 0);
	if (rulings.size() == 1)
		return;
	Recount before(setup, lives, where, {rulings.begin(), rulings.end() - 1}, values);
	if (at >= 0) {
		cut = before.cut;
		load(at);
	}
	Counted times = partition->out;
	partition->out = before.upto(INT64_MAX);
	partition->out.stream_ms = times.stream_ms;
	partition->out.horizon_ms = times.horizon_ms;
}

const Counted &Recount::upto(int64_t position)
{
	static const Life none;
	const Life &life = rulings.size() <= lives.size() ? lives[rulings.size() - 1] : none;

	if (position < counted_to)
		begin();
	for (auto it = life.lower_bound(counted_to); it != life.end() && it->first < position; ++it) {
		Counted before = cut.count(it->second.hash) ? partition->out : Counted();

		partition->record(it->second);
		if (!cut.count(it->second.hash))
			continue;
		before.stream_ms = partition->out.stream_ms;
		before.horizon_ms = partition->out.horizon_ms;
		partition->out = before;
	}
	partition->raise_horizon(position);
	counted_to = std::max(counted_to, position);
	return partition->out;
}

} // namespace sim
