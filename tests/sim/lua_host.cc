#include "lua_host.h"

#include <lua.hpp>
#include <msgpack.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <stdexcept>

namespace sim
{

/* --- msgpack, as cmsgpack of Redis packs it: whole numbers as integers, tables 1..n as arrays --- */

static void unpack_object(lua_State *L, const msgpack_object &o)
{
	luaL_checkstack(L, 8, "msgpack too deep");
	switch (o.type) {
	case MSGPACK_OBJECT_NIL:
		lua_pushnil(L);
		break;
	case MSGPACK_OBJECT_BOOLEAN:
		lua_pushboolean(L, o.via.boolean);
		break;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		lua_pushnumber(L, (double)o.via.u64);
		break;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		lua_pushnumber(L, (double)o.via.i64);
		break;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		lua_pushnumber(L, o.via.f64);
		break;
	case MSGPACK_OBJECT_STR:
		lua_pushlstring(L, o.via.str.ptr, o.via.str.size);
		break;
	case MSGPACK_OBJECT_BIN:
		lua_pushlstring(L, o.via.bin.ptr, o.via.bin.size);
		break;
	case MSGPACK_OBJECT_ARRAY:
		lua_newtable(L);
		for (uint32_t i = 0; i < o.via.array.size; i++) {
			unpack_object(L, o.via.array.ptr[i]);
			lua_rawseti(L, -2, (int)i + 1);
		}
		break;
	case MSGPACK_OBJECT_MAP:
		lua_newtable(L);
		for (uint32_t i = 0; i < o.via.map.size; i++) {
			unpack_object(L, o.via.map.ptr[i].key);
			unpack_object(L, o.via.map.ptr[i].val);
			lua_rawset(L, -3);
		}
		break;
	default:
		luaL_error(L, "msgpack of a type the model does not know");
	}
}

/* All objects in the text, as cmsgpack.unpack gives them. */
static int lua_unpack(lua_State *L)
{
	size_t len, off = 0;
	const char *text = luaL_checklstring(L, 1, &len);
	int n = 0;

	while (off < len) {
		msgpack_unpacked u;

		msgpack_unpacked_init(&u);
		msgpack_unpack_return got = msgpack_unpack_next(&u, text, len, &off);
		if (got == MSGPACK_UNPACK_SUCCESS || got == MSGPACK_UNPACK_EXTRA_BYTES)
			unpack_object(L, u.data);
		msgpack_unpacked_destroy(&u);
		if (got != MSGPACK_UNPACK_SUCCESS && got != MSGPACK_UNPACK_EXTRA_BYTES)
			return luaL_error(L, "Missing bytes in input.");
		n++;
	}
	return n;
}

static void pack_value(lua_State *L, msgpack_packer *pk, int index)
{
	switch (lua_type(L, index)) {
	case LUA_TSTRING: {
		size_t n;
		const char *s = lua_tolstring(L, index, &n);

		msgpack_pack_str(pk, n);
		msgpack_pack_str_body(pk, s, n);
		break;
	}
	case LUA_TNUMBER: {
		double d = lua_tonumber(L, index);

		if (d == std::floor(d) && std::fabs(d) < 9e15)
			msgpack_pack_int64(pk, (int64_t)d);
		else
			msgpack_pack_double(pk, d);
		break;
	}
	case LUA_TBOOLEAN:
		lua_toboolean(L, index) ? msgpack_pack_true(pk) : msgpack_pack_false(pk);
		break;
	case LUA_TTABLE: {
		size_t n = lua_objlen(L, index);

		msgpack_pack_array(pk, n);
		for (size_t i = 1; i <= n; i++) {
			lua_rawgeti(L, index, (int)i);
			pack_value(L, pk, lua_gettop(L));
			lua_pop(L, 1);
		}
		break;
	}
	default:
		msgpack_pack_nil(pk);
	}
}

static int lua_pack(lua_State *L)
{
	msgpack_sbuffer buf;
	msgpack_packer pk;
	int n = lua_gettop(L);

	msgpack_sbuffer_init(&buf);
	msgpack_packer_init(&pk, &buf, msgpack_sbuffer_write);
	for (int i = 1; i <= n; i++)
		pack_value(L, &pk, i);
	lua_pushlstring(L, buf.data, buf.size);
	msgpack_sbuffer_destroy(&buf);
	return 1;
}

/* --- redis.* --- */

static void push(lua_State *L, const Value &v)
{
	luaL_checkstack(L, 8, "reply too deep");
	switch (v.kind) {
	case Value::NIL:
		lua_pushboolean(L, 0);
		break;
	case Value::INT:
		lua_pushnumber(L, (double)v.number);
		break;
	case Value::STRING:
		lua_pushlstring(L, v.text.data(), v.text.size());
		break;
	case Value::STATUS:
		lua_newtable(L);
		lua_pushlstring(L, v.text.data(), v.text.size());
		lua_setfield(L, -2, "ok");
		break;
	case Value::ARRAY:
		lua_newtable(L);
		for (size_t i = 0; i < v.items.size(); i++) {
			push(L, v.items[i]);
			lua_rawseti(L, -2, (int)i + 1);
		}
		break;
	}
}

/* Runs the command and pushes its reply; false: pushed the text of the error. C++ objects are destroyed on
 * return, since lua_error() would skip that. */
static bool do_call(lua_State *L)
{
	auto *host = (LuaHost *)lua_touserdata(L, lua_upvalueindex(1));
	std::vector<std::string> args;

	try {
		for (int i = 1; i <= lua_gettop(L); i++) {
			size_t n;
			const char *s;

			if (lua_type(L, i) == LUA_TNUMBER) { /* as a server does: %.17g */
				char text[40];

				snprintf(text, sizeof text, "%.17g", lua_tonumber(L, i));
				args.emplace_back(text);
				continue;
			}
			if (!(s = lua_tolstring(L, i, &n)))
				throw std::runtime_error(
				    "ERR Lua redis lib command arguments must be strings or integers");
			args.emplace_back(s, n);
		}
		push(L, host->call(std::move(args)));
		return true;
	} catch (std::exception &e) {
		lua_pushstring(L, e.what());
		return false;
	}
}

static int lua_call_redis(lua_State *L)
{
	if (!do_call(L))
		return lua_error(L);
	return 1;
}

static int lua_error_reply(lua_State *L)
{
	lua_newtable(L);
	lua_pushvalue(L, 1);
	lua_setfield(L, -2, "err");
	return 1;
}

static int lua_pcall_redis(lua_State *L)
{
	if (!do_call(L)) {
		lua_replace(L, 1);
		return lua_error_reply(L);
	}
	return 1;
}

static int lua_status_reply(lua_State *L)
{
	lua_newtable(L);
	lua_pushvalue(L, 1);
	lua_setfield(L, -2, "ok");
	return 1;
}

static int lua_sha1hex(lua_State *L)
{
	size_t n;
	const char *s = luaL_checklstring(L, 1, &n);
	Sha1Hex hex = sha1hex(s, n);

	lua_pushlstring(L, hex.data(), hex.size());
	return 1;
}

/* The value that a script returned, as a server converts it to a reply. */
static Value to_reply(lua_State *L, int index)
{
	switch (lua_type(L, index)) {
	case LUA_TNUMBER:
		return Value::integer((int64_t)lua_tonumber(L, index));
	case LUA_TSTRING: {
		size_t n;
		const char *s = lua_tolstring(L, index, &n);

		return Value::string(std::string(s, n));
	}
	case LUA_TBOOLEAN:
		return lua_toboolean(L, index) ? Value::integer(1) : Value::nil();
	case LUA_TTABLE: {
		Value out = Value::array();

		lua_getfield(L, index, "err");
		if (lua_isstring(L, -1))
			throw std::runtime_error(lua_tostring(L, -1));
		lua_pop(L, 1);
		for (int i = 1;; i++) {
			lua_rawgeti(L, index, i);
			if (lua_isnil(L, -1)) {
				lua_pop(L, 1);
				return out;
			}
			out.items.push_back(to_reply(L, lua_gettop(L)));
			lua_pop(L, 1);
		}
	}
	default:
		return Value::nil();
	}
}

LuaHost::LuaHost(Call c) : call(std::move(c)), L(luaL_newstate())
{
	static const struct {
		const char *name;
		lua_CFunction f;
	} redis[] = {{"call", lua_call_redis}, {"pcall", lua_pcall_redis}, {"error_reply", lua_error_reply},
	    {"status_reply", lua_status_reply}, {"sha1hex", lua_sha1hex}};

	for (auto lib : {luaopen_base, luaopen_string, luaopen_table, luaopen_math}) {
		lua_pushcfunction(L, lib);
		lua_call(L, 0, 0);
	}
	lua_newtable(L);
	for (auto &r : redis) {
		lua_pushlightuserdata(L, this);
		lua_pushcclosure(L, r.f, 1);
		lua_setfield(L, -2, r.name);
	}
	lua_setglobal(L, "redis");
	lua_newtable(L);
	lua_pushcfunction(L, lua_pack);
	lua_setfield(L, -2, "pack");
	lua_pushcfunction(L, lua_unpack);
	lua_setfield(L, -2, "unpack");
	lua_setglobal(L, "cmsgpack");
}

LuaHost::~LuaHost()
{
	lua_close(L);
}

static void set_list(lua_State *L, const char *name, const std::vector<std::string> &v)
{
	lua_createtable(L, (int)v.size(), 0);
	for (size_t i = 0; i < v.size(); i++) {
		lua_pushlstring(L, v[i].data(), v[i].size());
		lua_rawseti(L, -2, (int)i + 1);
	}
	lua_setglobal(L, name);
}

Value LuaHost::run(
    const char *text, const std::vector<std::string> &keys, const std::vector<std::string> &args)
{
	if (!compiled.count(text)) {
		if (luaL_loadbuffer(L, text, strlen(text), "script"))
			throw std::runtime_error(lua_tostring(L, -1));
		compiled[text] = luaL_ref(L, LUA_REGISTRYINDEX);
	}
	set_list(L, "KEYS", keys);
	set_list(L, "ARGV", args);
	lua_rawgeti(L, LUA_REGISTRYINDEX, compiled[text]);
	if (lua_pcall(L, 0, 1, 0)) {
		std::string why = lua_tostring(L, -1) ? lua_tostring(L, -1) : "error";

		lua_settop(L, 0);
		throw std::runtime_error(why);
	}
	Value out;
	try {
		out = to_reply(L, lua_gettop(L));
	} catch (...) {
		lua_settop(L, 0);
		throw;
	}
	lua_settop(L, 0);
	return out;
}

} // namespace sim
