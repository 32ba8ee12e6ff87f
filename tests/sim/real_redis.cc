#include "real_redis.h"

#include <hiredis/hiredis.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace sim
{

RealRedis::RealRedis()
{
	char name[] = "/tmp/npsd-model-XXXXXX";
	auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);

	if (!mkdtemp(name))
		throw std::runtime_error("cannot create a directory for redis-server");
	dir = name;
	sock = dir + "/s";
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* the server ends with the test */
		execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", sock.c_str(), "--save",
		    "", "--dir", dir.c_str(), "--logfile", "/dev/null", (char *)nullptr);
		_exit(127);
	}
	while (!connection && std::chrono::steady_clock::now() < until) {
		connection = redisConnectUnix(sock.c_str());
		if (connection && !connection->err)
			return;
		redisFree(connection);
		connection = nullptr;
		std::this_thread::sleep_for(std::chrono::milliseconds(2));
	}
	throw std::runtime_error("redis-server does not start within 20 s: is it installed?");
}

RealRedis::~RealRedis()
{
	if (connection)
		redisFree(connection);
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, nullptr, 0);
	}
	unlink(sock.c_str());
	rmdir(dir.c_str());
}

std::string show_text(const std::string &s)
{
	return "\"" + s + "\"";
}

std::string show_number(long long n)
{
	return std::to_string(n);
}

std::string show_list(std::vector<std::string> items)
{
	std::string out = "[";

	std::sort(items.begin(), items.end());
	for (auto &i : items)
		out += i + " ";
	return out + "]";
}

static std::string show(const redisReply *r)
{
	std::vector<std::string> items;

	switch (r->type) {
	case REDIS_REPLY_NIL:
		return "nil";
	case REDIS_REPLY_INTEGER:
		return show_number(r->integer);
	case REDIS_REPLY_ERROR:
		return "!";
	case REDIS_REPLY_ARRAY:
		for (size_t i = 0; i < r->elements; i++)
			items.push_back(show(r->element[i]));
		return show_list(items);
	default:
		return show_text(std::string(r->str, (size_t)r->len));
	}
}

std::string RealRedis::command(const std::vector<std::string> &words)
{
	std::vector<const char *> argv;
	std::vector<size_t> lens;
	std::string out;

	for (auto &w : words) {
		argv.push_back(w.data());
		lens.push_back(w.size());
	}
	auto *r = (redisReply *)redisCommandArgv(
	    connection, (int)argv.size(), (const char **)argv.data(), lens.data());
	if (!r)
		throw std::runtime_error("redis-server closed the connection");
	out = show(r);
	freeReplyObject(r);
	return out;
}

} // namespace sim
