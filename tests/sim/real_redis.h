/* A redis-server on a unix socket, as long as this object lives. */
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
	RealRedis(); /* throws if the server does not start */
	~RealRedis();
	RealRedis(const RealRedis &) = delete;
	RealRedis &operator=(const RealRedis &) = delete;
	/* The reply as text, in the form below; an error is `!`. */
	std::string command(const std::vector<std::string> &words);

      private:
	std::string dir, sock;
	pid_t pid = -1;
	struct redisContext *connection = nullptr;
};

/* The text by which replies are compared. Items of a list are sorted, since hashes and sets have no order. */
std::string show_text(const std::string &s);
std::string show_number(long long n);
std::string show_list(std::vector<std::string> items);

} // namespace sim

#endif
