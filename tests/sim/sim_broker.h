/*
 * A model of Kafka's group: members, generations, eager rebalances; and of a client's queues. One thread;
 * time passes in tick(). What the client may and may not do is as in broker.h; what it does wrong is told in
 * `wrong`.
 */
#ifndef NPSD_SIM_BROKER_H
#define NPSD_SIM_BROKER_H

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "events.h"
#include "npsd/broker.h"

namespace sim
{

class Group;

/* One client. */
class Member
{
      public:
	Member(Group &group, int workers);
	~Member();
	Member(const Member &) = delete;
	Member &operator=(const Member &) = delete;
	struct npsd_broker handle();
	/* The process is gone: the group learns of it when it hears nothing for a while. */
	void crash();

	enum State {
		WAITS,	  /* gave back all, for the rebalance to end */
		HOLDS,	  /* an assignment was given */
		REVOKES,  /* REVOKE was given, and is not answered */
		EXPELLED, /* and does not know it, or has not answered LOST */
		GONE,
	} state = WAITS;

      private:
	friend class Group;
	struct Told { /* an event with the partitions it points to */
		struct npsd_broker_event event = {};
		std::vector<struct npsd_offset> tps;
	};
	struct Asked { /* ends or commit */
		bool commit;
		uint64_t tag;
		struct npsd_tp tp;
		std::vector<struct npsd_offset> tps;
		uint64_t generation;
	};
	struct Reading {
		struct npsd_tp tp;
		int64_t next;
		bool told_end;
	};
	bool poll(struct npsd_broker_event *out);
	bool assign(const struct npsd_offset *tps, size_t n);
	void unassign();
	size_t fetch(int worker, struct npsd_msg *out, size_t max);
	bool fetch_one(Reading &r, struct npsd_msg *out);
	void release(struct npsd_msg *msgs, size_t n);
	void tell(enum npsd_broker_what what, const std::vector<struct npsd_offset> &tps);

	Group &group;
	int workers;
	uint64_t generation = 0;
	int64_t gone_ms = 0;
	std::deque<Told> told;
	Told last; /* what was polled last: its list is still looked at */
	std::deque<Asked> asked;
	std::vector<Reading> reading;
	std::set<char *> held; /* values that a worker looks at */
};

class Group
{
      public:
	Group(Topics &topics, const int64_t &now_ms, Rng &rng);
	Member *join(int workers);
	void rebalance(); /* begins one, if none is under way */
	void tick();	  /* answers, expels, assigns: what is due */
	bool stable() const
	{
		return !preparing;
	}

	Topics &topics;
	double no = 0;	   /* chance that an answer is no */
	std::string wrong; /* what a client did against the contract */
	/* Mutant: where delivery begins in place of where the client asked for; empty: as asked. */
	int64_t (*begin_at)(void *arg, struct npsd_tp tp, int64_t asked) = nullptr;
	void *begin_arg = nullptr;

      private:
	friend class Member;
	void answer(Member &m);
	void assign_all();
	void expel(Member &m);
	bool expel_silent();

	const int64_t &now_ms;
	Rng &rng;
	std::vector<std::unique_ptr<Member>> members;
	bool preparing = false;
	int64_t deadline_ms = 0;
	uint64_t generation = 0;
	std::map<std::pair<int, int>, int64_t> committed;
};

} // namespace sim

#endif
