/*
 * Taking one partition: its ends from the broker, its state from the fence, the proof that the group's
 * generation is the present one, a fresh claim. Kafka's group alone is advisory; what counts is that the
 * claim was set by a script only where claim and position were still those read before.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "consume/group.h"
#include "consume/stored.h"
#include "npsd/event.h"

struct take *take_new(struct npsd_group *g, struct npsd_tp tp)
{
	struct take *t = calloc(1, sizeof *t);

	npsd_assert(t);
	t->tp = tp;
	t->committed = -1;
	group_tp_name(g, t->name, tp);
	return t;
}

void take_free(struct take **t)
{
	if (*t) {
		free((*t)->rulings);
		free(*t);
	}
	*t = NULL;
}

void take_again(struct npsd_group *g, struct take *t, int64_t wait_ms)
{
	t->step = TAKE_ENDS;
	t->round = ++g->round;
	t->not_before_ms = group_mono_ms(g) + wait_ms;
}

static void fresh_claim(struct npsd_group *g, char out[NPSD_CLAIM_LEN + 1])
{
	snprintf(out, NPSD_CLAIM_LEN + 1, "%016" PRIx64, g->pl->clock.random(g->pl->clock.self));
}

static void pos_text(char out[40], struct npsd_pos pos)
{
	snprintf(out, 40, "%" PRIu32 ":%" PRId64, pos.inc, pos.offset);
}

static bool base_call(struct npsd_group *g, struct take *t, uint64_t tag)
{
	char config[] = "config", rulings[GROUP_TP_TEXT + 10], base[40];
	char number[12], parts[12], later[40];
	const char *keys[] = {config, rulings};
	const char *args[] = {
	    g->pl->cfg->text, t->name, base, t->fresh, g->pl->cfg->topics[t->tp.topic], number, parts, later};
	struct npsd_pos pos = {0, t->low};
	int32_t n = group_parts(g, t->tp.topic);

	if (n <= 0)
		return false;
	snprintf(number, sizeof number, "%" PRId32, t->tp.part);
	snprintf(parts, sizeof parts, "%" PRId32, n);
	pos_text(later, t->committed >= 0 ? (struct npsd_pos){0, 0} : pos);

	/* A group that has offsets was counted before: what Redis lost is a gap, told; it begins at the
	 * earliest held. */
	if (t->committed >= 0)
		pos.offset = 0;
	else if (g->pl->cfg->start == NPSD_START_LATEST)
		pos.offset = t->high;
	pos_text(base, pos);
	if (t->committed >= 0 && g->pl->cfg->on_gap == NPSD_GAP_HALT)
		base[0] = 0; /* only read */
	fresh_claim(g, t->fresh);
	snprintf(rulings, sizeof rulings, "rulings:%s", t->name);
	return group_call(g, tag, NPSD_S_base, keys, 2, args, 8);
}

static bool skip_call(struct npsd_group *g, struct take *t, uint64_t tag)
{
	char rulings[GROUP_TP_TEXT + 10], lost[] = "lost", from[40], to[40];
	const char *keys[] = {rulings, lost};
	const char *args[] = {
	    t->name, t->state.claim, from, to, t->skip_reason, t->skip_to.inc == t->state.pos.inc ? "" : "1"};

	snprintf(rulings, sizeof rulings, "rulings:%s", t->name);
	pos_text(from, t->state.pos);
	pos_text(to, t->skip_to);
	return group_call(g, tag, NPSD_S_skip, keys, 2, args, 6);
}

static bool claim_call(struct npsd_group *g, struct take *t, uint64_t tag)
{
	char rulings[GROUP_TP_TEXT + 10], pos[40];
	const char *keys[] = {rulings};
	const char *args[] = {t->name, t->state.claim, pos, t->fresh};

	fresh_claim(g, t->fresh);
	snprintf(rulings, sizeof rulings, "rulings:%s", t->name);
	pos_text(pos, t->state.pos);
	return group_call(g, tag, NPSD_S_claim, keys, 1, args, 4);
}

bool take_advance(struct npsd_group *g, uint32_t index, int64_t now_ms)
{
	struct take *t = g->take[index];
	uint64_t tag = GROUP_TAG(TAG_TAKE, index, t->round);
	struct npsd_offset at = {t->tp, t->state.pos.offset};
	bool sent;

	if (now_ms < t->not_before_ms)
		return false;
	switch (t->step) {
	case TAKE_ENDS:
		sent = g->pl->broker.ends(g->pl->broker.self, tag, t->tp);
		break;
	case TAKE_BASE:
		sent = base_call(g, t, tag);
		break;
	case TAKE_SKIP:
		sent = skip_call(g, t, tag);
		break;
	case TAKE_COMMIT:
		sent = g->pl->broker.commit(g->pl->broker.self, tag, &at, 1);
		break;
	case TAKE_CLAIM:
		sent = claim_call(g, t, tag);
		break;
	default:
		return false;
	}
	if (sent) {
		t->step++; /* its _WAIT */
		g->calls_out++;
	}
	return sent;
}

void take_on_ends(struct npsd_group *g, struct take *t, const struct npsd_broker_event *e)
{
	if (t->step != TAKE_ENDS_WAIT)
		return;
	if (!e->ok) {
		group_tell_wait(g, "%s: ends not known yet: %s", t->name, e->text);
		take_again(g, t, GROUP_AGAIN_MS);
		return;
	}
	t->low = e->low;
	t->high = e->high;
	t->committed = e->committed;
	t->step = TAKE_BASE;
}

void take_on_committed(struct npsd_group *g, struct take *t, const struct npsd_broker_event *e)
{
	if (t->step != TAKE_COMMIT_WAIT)
		return;
	switch (e->answer) {
	case NPSD_COMMIT_OK:
		/* what a worker of ours left off at needs no new claim, nor a new ledger */
		t->step = strcmp(t->held, t->state.claim) == 0 ? TAKE_READY : TAKE_CLAIM;
		break;
	case NPSD_COMMIT_STALE:
		npsd_log(NPSD_LOG_INFO, "consume", "%s: the group has moved on: %s", t->name, e->text);
		t->step = TAKE_STALE;
		break;
	case NPSD_COMMIT_AGAIN:
		group_tell_wait(g, "%s: the group does not take a commit now: %s", t->name, e->text);
		take_again(g, t, GROUP_AGAIN_MS);
		break;
	}
}

static bool parse_stored(struct take *t, const struct npsd_config *cfg, const struct npsd_reply *r)
{
	free(t->rulings);
	t->state = (struct npsd_part_state){.tp = t->tp};
	return npsd_stored_part(&t->state, &t->rulings, &t->nrulings, r, cfg);
}

/* Whether what is stored still goes on from what Kafka holds; else where to go on. */
static bool find_gap(struct take *t)
{
	t->skip_to = t->state.pos;
	if (t->state.pos.offset < t->low) {
		t->skip_to.offset = t->low;
		t->skip_reason = t->emptied ? "emptied" : "retention";
		return true;
	}
	if (t->state.pos.offset > t->high) {
		t->skip_to.inc++;
		t->skip_to.offset = t->low;
		t->skip_reason = "recreated";
		return true;
	}
	return false;
}

/*
 * The position is behind the end: the topic was recreated, or who held the partition has counted on since the
 * end was asked for. Sure only of a position that was read before the end was.
 */
static bool end_is_old(struct take *t)
{
	struct npsd_pos before = t->read;

	t->read = t->state.pos;
	return t->state.pos.offset > t->high && !(before.inc == t->state.pos.inc && before.offset > t->high);
}

static void on_base(struct npsd_group *g, struct take *t, const struct npsd_reply *r)
{
	bool made;

	if (r->n > 2 && r->el[2].len == 0) {
		group_fail(g, 1, "%s: Redis has no position, the group had %" PRId64 ", and on_gap is halt",
		    t->name, t->committed);
		return;
	}
	if (!parse_stored(t, g->pl->cfg, r)) {
		group_fail(g, 1, "%s: what Redis holds of this partition is unreadable", t->name);
		return;
	}
	if (end_is_old(t)) {
		take_again(g, t, 0);
		return;
	}
	made = strcmp(t->state.claim, t->fresh) == 0;
	if (r->n > 7 && r->el[7].len > 0)
		npsd_log(NPSD_LOG_WARN, "consume",
		    "%s: the topic has grown to %" PRId32
		    " partitions; keys move between them, and answers with them: see grown:%s in %s:meta",
		    t->name, g->parts[t->tp.topic], g->pl->cfg->topics[t->tp.topic], g->pl->cfg->prefix);
	t->emptied = made && t->committed >= 0;
	if (t->emptied)
		npsd_log(NPSD_LOG_WARN, "consume",
		    "%s: Redis has no position, the group had %" PRId64
		    ": a gap; counting anew from %" PRId64,
		    t->name, t->committed, t->low);
	if (!find_gap(t)) {
		t->step = TAKE_COMMIT;
		return;
	}
	npsd_log(NPSD_LOG_WARN, "consume",
	    "%s: records %" PRId64 " to %" PRId64 " are lost (%s): Kafka holds %" PRId64 " to %" PRId64,
	    t->name, t->state.pos.offset, t->skip_to.offset, t->skip_reason, t->low, t->high);
	t->held[0] = 0;
	if (g->pl->cfg->on_gap == NPSD_GAP_HALT)
		group_fail(g, 1, "%s: a lost range (%s), and on_gap is halt", t->name, t->skip_reason);
	t->step = TAKE_SKIP;
}

static void on_refused(struct npsd_group *g, struct take *t, const struct npsd_reply *r)
{
	const char *reason = r->n > 1 ? r->el[1].str : "";

	if (strcmp(reason, "config") == 0) {
		struct npsd_err err = {0};

		if (r->n <= 3) { /* only `base` gives the text that is stored */
			take_again(g, t, 0);
			return;
		}
		npsd_config_refuse(&err, r->el[3].str, g->pl->cfg->text);
		group_fail(g, 2, "%s", err.text);
		return;
	}
	take_again(g, t, 0); /* claim or position moved meanwhile, or Redis was emptied: read again */
}

void take_on_store(struct npsd_group *g, struct take *t, const struct npsd_done *done)
{
	const struct npsd_reply *r = done->reply;

	if (done->outcome == NPSD_BROKEN) {
		group_fail(g, 1, "Redis: %s", done->text);
		return;
	}
	if (done->outcome != NPSD_DONE) {
		group_tell_wait(g, "%s is not taken yet: Redis: %s", t->name, done->text);
		take_again(g, t, GROUP_AGAIN_MS);
		return;
	}
	if (r->type != NPSD_REPLY_ARRAY || r->n == 0 || strcmp(r->el[0].str, "ok") != 0) {
		on_refused(g, t, r);
		return;
	}
	switch (t->step) {
	case TAKE_BASE_WAIT:
		on_base(g, t, r);
		break;
	case TAKE_SKIP_WAIT:
		take_again(g, t, 0); /* reads what is stored now */
		break;
	case TAKE_CLAIM_WAIT:
		if (parse_stored(t, g->pl->cfg, r))
			t->step = TAKE_READY;
		else
			group_fail(g, 1, "%s: what Redis holds of this partition is unreadable", t->name);
		break;
	default:
		break;
	}
}

int64_t take_load_from(const struct take *t)
{
	int64_t from = t->low;

	if (t->state.base.inc == t->state.pos.inc && t->state.base.offset > from)
		from = t->state.base.offset;
	return from < t->state.pos.offset ? from : t->state.pos.offset;
}
