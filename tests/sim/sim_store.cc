#include "sim_store.h"

#include <algorithm>

namespace sim
{

static constexpr size_t MOST_SENT = 64;

Call::Call(const struct npsd_call *c) : tag(c->tag), script(c->script)
{
	for (size_t i = 0; i < c->nkeys; i++)
		keys.emplace_back((const char *)c->keys[i].p, c->keys[i].n);
	for (size_t i = 0; i < c->nargs; i++)
		args.emplace_back((const char *)c->args[i].p, c->args[i].n);
}

/* --- a connection --- */

Connection::Connection(Server &s, std::string n) : name(std::move(n)), server(s)
{
}

Connection::~Connection()
{
	forget(last);
	for (auto &a : answers)
		forget(a);
}

void Connection::forget(Answer &a)
{
	model_reply_free(a.reply);
	a.reply = nullptr;
}

bool Connection::submit(const struct npsd_call *c)
{
	if (sent.size() >= MOST_SENT || server.rng.chance(0.02))
		return false;
	sent.emplace_back(c);
	return true;
}

bool Connection::poll(struct npsd_done *out)
{
	if (!connected && server.rng.chance(0.5)) {
		connected = true;
		number++;
	}
	forget(last);
	if (answers.empty() || server.rng.chance(0.1))
		return false;
	last = answers.front();
	answers.pop_front();
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

Server::Server(struct model *m, Rng &r, Seen s) : model(m), rng(r), seen(std::move(s))
{
}

Connection *Server::connect(const std::string &name)
{
	connections.push_back(std::make_unique<Connection>(*this, name));
	return connections.back().get();
}

const struct npsd_reply *Server::execute(const Call &c, const char **error)
{
	std::vector<struct npsd_arg> keys, args;
	struct npsd_call call = {c.tag, c.script, nullptr, c.keys.size(), nullptr, c.args.size()};

	for (auto &k : c.keys)
		keys.push_back({k.data(), k.size()});
	for (auto &a : c.args)
		args.push_back({a.data(), a.size()});
	call.keys = keys.data();
	call.args = args.data();
	if (before)
		before(c);
	const struct npsd_reply *r = model_run(model, &call, error);
	seen(c, r);
	if (!r && broken.empty())
		broken = *error;
	return r;
}

void Server::execute_of(Connection &c, const Faults &faults)
{
	Call call = c.sent.front();
	const char *error = "";

	c.sent.pop_front();
	if (rng.chance(faults.cant_now)) {
		c.answers.push_back({call.tag, NPSD_CANT_NOW, nullptr, "LOADING the model is"});
		return;
	}
	const struct npsd_reply *r = execute(call, &error);
	c.answers.push_back({call.tag, r ? NPSD_DONE : NPSD_BROKEN, r, r ? "" : error});
	if (rng.chance(faults.twice))
		model_reply_free(execute(call, &error));
}

bool Server::execute_some(const Faults &faults)
{
	std::vector<Connection *> waiting;

	for (auto &c : connections)
		if (c->connected && !c->sent.empty())
			waiting.push_back(c.get());
	size_t i = (size_t)rng.below((int64_t)(waiting.size() + zombies.size() + 1));
	if (i < waiting.size()) {
		execute_of(*waiting[i], faults);
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

/* Of what was sent a part is executed, the rest is dropped or executed later, in order; nobody hears of it.
 */
void Server::bury(Connection &c)
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
	/* of the answers on their way some arrive */
	size_t arrive = (size_t)rng.below((int64_t)c.answers.size() + 1);
	for (size_t i = arrive; i < c.answers.size(); i++) {
		lost.push_back(c.answers[i].tag);
		c.forget(c.answers[i]);
	}
	c.answers.resize(arrive);
	for (auto &call : c.sent)
		lost.push_back(call.tag);
	bury(c);
	for (uint64_t tag : lost)
		c.answers.push_back({tag, NPSD_LOST, nullptr, "the connection was cut"});
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
			/* the server that they were sent to is gone: nothing of it is executed */
			for (auto &a : c->answers) {
				c->forget(a);
				a.outcome = NPSD_LOST;
			}
			for (auto &call : c->sent)
				c->answers.push_back(
				    {call.tag, NPSD_LOST, nullptr, "the connection was cut"});
			c->sent.clear();
			c->connected = false;
		} else {
			cut(*c);
		}
	}
	if (!zombies_stay)
		zombies.clear();
}

void Server::close(Connection *c)
{
	bury(*c);
	connections.erase(
	    std::find_if(connections.begin(), connections.end(), [&](auto &p) { return p.get() == c; }));
}

} // namespace sim
