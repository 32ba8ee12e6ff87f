#include "redis_model.h"

#include <memory>
#include <string>
#include <vector>

#include "lua_host.h"
#include "redis_commands.h"

extern "C" {
#include "redis/scripts.h"
}

namespace sim
{

static const char *script_text(enum npsd_script s)
{
	static const char *const text[] = {
#define X(name, nkeys, does) npsd_lua_##name,
#include "tbl/scripts.def"
#undef X
	};
	return text[s];
}

} // namespace sim

struct model {
	sim::Keys keys;
	std::unique_ptr<sim::LuaHost> lua;
	std::string error;
	std::map<enum npsd_script, std::string> edited; /* texts of scripts that were edited */

	const char *text(enum npsd_script s) const
	{
		auto it = edited.find(s);

		return it == edited.end() ? sim::script_text(s) : it->second.c_str();
	}
};

const sim::Keys &sim::model_keys(const struct ::model *m)
{
	return m->keys;
}

sim::Copy sim::model_copy(const struct ::model *m)
{
	return m->keys.all;
}

void sim::model_restore(struct ::model *m, const Copy &copy)
{
	m->keys.all = copy;
}

void sim::model_no_memory(struct ::model *m, bool now)
{
	m->keys.no_memory = now;
}

void sim::model_listen(struct ::model *m, std::vector<std::pair<std::string, std::string>> *published)
{
	m->keys.published = published;
}

extern "C" {

struct model *model_new(const int64_t *now_ms)
{
	auto *m = new model;

	m->keys.now_ms = now_ms;
	m->lua = std::make_unique<sim::LuaHost>(
	    [m](std::vector<std::string> a) { return sim::run_command(m->keys, std::move(a)); });
	return m;
}

void model_free(struct model **m)
{
	delete *m;
	*m = nullptr;
}

bool model_edit_script(struct model *m, enum npsd_script script, const char *from, const char *to)
{
	std::string text = m->text(script);
	size_t at = text.find(from);

	if (at == std::string::npos)
		return false;
	m->edited[script] = text.replace(at, std::string(from).size(), to);
	return true;
}

const struct npsd_reply *model_run(struct model *m, const struct npsd_call *call, const char **error)
{
	std::vector<std::string> keys, args;

	for (size_t i = 0; i < call->nkeys; i++)
		keys.emplace_back((const char *)call->keys[i].p, call->keys[i].n);
	for (size_t i = 0; i < call->nargs; i++)
		args.emplace_back((const char *)call->args[i].p, call->args[i].n);
	m->keys.wrote = false;
	try {
		return m->lua->run(m->text(call->script), keys, args).reply();
	} catch (std::exception &e) {
		m->error = e.what();
		*error = m->error.c_str();
		return nullptr;
	}
}

const struct npsd_reply *model_command(struct model *m, int argc, const char *const *argv, const char **error)
{
	try {
		return sim::run_command(m->keys, std::vector<std::string>(argv, argv + argc)).reply();
	} catch (std::exception &e) {
		m->error = e.what();
		*error = m->error.c_str();
		return nullptr;
	}
}

void model_reply_free(const struct npsd_reply *r)
{
	sim::Value::reply_free(r);
}
}
