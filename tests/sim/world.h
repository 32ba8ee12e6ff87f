/*
 * One run: instances of npsd, the model of Redis, the model of Kafka, and a scheduler that picks at random
 * which room steps, which request is executed, when the clock moves and what breaks. The seed decides all of
 * it.
 */
#ifndef NPSD_SIM_WORLD_H
#define NPSD_SIM_WORLD_H

#include <deque>
#include <memory>
#include <string>

#include "checker.h"
#include "instance.h"
#include "mutants.h"
#include "redis_commands.h"
#include "sim_broker.h"
#include "sim_store.h"

namespace sim
{

struct Outcome {
	std::string difference; /* empty: none */
	int64_t steps, records, commits, stored_checks, key_checks, unknown_rounds, transitions, crashes,
	    roll_backs, cuts, rebuilds;
	std::map<std::string, int64_t> happened; /* as the checker has it */
};

class World
{
      public:
	World(uint64_t seed, int64_t steps, int mutant, bool verbose);
	~World();
	World(const World &) = delete;
	World &operator=(const World &) = delete;
	Outcome run();

	/* For who compares the model with another server: each call, as it was executed. */
	std::function<void(const Call &, const struct npsd_reply *)> mirror;
	void no_roll_backs()
	{
		setup.faults.roll_back = setup.faults.lose_admission = 0;
	}
	int64_t now() const
	{
		return now_ms;
	}
	struct model *redis()
	{
		return model.get();
	}

      private:
	struct Process {
		struct npsd_config *cfg = nullptr;
		struct instance *instance = nullptr;
		Member *member = nullptr;
		Connection *connection[3] = {};
		World *world = nullptr;
		int number = 0;
		bool stopping = false;
	};
	void start(bool drain, bool rebuild);
	void adopt(Process &p, const struct npsd_clock &clock, bool rebuild);
	void end(Process &p, bool crash);
	void step_room();
	void step_room_of(Process &p, int room);
	void look(Process &p);
	void move_clock();
	void some_fault();
	void roll_back_to(const Slot &copy);
	void roll_back();
	void keep_copy();
	void before(const Call &call);
	void seen(const Call &call, const struct npsd_reply *reply);
	void step();
	void quiet_round();
	void run_faulty();
	void come_to_rest();
	void drain(bool rebuild);
	void trace(const char *fmt, ...) __attribute__((format(printf, 2, 3)));

	Rng rng;
	Setup setup;
	int64_t now_ms = 1795000000000;
	int64_t steps_left;
	bool verbose, faulty = true;
	Outcome out = {};
	Topics topics;
	std::unique_ptr<struct model, void (*)(struct model *)> model;
	std::unique_ptr<Checker> checker;
	std::unique_ptr<Server> server;
	std::unique_ptr<Group> group;
	std::deque<std::unique_ptr<Process>> processes;
	int64_t ledger_bytes;	 /* of processes that start from now on; 0: as much as they need */
	std::deque<Slot> copies; /* of the fence's slot, as it was earlier */
	Slot before_admission;
	bool lose_admission = false; /* goes back to it */
	int started = 0;
};

} // namespace sim

#endif
