#include "sim_store.h"

#include <algorithm>

#include "redis_commands.h"

extern "C" {
#include "redis/resp.h"
}

namespace sim
{

static constexpr size_t MAX_SENT = 64;

Call::Call(const struct npsd_call *c) : tag(c->tag), script(c->script), connection(c->connection)
{
	for (size_t i = 0; i < c->nkeys; i++)
		keys.emplace_back((const char *)c->keys[i].p, c->keys[i].n);
	for (size_t i = 0; i < c->nargs; i++)
		args.emplace_back((const char *)c->args[i].p, c->args[i].n);
}

/* --- a connection --- */

Connection::Connection(Server &s) : server(s)
{
}

Connection::~Connection()
{
	forget(last);
	for (auto &r : replies)
		forget(r);
}

void Connection::forget(Reply &r)
{
	model_reply_free(r.reply);
	r.reply = nullptr;
}

bool Connection::submit(const struct npsd_call *c)
{
	if (sent.size() >= MAX_SENT || server.faults.strikes(FAULT_QUEUE_FULL))
		return false;
	sent.emplace_back(c);
	return true;
}

bool Connection::poll(struct npsd_done *out)
{
	/* as the client does: what the old connection replied is handed out before there is a new one */
	if (!connected && replies.empty() && server.rng.chance(0.5)) {
		connected = true;
		number++;
	}
	forget(last);
	if (replies.empty() || server.faults.strikes(FAULT_NO_REPLY))
		return false;
	last = replies.front();
	replies.pop_front();
	*out = {last.tag, last.outcome, last.reply, last.text.c_str()};
	return true;
}

struct npsd_store Connection::handle()
{
	struct npsd_store s = {};

	s.self = this;
	s.submit = [](void *self, const struct npsd_call *c) { return ((Connection *)self)->submit(c); };
	s.poll = [](void *self, struct npsd_done *out, int) { return ((Connection *)self)->poll(out); };
	s.wake = [](void *) {};
	s.connection = [](void *self) { return ((Connection *)self)->number; };
	return s;
}

/* --- the server --- */

Server::Server(struct model *m, Rng &r, Faults &f, OnExecuted done)
    : model(m), rng(r), faults(f), on_executed(std::move(done))
{
}

Connection *Server::connect()
{
	connections.push_back(std::make_unique<Connection>(*this));
	return connections.back().get();
}

const struct npsd_reply *Server::execute(const Call &c, const char **error)
{
	std::vector<struct npsd_arg> keys, args;
	struct npsd_call call = {
	    c.tag, c.script, nullptr, c.keys.size(), nullptr, c.args.size(), c.connection};

	for (auto &k : c.keys)
		keys.push_back({k.data(), k.size()});
	for (auto &a : c.args)
		args.push_back({a.data(), a.size()});
	call.keys = keys.data();
	call.args = args.data();
	if (before_call)
		before_call(c);
	const struct npsd_reply *r = model_run(model, &call, error);
	on_executed(c, r);
	return r;
}

void Server::execute_of(Connection &c)
{
	Call call = c.sent.front();
	const char *error = "";

	c.sent.pop_front();
	if (faults.strikes(FAULT_REFUSED)) {
		c.replies.push_back({call.tag, NPSD_CANT_NOW, nullptr, "LOADING the model is"});
		return;
	}
	if (call.connection != 0 && call.connection != c.number) {
		c.replies.push_back({call.tag, NPSD_CANT_NOW, nullptr, "the connection it was for is gone"});
		return;
	}
	executing = &c;
	model_no_memory(model, faults.strikes(FAULT_NO_MEMORY));
	const struct npsd_reply *r = execute(call, &error);
	model_no_memory(model, false);
	executing = nullptr;
	c.replies.push_back({call.tag, r ? NPSD_DONE : npsd_resp_error(error), r, r ? "" : error});
	if (faults.strikes(FAULT_TWICE))
		model_reply_free(execute(call, &error));
}

bool Server::execute_some()
{
	std::vector<Connection *> waiting;

	for (auto &c : connections)
		if (c->connected && !c->sent.empty())
			waiting.push_back(c.get());
	size_t i = (size_t)rng.below((int64_t)(waiting.size() + zombies.size() + 1));
	if (i < waiting.size()) {
		execute_of(*waiting[i]);
		return true;
	}
	i -= waiting.size();
	if (i >= zombies.size())
		return !waiting.empty() || !zombies.empty();
	Call call = zombies[i].front();
	const char *error;
	zombies[i].pop_front();
	if (zombies[i].empty())
		zombies.erase(zombies.begin() + (long)i);
	model_reply_free(execute(call, &error));
	return true;
}

void Server::execute_late(const std::deque<Call> &calls)
{
	const char *error;

	for (const Call &call : calls)
		model_reply_free(execute(call, &error));
}

/* Executes a part of the calls that were sent. The rest is dropped, or executed later in order. No reply
 * arrives. */
void Server::abandon(Connection &c)
{
	const char *error;

	for (int64_t n = rng.below((int64_t)c.sent.size() + 1); n > 0 && c.connected; n--) {
		Call call = c.sent.front();

		c.sent.pop_front();
		model_reply_free(execute(call, &error));
	}
	if (!c.sent.empty() && c.connected && rng.chance(0.5))
		zombies.push_back(c.sent);
	c.sent.clear();
	c.connected = false;
}

void Server::cut(Connection &c)
{
	std::vector<uint64_t> lost;

	if (!c.connected)
		return;
	/* some of the pending replies arrive */
	size_t arrive = (size_t)rng.below((int64_t)c.replies.size() + 1);
	for (size_t i = arrive; i < c.replies.size(); i++) {
		lost.push_back(c.replies[i].tag);
		c.forget(c.replies[i]);
	}
	c.replies.resize(arrive);
	for (auto &call : c.sent)
		lost.push_back(call.tag);
	abandon(c);
	for (uint64_t tag : lost)
		c.replies.push_back({tag, NPSD_LOST, nullptr, "the connection was cut"});
}

void Server::cut_some()
{
	if (!connections.empty())
		cut(*connections[(size_t)rng.below((int64_t)connections.size())]);
}

void Server::cut_all(bool zombies_stay)
{
	for (auto &c : connections) {
		if (c->connected && !zombies_stay) {
			/* the server that received the calls was replaced: it executes none */
			for (auto &a : c->replies) {
				c->forget(a);
				a.outcome = NPSD_LOST;
			}
			for (auto &call : c->sent)
				c->replies.push_back(
				    {call.tag, NPSD_LOST, nullptr, "the connection was cut"});
			c->sent.clear();
			c->connected = false;
		} else {
			cut(*c);
		}
	}
	if (!zombies_stay)
		zombies.clear();
	/* Calls for the connection that is gone never reach the server that took over. */
	for (auto &calls : zombies)
		calls.erase(std::remove_if(
				calls.begin(), calls.end(), [](const Call &c) { return c.connection != 0; }),
		    calls.end());
	zombies.erase(std::remove_if(zombies.begin(), zombies.end(),
			  [](const std::deque<Call> &calls) { return calls.empty(); }),
	    zombies.end());
}

void Server::close(Connection *c)
{
	abandon(*c);
	connections.erase(
	    std::find_if(connections.begin(), connections.end(), [&](auto &p) { return p.get() == c; }));
}

} // namespace sim
