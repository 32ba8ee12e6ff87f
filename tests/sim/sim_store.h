/*
 * Connections to the model of Redis, behind the interface of npsd/store.h. A call waits until the scheduler
 * executes it; its reply waits until the component polls. Faults lose, delay and repeat calls.
 * Single-threaded.
 */
#ifndef NPSD_SIM_STORE_H
#define NPSD_SIM_STORE_H

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "npsd/store.h"
#include "redis_model.h"
#include "faults.h"

namespace sim
{

/* A call that owns its bytes. */
struct Call {
	uint64_t tag;
	enum npsd_script script;
	uint32_t connection; /* it is executed on no other than this; 0: on any */
	std::vector<std::string> keys, args;

	explicit Call(const struct npsd_call *c);
};

class Server;

class Connection
{
      public:
	explicit Connection(Server &server);
	~Connection();
	Connection(const Connection &) = delete;
	Connection &operator=(const Connection &) = delete;
	struct npsd_store handle();

      private:
	friend class Server;
	struct Reply {
		uint64_t tag;
		enum npsd_outcome outcome;
		const struct npsd_reply *reply;
		std::string text;
	};
	bool submit(const struct npsd_call *c);
	bool poll(struct npsd_done *out);
	void forget(Reply &r);

	Server &server;
	bool connected = false;
	uint32_t number = 0;
	std::deque<Call> sent;
	std::deque<Reply> replies;
	Reply last = {};
};

class Server
{
      public:
	/* A call was executed; reply NULL: the script failed. */
	using OnExecuted = std::function<void(const Call &, const struct npsd_reply *)>;

	Server(struct model *model, Rng &rng, Faults &faults, OnExecuted on_executed);
	Connection *connect();
	/* The process has ended; calls that it sent may still be executed. */
	void close(Connection *c);

	/* Executes one call of some connection, or one whose connection broke. False: none waits. */
	bool execute_some();
	/* Whether calls wait whose connection broke. */
	bool has_zombies() const
	{
		return !zombies.empty();
	}
	void cut_some();
	void cut_all(bool zombies_stay);
	const Connection *executing =
	    nullptr; /* whose call is executed; NULL: that of a connection that is gone */
	/* Executes calls of a connection that is gone. */
	void execute_late(const std::deque<Call> &calls);
	std::function<void(const Call &)> before_call; /* a call is about to be executed */

      private:
	friend class Connection;
	const struct npsd_reply *execute(const Call &c, const char **error);
	void execute_of(Connection &c);
	void cut(Connection &c);
	void abandon(Connection &c);

	struct model *model;
	Rng &rng;
	Faults &faults;
	OnExecuted on_executed;
	std::vector<std::unique_ptr<Connection>> connections;
	std::vector<std::deque<Call>> zombies;
};

} // namespace sim

#endif
