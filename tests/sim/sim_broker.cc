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
	state = GONE;
	gone_ms = group.now_ms;
	told.clear();
	asked.clear();
	reading.clear();
	for (char *value : held)
		free(value);
	held.clear();
}

void Member::tell(enum npsd_broker_what what, const std::vector<struct npsd_offset> &tps)
{
	Told t;

	t.event.what = what;
	t.tps = tps;
	told.push_back(t);
}

bool Member::poll(struct npsd_broker_event *out)
{
	if (told.empty() || group.rng.chance(0.2))
		return false;
	last = told.front();
	told.pop_front();
	*out = last.event;
	out->tps = last.tps.data();
	out->n = last.tps.size();
	return true;
}

bool Member::assign(const struct npsd_offset *tps, size_t n)
{
	reading.clear();
	if (group.rng.chance(group.no))
		return false;
	for (size_t i = 0; i < n; i++) {
		int64_t at = tps[i].offset;

		if (at < 0 || at > group.topics.part(tps[i].tp.topic, tps[i].tp.part).end)
			group.wrong = "assigned at an offset that is not there";
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
	if (it == p.records.end()) {
		if (r.told_end && !group.rng.chance(0.05))
			return false;
		r.told_end = true;
		out->what = NPSD_MSG_END;
		r.next = out->offset = p.end;
		return true;
	}
	out->what = NPSD_MSG_RECORD;
	out->offset = it->offset;
	out->record_ms = it->ms;
	r.next = it->offset + 1;
	r.told_end = false;
	if (it->tombstone)
		return true;
	/* exactly as long as it is: a sanitizer sees who reads behind it, or after its release */
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
	if (mine.empty() || max == 0 || group.rng.chance(0.2))
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
			group.wrong = "released what was not held";
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
		m->asked.push_back({true, tag, {}, {tps, tps + n}, m->generation});
		return true;
	};
	b.ends = [](void *self, uint64_t tag, struct npsd_tp tp) {
		auto *m = (Member *)self;
		if (m->group.rng.chance(m->group.no))
			return false;
		m->asked.push_back({false, tag, tp, {}, m->generation});
		return true;
	};
	b.partitions = [](void *self, int32_t) {
		Group &g = ((Member *)self)->group;
		return g.rng.chance(g.no) ? -1 : (int32_t)g.topics.partitions();
	};
	b.fetch = [](void *self, int worker, struct npsd_msg *out, size_t max, int) {
		return ((Member *)self)->fetch(worker, out, max);
	};
	b.release = [](void *self, struct npsd_msg *msgs, size_t n) { ((Member *)self)->release(msgs, n); };
	b.wake_worker = [](void *, int) {};
	return b;
}

/* --- the group --- */

Group::Group(Topics &t, const int64_t &now, Rng &r) : topics(t), now_ms(now), rng(r)
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
		if (m->state == Member::HOLDS) {
			m->state = Member::REVOKES;
			m->tell(NPSD_B_REVOKE, {});
		}
}

void Group::expel(Member &m)
{
	/* who has not answered REVOKE yet is not told twice: its answer leads it back */
	if (m.state == Member::HOLDS)
		m.tell(NPSD_B_LOST, {});
	m.state = Member::EXPELLED;
	m.generation = 0;
}

/* Members that are gone, or hold up a rebalance. True if the group lost one that held something. */
bool Group::expel_silent()
{
	bool any = false;

	for (size_t i = 0; i < members.size(); i++)
		if (members[i]->state == Member::GONE && now_ms - members[i]->gone_ms > SESSION_MS) {
			any = true;
			members.erase(members.begin() + (long)i--);
		}
	for (auto &m : members)
		if (preparing && m->state == Member::REVOKES && now_ms > deadline_ms)
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
		for (int p = 0; p < topics.partitions(); p++)
			share[rng.pick(ready)].push_back({{t, p}, 0});
	for (Member *m : ready) {
		m->state = Member::HOLDS;
		m->generation = generation;
		m->tell(NPSD_B_ASSIGN, share[m]);
	}
}

void Group::answer(Member &m)
{
	Member::Asked a = m.asked.front();
	Member::Told t;

	m.asked.pop_front();
	t.event.tag = a.tag;
	if (a.commit) {
		t.event.what = NPSD_B_COMMITTED;
		t.event.answer = NPSD_COMMIT_OK;
		if (m.state == Member::EXPELLED || m.state == Member::WAITS || a.generation != generation)
			t.event.answer = NPSD_COMMIT_STALE;
		else if (rng.chance(no) || (preparing && rng.chance(0.5)))
			t.event.answer = NPSD_COMMIT_AGAIN;
		for (size_t i = 0; t.event.answer == NPSD_COMMIT_OK && i < a.tps.size(); i++)
			committed[{a.tps[i].tp.topic, a.tps[i].tp.part}] = a.tps[i].offset;
	} else {
		auto it = committed.find({a.tp.topic, a.tp.part});

		t.event.what = NPSD_B_ENDS;
		t.event.tp = a.tp;
		t.event.ok = !rng.chance(no);
		t.event.low = 0;
		t.event.high = topics.part(a.tp.topic, a.tp.part).end;
		t.event.committed = it == committed.end() ? -1 : it->second;
	}
	m.told.push_back(t);
}

void Group::tick()
{
	if (expel_silent())
		rebalance();
	bool waiting = false;
	for (auto &m : members) {
		waiting |= m->state == Member::REVOKES || m->state == Member::GONE;
		while (!m->asked.empty() && rng.chance(0.7))
			answer(*m);
	}
	if (preparing && !waiting && rng.chance(0.5))
		assign_all();
}

} // namespace sim
