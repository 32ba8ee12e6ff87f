#include "redis/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Starts to connect; -1 and errno where that fails at once. */
static int start(int family, const struct sockaddr *to, socklen_t n)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, sys;

	if (fd < 0)
		return -1;
	if (family != AF_UNIX) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	}
	if (connect(fd, to, n) == 0 || errno == EINPROGRESS)
		return fd;
	sys = errno;
	close(fd);
	errno = sys;
	return -1;
}

int npsd_wire_connect(int *addresses, const struct npsd_redis_url *url, int attempt, struct npsd_err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL, *a;
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = -1, code;

	*addresses = 1;
	if (url->path[0]) {
		memcpy(un.sun_path, url->path, sizeof url->path);
		fd = start(AF_UNIX, (const struct sockaddr *)&un, sizeof un);
	} else {
		code = getaddrinfo(url->host, url->port, &hints, &list);
		if (code != 0) {
			npsd_fail(err, NPSD_RETRY, 0, "%s: %s", url->host, gai_strerror(code));
			return -1;
		}
		for (a = list; a->ai_next; a = a->ai_next)
			(*addresses)++;
		a = list;
		for (attempt %= *addresses; attempt > 0; attempt--)
			a = a->ai_next;
		fd = start(a->ai_family, a->ai_addr, a->ai_addrlen);
		freeaddrinfo(list);
	}
	if (fd < 0)
		npsd_fail(err, NPSD_RETRY, errno, "cannot connect: %s", strerror(errno));
	return fd;
}

bool npsd_wire_connected(int fd, struct npsd_err *err)
{
	int sys = 0;
	socklen_t n = sizeof sys;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &n) != 0)
		sys = errno;
	return sys == 0 ? true : npsd_fail(err, NPSD_RETRY, sys, "cannot connect: %s", strerror(sys));
}

/* What send(2) or recv(2) returned, but 0 where the socket is not ready. */
static ssize_t result_of(ssize_t n, struct npsd_err *err)
{
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	if (n < 0)
		npsd_fail(err, NPSD_RETRY, errno, "connection lost: %s", strerror(errno));
	return n;
}

ssize_t npsd_wire_send(int fd, const void *p, size_t n, struct npsd_err *err)
{
	return result_of(send(fd, p, n, MSG_NOSIGNAL), err);
}

ssize_t npsd_wire_receive(int fd, void *p, size_t n, struct npsd_err *err)
{
	ssize_t done = recv(fd, p, n, 0);

	if (done != 0)
		return result_of(done, err);
	npsd_fail(err, NPSD_RETRY, 0, "connection lost: closed by the server");
	return -1;
}
