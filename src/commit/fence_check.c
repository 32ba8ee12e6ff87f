/* The watch: what is held is compared with what is stored, so that an idle partition notices a roll-back too.
 */
#include <inttypes.h>
#include <stdio.h>

#include "commit/commit.h"
#include "npsd/err.h"

#define WATCH_EVERY_MS 10000
#define WATCH_AGAIN_MS 200

void watch_end_order(struct npsd_commit *c, bool ok)
{
	if (!c->check_command)
		return;
	c->check_command->ok = ok;
	npsd_assert(npsd_ring_push(c->pl->commit_to_group, c->check_command));
	c->check_command = NULL;
	c->pl->broker.wake(c->pl->broker.self);
}

static bool any_busy(const struct npsd_commit *c)
{
	for (size_t i = 0; i < c->nheld; i++)
		if (c->held[i].busy)
			return true;
	return false;
}

bool watch_advance(struct npsd_commit *c)
{
	int64_t now = commit_now_ms(c);
	uint32_t connection = c->pl->store_commit.connection(c->pl->store_commit.self);

	if (c->stuck)
		watch_end_order(c, false);
	if (connection != c->connection) {
		c->connection = connection;
		c->watch_due = true;
	}
	if (c->stuck || c->watch_tag || !c->names)
		return false;
	if (c->nheld == 0) {
		c->watch_due = false;
		watch_end_order(c, true);
		return false;
	}
	if (now < c->watch_retry_ms || (now < c->watch_ms && !c->watch_due && !c->check_command))
		return false;
	if (c->check_command && any_busy(c))
		return false;
	pack_watch(c, &c->watch);
	if (!pack_submit(c, &c->watch, NPSD_S_fence_check, c->last_tag + 1))
		return false;
	c->watch_tag = ++c->last_tag;
	c->watch_all = c->check_command != NULL;
	c->watch_due = false;
	c->watch_ms = now + WATCH_EVERY_MS;
	return true;
}

/*
 * A partition that a batch has moved since the watch was sent is no mismatch: then what is stored is what is
 * held by now, or its batch is on its way.
 */
static bool moved_since(const struct npsd_commit *c, const struct npsd_reply *r)
{
	char text[COMMIT_TP_TEXT];

	if (!answer_is(r, 1, "claim") && !answer_is(r, 1, "position"))
		return false;
	for (size_t i = 0; i < c->nheld; i++) {
		const struct held *h = &c->held[i];

		snprintf(text, sizeof text, "%s/%" PRId32, c->pl->cfg->topics[h->tp.topic], h->tp.part);
		if (!answer_is(r, 2, text))
			continue;
		snprintf(text, sizeof text, "%" PRIu32 ":%" PRId64, h->pos.inc, h->pos.offset);
		return h->busy || (answer_is(r, 3, h->claim) && answer_is(r, 4, text));
	}
	return true; /* not held any more */
}

void watch_on_done(struct npsd_commit *c, const struct npsd_done *done)
{
	c->watch_tag = 0;
	if (done->outcome == NPSD_LOST || done->outcome == NPSD_CANT_NOW) {
		c->watch_ms = c->watch_retry_ms = commit_now_ms(c) + WATCH_AGAIN_MS;
		return;
	}
	if (done->outcome == NPSD_BROKEN) {
		commit_stuck(c, NPSD_FAULT_BROKEN, "Redis: %s", done->text);
	} else if (answer_is(done->reply, 0, "ok")) {
		if (c->watch_all)
			watch_end_order(c, true);
	} else if (moved_since(c, done->reply)) {
		c->watch_due = true;
	} else {
		answer_refused(c, done->reply);
	}
}
