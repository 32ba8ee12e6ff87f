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

/* What send(2) or recv(2) returned, but 0 where the socket is not ready. */
static ssize_t result_of(ssize_t n, struct npsd_err *err)
{
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	if (n < 0)
		npsd_fail(err, NPSD_RETRY, errno, "connection lost: %s", strerror(errno));
	return n;
}

ssize_t npsd_wire_send(struct npsd_wire *w, const void *p, size_t n, struct npsd_err *err)
{
	return w->tls ? npsd_tls_send(w->tls, p, n, err) : result_of(send(w->fd, p, n, MSG_NOSIGNAL), err);
}

ssize_t npsd_wire_receive(struct npsd_wire *w, void *p, size_t n, struct npsd_err *err)
{
	ssize_t done;

	if (w->tls)
		return npsd_tls_receive(w->tls, p, n, err);
	done = recv(w->fd, p, n, 0);
	if (done != 0)
		return result_of(done, err);
	npsd_fail(err, NPSD_RETRY, 0, "connection lost: closed by the server");
	return -1;
}
