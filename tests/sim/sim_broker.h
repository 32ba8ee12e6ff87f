/*
 * A model of a Kafka consumer group (members, generations, eager rebalances) and of the queues of a client,
 * behind the interface of npsd/broker.h. Single-threaded; time passes in tick(). `violation` reports a use
 * that the interface forbids.
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
#include "faults.h"
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
	/* The process has ended: the group expels the member after the session timeout. */
	void crash();

	enum State {
		WAITS,	  /* has no partitions; waits until the rebalance ends */
		OFFERED,  /* ASSIGN was emitted; a rebalance waits until assign() */
		HOLDS,	  /* has an assignment */
		REVOKES,  /* REVOKE was emitted and is not acknowledged */
		EXPELLED, /* by the group; LOST is not acknowledged */
		CRASHED,
	} state = WAITS;

      private:
	friend class Group;
	struct Emitted { /* an event with the partitions that it points to */
		struct npsd_broker_event event = {};
		std::vector<struct npsd_offset> tps;
		std::vector<struct npsd_mark> marks;
	};
	struct Request {
		enum { ENDS, TOPIC, COMMIT, RECORDS } what;
		uint64_t tag;
		struct npsd_tp tp;
		std::vector<struct npsd_offset> tps; /* COMMIT */
		uint64_t generation;
		int64_t from = 0, to = 0; /* RECORDS */
	};
	struct Reading {
		struct npsd_tp tp;
		int64_t next;
		bool at_end; /* the end of the partition was emitted */
	};
	bool poll(struct npsd_broker_event *out);
	bool assign(const struct npsd_offset *tps, size_t n);
	void unassign();
	size_t fetch(int worker, struct npsd_msg *out, size_t max);
	bool fetch_one(Reading &r, struct npsd_msg *out);
	void release(struct npsd_msg *msgs, size_t n);
	void emit(enum npsd_broker_what what, const std::vector<struct npsd_offset> &tps);

	Group &group;
	int workers;
	uint64_t generation = 0;
	int64_t crashed_ms = 0;
	std::deque<Emitted> events;
	Emitted last; /* the event that was polled last: its partitions stay valid until the next poll */
	std::deque<Request> requests;
	std::vector<Reading> reading;
	std::set<char *> held; /* values that a worker has not released */
};

class Group
{
      public:
	Group(Topics &topics, const int64_t &now_ms, Rng &rng, Faults &faults);
	Member *join(int workers);
	void rebalance(); /* begins one, if none is in progress */
	void tick();	  /* replies to requests, expels and assigns, as far as due */
	bool stable() const
	{
		return !preparing;
	}

	Topics &topics;
	std::string violation; /* of npsd/broker.h, by a client */
	std::set<int> missing; /* topics that do not exist yet */
	/* The partition has no leader until then. */
	void take_leader(struct npsd_tp tp, int64_t until_ms);
	/* All topics exist, all partitions have leaders. */
	void heal();
	/* Mutant: the offset at which delivery begins, in place of the requested one; NULL: none. */
	int64_t (*begin_at)(void *arg, struct npsd_tp tp, int64_t requested) = nullptr;
	void *begin_arg = nullptr;

      private:
	friend class Member;
	void reply(Member &m);
	void revoke(Member &m);
	bool leaderless(struct npsd_tp tp) const;
	void reply_records(
	    struct npsd_broker_event &out, std::vector<struct npsd_mark> &marks, const Member::Request &r);
	void assign_all();
	void expel(Member &m);
	bool expel_overdue();

	const int64_t &now_ms;
	Rng &rng;
	Faults &faults;
	std::vector<std::unique_ptr<Member>> members;
	bool preparing = false;
	int64_t deadline_ms = 0;
	uint64_t generation = 0;
	std::map<std::pair<int, int>, int64_t> committed, no_leader_until_ms;
};

} // namespace sim

#endif
