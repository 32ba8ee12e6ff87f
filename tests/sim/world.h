/*
 * One simulated run: instances of npsd, the models of Redis and Kafka, and a scheduler. The scheduler decides
 * at random which component steps, which call is executed, when the clock moves and which fault happens. The
 * seed determines all of it.
 *
 * A run has a part with faults, then either comes to rest (all records counted, nothing in flight) or drains
 * into one last instance. The checker compares the stored and the published state throughout and at the end.
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
	std::string violation; /* empty: none */
	int64_t steps = 0, records = 0, commits = 0, stored_checks = 0, key_checks = 0, unknown_rounds = 0,
		transitions = 0;
	std::array<int64_t, NFAULTS> faults = {};
	std::array<int64_t, NDRAWS> drawn = {};
	std::map<std::string, int64_t> happened; /* see Checker */
};

class World
{
      public:
	World(uint64_t seed, int64_t steps, int mutant, bool verbose);
	~World();
	World(const World &) = delete;
	World &operator=(const World &) = delete;
	Outcome run();

	/* Called after each call, to execute it on another server too. */
	Server::OnExecuted mirror;
	int64_t now() const
	{
		return now_ms;
	}
	struct model *redis()
	{
		return model.get();
	}

      private:
	Rng rng;
	Setup setup;

      public:
	Faults faults;

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
	struct Moment { /* what Redis held, and which records were counted */
		Copy keys;
		std::map<std::string, std::vector<Life>> counted;
	};
	Moment moment() const;
	void start(bool drain, bool rebuild);
	void adopt(Process &p, const struct npsd_clock &clock, bool rebuild);
	void end(Process &p, bool crash);
	Process &any_process();
	void step_component();
	void step_component_of(Process &p, int component);
	void check_state(Process &p);
	void move_clock();
	void redis_faults();
	void process_faults();
	void roll_back_to(const Moment &to);
	void roll_back();
	void keep_copy();
	void before_call(const Call &call);
	void before_snapshot(const Call &call);
	void late_snapshot_faults();
	void on_executed(const Call &call, const struct npsd_reply *reply);
	void step();
	void quiet_round();
	void run_faulty();
	void count_without_one();
	void end_stopped();
	void come_to_rest();
	void drain(bool rebuild);
	void trace(const char *fmt, ...) __attribute__((format(printf, 2, 3)));

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
	bool counts_other = false; /* on_gap=continue, for instances that start from now on */
	int64_t ledger_bytes;	   /* as in Setup, of instances that start from now on */
	std::deque<Moment> copies; /* oldest first */
	Moment before_admission, before_commit;
	std::deque<Call> snapshot; /* chunk_write and manifest since before_commit was taken */
	int64_t late_until = 0;	   /* step */
	int paused = 0; /* number of a process that does not run until a late snapshot is executed */
	enum {
		SNAPSHOT_KEPT,
		SNAPSHOT_ROLL_BACK,
		SNAPSHOT_LATE
	} late_snapshot = SNAPSHOT_KEPT; /* what is due next */
	bool lose_admission = false;	 /* a roll-back to before_admission is due */
	int started = 0;
};

} // namespace sim

#endif
