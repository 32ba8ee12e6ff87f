/*
 * Connections to the model of Redis: calls wait until the scheduler executes them, answers until the room
 * polls. What can go wrong on the way does. One thread.
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
#include "rng.h"
#include "setup.h"

namespace sim
{

/* A call with its bytes. */
struct Call {
	uint64_t tag;
	enum npsd_script script;
	std::vector<std::string> keys, args;

	explicit Call(const struct npsd_call *c);
};

class Server;

class Connection
{
      public:
	Connection(Server &server, std::string name);
	~Connection();
	Connection(const Connection &) = delete;
	Connection &operator=(const Connection &) = delete;
	struct npsd_store handle();

	const std::string name;

      private:
	friend class Server;
	struct Answer {
		uint64_t tag;
		enum npsd_outcome outcome;
		const struct npsd_reply *reply;
		std::string text;
	};
	bool submit(const struct npsd_call *c);
	bool poll(struct npsd_done *out);
	void forget(Answer &a);

	Server &server;
	bool connected = false;
	uint32_t number = 0;
	std::deque<Call> sent;
	std::deque<Answer> answers;
	Answer last = {};
};

class Server
{
      public:
	/* What was done; reply NULL: the script failed. */
	using Seen = std::function<void(const Call &, const struct npsd_reply *)>;

	Server(struct model *model, Rng &rng, Seen seen);
	Connection *connect(const std::string &name);
	/* Of a process that is gone: what it sent may still be executed. */
	void close(Connection *c);

	/* One call of some connection, or of one that was cut. False: nothing waits. */
	bool execute_some(const Faults &faults);
	/* Whether calls wait whose connection is gone. */
	bool haunted() const
	{
		return !zombies.empty();
	}
	void cut_some();
	void cut_all(bool zombies_stay);
	std::function<void(const Call &)> before; /* a call is about to be executed */
	std::string broken;			  /* a script failed: its error */

      private:
	friend class Connection;
	const struct npsd_reply *execute(const Call &c, const char **error);
	void execute_of(Connection &c, const Faults &faults);
	void cut(Connection &c);
	void bury(Connection &c);

	struct model *model;
	Rng &rng;
	Seen seen;
	std::vector<std::unique_ptr<Connection>> connections;
	std::vector<std::deque<Call>> zombies;
};

} // namespace sim

#endif
