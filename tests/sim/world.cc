#include "world.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace sim
{

World::World(uint64_t seed, int64_t steps, int mutant, bool loud)
    : rng(seed), setup(suited(draw_setup(rng), mutant)), faults(rng), steps_left(steps), verbose(loud),
      topics(setup, rng), model(model_new(&now_ms), [](struct model *m) { model_free(&m); }),
      ledger_bytes(setup.ledger_bytes)
{
	now_ms += rng.below(3600000);
	if (faults.has(FAULT_REBUILD)) { /* it would refuse to lose what was counted */
		faults.never(FAULT_CUT_LOG);
		faults.never(FAULT_REPLACE_LOG);
	}
	checker = std::make_unique<Checker>(setup, topics, model.get(), now_ms);
	server = std::make_unique<Server>(model.get(), rng, faults,
	    [this](const Call &c, const struct npsd_reply *r) { on_executed(c, r); });
	server->before_call = [this](const Call &c) { before_call(c); };
	group = std::make_unique<Group>(topics, now_ms, rng, faults);
	for (const ScriptEdit &e : claim_records())
		if (!model_edit_script(model.get(), e.script, e.from.c_str(), e.to.c_str()))
			throw Violation("a script sets claims in another way than claim_records() expects");
	mutate(model.get(), mutant);
	if (mutant_forgets_ledger(mutant)) {
		group->begin_arg = this;
		group->begin_at = [](void *arg, struct npsd_tp tp, int64_t) {
			auto *w = (World *)arg;

			return parse_position(
			    stored_field(model_keys(w->model.get()), "fence",
				"pos:" + w->setup.topics[(size_t)tp.topic] + "/" + std::to_string(tp.part)))
			    .offset;
		};
	}
}

World::~World()
{
	for (auto &p : processes) {
		instance_free(&p->instance);
		instance_config_free(&p->cfg);
	}
}

void World::trace(const char *fmt, ...)
{
	va_list ap;

	if (!verbose)
		return;
	printf("%8ld %10.3f ", (long)out.steps, (double)(now_ms % 100000000) / 1000);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

/* --- processes --- */

/* Before its components start, a process waits for Redis, which serves other processes meanwhile. */
void World::adopt(Process &p, const struct npsd_clock &clock, bool rebuild)
{
	struct Waiting {
		World *world;
		struct npsd_store inner;
	} waiting = {this, p.connection[0]->handle()};
	struct npsd_store store = waiting.inner;
	const char *error = "";

	store.self = &waiting;
	store.submit = [](void *self, const struct npsd_call *call) {
		auto &inner = ((Waiting *)self)->inner;

		return inner.submit(inner.self, call);
	};
	store.poll = [](void *self, struct npsd_done *out, int) {
		auto *w = (Waiting *)self;

		w->world->server->execute_some();
		w->world->now_ms++;
		return w->inner.poll(w->inner.self, out, 0);
	};
	if (!instance_adopt(p.cfg, &store, &clock, rebuild, &error))
		throw Violation("process " + std::to_string(p.number) + " does not start: " + error);
}

void World::start(bool drain, bool rebuild)
{
	auto p = std::make_unique<Process>();
	std::vector<std::string> options = setup.options(rng.pick(setup.lateness_ms));
	std::vector<const char *> texts;
	const char *error = "";
	struct instance_wiring w = {};

	if (counts_other)
		options.push_back("on_gap=continue");
	for (auto &o : options)
		texts.push_back(o.c_str());
	p->cfg = instance_config(texts.data(), (int)texts.size(), &error);
	if (!p->cfg)
		throw std::runtime_error(std::string("the configuration is invalid: ") + error);
	if (ledger_bytes && !drain)
		instance_limit_ledgers(
		    p->cfg, setup.workers, topics.topics() * setup.partitions, ledger_bytes);
	p->world = this;
	p->number = ++started;
	p->member = group->join(setup.workers);
	for (auto &c : p->connection)
		c = server->connect();
	w.cfg = p->cfg;
	w.broker = p->member->handle();
	w.clock.self = this;
	w.clock.wall_ms = [](void *self) { return ((World *)self)->now_ms; };
	w.clock.mono_ms = [](void *self) { return ((World *)self)->now_ms - 1700000000000; };
	w.clock.random = [](void *self) { return ((World *)self)->rng.next(); };
	adopt(*p, w.clock, rebuild);
	w.group = p->connection[0]->handle();
	w.commit = p->connection[1]->handle();
	w.fold = p->connection[2]->handle();
	w.workers = setup.workers;
	w.drain = drain;
	w.rebuild = rebuild;
	p->instance = instance_new(&w);
	trace("start of %d%s%s", p->number, drain ? ", to drain" : "", rebuild ? ", to rebuild" : "");
	processes.push_back(std::move(p));
}

void World::end(Process &p, bool crash)
{
	trace("end of %d%s", p.number, crash ? " by a crash" : "");
	instance_free(&p.instance);
	for (auto *c : p.connection)
		server->close(c);
	p.member->crash();
	instance_config_free(&p.cfg);
	for (auto it = processes.begin(); it != processes.end(); ++it)
		if (it->get() == &p) {
			processes.erase(it);
			return;
		}
}

/* Checks the state of a process after a step. */
void World::check_state(Process &p)
{
	if (!group->violation.empty())
		throw Violation("process " + std::to_string(p.number) + " " + group->violation);
	switch (instance_state(p.instance)) {
	case INSTANCE_RUNS:
		break;
	case INSTANCE_DONE:
		if (!p.stopping)
			throw Violation(
			    "process " + std::to_string(p.number) + " ended without a request to stop");
		break;
	case INSTANCE_FAILED:
		/* the operator is asked, and says to go on */
		if (topics.disturbed &&
		    strstr(instance_error(p.instance), "is not the topic that was counted")) {
			counts_other = p.stopping = true;
			break;
		}
		/* the ledgers are too small for the lateness: the operator raises the limit, as the error
		 * asks */
		if (ledger_bytes == 0 || !strstr(instance_error(p.instance), "ledger.memory_max"))
			throw Violation(
			    "process " + std::to_string(p.number) + " failed: " + instance_error(p.instance));
		p.stopping = true;
		ledger_bytes *= 2;
	}
}

void World::step_component_of(Process &p, int component)
{
	if (!instance_step(p.instance, component)) {
		p.instance = nullptr; /* it must not be used again, not even freed */
		throw Violation(instance_panic());
	}
	check_state(p);
}

World::Process &World::any_process()
{
	return *processes[(size_t)rng.below((int64_t)processes.size())];
}

void World::step_component()
{
	Process &p = any_process();

	if (p.number == paused)
		return;
	step_component_of(p, (int)rng.below(instance_components(p.instance)));
	if (p.stopping && instance_state(p.instance) != INSTANCE_RUNS)
		end(p, false);
}

/* --- faults --- */

World::Moment World::moment() const
{
	return {model_copy(model.get()), checker->lives_now()};
}

void World::keep_copy()
{
	if (copies.size() >= 3)
		copies.pop_front();
	copies.push_back(moment());
}

void World::roll_back_to(const Moment &to)
{
	trace("roll-back of Redis");
	server->cut_all(rng.chance(0.3));
	model_restore(model.get(), to.keys);
	checker->rolled_back(to.counted);
}

void World::roll_back()
{
	size_t i = (size_t)rng.below((int64_t)copies.size());

	roll_back_to(copies[i]);
	copies.resize(i + 1); /* the later ones belong to a history that was lost */
}

/* Number of the last entry in the log of the shard that a manifest is of; 0: none. */
static int64_t log_end(const Copy &keys, const Call &manifest)
{
	auto fence = keys.find("{nps:alerts}:fence");

	if (fence == keys.end())
		return 0;
	auto end = fence->second.hash.find("log:" + manifest.args[3]);
	return end == fence->second.hash.end() ? 0 : atoll(end->second.c_str());
}

/*
 * LATE_SNAPSHOT: keeps Redis as it is before some commit, and the calls of a snapshot that is made after
 * it. Redis returns to that copy while the process of the snapshot stands still. The calls are executed
 * again, late, once another process has made the log as long as it was: its entries are then others.
 */
void World::before_snapshot(const Call &call)
{
	if (late_snapshot != SNAPSHOT_KEPT || !faults.has(FAULT_LATE_SNAPSHOT))
		return;
	if (call.script == NPSD_S_commit && rng.chance(0.3)) {
		before_commit = moment();
		snapshot.clear();
	} else if (!before_commit.keys.empty() && call.script == NPSD_S_chunk_write) {
		snapshot.push_back(call);
	} else if (!before_commit.keys.empty() && call.script == NPSD_S_manifest) {
		bool possible = processes.size() > 1 && server->executing &&
				log_end(before_commit.keys, call) < atoll(call.args[8].c_str());

		snapshot.push_back(call);
		if (!faults.strikes(FAULT_LATE_SNAPSHOT, possible))
			return;
		late_snapshot = SNAPSHOT_ROLL_BACK;
		for (const auto &p : processes)
			if (p->connection[2] == server->executing)
				paused = p->number;
	}
}

void World::late_snapshot_faults()
{
	if (late_snapshot == SNAPSHOT_ROLL_BACK) {
		roll_back_to(before_commit);
		late_snapshot = SNAPSHOT_LATE;
		late_until = out.steps + 2000;
	}
	if (late_snapshot != SNAPSHOT_LATE)
		return;
	const Call &manifest =
	    snapshot.back(); /* its arguments 3 and 8: the shard, the number of the entry */
	if (log_end(model_keys(model.get()).all, manifest) >= atoll(manifest.args[8].c_str()))
		server->execute_late(snapshot);
	else if (out.steps < late_until)
		return;
	snapshot.clear();
	late_snapshot = SNAPSHOT_KEPT;
	paused = 0;
}

/* LOSE_ADMISSION: keeps Redis as it is before an admission, to return to it after the reply. */
void World::before_call(const Call &call)
{
	checker->before_script(call);
	if (faulty)
		before_snapshot(call);
	if (call.script != NPSD_S_admit || lose_admission || !faulty || !faults.strikes(FAULT_LOSE_ADMISSION))
		return;
	before_admission = moment();
	lose_admission = true;
}

void World::on_executed(const Call &call, const struct npsd_reply *reply)
{
	if (call.script == NPSD_S_commit)
		out.commits++;
	if (verbose) {
		std::string more;

		for (size_t i = 0; reply && i < reply->n && i < 3; i++)
			if (reply->el[i].type == NPSD_REPLY_STR && reply->el[i].len < 80)
				more += std::string(" ") + reply->el[i].str;
		trace("script %d %s ->%s", (int)call.script,
		    call.keys.empty() ? "" : call.keys.back().c_str(), more.c_str());
	}
	if (mirror)
		mirror(call, reply);
	checker->on_script(call, reply);
}

void World::redis_faults()
{
	if (lose_admission && rng.chance(0.3)) {
		roll_back_to(before_admission);
		lose_admission = false;
	}
	late_snapshot_faults();
	if (faults.strikes(FAULT_CUT))
		server->cut_some();
	if (rng.chance(0.002))
		keep_copy();
	if (faults.strikes(FAULT_ROLL_BACK, !copies.empty()))
		roll_back();
}

void World::process_faults()
{
	if (faults.strikes(FAULT_CRASH, !processes.empty()))
		end(any_process(), true);
	if (faults.strikes(FAULT_STOP, !processes.empty())) {
		Process &p = any_process();

		trace("SIGTERM to %d", p.number);
		p.stopping = true;
		instance_stop(p.instance);
	}
	if ((int)processes.size() < setup.instances && rng.chance(processes.empty() ? 0.02 : 0.002))
		start(false, false);
	if (faults.strikes(FAULT_REBUILD)) {
		if (!processes.empty() && rng.chance(0.5))
			end(any_process(), true);
		start(false, true);
	}
}

void World::move_clock()
{
	int64_t way = rng.below(1000);

	if (way < 700)
		now_ms += rng.between(1, 20);
	else if (way < 950)
		now_ms += rng.between(20, 500);
	else if (way < 996)
		now_ms += rng.between(500, 5000);
	else
		now_ms += rng.between(5000, 120000);
}

void World::step()
{
	int64_t what = rng.below(100);

	out.steps++;
	if (what < 62) {
		if (!processes.empty())
			step_component();
	} else if (what < 88) {
		server->execute_some();
	} else if (what < 94) {
		move_clock();
	} else if (what < 98) {
		group->tick();
	} else if (topics.produced < setup.records) {
		for (int64_t n = rng.between(1, rng.chance(0.1) ? 40 : 4); n > 0; n--)
			topics.produce(now_ms);
	}
	redis_faults();
	if (faults.strikes(FAULT_CUT_LOG) && topics.cut(false, rng.chance(0.5)))
		trace("a partition lost its end");
	if (faults.strikes(FAULT_REPLACE_LOG) && topics.cut(true, rng.chance(0.3)))
		trace("a partition lost all");
	if (faults.strikes(FAULT_REBALANCE))
		group->rebalance();
	if (!group->missing.empty() && rng.chance(0.0005))
		group->heal();
	process_faults();
}

void World::run_faulty()
{
	if (faults.strikes(FAULT_LATE_TOPIC, topics.topics() > 1))
		group->missing.insert((int)rng.below(topics.topics()));
	for (int i = 0; i < setup.instances; i++)
		start(false, false);
	while (steps_left-- > 0)
		step();
	paused = 0;
}

/* --- the end --- */

/* Every component has a chance to step, in a random order; no fault but delays. */
void World::quiet_round()
{
	out.steps++;
	for (size_t i = 0; i < processes.size(); i++)
		for (int n = instance_components(processes[i]->instance), c = n - 1; c >= 0; c--)
			if (instance_state(processes[i]->instance) == INSTANCE_RUNS)
				step_component_of(*processes[i], rng.chance(0.5) ? c : (int)rng.below(n));
	for (int i = 0; i < 40 && server->execute_some(); i++)
		;
	group->tick();
	now_ms += rng.between(1, 30);
}

/* A partition that cannot be acquired keeps no other from being counted. */
void World::count_without_one()
{
	struct npsd_tp stuck = {(int32_t)rng.below(topics.topics()), (int32_t)rng.below(topics.partitions())};
	int64_t give_up_ms = now_ms + 600000;

	group->take_leader(stuck, INT64_MAX);
	group->rebalance();
	for (int i = 0; i < 20; i++)
		topics.produce(now_ms);
	for (;;) {
		quiet_round();
		end_stopped();
		if (checker->all_counted(stuck))
			break;
		if (now_ms > give_up_ms)
			throw Violation("a partition without a leader keeps others from being counted");
	}
	group->heal();
}

/* Processes that were asked to stop end; one is always left. */
void World::end_stopped()
{
	for (size_t i = 0; i < processes.size(); i++)
		if (instance_state(processes[i]->instance) != INSTANCE_RUNS)
			end(*processes[i--], false);
	if (processes.empty())
		start(false, false);
}

void World::come_to_rest()
{
	int64_t give_up_ms = now_ms + 600000, counted_ms = 0, compared_ms = 0;
	int64_t rest_ms = 3 * setup.publish_sweep_ms + 3 * setup.publish_interval_ms + 3000;

	for (;;) {
		quiet_round();
		end_stopped();
		if (!checker->all_counted() || server->has_zombies() || !group->stable())
			counted_ms = 0;
		else if (!counted_ms)
			counted_ms = now_ms;
		/* some time after the start of a minute, so that every window is of the current pane */
		if (counted_ms && now_ms - counted_ms > rest_ms && now_ms % 60000 > 15000 &&
		    now_ms - compared_ms > 500) {
			compared_ms = now_ms;
			/* ranks may lag by a minute, and by more if sweeps follow each other */
			if (checker->slow_views_match() || now_ms - counted_ms > rest_ms + 180000)
				return;
		}
		if (now_ms > give_up_ms && (!counted_ms || now_ms > give_up_ms + 600000))
			throw Violation("the run does not come to rest");
	}
}

void World::drain(bool rebuild)
{
	while (!processes.empty())
		end(*processes.front(), true);
	while (server->has_zombies())
		quiet_round();
	while (now_ms % 60000 > 20000)
		now_ms += 1000;
	counts_other = topics.disturbed;
	start(true, rebuild);
	processes.front()->stopping = true;
	int64_t give_up_ms = now_ms + 600000;
	while (instance_state(processes.front()->instance) == INSTANCE_RUNS) {
		quiet_round();
		if (now_ms > give_up_ms)
			throw Violation("the last instance does not drain");
	}
}

Outcome World::run()
{
	try {
		run_faulty();
		faulty = false;
		bool rebuild = faults.has(FAULT_REBUILD) && rng.chance(0.5);
		bool without_one = faults.has(FAULT_NO_LEADER) &&
				   !faults.has(FAULT_REBUILD); /* a rebuild needs the ends of all */
		faults.stop();
		group->heal();
		if (without_one)
			count_without_one();
		if (rng.chance(0.5))
			come_to_rest();
		else
			drain(rebuild);
		checker->check_at_rest();
	} catch (std::exception &e) {
		out.violation = e.what();
	}
	out.records = topics.produced;
	out.stored_checks = checker->stored_checks;
	out.key_checks = checker->key_checks;
	out.unknown_rounds = checker->keys_of_unknown_rounds;
	out.transitions = checker->transitions;
	out.faults = faults.injected;
	out.drawn = topics.drawn;
	out.happened = checker->happened;
	return out;
}

} // namespace sim
