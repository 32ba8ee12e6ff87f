#include "help_group.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* --- clock --- */

static int64_t now_ms(void *self)
{
	return ((struct group_bed *)self)->now_ms;
}

static uint64_t number(void *self)
{
	return ++((struct group_bed *)self)->random;
}

/* --- broker --- */

static bool poll_event(void *self, struct npsd_broker_event *out, int wait_ms)
{
	struct group_bed *b = self;

	(void)wait_ms;
	if (!b->nevents)
		return false;
	*out = b->event[0];
	memmove(b->event, b->event + 1, --b->nevents * sizeof b->event[0]);
	return true;
}

static void add_event(struct group_bed *b, struct npsd_broker_event e)
{
	cr_assert_lt(b->nevents, BED_CALLS);
	b->event[b->nevents++] = e;
}

static void wake(void *self)
{
	(void)self;
}

static void wake_worker(void *self, int worker)
{
	(void)self;
	(void)worker;
}

static bool assign(void *self, const struct npsd_offset *tps, size_t n)
{
	struct group_bed *b = self;

	for (b->ndelivered = 0; b->ndelivered < n; b->ndelivered++)
		b->delivered[b->ndelivered] = tps[b->ndelivered];
	b->assigns += n > 0;
	b->joins += n == 0;
	return true;
}

static void unassign(void *self)
{
	((struct group_bed *)self)->unassigns++;
}

static bool commit(void *self, uint64_t tag, const struct npsd_offset *tps, size_t n)
{
	struct group_bed *b = self;

	for (size_t i = 0; i < n && b->commit_answer == NPSD_COMMIT_OK; i++)
		b->part[tps[i].tp.part].committed = tps[i].offset;
	add_event(b, (struct npsd_broker_event){
			 .what = NPSD_B_COMMITTED, .tag = tag, .answer = b->commit_answer, .text = "why"});
	return true;
}

static bool ends(void *self, uint64_t tag, struct npsd_tp tp)
{
	struct group_bed *b = self;
	const struct group_bed_part *p = &b->part[tp.part];

	b->ends_said++;
	if (p->silent)
		return true; /* Kafka does not reply */
	add_event(b, (struct npsd_broker_event){.what = NPSD_B_ENDS,
			 .tag = tag,
			 .tp = tp,
			 .ok = !b->ends_fail && !p->ends_fail,
			 .low = p->low,
			 .high = p->high,
			 .committed = p->committed,
			 .text = "why"});
	return true;
}

static bool records(void *self, uint64_t tag, struct npsd_tp tp, int64_t from, int64_t to)
{
	struct group_bed *b = self;
	struct group_bed_part *p = &b->part[tp.part];
	struct npsd_broker_event e = {
	    .what = NPSD_B_RECORDS, .tag = tag, .tp = tp, .ok = !p->records_fail, .text = "why"};

	b->records_said++;
	if (p->records_silent)
		return true; /* Kafka does not reply */
	for (int64_t o = from > p->low ? from : p->low; o < to && o < p->high; o++)
		p->found[e.n++] = (struct npsd_mark){o, p->hash[o]};
	e.marks = p->found;
	add_event(b, e);
	return true;
}

static bool describe(void *self, uint64_t tag, int32_t topic)
{
	struct group_bed *b = self;
	bool ok = ++b->parts_said != b->parts_fail_at && !b->missing[topic];

	add_event(b, (struct npsd_broker_event){.what = NPSD_B_TOPIC,
			 .tag = tag,
			 .tp = {topic, -1},
			 .ok = ok,
			 .parts = ok		      ? b->parts
				  : b->missing[topic] ? 0
						      : -1,
			 .compacted = b->compacted_later-- > 0 ? NPSD_COMPACTED_LATER : b->compacted,
			 .text = "why"});
	return true;
}

static int64_t high(void *self, struct npsd_tp tp)
{
	return ((struct group_bed *)self)->part[tp.part].after;
}

/* --- store: a call runs when it is submitted --- */

static struct group_bed_part *part_of(struct group_bed *b, const struct npsd_call *call, size_t arg)
{
	unsigned at = (unsigned)(((const char *)call->args[arg].p)[call->args[arg].n - 1] - '0');

	cr_assert_lt(at, BED_PARTS);
	return &b->part[at];
}

static void copy(char *to, size_t size, const struct npsd_arg *from)
{
	cr_assert_lt(from->n, size);
	memcpy(to, from->p, from->n);
	to[from->n] = 0;
}

static bool is(const char *text, const struct npsd_arg *arg)
{
	return strlen(text) == arg->n && memcmp(text, arg->p, arg->n) == 0;
}

static void say_state(struct group_bed_call *c, struct group_bed_part *p)
{
	const char *texts[] = {"ok", p->claim, p->pos, p->base, "- - -"};

	if (!p->claim[0])
		strcpy(p->claim, "0123456789abcdef"); /* of another process, which counted up to there */
	for (size_t i = 0; i < 5; i++)
		snprintf(c->answer[c->n++], 40, "%s", texts[i]);
	c->rulings = p->rulings;
	c->nrulings = p->nrulings;
}

static void run_base(struct group_bed *b, struct group_bed_call *c, const struct npsd_call *call)
{
	struct group_bed_part *p = part_of(b, call, 4);

	if (!p->pos[0] && call->args[5].n) {
		copy(p->pos, sizeof p->pos, &call->args[5]);
		copy(p->base, sizeof p->base, &call->args[5]);
		copy(p->claim, sizeof p->claim, &call->args[6]);
	}
	say_state(c, p);
}

static void run_claim(struct group_bed *b, struct group_bed_call *c, const struct npsd_call *call)
{
	struct group_bed_part *p = part_of(b, call, 3);

	if (!is(p->claim, &call->args[4]) || !is(p->pos, &call->args[5])) {
		snprintf(c->answer[c->n++], 40, "refused");
		snprintf(c->answer[c->n++], 40, "claim");
		return;
	}
	copy(p->claim, sizeof p->claim, &call->args[6]);
	say_state(c, p);
}

static void run_skip(struct group_bed *b, struct group_bed_call *c, const struct npsd_call *call)
{
	struct group_bed_part *p = part_of(b, call, 3);

	copy(p->pos, sizeof p->pos, &call->args[6]);
	copy(p->skipped, sizeof p->skipped, &call->args[7]);
	p->nhistory = 0;
	snprintf(c->answer[c->n++], 40, "ok");
	snprintf(c->answer[c->n++], 40, "%s", p->pos);
}

static bool submit(void *self, const struct npsd_call *call)
{
	struct group_bed *b = self;
	struct group_bed_call *c = &b->call[b->ncalls++];

	cr_assert_leq(b->ncalls, BED_CALLS);
	*c = (struct group_bed_call){.tag = call->tag, .script = call->script};
	b->calls_said[call->script]++;
	if (b->applied) {
		snprintf(c->answer[c->n++], 40, "refused");
		snprintf(c->answer[c->n++], 40, "config");
		snprintf(c->answer[c->n++], 40, "hash");
	} else if (call->script == NPSD_S_base) {
		run_base(b, c, call);
	} else if (call->script == NPSD_S_claim) {
		run_claim(b, c, call);
	} else if (call->script == NPSD_S_skip) {
		run_skip(b, c, call);
	} else if (call->script == NPSD_S_history) {
		copy(c->answer[c->n++], 40, &(struct npsd_arg){"ok", 2});
		c->part = part_of(b, call, 3);
	} else if (call->script == NPSD_S_positions) {
		for (size_t i = 4; i < call->nargs; i++)
			snprintf(c->answer[c->n++], 40, "%s", part_of(b, call, i)->pos);
	} else {
		snprintf(c->answer[c->n++], 40, "refused");
		snprintf(c->answer[c->n++], 40, "claim");
	}
	return true;
}

static struct npsd_reply text_of(const char *text)
{
	return (struct npsd_reply){.type = NPSD_REPLY_STR, .str = text, .len = strlen(text)};
}

static struct npsd_reply list_of(const struct npsd_reply *el, size_t n)
{
	return (struct npsd_reply){.type = NPSD_REPLY_ARRAY, .el = el, .n = n};
}

/* node[0] is the whole, from node[1] on its elements, from node[12] on lists in it */
static const struct npsd_reply *reply_of(struct group_bed *b, const struct group_bed_call *c)
{
	struct npsd_reply *el = b->node + 1, *list = b->node + 12;
	size_t n = 0;

	if (c->script == NPSD_S_positions) {
		for (size_t i = 0; i < c->n; i++)
			list[i] = text_of(c->answer[i]);
		el[n++] = text_of("ok");
		el[n++] = text_of("");
		el[n++] = list_of(list, c->n);
		el[n++] = list_of(list, 0);
	} else if (c->part) {
		const struct group_bed_part *p = c->part;

		list[0] = (struct npsd_reply){.type = NPSD_REPLY_STR, .str = p->history, .len = p->nhistory};
		el[n++] = text_of("ok");
		el[n++] = text_of(p->pos);
		el[n++] = text_of("");
		el[n++] = list_of(list, p->nhistory > 0);
	} else {
		for (; n < c->n; n++)
			el[n] = text_of(c->answer[n]);
		if (b->applied && c->script == NPSD_S_base && strcmp(c->answer[0], "refused") == 0)
			el[n++] = text_of(b->applied);
		for (size_t i = 0; i < c->nrulings; i++)
			list[i] = text_of(c->rulings[i]);
		if (c->rulings) {
			el[n++] = list_of(list, c->nrulings);
			el[n++] = text_of("");
		}
	}
	b->node[0] = list_of(el, n);
	return b->node;
}

void group_bed_remember(struct group_bed *b, int part, int64_t from, int64_t to)
{
	struct group_bed_part *p = &b->part[part];
	struct npsd_buf packed;
	int64_t first = from;

	npsd_buf_init(&packed, NPSD_MARKS_ROOM);
	for (int64_t o = from; o < to; o++)
		npsd_marks_add(&packed, &first, (struct npsd_mark){o, p->hash[o]});
	p->nhistory =
	    (size_t)snprintf(p->history, sizeof p->history, "%" PRId64 " %" PRId64 " ", to - from, from);
	memcpy(p->history + p->nhistory, packed.p, packed.n);
	p->nhistory += packed.n;
	npsd_buf_free(&packed);
}

static struct group_bed_call answered;
static bool ready;

void group_bed_answer(struct group_bed *b, size_t which)
{
	cr_assert_lt(which, b->ncalls);
	answered = b->call[which];
	memmove(b->call + which, b->call + which + 1, (--b->ncalls - which) * sizeof b->call[0]);
	ready = true;
}

static bool poll_done(void *self, struct npsd_done *out, int wait_ms)
{
	struct group_bed *b = self;

	(void)wait_ms;
	if (!ready && !b->hold && b->ncalls)
		group_bed_answer(b, 0);
	if (!ready)
		return false;
	ready = false;
	*out = (struct npsd_done){.tag = answered.tag, .outcome = b->outcome, .text = "why"};
	if (b->outcome == NPSD_DONE)
		out->reply = reply_of(b, &answered);
	return true;
}

static uint32_t connection(void *self)
{
	(void)self;
	return 1;
}

/* --- the other components --- */

static bool component_step(struct group_bed *b, struct npsd_ring *in, struct npsd_ring *out, bool worker)
{
	struct npsd_command *o = npsd_ring_pop(in);

	if (!o)
		return false;
	b->commands[o->what]++;
	if (o->what == NPSD_CMD_ACQUIRE && worker) {
		cr_assert_leq(o->nrulings, 8);
		b->nrulings = o->nrulings;
		if (o->nrulings)
			memcpy(b->rulings, o->rulings, o->nrulings * sizeof *o->rulings);
		free(o->rulings);
		o->rulings = NULL;
	}
	if (o->what == NPSD_CMD_FLUSH && b->flushes_long) {
		b->flush = o;
		return true;
	}
	if (o->what == NPSD_CMD_RESET && in == b->pl.group_to_fold && b->flush) {
		cr_assert(npsd_ring_push(out, b->flush)); /* not ok */
		b->flush = NULL;
	}
	if (o->what == NPSD_CMD_PAUSE) {
		o->stands = malloc(sizeof b->stands);
		cr_assert(o->stands);
		memcpy(o->stands, b->stands, sizeof b->stands);
		o->nstands = b->nstands;
	}
	if (o->what == NPSD_CMD_ACQUIRE && worker)
		b->stands[b->nstands++] = (struct npsd_offset){o->state.tp, o->load_from};
	if (b->mute[o->what]) {
		free(o->stands);
		free(o);
		return true;
	}
	o->ok = true;
	cr_assert(npsd_ring_push(out, o));
	return true;
}

bool group_bed_step(struct group_bed *b)
{
	bool any = npsd_group_step(b->g, 0);

	while (component_step(b, b->pl.group_to_worker[0], b->pl.worker_to_group[0], true))
		any = true;
	while (component_step(b, b->pl.group_to_commit, b->pl.commit_to_group, false))
		any = true;
	while (component_step(b, b->pl.group_to_fold, b->pl.fold_to_group, false))
		any = true;
	return any;
}

void group_bed_settle(struct group_bed *b)
{
	for (int i = 0; group_bed_step(b); i++)
		cr_assert_lt(i, 1000, "the group makes steps for ever");
}

void group_bed_event(struct group_bed *b, enum npsd_broker_what what)
{
	add_event(b, (struct npsd_broker_event){.what = what, .tps = b->given});
}

void group_bed_assign(struct group_bed *b, int first, int n)
{
	for (int i = 0; i < n; i++)
		b->given[i] = (struct npsd_offset){{0, first + i}, 0};
	add_event(b, (struct npsd_broker_event){.what = NPSD_B_ASSIGN, .tps = b->given, .n = (size_t)n});
}

struct group_bed *group_bed_new(bool drain, const char *const *sets, int n)
{
	struct group_bed *b = aligned_alloc(_Alignof(struct group_bed), sizeof *b);
	struct npsd_err err = {0};

	cr_assert(b);
	memset(b, 0, sizeof *b);
	ready = false;
	cr_assert(npsd_config_load(&b->cfg, &err, NULL, sets, n), "%s", err.text);
	b->now_ms = 1000000;
	b->parts = 2;
	for (int i = 0; i < BED_PARTS; i++) {
		b->part[i] = (struct group_bed_part){.high = 100, .committed = -1};
		for (int o = 0; o < BED_RECORDS; o++)
			b->part[i].hash[o] = (uint64_t)o * 31 + 7;
	}
	b->pl.cfg = b->cfg;
	b->pl.workers = 1;
	b->pl.clock = (struct npsd_clock){b, now_ms, now_ms, number};
	b->pl.broker = (struct npsd_broker){.self = b,
	    .poll = poll_event,
	    .wake = wake,
	    .assign = assign,
	    .unassign = unassign,
	    .commit = commit,
	    .ends = ends,
	    .describe = describe,
	    .high = high,
	    .records = records,
	    .wake_worker = wake_worker};
	b->pl.store_group = (struct npsd_store){b, submit, poll_done, wake, connection};
	b->pl.store_commit = b->pl.store_fold = (struct npsd_store){.self = b, .wake = wake};
	npsd_rings_new(&b->pl);
	b->g = npsd_group_new(&b->pl, drain);
	return b;
}

void group_bed_free(struct group_bed **bed)
{
	struct group_bed *b = *bed;

	*bed = NULL;
	npsd_group_free(&b->g);
	free(b->flush);
	npsd_rings_free(&b->pl);
	npsd_config_free(&b->cfg);
	free(b);
}
