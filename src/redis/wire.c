#include "redis/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool cannot_connect(struct npsd_err *err, int sys)
{
	return npsd_fail(err, NPSD_RETRY, sys, "cannot connect: %s", strerror(sys));
}

bool npsd_wire_open(struct npsd_wire *w, const struct npsd_address *to, const struct npsd_tls_options *tls,
    const char *host, struct npsd_err *err)
{
	int on = 1;

	*w =
	    (struct npsd_wire){.fd = socket(to->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
	if (w->fd < 0)
		return cannot_connect(err, errno);
	if (to->to.ss_family != AF_UNIX) {
		setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		setsockopt(w->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
		w->mute_tcp = !tls;
	}
	if (connect(w->fd, (const struct sockaddr *)&to->to, to->n) != 0 && errno != EINPROGRESS)
		return cannot_connect(err, errno);
	return !tls || npsd_tls_new(&w->tls, tls, w->fd, host, err);
}

void npsd_wire_close(struct npsd_wire *w)
{
	npsd_tls_free(&w->tls);
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

enum npsd_wire_state npsd_wire_connect(struct npsd_wire *w, struct npsd_err *err)
{
	int sys = 0;
	socklen_t n = sizeof sys;

	if (!w->reached) {
		if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &sys, &n) != 0)
			sys = errno;
		if (sys != 0) {
			cannot_connect(err, sys);
			return NPSD_WIRE_FAILED;
		}
		w->reached = true;
	}
	if (!w->tls || npsd_tls_shake(w->tls, err))
		return NPSD_WIRE_CONNECTED;
	return err->code ? NPSD_WIRE_FAILED : NPSD_WIRE_WAITS;
}

short npsd_wire_events(const struct npsd_wire *w)
{
	return !w->reached || !w->tls || npsd_tls_wants_write(w->tls) ? POLLOUT : POLLIN;
}

static ssize_t lost(const struct npsd_wire *w, int sys, struct npsd_err *err)
{
	npsd_fail(err, NPSD_RETRY, sys, "connection lost: %s%s", sys ? strerror(sys) : "closed by the server",
	    w->mute_tcp ? " before its first reply; where it requires TLS, redis.url begins with rediss"
			: "");
	return -1;
}

static bool try_again(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

ssize_t npsd_wire_send(struct npsd_wire *w, const void *p, size_t n, struct npsd_err *err)
{
	ssize_t done;

	if (w->tls)
		return npsd_tls_send(w->tls, p, n, err);
	done = send(w->fd, p, n, MSG_NOSIGNAL);
	if (done >= 0)
		return done;
	return try_again() ? 0 : lost(w, errno, err);
}

ssize_t npsd_wire_receive(struct npsd_wire *w, void *p, size_t n, struct npsd_err *err)
{
	ssize_t done;

	if (w->tls)
		return npsd_tls_receive(w->tls, p, n, err);
	done = recv(w->fd, p, n, 0);
	if (done < 0 && try_again())
		return 0;
	if (done <= 0)
		return lost(w, done < 0 ? errno : 0, err);
	w->mute_tcp = false;
	return done;
}
