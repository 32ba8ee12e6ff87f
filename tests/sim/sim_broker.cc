#include "sim_broker.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace sim
{

static constexpr int64_t REBALANCE_MS = 15000, SESSION_MS = 6000;

/* --- a client --- */

Member::Member(Group &g, int n) : group(g), workers(n)
{
}

Member::~Member()
{
	for (char *value : held)
		free(value);
}

void Member::crash()
{
	state = CRASHED;
	crashed_ms = group.now_ms;
	events.clear();
	requests.clear();
	reading.clear();
	for (char *value : held)
		free(value);
	held.clear();
}

void Member::emit(enum npsd_broker_what what, const std::vector<struct npsd_offset> &tps)
{
	Emitted e;

	e.event.what = what;
	e.tps = tps;
	events.push_back(e);
}

bool Member::poll(struct npsd_broker_event *out)
{
	if (events.empty() || group.faults.strikes(FAULT_NO_EVENT))
		return false;
	last = events.front();
	events.pop_front();
	*out = last.event;
	out->tps = last.tps.data();
	out->marks = last.marks.data();
	out->n = last.tps.size() + last.marks.size();
	return true;
}

bool Member::assign(const struct npsd_offset *tps, size_t n)
{
	reading.clear();
	if (state == OFFERED) {
		state = HOLDS;
		if (group.preparing)
			group.revoke(*this);
	}
	if (n > 0 && group.faults.strikes(FAULT_BROKER_ERROR))
		return false;
	for (size_t i = 0; i < n; i++) {
		int64_t at = tps[i].offset;

		if (at < 0 ||
		    (at > group.topics.part(tps[i].tp.topic, tps[i].tp.part).end && !group.topics.disturbed))
			group.violation = "assigned an offset that does not exist";
		if (group.begin_at)
			at = group.begin_at(group.begin_arg, tps[i].tp, at);
		reading.push_back({tps[i].tp, at, false});
	}
	return true;
}

void Member::unassign()
{
	reading.clear();
	if (state == REVOKES) {
		state = WAITS;
	} else if (state == EXPELLED) {
		state = WAITS;
		group.rebalance();
	}
}

bool Member::fetch_one(Reading &r, struct npsd_msg *out)
{
	const TopicPart &p = group.topics.part(r.tp.topic, r.tp.part);
	auto it = std::lower_bound(p.records.begin(), p.records.end(), r.next,
	    [](const Record &a, int64_t offset) { return a.offset < offset; });

	*out = {};
	out->tp = r.tp;
	if (group.leaderless(r.tp))
		return false;
	if (r.next > p.end) { /* it was cut; the client reports it again and again */
		if (!group.rng.chance(0.05))
			return false;
		out->what = NPSD_MSG_GONE;
		out->offset = r.next;
		return true;
	}
	if (it == p.records.end()) {
		if (r.at_end && !group.rng.chance(0.05))
			return false;
		r.at_end = true;
		out->what = NPSD_MSG_END;
		r.next = out->offset = p.end;
		return true;
	}
	out->what = NPSD_MSG_RECORD;
	out->offset = it->offset;
	out->record_ms = it->ms;
	r.next = it->offset + 1;
	r.at_end = false;
	if (it->tombstone)
		return true;
	/* of the exact length: a sanitizer reports a read after its end, or after its release */
	char *copy = (char *)malloc(it->value.size() ? it->value.size() : 1);
	memcpy(copy, it->value.data(), it->value.size());
	held.insert(copy);
	out->value = out->held = copy;
	out->len = it->value.size();
	return true;
}

size_t Member::fetch(int worker, struct npsd_msg *out, size_t max)
{
	std::vector<Reading *> mine;
	size_t n = 0;

	for (auto &r : reading)
		if (r.tp.part % workers == worker)
			mine.push_back(&r);
	if (mine.empty() || max == 0 || group.faults.strikes(FAULT_NO_MESSAGE))
		return 0;
	size_t want =
	    (size_t)group.rng.between(1, (int64_t)std::min<size_t>(max, group.rng.chance(0.3) ? 64 : 6));
	for (size_t tries = 0; n < want && tries < 2 * want; tries++)
		n += fetch_one(*mine[(size_t)group.rng.below((int64_t)mine.size())], &out[n]);
	return n;
}

void Member::release(struct npsd_msg *msgs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!msgs[i].held)
			continue;
		if (!held.erase((char *)msgs[i].held))
			group.violation = "released a message that it does not hold";
		else
			free(msgs[i].held);
	}
}

struct npsd_broker Member::handle()
{
	struct npsd_broker b = {};

	b.self = this;
	b.poll = [](void *self, struct npsd_broker_event *out, int) { return ((Member *)self)->poll(out); };
	b.wake = [](void *) {};
	b.assign = [](void *self, const struct npsd_offset *tps, size_t n) {
		return ((Member *)self)->assign(tps, n);
	};
	b.unassign = [](void *self) { ((Member *)self)->unassign(); };
	b.commit = [](void *self, uint64_t tag, const struct npsd_offset *tps, size_t n) {
		auto *m = (Member *)self;
		m->requests.push_back({Request::COMMIT, tag, {}, {tps, tps + n}, m->generation});
		return true;
	};
	b.ends = [](void *self, uint64_t tag, struct npsd_tp tp) {
		auto *m = (Member *)self;
		if (m->group.faults.strikes(FAULT_BROKER_ERROR))
			return false;
		m->requests.push_back({Request::ENDS, tag, tp, {}, m->generation});
		return true;
	};
	b.records = [](void *self, uint64_t tag, struct npsd_tp tp, int64_t from, int64_t to) {
		auto *m = (Member *)self;
		if (m->group.faults.strikes(FAULT_BROKER_ERROR))
			return false;
		m->requests.push_back({Request::RECORDS, tag, tp, {}, m->generation, from, to});
		return true;
	};
	b.describe = [](void *self, uint64_t tag, int32_t topic) {
		auto *m = (Member *)self;
		m->requests.push_back({Request::TOPIC, tag, {topic, -1}, {}, m->generation});
		return true;
	};
	b.high = [](void *self, struct npsd_tp tp) {
		return ((Member *)self)->group.topics.part(tp.topic, tp.part).end;
	};
	b.fetch = [](void *self, int worker, struct npsd_msg *out, size_t max, int) {
		return ((Member *)self)->fetch(worker, out, max);
	};
	b.release = [](void *self, struct npsd_msg *msgs, size_t n) { ((Member *)self)->release(msgs, n); };
	b.wake_worker = [](void *, int) {};
	return b;
}

/* --- the group --- */

Group::Group(Topics &t, const int64_t &now, Rng &r, Faults &f) : topics(t), now_ms(now), rng(r), faults(f)
{
}

Member *Group::join(int workers)
{
	members.push_back(std::make_unique<Member>(*this, workers));
	rebalance();
	return members.back().get();
}

void Group::rebalance()
{
	if (preparing)
		return;
	preparing = true;
	deadline_ms = now_ms + REBALANCE_MS;
	for (auto &m : members)
		if (m->state == Member::HOLDS)
			revoke(*m);
}

void Group::revoke(Member &m)
{
	m.state = Member::REVOKES;
	m.emit(NPSD_B_REVOKE, {});
}

void Group::take_leader(struct npsd_tp tp, int64_t until_ms)
{
	no_leader_until_ms[{tp.topic, tp.part}] = until_ms;
}

bool Group::leaderless(struct npsd_tp tp) const
{
	auto it = no_leader_until_ms.find({tp.topic, tp.part});

	return it != no_leader_until_ms.end() && now_ms < it->second;
}

void Group::heal()
{
	no_leader_until_ms.clear();
	if (!missing.empty()) {
		missing.clear();
		rebalance();
	}
}

void Group::expel(Member &m)
{
	/* a member in REVOKES gets no second event: its acknowledgement of REVOKE makes it join again */
	if (m.state == Member::HOLDS || m.state == Member::OFFERED)
		m.emit(NPSD_B_LOST, {});
	m.state = Member::EXPELLED;
	m.generation = 0;
}

/* Expels members that crashed or delay a rebalance for too long. True if one of the crashed left. */
bool Group::expel_overdue()
{
	bool any = false;

	for (size_t i = 0; i < members.size(); i++)
		if (members[i]->state == Member::CRASHED && now_ms - members[i]->crashed_ms > SESSION_MS) {
			any = true;
			members.erase(members.begin() + (long)i--);
		}
	for (auto &m : members)
		if (preparing && (m->state == Member::REVOKES || m->state == Member::OFFERED) &&
		    now_ms > deadline_ms)
			expel(*m);
	return any;
}

void Group::assign_all()
{
	std::vector<Member *> ready;

	for (auto &m : members)
		if (m->state == Member::WAITS)
			ready.push_back(m.get());
	if (ready.empty())
		return;
	preparing = false;
	generation++;
	std::map<Member *, std::vector<struct npsd_offset>> share;
	for (int t = 0; t < topics.topics(); t++)
		for (int p = 0; p < topics.partitions() && !missing.count(t); p++)
			share[rng.pick(ready)].push_back({{t, p}, 0});
	for (Member *m : ready) {
		m->state = Member::OFFERED;
		m->generation = generation;
		m->emit(NPSD_B_ASSIGN, share[m]);
	}
}

void Group::reply_records(
    struct npsd_broker_event &out, std::vector<struct npsd_mark> &marks, const Member::Request &r)
{
	out.what = NPSD_B_RECORDS;
	out.tp = r.tp;
	out.ok = !leaderless(r.tp) && !faults.strikes(FAULT_BROKER_ERROR);
	for (auto &record : topics.part(r.tp.topic, r.tp.part).records)
		if (out.ok && record.offset >= r.from && record.offset < r.to)
			marks.push_back(
			    {record.offset, npsd_record_hash(record.tombstone ? nullptr : record.value.data(),
						record.value.size(), record.ms)});
}

void Group::reply(Member &m)
{
	Member::Request r = m.requests.front();
	Member::Emitted e;

	m.requests.pop_front();
	e.event.tag = r.tag;
	if (r.what == Member::Request::RECORDS) {
		reply_records(e.event, e.marks, r);
	} else if (r.what == Member::Request::COMMIT) {
		e.event.what = NPSD_B_COMMITTED;
		e.event.answer = NPSD_COMMIT_OK;
		if (m.state == Member::EXPELLED || m.state == Member::WAITS || r.generation != generation)
			e.event.answer = NPSD_COMMIT_STALE;
		else if (faults.strikes(FAULT_BROKER_ERROR) || (preparing && rng.chance(0.5)))
			e.event.answer = NPSD_COMMIT_AGAIN;
		for (size_t i = 0; e.event.answer == NPSD_COMMIT_OK && i < r.tps.size(); i++)
			committed[{r.tps[i].tp.topic, r.tps[i].tp.part}] = r.tps[i].offset;
	} else if (r.what == Member::Request::TOPIC) {
		bool exists = !missing.count(r.tp.topic);

		e.event.what = NPSD_B_TOPIC;
		e.event.tp = r.tp;
		e.event.ok = exists && !faults.strikes(FAULT_BROKER_ERROR);
		e.event.parts = e.event.ok ? topics.partitions() : exists ? -1 : 0;
	} else {
		auto it = committed.find({r.tp.topic, r.tp.part});

		e.event.what = NPSD_B_ENDS;
		e.event.tp = r.tp;
		e.event.ok = !leaderless(r.tp) && !faults.strikes(FAULT_BROKER_ERROR);
		e.event.low = 0;
		e.event.high = topics.part(r.tp.topic, r.tp.part).end;
		e.event.committed = it == committed.end() ? -1 : it->second;
	}
	m.events.push_back(e);
}

void Group::tick()
{
	if (expel_overdue())
		rebalance();
	bool waiting = false;
	for (auto &m : members) {
		waiting |=
		    m->state == Member::REVOKES || m->state == Member::OFFERED || m->state == Member::CRASHED;
		while (!m->requests.empty() && rng.chance(0.7))
			reply(*m);
	}
	if (preparing && !waiting && rng.chance(0.5))
		assign_all();
	if (faults.strikes(FAULT_NO_LEADER))
		take_leader({(int32_t)rng.below(topics.topics()), (int32_t)rng.below(topics.partitions())},
		    now_ms + rng.between(1, 60) * (rng.chance(0.3) ? 5000 : 500));
}

} // namespace sim
