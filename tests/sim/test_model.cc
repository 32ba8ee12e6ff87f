/*
 * test_model: compares the model of Redis with a real redis-server. Both execute every script call of some
 * simulated runs, and random single commands; replies and resulting keys must be equal. On the real server
 * the scripts read the simulated clock from a key, in place of TIME.
 */
#include <cstdio>
#include <cstring>

#include "real_redis.h"
#include "redis_commands.h"
#include "world.h"

extern "C" {
#include "base/log.h"
#include "redis/scripts.h"
}

namespace sim
{

static std::string show(const struct npsd_reply *r)
{
	std::vector<std::string> items;

	if (!r)
		return "!";
	switch (r->type) {
	case NPSD_REPLY_NIL:
		return "nil";
	case NPSD_REPLY_INT:
		return show_number(r->integer);
	case NPSD_REPLY_STR:
		return show_text(std::string(r->str, r->len));
	default:
		for (size_t i = 0; i < r->n; i++)
			items.push_back(show(&r->el[i]));
		return show_list(items);
	}
}

static void expect_equal(const std::string &what, const std::string &model, const std::string &real)
{
	if (model != real)
		throw Violation(what + ": the model replies " + model + ", redis-server " + real);
}

/* --- keys --- */

static std::vector<std::string> command_that_reads(const std::string &key, Item::Kind kind)
{
	switch (kind) {
	case Item::STRING:
		return {"GET", key};
	case Item::HASH:
		return {"HGETALL", key};
	case Item::LIST:
		return {"LRANGE", key, "0", "-1"};
	case Item::SET:
		return {"SMEMBERS", key};
	case Item::ZSET:
		return {"ZRANGE", key, "0", "-1"};
	default:
		return {"XRANGE", key, "-", "+"};
	}
}

static std::string run_on_model(struct ::model *m, const std::vector<std::string> &words)
{
	std::vector<const char *> argv;
	const char *error;

	for (auto &w : words)
		argv.push_back(w.c_str());
	const struct npsd_reply *r = model_command(m, (int)argv.size(), argv.data(), &error);
	std::string out = show(r);
	model_reply_free(r);
	return out;
}

/* Time passes in the model alone: deletes from the server a key that has expired since its last call. */
class Expiries
{
      public:
	void apply(RealRedis &real, const std::string &key, int64_t now_ms)
	{
		auto it = at_ms.find(key);

		if (it == at_ms.end() || it->second == 0 || it->second > now_ms)
			return;
		real.command({"DEL", key});
		at_ms.erase(it);
	}
	void apply_all(RealRedis &real, int64_t now_ms)
	{
		std::vector<std::string> keys;

		for (auto &e : at_ms)
			keys.push_back(e.first);
		for (auto &key : keys)
			apply(real, key, now_ms);
	}
	void note(const Keys &keys, const std::string &key)
	{
		auto it = keys.all.find(key);

		at_ms[key] = it == keys.all.end() ? 0 : it->second.expires_ms;
	}

      private:
	std::map<std::string, int64_t> at_ms; /* 0: never */
};

static void compare_keys(struct ::model *m, RealRedis &real, size_t others, int64_t now_ms = 0)
{
	std::vector<std::pair<std::string, Item::Kind>> all;

	for (auto &e : model_keys(m).all)
		if (e.second.expires_ms == 0 || e.second.expires_ms > now_ms)
			all.emplace_back(e.first, e.second.kind);
	for (auto &k : all) {
		std::vector<std::string> words = command_that_reads(k.first, k.second);

		expect_equal(words[0] + " " + k.first, run_on_model(m, words), real.command(words));
	}
	expect_equal("DBSIZE", show_number((long long)(all.size() + others)), real.command({"DBSIZE"}));
}

/* --- scripts --- */

static const std::string TIME_KEY = "test:time";

static std::string script_text(enum npsd_script s)
{
	static const char *const texts[] = {
#define X(name, nkeys, does) npsd_lua_##name,
#include "tbl/scripts.def"
#undef X
	};
	static const std::string from = "redis.call('TIME')",
				 to = "redis.call('LRANGE', '" + TIME_KEY + "', '0', '1')";
	std::string text = texts[s];

	for (size_t at; (at = text.find(from)) != std::string::npos;)
		text.replace(at, from.size(), to);
	for (const ScriptEdit &e : claim_records())
		if (e.script == s)
			text.replace(text.find(e.from), e.from.size(), e.to);
	return text;
}

/* Replies that are a page of a scan: a server chooses its length. */
static bool is_page(enum npsd_script s)
{
	return s == NPSD_S_registry || s == NPSD_S_members;
}

static void run_seed(uint64_t seed)
{
	RealRedis real;
	World world(seed, 5000, 0, false);
	Expiries expiries;
	long calls = 0;

	world.faults.never(FAULT_ROLL_BACK);
	world.faults.never(FAULT_NO_MEMORY);
	world.faults.never(FAULT_LATE_SNAPSHOT);
	world.faults.never(FAULT_LOSE_ADMISSION);
	world.mirror = [&](const Call &call, const struct npsd_reply *reply) {
		int64_t now = world.now();
		std::vector<std::string> words = {
		    "EVAL", script_text(call.script), std::to_string(call.keys.size())};

		real.command({"DEL", TIME_KEY});
		real.command(
		    {"RPUSH", TIME_KEY, std::to_string(now / 1000), std::to_string(now % 1000 * 1000)});
		words.insert(words.end(), call.keys.begin(), call.keys.end());
		words.insert(words.end(), call.args.begin(), call.args.end());
		for (auto &key : call.keys)
			expiries.apply(real, key, now);
		std::string got = real.command(words);
		for (auto &key : call.keys)
			expiries.note(model_keys(world.redis()), key);
		if (!is_page(call.script))
			expect_equal("script " + std::to_string((int)call.script), show(reply), got);
		if (++calls % 200 == 0) {
			expiries.apply_all(real, now);
			compare_keys(world.redis(), real, 1, now);
		}
	};
	Outcome out = world.run();
	if (!out.violation.empty())
		throw Violation("seed " + std::to_string(seed) + ": " + out.violation);
	expiries.apply_all(real, world.now());
	compare_keys(world.redis(), real, 1, world.now());
	printf("seed %lu: %ld equal calls\n", (unsigned long)seed, calls);
}

/* --- single commands --- */

static std::vector<std::string> draw_command(Rng &rng)
{
	auto key = [&] { return std::string("k") + std::to_string(rng.below(6)); };
	auto word = [&] { return std::string(1, (char)('a' + rng.below(4))); };
	auto num = [&] { return std::to_string(rng.between(-3, 4)); };
	auto id = [&] { return std::to_string(rng.between(1, 40)) + "-0"; };
	const std::vector<std::vector<std::string>> all = {{"HGET", key(), word()},
	    {"HSET", key(), word(), num()}, {"HSET", key(), word(), num(), word(), num()},
	    {"HMGET", key(), word(), word()}, {"HGETALL", key()}, {"HDEL", key(), word(), word()},
	    {"HINCRBY", key(), word(), num()}, {"HSETNX", key(), word(), num()}, {"HLEN", key()},
	    {"HKEYS", key()}, {"HEXISTS", key(), word()}, {"EXISTS", key(), key()}, {"DEL", key()},
	    {"UNLINK", key(), key()}, {"TYPE", key()}, {"GET", key()}, {"SET", key(), word()},
	    {"MGET", key(), key()}, {"RPUSH", key(), word(), word()}, {"LRANGE", key(), num(), num()},
	    {"LLEN", key()}, {"LINDEX", key(), num()}, {"LTRIM", key(), num(), num()},
	    {"LSET", key(), "0", word()}, {"XADD", key(), id(), word(), num()}, {"XRANGE", key(), id(), "+"},
	    {"XRANGE", key(), "-", id(), "COUNT", "2"}, {"XREVRANGE", key(), "+", "-"},
	    {"XREVRANGE", key(), "+", "-", "COUNT", "1"}, {"XLEN", key()}, {"XTRIM", key(), "MINID", id()},
	    {"XTRIM", key(), "MAXLEN", "3"}, {"SADD", key(), word(), word()}, {"SREM", key(), word()},
	    {"SMEMBERS", key()}, {"SISMEMBER", key(), word()}, {"SMISMEMBER", key(), word(), word()},
	    {"ZMSCORE", key(), word(), word()},
	    {"ZADD", key(), "0." + std::to_string(rng.below(9)) + "123", word()}, {"SCARD", key()},
	    {"SSCAN", key(), "0", "COUNT", "100"}, {"ZADD", key(), num(), word()},
	    {"ZREM", key(), word(), word()}, {"ZRANGE", key(), num(), num()}, {"PUBLISH", key(), word()}};

	return all[(size_t)rng.below((int64_t)all.size())];
}

static void run_commands(uint64_t seed)
{
	RealRedis real;
	Rng rng(seed);
	int64_t now = 1795000000000;
	std::unique_ptr<struct ::model, void (*)(struct ::model *)> m(
	    model_new(&now), [](struct ::model *p) { model_free(&p); });

	for (int i = 0; i < 20000; i++) {
		std::vector<std::string> words = draw_command(rng);
		std::string shown;

		for (auto &w : words)
			shown += w + " ";
		expect_equal(shown, run_on_model(m.get(), words), real.command(words));
		if (i % 500 == 0)
			compare_keys(m.get(), real, 0);
	}
}

} // namespace sim

int main()
{
	npsd_log_level(NPSD_LOG_ERROR);
	try {
		for (uint64_t seed = 1; seed <= 4; seed++)
			sim::run_seed(seed);
		for (uint64_t seed = 1; seed <= 2; seed++)
			sim::run_commands(seed);
	} catch (std::exception &e) {
		printf("%s\n", e.what());
		return 1;
	}
	printf("the model and redis-server are equal\n");
	return 0;
}
