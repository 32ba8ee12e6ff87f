/* A private redis-server on a unix socket, which goes with this object. */
#ifndef NPSD_SIM_REAL_REDIS_H
#define NPSD_SIM_REAL_REDIS_H

#include <sys/types.h>

#include <string>
#include <vector>

struct redisContext;

namespace sim
{

class RealRedis
{
      public:
	RealRedis(); /* throws where there is no server to be had */
	~RealRedis();
	RealRedis(const RealRedis &) = delete;
	RealRedis &operator=(const RealRedis &) = delete;
	/* The reply as text, see show(); an error as `!`. */
	std::string command(const std::vector<std::string> &words);

      private:
	std::string dir, sock;
	pid_t pid = -1;
	struct redisContext *connection = nullptr;
};

/* How replies are compared: a list's items in order of their text, since hashes and sets have none. */
std::string show_text(const std::string &s);
std::string show_number(long long n);
std::string show_list(std::vector<std::string> items);

} // namespace sim

#endif
