#include "redis/conn.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "redis/wire.h"

#define BACKOFF_FIRST_MS 50
#define BACKOFF_MOST_MS 1000
#define LOADS_MAX 3
#define LOG_EVERY_MS 5000

static int64_t mono_ms(void)
{
	return npsd_clock_system.mono_ms(NULL);
}

static bool is_callers(const struct npsd_queue_item *item)
{
	return item->what == NPSD_QUEUE_CALL || item->what == NPSD_QUEUE_COMMAND;
}

/* Its completion is handed out without a reply; a command of the handshake has none. */
static void end_item(
    struct npsd_conn *c, struct npsd_queue_item *item, enum npsd_outcome outcome, const char *text)
{
	if (!is_callers(item)) {
		free(item);
		return;
	}
	c->calls--;
	c->bytes -= item->n;
	item->outcome = outcome;
	snprintf(item->text, sizeof item->text, "%s", text);
	npsd_queue_append(&c->ended, item);
}

static void end_queue(
    struct npsd_conn *c, struct npsd_queue *queue, enum npsd_outcome outcome, const char *text)
{
	struct npsd_queue_item *item;

	while ((item = npsd_queue_pop(queue)) != NULL)
		end_item(c, item, outcome, text);
}

static void shut(struct npsd_conn *c)
{
	if (c->reader)
		redisReaderFree(c->reader);
	c->reader = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->state = NPSD_CONN_DOWN;
	npsd_queue_free(&c->handshake.commands);
}

/* Ends the connection: what is in flight is lost, what waits goes on waiting. */
static void drop(struct npsd_conn *c, const char *why)
{
	int64_t now = mono_ms();

	snprintf(c->why, sizeof c->why, "%s", why);
	if (c->component && npsd_log_every(&c->logged_mono_ms, now, LOG_EVERY_MS))
		npsd_log(NPSD_LOG_WARN, c->component, "Redis at %s: %s; connecting again", c->where, c->why);
	end_queue(c, &c->in_flight, NPSD_LOST, c->why);
	shut(c);
	npsd_backoff_fail(&c->backoff, &npsd_clock_system, now);
	if (!c->component && c->backoff.failures >= c->addresses)
		end_queue(c, &c->waiting, NPSD_CANT_NOW, c->why);
}

static void start_connect(struct npsd_conn *c, int64_t now)
{
	struct npsd_err err = {.code = NPSD_OK};

	c->fd = npsd_wire_connect(&c->addresses, &c->url, c->backoff.failures, &err);
	if (c->fd < 0) {
		drop(c, err.text);
		return;
	}
	c->reader = redisReaderCreate();
	npsd_assert(c->reader);
	c->state = NPSD_CONN_CONNECTING;
	c->since_mono_ms = now;
}

/* The socket of a connection that was begun can be written to. */
static void start_handshake(struct npsd_conn *c)
{
	struct npsd_err err = {.code = NPSD_OK};

	if (!npsd_wire_connected(c->fd, &err)) {
		drop(c, err.text);
		return;
	}
	c->state = NPSD_CONN_HANDSHAKE;
	npsd_handshake_begin(&c->handshake, &c->url, c->component != NULL);
}

static void go_up(struct npsd_conn *c)
{
	c->state = NPSD_CONN_UP;
	npsd_backoff_reset(&c->backoff);
	c->connection++;
	if (!c->component)
		return;
	npsd_log(NPSD_LOG_INFO, c->component, "Redis at %s: connected, version %s", c->where,
	    c->handshake.version[0] ? c->handshake.version : "unknown");
	if (c->handshake.evicts)
		npsd_log(NPSD_LOG_WARN, c->component,
		    "Redis at %s: maxmemory-policy should be noeviction; keys that are evicted are lost",
		    c->where);
}

/* The transitions that wait until nothing is in flight. */
static void settle(struct npsd_conn *c)
{
	if (c->in_flight.first)
		return;
	if (c->state == NPSD_CONN_LEAVING)
		drop(c, "the server is read-only");
	else if (c->state == NPSD_CONN_HANDSHAKE && !c->handshake.commands.first)
		go_up(c);
}

static bool send_some(struct npsd_conn *c, struct npsd_queue_item *item)
{
	struct npsd_err err = {.code = NPSD_OK};
	ssize_t n;

	while (item->sent < item->n) {
		n = npsd_wire_send(c->fd, item->bytes + item->sent, item->n - item->sent, &err);
		if (n < 0)
			drop(c, err.text);
		if (n <= 0)
			return false;
		item->sent += (size_t)n;
	}
	return true;
}

/* True while bytes wait for the socket. */
static bool sending(const struct npsd_conn *c)
{
	return c->in_flight.last && c->in_flight.last->sent < c->in_flight.last->n;
}

static void send_all(struct npsd_conn *c, int64_t now)
{
	struct npsd_queue *from = c->state == NPSD_CONN_UP ? &c->waiting : &c->handshake.commands;
	struct npsd_queue_item *item;

	if (c->state < NPSD_CONN_HANDSHAKE || (sending(c) && !send_some(c, c->in_flight.last)))
		return;
	while ((item = npsd_queue_pop(from)) != NULL) {
		if (item->connection != 0 && item->connection != c->connection) {
			end_item(c, item, NPSD_CANT_NOW, "the connection it was for is gone");
			continue;
		}
		item->expires_mono_ms = now + c->timeout_ms + item->block_ms;
		npsd_queue_append(&c->in_flight, item);
		if (!send_some(c, item))
			return;
	}
}

/* An unknown script is loaded and then called again: the server runs the commands in the order in which they
 * are sent. */
static void call_failed(struct npsd_conn *c, struct npsd_queue_item *item, const char *error)
{
	bool unknown = item->what == NPSD_QUEUE_CALL && npsd_resp_is(error, "NOSCRIPT");

	if (npsd_resp_is(error, "READONLY"))
		c->state = NPSD_CONN_LEAVING;
	if (!unknown || ++item->loads > LOADS_MAX) {
		end_item(c, item, npsd_resp_error(error), error);
		return;
	}
	item->sent = 0;
	npsd_queue_prepend(&c->waiting, item);
	npsd_queue_prepend(&c->waiting, npsd_handshake_load(item->script));
}

static void handshake_reply(struct npsd_conn *c, const struct npsd_queue_item *item, const redisReply *reply)
{
	enum npsd_outcome outcome = npsd_handshake_reply(&c->handshake, item, reply);

	if (outcome == NPSD_BROKEN)
		end_queue(c, &c->waiting, NPSD_BROKEN, c->handshake.why);
	if (outcome != NPSD_DONE)
		drop(c, c->handshake.why);
}

/* True where a caller's command completed with this reply. */
static bool on_reply(struct npsd_conn *c, struct npsd_done *out, redisReply *reply)
{
	struct npsd_queue_item *item = npsd_queue_pop(&c->in_flight);
	bool done = item && is_callers(item) && reply->type != REDIS_REPLY_ERROR;

	if (done) {
		npsd_resp_take(&c->resp, reply);
		*out = (struct npsd_done){.tag = item->tag, .outcome = NPSD_DONE, .reply = c->resp.nodes};
		c->calls--;
		c->bytes -= item->n;
	} else if (!item) {
		drop(c, "a reply without a command");
	} else if (is_callers(item)) {
		call_failed(c, item, reply->str);
		item = NULL;
	} else {
		handshake_reply(c, item, reply);
	}
	if (!done)
		freeReplyObject(reply);
	free(item);
	return done;
}

/* More bytes for the reader; false where there are none now. */
static bool receive(struct npsd_conn *c)
{
	static const char too_long[] = "a reply is longer than can be read";
	char bytes[16384];
	struct npsd_err err = {.code = NPSD_OK};
	ssize_t n = npsd_wire_receive(c->fd, bytes, sizeof bytes, &err);

	if (n < 0)
		drop(c, err.text);
	if (n <= 0)
		return false;
	if (redisReaderFeed(c->reader, bytes, (size_t)n) != REDIS_OK) {
		drop(c, "out of memory for a reply");
		return false;
	}
	if (c->reader->len > NPSD_REDIS_REPLY && c->in_flight.first) {
		end_item(c, npsd_queue_pop(&c->in_flight), NPSD_BROKEN, too_long);
		drop(c, too_long);
		return false;
	}
	return true;
}

/* True where a caller's command completed; false when no whole reply is there. */
static bool read_replies(struct npsd_conn *c, struct npsd_done *out)
{
	while (c->state >= NPSD_CONN_HANDSHAKE) {
		void *reply = NULL;

		if (redisReaderGetReply(c->reader, &reply) != REDIS_OK)
			drop(c, "a malformed reply");
		else if (reply && on_reply(c, out, reply))
			return true;
		else if (!reply && !receive(c))
			return false;
		settle(c);
	}
	return false;
}

static int64_t expiry(const struct npsd_queue *queue)
{
	return queue->first ? queue->first->expires_mono_ms : INT64_MAX;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t deadline(const struct npsd_conn *c)
{
	int64_t at = expiry(&c->in_flight);

	if (c->state == NPSD_CONN_DOWN)
		at = earlier(at, c->backoff.retry_mono_ms);
	if (c->state == NPSD_CONN_CONNECTING)
		at = earlier(at, c->since_mono_ms + c->timeout_ms);
	return c->state == NPSD_CONN_UP ? at : earlier(at, expiry(&c->waiting));
}

static void expire(struct npsd_conn *c, int64_t now)
{
	char text[200];

	if (now >= expiry(&c->in_flight))
		drop(c, "no reply within redis.timeout");
	else if (c->state == NPSD_CONN_CONNECTING && now - c->since_mono_ms >= c->timeout_ms)
		drop(c, "no connection within redis.timeout");
	while (c->state != NPSD_CONN_UP && now >= expiry(&c->waiting)) {
		snprintf(text, sizeof text, "no connection: %.150s", c->why[0] ? c->why : "not yet");
		end_item(c, npsd_queue_pop(&c->waiting), NPSD_CANT_NOW, text);
	}
}

static bool take_ended(struct npsd_conn *c, struct npsd_done *out)
{
	struct npsd_queue_item *item = npsd_queue_pop(&c->ended);

	free(c->handed_out);
	c->handed_out = item;
	if (item)
		*out = (struct npsd_done){.tag = item->tag, .outcome = item->outcome, .text = item->text};
	return item != NULL;
}

/* One round without waiting. */
static bool advance(struct npsd_conn *c, struct npsd_done *out)
{
	int64_t now = mono_ms();

	if (c->state == NPSD_CONN_DOWN && !npsd_backoff_waits(&c->backoff, now))
		start_connect(c, now);
	settle(c);
	send_all(c, now);
	if (take_ended(c, out) || read_replies(c, out))
		return true;
	send_all(c, now);
	expire(c, now);
	return take_ended(c, out);
}

/* Waits for the socket, a wake or time. True when woken. */
static bool wait_for(struct npsd_conn *c, int64_t until_mono_ms)
{
	struct pollfd fds[2] = {{.fd = c->wake_fd, .events = POLLIN}, {.fd = c->fd, .events = POLLIN}};
	int64_t now = mono_ms(), at = earlier(deadline(c), until_mono_ms), left = at > now ? at - now : 0;
	uint64_t woken;

	if (c->state == NPSD_CONN_CONNECTING || sending(c))
		fds[1].events |= POLLOUT;
	poll(fds, 2, left > 60000 ? 60000 : (int)left);
	if (c->state == NPSD_CONN_CONNECTING && (fds[1].revents & (POLLOUT | POLLERR | POLLHUP)))
		start_handshake(c);
	if (fds[0].revents & POLLIN)
		return read(c->wake_fd, &woken, sizeof woken) == sizeof woken;
	return false;
}

bool npsd_conn_poll(void *self, struct npsd_done *out, int wait_ms)
{
	struct npsd_conn *c = self;
	int64_t until = mono_ms() + wait_ms;

	npsd_resp_free(&c->resp);
	for (;;) {
		if (advance(c, out))
			return true;
		if (wait_for(c, until))
			return false;
		if (mono_ms() >= until)
			return advance(c, out);
	}
}

void npsd_conn_append(struct npsd_conn *c, struct npsd_queue_item *item)
{
	item->expires_mono_ms = mono_ms() + c->timeout_ms;
	c->calls++;
	c->bytes += item->n;
	npsd_queue_append(&c->waiting, item);
}

void npsd_conn_wake(void *self)
{
	const struct npsd_conn *c = self;
	uint64_t one = 1;

	if (write(c->wake_fd, &one, sizeof one) < 0)
		return; /* the counter is full, so the poll ends anyway */
}

bool npsd_conn_open(
    struct npsd_conn *c, const struct npsd_config *cfg, const char *component, struct npsd_err *err)
{
	*c = (struct npsd_conn){.component = component,
	    .timeout_ms = cfg->redis_timeout_ms,
	    .fd = -1,
	    .backoff = {.first_ms = BACKOFF_FIRST_MS, .most_ms = BACKOFF_MOST_MS}};
	if (!npsd_redis_url_parse(&c->url, cfg->redis_url, err))
		return false;
	if (c->url.path[0])
		snprintf(c->where, sizeof c->where, "unix://%s", c->url.path);
	else
		snprintf(c->where, sizeof c->where, "%s:%s/%d", c->url.host, c->url.port, c->url.db);
	c->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	npsd_assert(c->wake_fd >= 0);
	return true;
}

void npsd_conn_close(struct npsd_conn *c)
{
	npsd_resp_free(&c->resp);
	free(c->handed_out);
	shut(c);
	close(c->wake_fd);
	npsd_queue_free(&c->waiting);
	npsd_queue_free(&c->in_flight);
	npsd_queue_free(&c->ended);
}
