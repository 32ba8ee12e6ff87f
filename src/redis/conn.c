#include "redis/conn.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"

#define BACKOFF_FIRST_MS 50
#define BACKOFF_MOST_MS 1000
#define LOADS_MAX 3
#define LOG_EVERY_MS 5000
#define PING_EVERY_MS 500 /* Redis measures `timeout` in whole seconds, with an error of up to one */

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
	npsd_wire_close(&c->wire);
	c->state = NPSD_CONN_DOWN;
	npsd_queue_free(&c->handshake.commands);
}

static void log_why(struct npsd_conn *c, int64_t now)
{
	if (c->component && npsd_log_every(&c->logged_mono_ms, now, LOG_EVERY_MS))
		npsd_log(NPSD_LOG_WARN, c->component, "Redis at %s: %s; connecting again", c->where, c->why);
}

/* Whether nothing is in flight but a PING that can still be answered. */
static bool is_idle(const struct npsd_conn *c, int64_t now)
{
	const struct npsd_queue_item *first = c->in_flight.first;

	return c->state == NPSD_CONN_UP &&
	       (!first || (first->what == NPSD_QUEUE_PING && now < first->expires_mono_ms));
}

/* A connection that was UP ended. One that was idle is not missed: servers cut these (`timeout` of
 * redis.conf). A connection that lasted only for a moment does not end the back-off. */
static void lose(struct npsd_conn *c, bool idle, const char *why)
{
	int64_t now = mono_ms();

	snprintf(c->why, sizeof c->why, "%s", why);
	if (!idle)
		log_why(c, now);
	if (now - c->since_mono_ms >= BACKOFF_MOST_MS)
		npsd_backoff_reset(&c->backoff);
	npsd_backoff_fail(&c->backoff, &npsd_clock_system, now);
	npsd_addresses_begin(&c->addresses, c->state == NPSD_CONN_LEAVING);
}

/* Adds the failure of a try to those of the pass. */
static void add_why(struct npsd_conn *c, const char *address, const char *why)
{
	size_t n = c->failed ? strlen(c->why) : 0;

	snprintf(c->why + n, sizeof c->why - n, "%s%s%s%s%s", n ? "; " : "",
	    address[0] && c->addresses.sentinel ? "Sentinel " : "", address, address[0] ? ": " : "", why);
	c->failed = true;
}

/* Ends the connection: what is in flight is lost, what waits goes on waiting. */
static void drop(struct npsd_conn *c, const char *why)
{
	bool was_up = c->state >= NPSD_CONN_UP, idle = is_idle(c, mono_ms());

	end_queue(c, &c->in_flight, NPSD_LOST, why);
	if (was_up)
		lose(c, idle, why);
	else
		add_why(c, npsd_addresses_text(&c->addresses, c->where), why);
	shut(c);
}

static void forget_failures(struct npsd_conn *c)
{
	c->failed = false;
	c->refused[0] = 0;
}

/* No address was good. */
static void end_pass(struct npsd_conn *c, int64_t now)
{
	if (!c->refused[0] || !c->waiting.first) /* else the component reports it */
		log_why(c, now);
	npsd_backoff_fail(&c->backoff, &npsd_clock_system, now);
	if (c->refused[0])
		end_queue(c, &c->waiting, NPSD_BROKEN, c->refused);
	else if (!c->component)
		end_queue(c, &c->waiting, NPSD_CANT_NOW, c->why);
	forget_failures(c);
	npsd_addresses_begin(&c->addresses, false);
}

static void start_connect(struct npsd_conn *c, int64_t now)
{
	struct npsd_err err = {.code = NPSD_OK};

	switch (npsd_addresses_next(&c->addresses, &err)) {
	case NPSD_ADDRESSES_UNKNOWN:
		add_why(c, "", err.text);
		return;
	case NPSD_ADDRESSES_END:
		end_pass(c, now);
		return;
	case NPSD_ADDRESSES_TRY:
		break;
	}
	if (!npsd_wire_open(&c->wire, npsd_addresses_address(&c->addresses), c->url.tls ? &c->tls : NULL,
		c->addresses.host.name, &err)) {
		drop(c, err.text);
		return;
	}
	c->reader = redisReaderCreate();
	npsd_assert(c->reader);
	c->state = NPSD_CONN_CONNECTING;
	c->since_mono_ms = now;
}

/* A store writes, and a Sentinel is asked for the master. A plain client may read from a replica. */
static bool needs_master(const struct npsd_conn *c)
{
	return c->component || c->url.master[0];
}

/* Sentinels are asked for the server, a server for what npsd needs. */
static void start_handshake(struct npsd_conn *c)
{
	static const char *const role[] = {"INFO", "replication"};
	struct npsd_queue *commands = &c->handshake.commands;

	c->state = NPSD_CONN_HANDSHAKE;
	if (c->addresses.sentinel) {
		npsd_sentinel_begin(&c->sentinel, commands, c->url.master);
		return;
	}
	npsd_handshake_begin(&c->handshake, &c->url, c->component != NULL);
	if (needs_master(c))
		npsd_queue_append(commands, npsd_queue_command(NPSD_QUEUE_ROLE, role, 2));
}

/* The socket of a connection that was begun is ready. */
static void go_on_connecting(struct npsd_conn *c)
{
	struct npsd_err err = {.code = NPSD_OK};

	switch (npsd_wire_connect(&c->wire, &err)) {
	case NPSD_WIRE_FAILED:
		drop(c, err.text);
		return;
	case NPSD_WIRE_WAITS:
		return;
	case NPSD_WIRE_CONNECTED:
		start_handshake(c);
	}
}

static void go_up(struct npsd_conn *c)
{
	const char *address = npsd_addresses_text(&c->addresses, c->where);

	c->state = NPSD_CONN_UP;
	c->since_mono_ms = mono_ms();
	c->connection++;
	forget_failures(c);
	if (!c->component)
		return;
	npsd_log(NPSD_LOG_INFO, c->component, "Redis at %s: connected%s%s, version %s", c->where,
	    address[0] ? " to " : "", address, c->handshake.version[0] ? c->handshake.version : "unknown");
	if (c->handshake.blind)
		npsd_log(NPSD_LOG_WARN, c->component,
		    "Redis at %s: INFO is refused; npsd cannot check version, maxmemory-policy and cluster "
		    "mode",
		    c->where);
	else if (c->handshake.policy[0] && strcmp(c->handshake.policy, "noeviction") != 0)
		npsd_log(NPSD_LOG_WARN, c->component,
		    "Redis at %s: maxmemory-policy is %s; npsd continues since redis.allow_eviction is set",
		    c->where, c->handshake.policy);
}

/* A Sentinel that answers makes up for others that refused. */
static void go_to_master(struct npsd_conn *c)
{
	struct npsd_err err = {.code = NPSD_OK};

	shut(c);
	c->refused[0] = 0;
	if (!npsd_addresses_named(&c->addresses, &c->sentinel.master, &err))
		add_why(c, "", err.text);
}

/* The transitions that wait until nothing is in flight. */
static void settle(struct npsd_conn *c)
{
	if (c->in_flight.first)
		return;
	if (c->state == NPSD_CONN_LEAVING)
		drop(c, c->left);
	else if (c->state == NPSD_CONN_HANDSHAKE && !c->handshake.commands.first && c->addresses.sentinel)
		go_to_master(c);
	else if (c->state == NPSD_CONN_HANDSHAKE && !c->handshake.commands.first)
		go_up(c);
}

static bool send_some(struct npsd_conn *c, struct npsd_queue_item *item)
{
	struct npsd_err err = {.code = NPSD_OK};
	ssize_t n;

	while (item->sent < item->n) {
		n = npsd_wire_send(&c->wire, item->bytes + item->sent, item->n - item->sent, &err);
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

/* For how long a connection may make no progress. A plain client does not spend all its time on the first of
 * several addresses. */
static int64_t patience_ms(const struct npsd_conn *c)
{
	bool hurry = !c->component && c->state < NPSD_CONN_UP && npsd_addresses_more(&c->addresses);

	return hurry ? c->timeout_ms / 4 : c->timeout_ms;
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
		item->expires_mono_ms = now + patience_ms(c) + item->block_ms;
		c->sent_mono_ms = now;
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

	if (c->state == NPSD_CONN_UP && npsd_resp_elsewhere(error, c->url.master[0])) {
		c->state = NPSD_CONN_LEAVING;
		snprintf(c->left, sizeof c->left, "a write was refused: %s", error);
	}
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
	bool sentinel = c->addresses.sentinel;
	const char *why = sentinel ? c->sentinel.why : c->handshake.why;
	enum npsd_outcome outcome = sentinel ? npsd_sentinel_reply(&c->sentinel, item, reply)
					     : npsd_handshake_reply(&c->handshake, &c->url, item, reply);

	if (outcome == NPSD_BROKEN)
		snprintf(c->refused, sizeof c->refused, "%s", why);
	if (outcome != NPSD_DONE)
		drop(c, why);
}

/* A command of the connection itself. A server that does not tell its role may be a master. */
static void own_reply(struct npsd_conn *c, const struct npsd_queue_item *item, const redisReply *reply)
{
	if (item->what == NPSD_QUEUE_PING)
		return;
	if (item->what != NPSD_QUEUE_ROLE)
		handshake_reply(c, item, reply);
	else if (npsd_resp_is_replica(reply))
		drop(c, "the server is a replica");
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
		own_reply(c, item, reply);
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
	ssize_t n = npsd_wire_receive(&c->wire, bytes, sizeof bytes, &err);

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

/* A plain client sends one command after another, and nothing between two runs of a program. */
static bool may_idle(const struct npsd_conn *c)
{
	return c->component && c->state == NPSD_CONN_UP && !c->in_flight.first;
}

/* A server cuts a connection that is idle for the `timeout` of its redis.conf, and one that is frozen is to
 * be noticed. A reply that is an error keeps the connection, too. */
static void ping(struct npsd_conn *c, int64_t now)
{
	static const char *const words[] = {"PING"};

	if (may_idle(c) && !c->waiting.first && now - c->sent_mono_ms >= PING_EVERY_MS)
		npsd_queue_append(&c->waiting, npsd_queue_command(NPSD_QUEUE_PING, words, 1));
}

static int64_t deadline(const struct npsd_conn *c)
{
	int64_t at = expiry(&c->in_flight);

	if (c->state == NPSD_CONN_DOWN)
		at = earlier(at, c->backoff.retry_mono_ms);
	if (c->state == NPSD_CONN_CONNECTING)
		at = earlier(at, c->since_mono_ms + patience_ms(c));
	if (may_idle(c))
		at = earlier(at, c->sent_mono_ms + PING_EVERY_MS);
	return c->state == NPSD_CONN_UP ? at : earlier(at, expiry(&c->waiting));
}

/* What a connection in progress waits for. */
static const char *awaited(const struct npsd_conn *c)
{
	if (c->state == NPSD_CONN_CONNECTING && c->wire.reached)
		return "TLS: no reply within redis.timeout; the server may not use TLS on this port";
	if (c->state == NPSD_CONN_CONNECTING)
		return "the address does not answer within redis.timeout";
	return "no reply within redis.timeout";
}

static void expire(struct npsd_conn *c, int64_t now)
{
	char text[200];

	if (now >= expiry(&c->in_flight) ||
	    (c->state == NPSD_CONN_CONNECTING && now - c->since_mono_ms >= patience_ms(c)))
		drop(c, awaited(c));
	while (c->state != NPSD_CONN_UP && now >= expiry(&c->waiting)) {
		snprintf(text, sizeof text, "no connection: %.150s", c->why[0] ? c->why : awaited(c));
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
	/* that the server ended an idle connection is seen before a call is lost with it */
	if (!is_idle(c, now))
		send_all(c, now);
	if (take_ended(c, out) || read_replies(c, out))
		return true;
	ping(c, now);
	send_all(c, now);
	expire(c, now);
	return take_ended(c, out);
}

/* Waits for the socket, a wake or time. True when woken. */
static bool wait_for(struct npsd_conn *c, int64_t until_mono_ms)
{
	struct pollfd fds[2] = {{.fd = c->wake_fd, .events = POLLIN}, {.fd = c->wire.fd, .events = POLLIN}};
	int64_t now = mono_ms(), at = earlier(deadline(c), until_mono_ms), left = at > now ? at - now : 0;
	uint64_t woken;

	if (c->state == NPSD_CONN_CONNECTING)
		fds[1].events = npsd_wire_events(&c->wire);
	else if (sending(c))
		fds[1].events |= POLLOUT;
	poll(fds, 2, left > 60000 ? 60000 : (int)left);
	if (c->state == NPSD_CONN_CONNECTING && fds[1].revents)
		go_on_connecting(c);
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
	struct npsd_err what = {.code = NPSD_OK};

	*c = (struct npsd_conn){.component = component,
	    .timeout_ms = cfg->redis_timeout_ms,
	    .handshake.allow_eviction = cfg->redis_allow_eviction,
	    .addresses.url = &c->url,
	    .wire.fd = -1,
	    .backoff = {.first_ms = BACKOFF_FIRST_MS, .most_ms = BACKOFF_MOST_MS}};
	snprintf(c->handshake.prefix, sizeof c->handshake.prefix, "%s", cfg->prefix);
	if (!npsd_redis_url_parse(&c->url, cfg->redis_url, &what))
		return npsd_fail(err, what.code, 0, "redis.url: %s", what.text);
	if (c->url.tls && !npsd_tls_options_read(&c->tls, cfg, err)) {
		npsd_tls_options_free(&c->tls);
		return false;
	}
	npsd_sentinel_read(&c->sentinel, cfg);
	npsd_redis_url_describe(c->where, sizeof c->where, &c->url);
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
	npsd_tls_options_free(&c->tls);
	npsd_queue_free(&c->waiting);
	npsd_queue_free(&c->in_flight);
	npsd_queue_free(&c->ended);
}
