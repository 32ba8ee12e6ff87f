#include "redis/conn.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "npsd/clock.h"
#include "redis/wire.h"

#define BACKOFF_MS 50
#define BACKOFF_MAX_MS 1000
#define LOADS_MAX 3
#define LOG_EVERY_MS 5000

int64_t npsd_conn_now_ms(void)
{
	return npsd_clock_system.mono_ms(NULL);
}

static void free_line(struct npsd_queue *line)
{
	struct npsd_queue_item *item;

	while ((item = npsd_queue_pop(line)) != NULL)
		free(item);
}

/* To be handed out without a reply; a command of our own just ends. */
static void end_item(
    struct npsd_conn *c, struct npsd_queue_item *item, enum npsd_outcome outcome, const char *text)
{
	if (item->what != NPSD_QUEUE_CALL) {
		free(item);
		return;
	}
	c->calls--;
	c->bytes -= item->n;
	item->outcome = outcome;
	snprintf(item->text, sizeof item->text, "%s", text);
	npsd_queue_append(&c->ended, item);
}

static void end_line(
    struct npsd_conn *c, struct npsd_queue *line, enum npsd_outcome outcome, const char *text)
{
	struct npsd_queue_item *item;

	while ((item = npsd_queue_pop(line)) != NULL)
		end_item(c, item, outcome, text);
}

/* Tells the operator, but not at every attempt; then the next attempt is later and later, never by all at
 * once. */
void npsd_conn_drop(struct npsd_conn *c, const char *why)
{
	int64_t now = npsd_conn_now_ms(), most = BACKOFF_MS;

	snprintf(c->why, sizeof c->why, "%s", why);
	if (npsd_log_every(&c->logged_ms, now, LOG_EVERY_MS))
		npsd_log(NPSD_LOG_WARN, c->room, "Redis at %s: %s", c->where, c->why);
	end_line(c, &c->in_flight, NPSD_LOST, c->why);
	npsd_queue_prepend(&c->waiting, &c->again);
	free_line(&c->greet);
	if (c->reader)
		redisReaderFree(c->reader);
	c->reader = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->state = NPSD_CONN_DOWN;
	c->leave = c->reload = false;
	for (int i = 0; i < c->failures && most < BACKOFF_MAX_MS; i++)
		most *= 2;
	c->failures++;
	c->retry_ms = now + (int64_t)(npsd_clock_system.random(NULL) % (uint64_t)most);
}

void npsd_conn_refuse(struct npsd_conn *c, const char *why)
{
	npsd_conn_drop(c, why);
	end_line(c, &c->waiting, NPSD_BROKEN, c->why);
}

static void start_connect(struct npsd_conn *c, int64_t now)
{
	struct npsd_err err = {.code = NPSD_OK};

	c->fd = npsd_wire_connect(&c->url, c->failures, &err);
	if (c->fd < 0) {
		npsd_conn_drop(c, err.text);
		return;
	}
	c->reader = redisReaderCreate();
	npsd_assert(c->reader);
	c->state = NPSD_CONN_CONNECTING;
	c->since_ms = now;
}

/* The socket of a connection that was begun can be written to. */
static void go_greet(struct npsd_conn *c)
{
	struct npsd_err err = {.code = NPSD_OK};

	if (!npsd_wire_connected(c->fd, &err)) {
		npsd_conn_drop(c, err.text);
		return;
	}
	c->version[0] = 0;
	c->fresh = true;
	c->state = NPSD_CONN_GREETING;
	npsd_conn_greet(c, true);
}

static void go_up(struct npsd_conn *c)
{
	c->state = NPSD_CONN_UP;
	c->failures = 0;
	if (!c->fresh)
		return;
	c->fresh = false;
	c->connection++;
	npsd_log(NPSD_LOG_INFO, c->room, "Redis at %s: connected, version %s", c->where,
	    c->version[0] ? c->version : "not told");
	if (c->wrong_policy)
		npsd_log(NPSD_LOG_WARN, c->room,
		    "Redis at %s: maxmemory-policy should be noeviction; keys that are evicted are lost",
		    c->where);
}

/* What depends on nothing being on its way. */
static void settle(struct npsd_conn *c)
{
	if (c->in_flight.first)
		return;
	if (c->state == NPSD_CONN_GREETING && !c->greet.first)
		go_up(c);
	if (c->state == NPSD_CONN_UP && c->leave)
		npsd_conn_drop(c, "the server is read-only; connecting anew");
	if (c->state == NPSD_CONN_UP && c->reload) {
		c->reload = false;
		npsd_queue_prepend(&c->waiting, &c->again);
		c->state = NPSD_CONN_GREETING;
		npsd_conn_greet(c, false);
	}
}

static bool send_some(struct npsd_conn *c, struct npsd_queue_item *item)
{
	struct npsd_err err = {.code = NPSD_OK};
	ssize_t n;

	while (item->sent < item->n) {
		n = npsd_wire_send(c->fd, item->bytes + item->sent, item->n - item->sent, &err);
		if (n < 0)
			npsd_conn_drop(c, err.text);
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
	struct npsd_queue *from = c->state == NPSD_CONN_GREETING ? &c->greet : &c->waiting;
	struct npsd_queue_item *item;

	if (c->state != NPSD_CONN_GREETING && c->state != NPSD_CONN_UP)
		return;
	if (sending(c) && !send_some(c, c->in_flight.last))
		return;
	if (c->state == NPSD_CONN_UP && (c->reload || c->leave))
		return;
	while ((item = npsd_queue_pop(from)) != NULL) {
		item->since_ms = now;
		npsd_queue_append(&c->in_flight, item);
		if (!send_some(c, item))
			return;
	}
}

/* The reply to a call. False: it is sent again, for the server had forgotten the script. */
static bool answer_call(
    struct npsd_conn *c, struct npsd_done *out, struct npsd_queue_item *item, redisReply *reply)
{
	bool error = reply->type == REDIS_REPLY_ERROR;

	if (error && npsd_answer_is(reply->str, "NOSCRIPT") && ++item->loads <= LOADS_MAX) {
		freeReplyObject(reply);
		item->sent = 0;
		npsd_queue_append(&c->again, item);
		c->reload = true;
		return false;
	}
	*out = (struct npsd_done){.tag = item->tag, .outcome = NPSD_DONE};
	if (error) {
		snprintf(c->text, sizeof c->text, "%s", reply->str);
		out->outcome = npsd_answer_error(reply->str);
		out->text = c->text;
		c->leave = c->leave || npsd_answer_is(reply->str, "READONLY");
		freeReplyObject(reply);
	} else {
		npsd_answer_take(&c->answer, reply);
		out->reply = c->answer.nodes;
	}
	c->calls--;
	c->bytes -= item->n;
	free(item);
	return true;
}

/* True where a call is answered with it. */
static bool on_reply(struct npsd_conn *c, struct npsd_done *out, redisReply *reply)
{
	struct npsd_queue_item *item = npsd_queue_pop(&c->in_flight);

	if (!item) {
		freeReplyObject(reply);
		npsd_conn_drop(c, "a reply to nothing that was asked");
		return false;
	}
	if (item->what == NPSD_QUEUE_CALL)
		return answer_call(c, out, item, reply);
	npsd_conn_greeted(c, item, reply);
	freeReplyObject(reply);
	free(item);
	return false;
}

/* More bytes for the reader; false where there are none now. */
static bool receive(struct npsd_conn *c)
{
	char bytes[16384];
	struct npsd_err err = {.code = NPSD_OK};
	ssize_t n = npsd_wire_receive(c->fd, bytes, sizeof bytes, &err);

	if (n < 0)
		npsd_conn_drop(c, err.text);
	if (n <= 0)
		return false;
	if (redisReaderFeed(c->reader, bytes, (size_t)n) != REDIS_OK) {
		npsd_conn_drop(c, "out of memory for a reply");
		return false;
	}
	if (c->reader->len > NPSD_REDIS_REPLY && c->in_flight.first) {
		end_item(c, npsd_queue_pop(&c->in_flight), NPSD_BROKEN, "a reply is longer than can be read");
		npsd_conn_drop(c, "a reply is longer than can be read");
		return false;
	}
	return true;
}

/* True where a call was answered; false when no whole reply is there. */
static bool read_replies(struct npsd_conn *c, struct npsd_done *out)
{
	while (c->state == NPSD_CONN_GREETING || c->state == NPSD_CONN_UP) {
		void *reply = NULL;

		if (redisReaderGetReply(c->reader, &reply) != REDIS_OK)
			npsd_conn_drop(c, "a malformed reply");
		else if (reply && on_reply(c, out, reply))
			return true;
		else if (!reply && !receive(c))
			return false;
		settle(c);
	}
	return false;
}

static int64_t deadline_ms(const struct npsd_conn *c)
{
	int64_t at = INT64_MAX;

	if (c->state == NPSD_CONN_DOWN)
		at = c->retry_ms;
	if (c->state == NPSD_CONN_CONNECTING)
		at = c->since_ms + c->timeout_ms;
	if (c->in_flight.first && c->in_flight.first->since_ms + c->timeout_ms < at)
		at = c->in_flight.first->since_ms + c->timeout_ms;
	if (c->state != NPSD_CONN_UP && c->waiting.first && c->waiting.first->since_ms + c->timeout_ms < at)
		at = c->waiting.first->since_ms + c->timeout_ms;
	return at;
}

static void expire(struct npsd_conn *c, int64_t now)
{
	char text[200];

	if (c->in_flight.first && now - c->in_flight.first->since_ms >= c->timeout_ms)
		npsd_conn_drop(c, "no reply within redis.timeout");
	else if (c->state == NPSD_CONN_CONNECTING && now - c->since_ms >= c->timeout_ms)
		npsd_conn_drop(c, "no connection within redis.timeout");
	while (c->state != NPSD_CONN_UP && c->waiting.first &&
	       now - c->waiting.first->since_ms >= c->timeout_ms) {
		snprintf(text, sizeof text, "no connection: %.150s", c->why[0] ? c->why : "not yet");
		end_item(c, npsd_queue_pop(&c->waiting), NPSD_CANT_NOW, text);
	}
}

static bool take_ended(struct npsd_conn *c, struct npsd_done *out)
{
	struct npsd_queue_item *item = npsd_queue_pop(&c->ended);

	if (!item)
		return false;
	memcpy(c->text, item->text, sizeof c->text);
	*out = (struct npsd_done){.tag = item->tag, .outcome = item->outcome, .text = c->text};
	free(item);
	return true;
}

/* One round without waiting. */
static bool advance(struct npsd_conn *c, struct npsd_done *out)
{
	int64_t now = npsd_conn_now_ms();

	if (c->state == NPSD_CONN_DOWN && now >= c->retry_ms)
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
static bool wait_for(struct npsd_conn *c, int64_t until_ms)
{
	struct pollfd fds[2] = {{.fd = c->wake_fd, .events = POLLIN}, {.fd = c->fd, .events = POLLIN}};
	int64_t now = npsd_conn_now_ms(), at = deadline_ms(c), left;
	uint64_t woken;

	if (c->state == NPSD_CONN_CONNECTING || sending(c))
		fds[1].events |= POLLOUT;
	at = at < until_ms ? at : until_ms;
	left = at > now ? at - now : 0;
	poll(fds, 2, left > 60000 ? 60000 : (int)left);
	if (c->state == NPSD_CONN_CONNECTING && (fds[1].revents & (POLLOUT | POLLERR | POLLHUP)))
		go_greet(c);
	if (fds[0].revents & POLLIN)
		return read(c->wake_fd, &woken, sizeof woken) == sizeof woken;
	return false;
}

static bool redis_poll(void *self, struct npsd_done *out, int wait_ms)
{
	struct npsd_conn *c = self;
	int64_t until = npsd_conn_now_ms() + wait_ms;

	npsd_answer_free(&c->answer);
	for (;;) {
		if (advance(c, out))
			return true;
		if (wait_for(c, until))
			return false;
		if (npsd_conn_now_ms() >= until)
			return advance(c, out);
	}
}

static bool redis_submit(void *self, const struct npsd_call *call)
{
	struct npsd_conn *c = self;
	struct npsd_queue_item *item;

	npsd_assert(call->script < NPSD_NSCRIPT);
	if (c->calls >= NPSD_REDIS_CALLS || (c->calls && c->bytes >= NPSD_REDIS_BYTES))
		return false;
	item = npsd_queue_call(call, c->sha[call->script]);
	item->since_ms = npsd_conn_now_ms();
	c->calls++;
	c->bytes += item->n;
	npsd_queue_append(&c->waiting, item);
	return true;
}

static void redis_wake(void *self)
{
	const struct npsd_conn *c = self;
	uint64_t one = 1;

	if (write(c->wake_fd, &one, sizeof one) < 0)
		return; /* woken already, as often as it counts */
}

static uint32_t redis_connection(void *self)
{
	return ((const struct npsd_conn *)self)->connection;
}

bool npsd_redis_open(
    struct npsd_store *out, const struct npsd_config *cfg, const char *room, struct npsd_err *err)
{
	struct npsd_conn *c = calloc(1, sizeof *c);

	npsd_assert(c);
	if (!npsd_redis_url_parse(&c->url, cfg->redis_url, err)) {
		free(c);
		return false;
	}
	if (c->url.path[0])
		snprintf(c->where, sizeof c->where, "unix://%s", c->url.path);
	else
		snprintf(c->where, sizeof c->where, "%s:%s/%d", c->url.host, c->url.port, c->url.db);
	c->room = room;
	c->timeout_ms = cfg->redis_timeout_ms;
	c->fd = -1;
	c->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	npsd_assert(c->wake_fd >= 0);
	npsd_conn_name_scripts(c);
	*out = (struct npsd_store){c, redis_submit, redis_poll, redis_wake, redis_connection};
	return true;
}

void npsd_redis_close(struct npsd_store *store)
{
	struct npsd_conn *c = store->self;

	if (!c)
		return;
	npsd_answer_free(&c->answer);
	if (c->reader)
		redisReaderFree(c->reader);
	if (c->fd >= 0)
		close(c->fd);
	close(c->wake_fd);
	free_line(&c->greet);
	free_line(&c->waiting);
	free_line(&c->in_flight);
	free_line(&c->again);
	free_line(&c->ended);
	free(c);
	store->self = NULL;
}
