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

namespace
{

struct Response {
	std::optional<Content> content; /* none: withdrawn */
	int64_t event_ms = 0, seen_ms = 0, revision = 0;
	std::optional<int64_t> updated_ms;
	int64_t told = 0, incident = 0;
	std::string severity; /* last told */
};

struct Invitation {
	std::set<Type> stages;
	int64_t from_ms = INT64_MIN;   /* the horizon when it became known */
	int64_t latest_ms = INT64_MIN; /* of its stages' own times */
	int64_t seen_ms = 0;
};

struct Judged {
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
	Judged judge(const Record &r);
	Judged judge_first(const Record &r, Response now);
	Judged judge_edit(const Record &r, Response &now);
	Judged judge_stage(const Record &r);
	bool knows(int64_t seen_ms) const;
	bool stands_alone(const Event &e) const;
	Content whole(const Said &said) const;
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
	return true; /* the later offset */
}

/* What it does not say of its order stays. */
static void keep_order(Response &now, const Event &e)
{
	if (e.revision)
		now.revision = e.revision;
	if (e.updated_ms)
		now.updated_ms = e.updated_ms;
}

/* What was, with what is mentioned in its place. */
static Content merged(Content c, const Said &s)
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

/* What creates takes the topic's kind where it names none; an edit never does. */
Content Recount::Partition::whole(const Said &said) const
{
	Content c;

	c.kind = default_kind;
	return merged(c, said);
}

bool Recount::Partition::stands_alone(const Event &e) const
{
	Content c = whole(e.said);

	return e.time_field == "responded_at" && e.said.score && !c.kind.empty() &&
	       (!c.location.empty() || !setup.location_required);
}

bool Recount::Partition::knows(int64_t seen_ms) const
{
	return seen_ms >= out.horizon_ms.value_or(INT64_MIN);
}

/* The event is counted: the answer is now what `content` says. */
void Recount::Partition::apply(const Record &r, Response &now, const std::optional<Content> &content)
{
	std::optional<Content> before = now.content;

	out.turns[!content	? (before ? "withdrawn" : "unknown withdrawn")
		  : before	? "edited"
		  : now.seen_ms ? "revived"
				: "created"]++;
	if (before)
		count_answer(out, setup, *before, now.event_ms, -1, values);
	if (content)
		count_answer(out, setup, *content, now.event_ms, 1, values);
	now.content = content;
	now.seen_ms = std::max(out.stream_ms.value_or(now.event_ms), now.event_ms);
	keep_order(now, r.event);
	if (!before && !content)
		return;
	auto t =
	    transition_of(setup, r.event, before ? &*before : nullptr, content ? &*content : nullptr, values);
	if (!t)
		return;
	now.told++;
	if (t->kind == "raised")
		now.incident = now.told;
	if (t->kind != "retracted")
		now.severity = severity_of(*content->score);
	t->id = r.event.id + ":" + std::to_string(now.told);
	t->severity = now.severity;
	t->response_id = r.event.id;
	t->source = where + "/" + std::to_string(r.offset);
	t->incident = now.incident;
	t->responded_ms = now.event_ms;
	t->oldest_ms = before ? r.ms : std::min(r.ms, now.event_ms); /* an edit is as old as its record */
	t->channels = channels_of(*t, before ? &*before : nullptr, content ? *content : *before, values);
	out.told.push_back(*t);
}

/* Of an answer that is unknown, or known as withdrawn and this event newer. */
Judged Recount::Partition::judge_first(const Record &r, Response now)
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
		apply(r, now, whole(e.said));
	}
	responses[e.id] = now;
	return {"counted", ""};
}

Judged Recount::Partition::judge_edit(const Record &r, Response &now)
{
	if (r.event.type == Type::RETRACTED)
		apply(r, now, {});
	else if (r.event.type == Type::SUBMITTED)
		apply(r, now, whole(r.event.said));
	else
		apply(r, now, merged(*now.content, r.event.said));
	return {"counted", ""};
}

/* Each stage once, whatever its order. */
Judged Recount::Partition::judge_stage(const Record &r)
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
	out.turns["stages"]++;
	count_stage(out, setup, whole(e.said), e.type, e.event_ms, values);
	return {"counted", ""};
}

Judged Recount::Partition::judge(const Record &r)
{
	if (is_stage(r.event.type))
		return judge_stage(r);
	auto it = responses.find(r.event.id);
	if (it == responses.end() || !knows(it->second.seen_ms))
		return judge_first(r, Response());
	if (!newer(r.event, it->second))
		return {"duplicate", ""};
	if (it->second.content)
		return judge_edit(r, it->second);
	if (r.event.type != Type::RETRACTED)
		return judge_first(r, it->second);
	keep_order(it->second, r.event);
	return {"duplicate", ""};
}

/* Where memory was short: from these offsets on. */
void Recount::Partition::raise_horizon(int64_t offset)
{
	for (auto &h : rulings.horizon)
		if (h.first <= offset)
			out.horizon_ms = std::max(out.horizon_ms.value_or(INT64_MIN), h.second);
}

void Recount::Partition::record(const Record &r)
{
	bool ahead = rulings.is_ahead(r.offset);
	Judged j = {r.event.fate, r.event.reason};

	for (auto &l : rulings.lateness)
		if (l.first <= r.offset)
			lateness_ms = l.second;
	bool future = ahead || (j.fate.empty() && r.event.event_ms > r.ms + 5 * 60000);
	if (future && !r.event.before_future)
		j = {"rejected", "future"};
	if (!ahead && j.reason != "future")
		out.stream_ms = std::max(out.stream_ms.value_or(r.ms), r.ms);
	raise_horizon(r.offset);
	if (out.stream_ms)
		out.horizon_ms = std::max(out.horizon_ms.value_or(INT64_MIN), *out.stream_ms - lateness_ms);
	if (j.fate.empty())
		j = judge(r);
	out.totals["consumed"]++;
	out.totals[j.fate]++;
	if (!j.reason.empty())
		out.totals[j.fate + ":" + j.reason]++;
}

Recount::Recount(const Setup &s, const TopicPart &p, const std::string &w, const Rulings &r, const Values &v)
    : setup(s), part(p), where(w), rulings(r), values(v)
{
	begin();
}

Recount::~Recount() = default;

void Recount::begin()
{
	partition = std::make_unique<Partition>(setup, where, rulings, values);
	next = 0;
}

const Counted &Recount::upto(int64_t position)
{
	if (position < counted_to)
		begin();
	for (; next < part.records.size() && part.records[next].offset < position; next++)
		partition->record(part.records[next]);
	partition->raise_horizon(position);
	counted_to = position;
	return partition->out;
}

} // namespace sim
