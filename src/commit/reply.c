/* What the store says to batches and admissions. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/unpack.h"
#include "commit/commit.h"
#include "npsd/err.h"

#define WAIT_MS 50
#define WAIT_MAX_MS 2000
#define LOG_EVERY_MS 5000
#define CHAIN 40

bool answer_is(const struct npsd_reply *r, size_t i, const char *text)
{
	return r->type == NPSD_REPLY_ARRAY && i < r->n && r->el[i].type == NPSD_REPLY_STR &&
	       strcmp(r->el[i].str, text) == 0;
}

static const char *text_at(const struct npsd_reply *r, size_t i)
{
	return i < r->n && r->el[i].type == NPSD_REPLY_STR ? r->el[i].str : "";
}

void answer_refused(struct npsd_commit *c, const struct npsd_reply *r)
{
	if (answer_is(r, 1, "empty"))
		commit_stuck(c, NPSD_FAULT_EMPTY, "nothing is stored any more: Redis was emptied");
	else if (answer_is(r, 1, "config"))
		commit_stuck(c, NPSD_FAULT_CONFIG, "%s is stored, this process has %s", text_at(r, 2),
		    c->pl->cfg->hash);
	else if (answer_is(r, 1, "dict"))
		commit_stuck(c, NPSD_FAULT_DICT, "the stored dictionary, of %s entries, is another one",
		    text_at(r, 2));
	else if (answer_is(r, 1, "claim"))
		commit_stuck(
		    c, NPSD_FAULT_CLAIM, "%s: another claim is stored, at %s", text_at(r, 2), text_at(r, 4));
	else if (answer_is(r, 1, "position"))
		commit_stuck(c, NPSD_FAULT_CLAIM, "%s: position %s is stored, another was left",
		    text_at(r, 2), text_at(r, 4));
	else
		commit_stuck(c, NPSD_FAULT_BROKEN, "Redis: an answer that no script gives");
}

static void batch_done(struct npsd_commit *c, struct slot *s)
{
	const struct npsd_batch *b = (const struct npsd_batch *)s->req;

	for (uint32_t i = 0; i < b->nparts; i++) {
		struct held *h = commit_held(c, b->part[i].end.tp);

		npsd_assert(h && h->busy);
		h->pos = b->part[i].end.pos;
		h->busy = false;
	}
	s->req->end = NPSD_REQ_DONE;
	s->state = SLOT_BACK;
	npsd_add_relaxed(&c->pl->fold_lag, 1);
	c->pl->store_fold.wake(c->pl->store_fold.self);
}

/* One entry of the list, `[dim, value, chain]`. False: it is none, or disagrees with the copy. */
static bool append(struct npsd_commit *c, uint32_t index, const struct npsd_reply *r)
{
	bool text = r->type == NPSD_REPLY_STR;
	struct npsd_unpack u = npsd_unpack_of(text ? r->str : "", text ? r->len : 0);
	uint32_t n = npsd_unpack_array(&u);
	uint64_t dim = npsd_unpack_uint(&u);
	struct npsd_str value = npsd_unpack_text(&u), chain = npsd_unpack_text(&u);

	if (u.bad || u.p != u.end || n != 3 || dim >= NPSD_NDIM || chain.n != CHAIN)
		return false;
	return npsd_names_append_owner(c->names, index, (int)dim, value, chain.p);
}

static bool append_all(struct npsd_commit *c, const struct npsd_reply *r)
{
	uint32_t from = (uint32_t)strtoul(text_at(r, 1), NULL, 10);

	for (size_t i = 0; i < r->el[3].n; i++)
		if (!append(c, from + (uint32_t)i, &r->el[3].el[i]))
			return false;
	return true;
}

bool answer_all_known(const struct npsd_commit *c, const struct npsd_admission *ask)
{
	for (uint32_t i = 0; i < ask->n; i++) {
		struct npsd_str value = {ask->text.p + ask->value[i].at, ask->value[i].len};

		if (npsd_names_find_any(c->names, ask->value[i].dim, value) == NPSD_ID_UNKNOWN)
			return false;
	}
	return true;
}

static void ask_done(struct npsd_commit *c, struct slot *s, const struct npsd_reply *r)
{
	const struct npsd_admission *ask = (const struct npsd_admission *)s->req;

	if (r->n != 4 || r->el[3].type != NPSD_REPLY_ARRAY) {
		s->state = SLOT_BLOCKED;
		commit_stuck(c, NPSD_FAULT_BROKEN, "Redis: an answer that no script gives");
	} else if (!append_all(c, r)) {
		s->state = SLOT_BLOCKED;
		commit_stuck(c, NPSD_FAULT_DICT, "an entry of the stored dictionary disagrees with the copy");
	} else if (answer_is(r, 2, "1")) {
		pack_ask(c, &s->pack, ask, true);
		s->state = SLOT_SEND;
	} else if (!answer_all_known(c, ask)) {
		s->state = SLOT_BLOCKED;
		commit_stuck(
		    c, NPSD_FAULT_BROKEN, "the stored dictionary admits a value and does not hold it");
	} else {
		s->req->end = NPSD_REQ_DONE;
		s->state = SLOT_BACK;
	}
}

/* The same bytes again: at once where the outcome is unknown, later and later where Redis cannot now. */
static void again(struct npsd_commit *c, struct slot *s, const struct npsd_done *done)
{
	int64_t now = commit_now_ms(c), most = WAIT_MS;

	if (npsd_log_every(&c->logged_ms, now, LOG_EVERY_MS))
		npsd_log(NPSD_LOG_WARN, "commit", "%s; sent again: %s",
		    done->outcome == NPSD_LOST ? "outcome unknown" : "Redis cannot now", done->text);
	s->state = SLOT_SEND;
	s->not_before_ms = now;
	if (done->outcome == NPSD_LOST)
		return;
	for (int i = 0; i < s->tries && most < WAIT_MAX_MS; i++)
		most *= 2;
	s->tries++;
	s->not_before_ms += most / 2 + (int64_t)(c->pl->clock.random(c->pl->clock.self) % (uint64_t)most);
}

void commit_on_done(struct npsd_commit *c, const struct npsd_done *done)
{
	struct slot *s = c->slot;

	if (done->tag == c->watch_tag) {
		watch_on_done(c, done);
		return;
	}
	while (s < c->slot + c->nslots && (s->state != SLOT_IN_FLIGHT || s->tag != done->tag))
		s++;
	if (s == c->slot + c->nslots)
		return; /* of a job that a RESET dropped */
	if (done->outcome == NPSD_LOST || done->outcome == NPSD_CANT_NOW) {
		again(c, s, done);
		return;
	}
	s->tries = 0;
	s->not_before_ms = 0;
	if (done->outcome == NPSD_BROKEN) {
		s->state = SLOT_BLOCKED;
		commit_stuck(c, NPSD_FAULT_BROKEN, "Redis: %s", done->text);
	} else if (!answer_is(done->reply, 0, "ok")) {
		s->state = SLOT_BLOCKED;
		answer_refused(c, done->reply);
	} else if (s->req->what == NPSD_REQ_COMMIT) {
		batch_done(c, s);
	} else {
		ask_done(c, s, done->reply);
	}
}
