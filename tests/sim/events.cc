#include "events.h"

#include "base/marks.h"

#include <algorithm>

namespace sim
{

static constexpr int64_t MINUTE = 60000, DAY = 24 * 60 * MINUTE;

Topics::Topics(const Setup &s, Rng &r) : setup(s), rng(r), parts(s.topics.size())
{
	for (size_t t = 0; t < parts.size(); t++) {
		parts[t].resize((size_t)s.partitions);
		for (int p = 0; p < s.partitions; p++)
			known[s.topics[t] + "/" + std::to_string(p)].default_kind = s.default_kinds[t];
	}
}

/* Favours the first values, so that caps are reached and edits stay within them. */
static const std::string &draw_value(const std::vector<std::string> &values, Rng &rng)
{
	return values[(size_t)std::min(rng.below((int64_t)values.size()), rng.below((int64_t)values.size()))];
}

Content Topics::draw_content()
{
	static const std::vector<std::string> locations = {"north/lisbon/unit-1", "north/lisbon",
	    "south/p,t=1/unit 2", "north", "north/lisbon/unit-2", "söuth", "south/p,t=1",
	    "west/a/b/c/d/e/f/g", "__other__", "west"};
	static const std::vector<std::string> channels = {
	    "email", "sms", "a%b{c}", "web", "__none__", "kiosk", "__other__"};
	static const std::vector<std::string> teams = {"red", "blue", "gr:een", "black"};
	static const std::vector<std::string> owners = {"ada", "bob", "cy", "dee", "eve"};
	static const std::vector<std::string> plans = {"free", "pro", "team,plus"};
	static const std::vector<std::string> themes = {
	    "price", "staff", "wait", "food", "noise", "__other__"};
	Content c;

	if (rng.chance(0.92))
		c.score = (int)rng.below(11);
	c.kind = rng.pick(std::vector<std::string>{"transactional", "transactional", "relational", "other"});
	if (setup.location_required || rng.chance(0.7))
		c.location = draw_value(locations, rng);
	if (rng.chance(0.8))
		c.channel = draw_value(channels, rng);
	if (rng.chance(0.5))
		c.team = draw_value(teams, rng);
	if (rng.chance(0.4))
		c.owner = draw_value(owners, rng);
	if (rng.chance(0.5))
		c.plan = draw_value(plans, rng);
	if (rng.chance(0.4))
		c.comment = "comment \"" + std::to_string(rng.below(5)) + "\"";
	for (auto &t : themes)
		if (rng.chance(0.2))
			c.themes.push_back(t);
	return c;
}

bool Topics::draws(Draw kind)
{
	static const double chances[] = {
#define RECORD(name, chance, text) chance,
#include "draws.def"
	};
	bool yes = rng.chance(kind == DRAW_STAGE ? setup.stages : chances[kind]);

	drawn[kind] += yes;
	return yes;
}

/* All fields; empty ones, and a kind where the topic has a default, may be left out. */
Mentioned Topics::mention_all(const Content &c, const Known &k)
{
	Mentioned s;
	auto mention = [&](std::optional<std::string> &field, const std::string &value) {
		if (!value.empty() || rng.chance(0.2))
			field = value;
	};

	s.score = c.score;
	if (k.default_kind.empty() || rng.chance(0.6))
		s.kind = c.kind;
	if (!c.location.empty() || (!setup.location_required && rng.chance(0.2)))
		s.location = c.location;
	mention(s.channel, c.channel);
	mention(s.team, c.team);
	mention(s.owner, c.owner);
	mention(s.plan, c.plan);
	mention(s.comment, c.comment);
	if (!c.themes.empty() || rng.chance(0.2))
		s.themes = c.themes;
	return s;
}

/* Some of the fields. */
Mentioned Topics::mention_some(const Content &c)
{
	Mentioned s;
	auto mention = [&](std::optional<std::string> &field, const std::string &value) {
		if (rng.chance(0.25))
			field = value;
	};

	if (rng.chance(0.4))
		s.score = c.score;
	mention(s.kind, c.kind);
	mention(s.location, c.location);
	mention(s.channel, c.channel);
	mention(s.team, c.team);
	mention(s.owner, c.owner);
	mention(s.plan, c.plan);
	mention(s.comment, c.comment);
	if (rng.chance(0.25))
		s.themes = c.themes;
	return s;
}

/* The event time: mostly recent, sometimes near or before the horizon. */
void Topics::draw_time(Event &e, int64_t ms)
{
	int64_t lateness = setup.lateness_ms[0];
	const char *best = is_stage(e.type) ? "invited_at" : "responded_at";

	e.time_field = rng.pick(std::vector<std::string>{best, best, best, "at", ""});
	e.event_ms = ms - rng.below(rng.chance(0.1)   ? lateness * 3 / 2
				    : rng.chance(0.5) ? lateness / 2
						      : MINUTE);
}

/* Revision, update time or offset make the event newer or older than the one before, or neither. */
void Topics::draw_revision(Event &e, int64_t ms)
{
	switch (rng.below(4)) {
	case 0:
		e.revision = std::max<int64_t>(1, e.revision + rng.between(-1, 2));
		break;
	case 1:
		e.updated_ms = ms - rng.between(0, 2 * MINUTE);
		break;
	case 2:
		e.revision = 0;
		e.updated_ms.reset();
		break;
	default:
		break;
	}
}

/* Of a response that no record mentioned; its first event need not be response.submitted. */
Topics::Sent Topics::draw_response(const Known &k, int64_t ms)
{
	Sent s;
	Event &e = s.event;

	e.id = "r" + std::to_string(ids++) + (rng.chance(0.1) ? std::string(" №=\0", 6) : "");
	e.type = draws(DRAW_NEW_SUBMITTED) ? Type::SUBMITTED
		 : draws(DRAW_NEW_UPDATED) ? Type::UPDATED
					   : Type::RETRACTED;
	e.revision = rng.chance(0.4) ? 1 : 0;
	if (rng.chance(0.3))
		e.updated_ms = ms - rng.between(0, MINUTE);
	draw_time(e, ms);
	s.content = draw_content();
	if (e.type == Type::SUBMITTED || rng.chance(0.7))
		e.mentioned = mention_all(s.content, k);
	else
		e.mentioned = mention_some(s.content);
	return s;
}

/* Of a response that an earlier event mentioned: submitted again, edited or retracted. */
Topics::Sent Topics::draw_later(const Sent &before, const Known &k, int64_t ms)
{
	Sent s = before;
	Event &e = s.event;

	e.type = draws(DRAW_LATER_SUBMITTED) ? Type::SUBMITTED
		 : draws(DRAW_LATER_UPDATED) ? Type::UPDATED
					     : Type::RETRACTED;
	e.excluded = false;
	draw_revision(e, ms);
	if (rng.chance(0.25))
		draw_time(e, ms);
	if (rng.chance(0.4))
		s.content = draw_content();
	if (rng.chance(0.3))
		s.content.score = (int)rng.below(11);
	if (rng.chance(0.2))
		s.content.comment = "again " + std::to_string(rng.below(3));
	if (e.type == Type::SUBMITTED || rng.chance(0.3))
		e.mentioned = mention_all(s.content, k);
	else
		e.mentioned = mention_some(s.content);
	return s;
}

Topics::Sent Topics::draw_stage(const Known &k, int64_t ms)
{
	Sent s;
	Event &e = s.event;

	if (!k.invitations.empty() && draws(DRAW_KNOWN_INVITATION)) {
		s = k.invitations[k.invitations.size() - 1 -
				  (size_t)rng.below(std::min<int64_t>((int64_t)k.invitations.size(), 20))];
	} else {
		/* ids of responses are another name space */
		e.id =
		    rng.chance(0.3) ? "r" + std::to_string(rng.below(ids + 1)) : "i" + std::to_string(ids++);
		s.content = draw_content();
	}
	e.type = (Type)rng.between((int64_t)Type::INVITED, (int64_t)Type::UNSUBSCRIBED);
	e.revision = rng.chance(0.2) ? rng.between(1, 3) : 0;
	e.updated_ms.reset();
	draw_time(e, ms);
	if (rng.chance(0.2))
		s.content = draw_content();
	e.mentioned = mention_all(s.content, k);
	return s;
}

/* Applies the fall-backs of the event time, and clears the fields of a retraction. */
static void finish(Event &e, Rng &rng, int64_t ms)
{
	e.undated = e.time_field.empty() && !e.updated_ms;
	if (e.time_field.empty())
		e.event_ms = e.updated_ms ? *e.updated_ms : ms;
	if (e.type == Type::RETRACTED) {
		e.excluded = rng.chance(0.5);
		e.mentioned = Mentioned();
	}
}

Topics::Sent Topics::draw(Known &k, int64_t ms)
{
	bool stage = draws(DRAW_STAGE);
	Sent s;

	if (stage) {
		s = draw_stage(k, ms);
	} else if (k.responses.empty() || draws(DRAW_NEW_RESPONSE)) {
		s = draw_response(k, ms);
	} else {
		size_t recent = std::min<size_t>(k.responses.size(), rng.chance(0.8) ? 12 : 1000);

		s = draw_later(
		    k.responses[k.responses.size() - 1 - (size_t)rng.below((int64_t)recent)], k, ms);
	}
	finish(s.event, rng, ms);
	s.value = render_event(s.event, rng);
	return s;
}

void Topics::produce(int64_t now_ms)
{
	size_t t = (size_t)rng.below((int64_t)parts.size()), p = (size_t)rng.below((int64_t)parts[t].size());
	Known &k = known[setup.topics[t] + "/" + std::to_string(p)];
	Record r;

	r.produced_ms = r.ms = now_ms;
	if (draws(DRAW_OLD))
		r.ms -= rng.below(draws(DRAW_VERY_OLD) ? 2 * setup.lateness_ms[0] : 5000);
	if (draws(DRAW_EARLY))
		r.ms += rng.below(setup.lateness_ms[0]);
	if (draws(DRAW_AHEAD))
		r.ms = now_ms + DAY + (rng.chance(0.3) ? rng.below(MINUTE) : 30 * MINUTE + rng.below(DAY));
	if (!make_bad(r, k)) {
		auto &before = rng.chance(setup.stages) ? k.invitations : k.responses;
		Sent s;

		if (!before.empty() && draws(DRAW_REPEAT)) {
			s = rng.pick(before);
			if (s.event.undated)
				s.event.event_ms = r.ms;
		} else {
			s = draw(k, r.ms);
		}
		r.event = s.event;
		r.value = s.value;
		(is_stage(s.event.type) ? k.invitations : k.responses).push_back(std::move(s));
	}
	TopicPart &to = parts[t][p];
	if (!to.lost.empty() && rng.chance(0.5)) {
		r = to.lost.front();
		to.lost.erase(to.lost.begin());
	}
	r.hash = npsd_record_hash(r.tombstone ? nullptr : r.value.data(), r.value.size(), r.ms);
	by_hash.emplace(std::make_pair(setup.topics[t] + "/" + std::to_string(p), r.hash), r);
	if (draws(DRAW_HOLE_BEFORE))
		to.end++;
	r.offset = to.end++;
	to.records.push_back(std::move(r));
	if (draws(DRAW_HOLE_AFTER))
		to.end++;
	produced++;
}

bool Topics::cut(bool all, bool again)
{
	auto &topic = parts[(size_t)rng.below((int64_t)parts.size())];
	TopicPart &p = topic[(size_t)rng.below((int64_t)topic.size())];
	size_t most = all ? 0 : p.records.size() - std::min<size_t>(p.records.size(), 6), keep;

	if (p.records.size() < 2)
		return false;
	keep =
	    all ? 0 : std::max<size_t>(1, (size_t)rng.between((int64_t)most, (int64_t)p.records.size() - 1));
	p.lost.clear();
	if (again)
		p.lost.assign(p.records.begin() + (long)keep, p.records.end());
	p.records.resize(keep);
	p.end = keep ? p.records.back().offset + 1 : 0;
	return disturbed = true;
}

} // namespace sim
