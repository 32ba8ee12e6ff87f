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

/* Which slot a key lies in, as far as it matters here: what stands between the braces, or the key. */
static std::string tag_of(const std::string &key)
{
	size_t open = key.find('{'), close = open == std::string::npos ? open : key.find('}', open + 1);

	return close == std::string::npos || close == open + 1 ? key : key.substr(open + 1, close - open - 1);
}

} // namespace sim

struct model {
	sim::Keys keys;
	std::unique_ptr<sim::LuaHost> lua;
	std::string error;
	std::map<enum npsd_script, std::string> edited; /* scripts that are not as they are */

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
	    [m](const std::vector<std::string> &a) { return sim::run_command(m->keys, a); });
	return m;
}

void model_free(struct model **m)
{
	delete *m;
	*m = nullptr;
}

void model_copy(struct model *to, const struct model *from)
{
	to->keys.all = from->keys.all;
}

void model_restore_slot(struct model *m, const struct model *from, const char *prefix)
{
	std::string slot = std::string(prefix) + ":alerts";
	auto in_slot = [&](const std::string &key) { return sim::tag_of(key) == slot; };

	for (auto it = m->keys.all.begin(); it != m->keys.all.end();)
		it = in_slot(it->first) ? m->keys.all.erase(it) : std::next(it);
	for (auto &e : from->keys.all)
		if (in_slot(e.first))
			m->keys.all.insert(e);
}

void model_del(struct model *m, const char *key)
{
	m->keys.all.erase(key);
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
