/* Runs Redis scripts on embedded Lua 5.1, with `redis`, `cmsgpack`, KEYS and ARGV as a server has them.
 * Single-threaded. */
#ifndef NPSD_SIM_LUA_HOST_H
#define NPSD_SIM_LUA_HOST_H

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "value.h"

struct lua_State;

namespace sim
{

class LuaHost
{
      public:
	using Call = std::function<Value(std::vector<std::string>)>;

	explicit LuaHost(Call call);
	~LuaHost();
	LuaHost(const LuaHost &) = delete;
	LuaHost &operator=(const LuaHost &) = delete;
	/* text must live as long as the host. Throws std::runtime_error if the script fails or returns an
	 * error. */
	Value run(
	    const char *text, const std::vector<std::string> &keys, const std::vector<std::string> &args);

	Call call; /* a command */

      private:
	lua_State *L;
	std::map<const char *, int> compiled; /* text of the script -> its reference in the registry */
};

} // namespace sim

#endif
