#include "help_count.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>

#include "count/worker.h"
#include "help_names.h"
#include "npsd/event.h"

/* --- the worker's surroundings --- */

static int64_t wall_ms(void *self)
{
	return ((struct rig *)self)->wall_ms;
}

static int64_t mono_ms(void *self)
{
	return ((struct rig *)self)->mono_ms;
}

static size_t fetch(void *self, int worker, struct npsd_msg *out, size_t max, int wait_ms)
{
	struct rig *r = self;
	size_t n = 0;

	(void)worker;
	r->waits += max == 0 && wait_ms > 0;
	while (n < max && r->at < r->nlog)
		out[n++] = r->log[r->at++];
	return n;
}

static void release(void *self, struct npsd_msg *msgs, size_t n)
{
	struct rig *r = self;

	for (size_t i = 0; i < n; i++)
		free(msgs[i].held);
	r->released += n;
}

static void wake(void *self)
{
	(void)self;
}

struct rig *rig_new(const char *const *sets, int n)
{
	struct rig *r = aligned_alloc(_Alignof(struct rig), sizeof *r);
	struct npsd_err err = {0};

	cr_assert(r);
	memset(r, 0, sizeof *r);
	cr_assert(npsd_config_load(&r->cfg, &err, NULL, sets, n), "%s", err.text);
	r->names = npsd_names_new(r->cfg->caps, &r->cfg->sets);
	r->wall_ms = RIG_NOW;
	r->mono_ms = 1;
	r->session = 1;
	r->end = NPSD_REQ_DONE;
	r->clock_ms = INT64_MIN;
	r->pl.cfg = r->cfg;
	r->pl.workers = 1;
	r->pl.clock = (struct npsd_clock){.self = r, .wall_ms = wall_ms, .mono_ms = mono_ms};
	r->pl.broker = (struct npsd_broker){.self = r, .fetch = fetch, .release = release, .wake = wake};
	r->pl.store_commit = (struct npsd_store){.self = r, .wake = wake};
	r->pl.group_to_worker[0] = npsd_ring_new(64);
	r->pl.worker_to_group[0] = npsd_ring_new(64);
	r->pl.worker_to_commit[0] = npsd_ring_new(4);
	r->pl.commit_to_worker[0] = npsd_ring_new(4);
	r->worker = npsd_worker_new(&r->pl, 0);
	return r;
}

static void alert_free(struct rig_alert *a)
{
	free(a->id);
	free(a->kind);
	free(a->severity);
	free(a->response_id);
	free(a->source);
	free(a->json);
	free(a->channels);
}

void rig_free(struct rig **rig)
{
	struct rig *r = *rig;

	*rig = NULL;
	while (rig_answer(r) >= 0)
		;
	npsd_worker_free(&r->worker);
	npsd_ring_free(&r->pl.group_to_worker[0]);
	npsd_ring_free(&r->pl.worker_to_group[0]);
	npsd_ring_free(&r->pl.worker_to_commit[0]);
	npsd_ring_free(&r->pl.commit_to_worker[0]);
	npsd_names_free(&r->names);
	npsd_config_free(&r->cfg);
	for (; r->at < r->nlog; r->at++)
		free(r->log[r->at].held);
	for (size_t i = 0; i < r->nalert; i++)
		alert_free(&r->alert[i]);
	free(r->log);
	free(r->delta);
	free(r->alert);
	free(r);
}

/* --- orders and messages --- */

struct npsd_command *rig_command(enum npsd_command_what what)
{
	struct npsd_command *o = calloc(1, sizeof *o);

	cr_assert(o);
	o->what = what;
	return o;
}

void rig_send(struct rig *r, struct npsd_command *o)
{
	o->session = r->session;
	cr_assert(npsd_ring_push(r->pl.group_to_worker[0], o));
}

int rig_answer(struct rig *r)
{
	struct npsd_command *o = npsd_ring_pop(r->pl.worker_to_group[0]);
	int ok = o ? o->ok : -1;

	free(o);
	return ok;
}

void rig_take(struct rig *r, int part, int64_t pos, int64_t load_from)
{
	struct npsd_command *o = rig_command(NPSD_CMD_ACQUIRE);

	o->names = r->names;
	o->load_from = load_from;
	o->state = (struct npsd_part_state){.tp = {0, part},
	    .claim = "0123456789abcdef",
	    .base = {0, load_from},
	    .pos = {0, pos},
	    .stream_ms = INT64_MIN,
	    .horizon_ms = INT64_MIN};
	rig_send(r, o);
	rig_send(r, rig_command(NPSD_CMD_FETCH));
	npsd_worker_step(r->worker, 0);
	cr_assert_eq(rig_answer(r), 1);
	cr_assert_eq(rig_answer(r), 1);
}

static struct npsd_msg *log_add(struct rig *r)
{
	if ((r->nlog & (r->nlog - 1)) == 0)
		r->log = realloc(r->log, (r->nlog * 2 + 1) * sizeof *r->log);
	cr_assert(r->log);
	return &r->log[r->nlog++];
}

void rig_record(struct rig *r, int part, int64_t offset, int64_t record_ms, const char *value)
{
	size_t len = value ? strlen(value) : 0;
	char *copy = calloc(1, len + 64);

	cr_assert(copy);
	if (value)
		memcpy(copy, value, len);
	*log_add(r) = (struct npsd_msg){
	    NPSD_MSG_RECORD, {0, part}, offset, record_ms, value ? copy : NULL, len, copy, NULL};
}

void rig_msg(struct rig *r, enum npsd_msg_what what, int part, int64_t offset)
{
	*log_add(r) = (struct npsd_msg){.what = what, .tp = {0, part}, .offset = offset};
}

/* --- what comes out --- */

static char *copy_text(const msgpack_object *o, size_t *len)
{
	char *z = malloc(o->via.str.size + 1);

	cr_assert(z);
	cr_assert_eq(o->type, MSGPACK_OBJECT_STR);
	memcpy(z, o->via.str.ptr, o->via.str.size);
	z[o->via.str.size] = 0;
	if (len)
		*len = o->via.str.size;
	return z;
}

static void add_delta(
    struct rig *r, const msgpack_object *o, uint32_t shard, struct npsd_seg *before, int64_t *pane_before)
{
	const msgpack_object *el = o->via.array.ptr;
	struct npsd_seg seg = {el[0].via.u64, el[1].via.u64};
	int64_t pane_s = el[2].via.i64;
	uint32_t bits = (uint32_t)el[3].via.u64, at = 4;
	struct rig_delta *d;
	struct npsd_buf name;

	cr_assert_eq(npsd_seg_shard(seg, (uint32_t)r->cfg->shards), shard);
	cr_assert(before->hi < seg.hi ||
		      (before->hi == seg.hi &&
			  (before->lo < seg.lo || (before->lo == seg.lo && *pane_before < pane_s))),
	    "deltas are sorted, each once");
	*before = seg;
	*pane_before = pane_s;
	if ((r->ndelta & (r->ndelta - 1)) == 0)
		r->delta = realloc(r->delta, (r->ndelta * 2 + 1) * sizeof *r->delta);
	d = &r->delta[r->ndelta++];
	memset(d, 0, sizeof *d);
	npsd_buf_init(&name, sizeof d->seg - 1);
	cr_assert(npsd_seg_name(&name, seg, &r->cfg->sets, r->names));
	memcpy(d->seg, name.p, name.n);
	npsd_buf_free(&name);
	d->pane_s = pane_s;
	cr_assert_neq(bits, 0);
	for (int c = 0; c < NPSD_NCOUNTER; c++)
		if (bits >> c & 1)
			d->v[c] = el[at++].via.i64;
	cr_assert_eq(at, o->via.array.size);
	r->shards[shard]++;
}

static void take_deltas(struct rig *r, const struct npsd_batch *b)
{
	for (uint32_t i = 0; i < b->nshards; i++) {
		struct npsd_seg before = {0, 0};
		int64_t pane_before = INT64_MIN;
		msgpack_unpacked un;
		size_t off = 0;

		cr_assert(i == 0 || b->shard[i].shard > b->shard[i - 1].shard);
		msgpack_unpacked_init(&un);
		cr_assert_eq(msgpack_unpack_next(&un, b->deltas.p + b->shard[i].at, b->shard[i].len, &off),
		    MSGPACK_UNPACK_SUCCESS);
		cr_assert_eq(off, b->shard[i].len);
		for (uint32_t j = 0; j < un.data.via.array.size; j++)
			add_delta(r, &un.data.via.array.ptr[j], b->shard[i].shard, &before, &pane_before);
		msgpack_unpacked_destroy(&un);
	}
}

static void add_number(struct rig_number *list, size_t *n, size_t max, const char *name, int64_t value)
{
	size_t i = 0;

	while (i < *n && strcmp(list[i].name, name) != 0)
		i++;
	cr_assert(i < max);
	if (i == *n) {
		snprintf(list[i].name, sizeof list[i].name, "%s", name);
		list[i].value = 0;
		++*n;
	}
	list[i].value += value;
}

static void take_map(struct rig_number *list, size_t *n, size_t max, const struct npsd_buf *map)
{
	msgpack_unpacked un;
	size_t off = 0;

	msgpack_unpacked_init(&un);
	cr_assert_eq(msgpack_unpack_next(&un, map->p, map->n, &off), MSGPACK_UNPACK_SUCCESS);
	cr_assert_eq(off, map->n);
	for (uint32_t i = 0; i < un.data.via.map.size; i++) {
		char *name = copy_text(&un.data.via.map.ptr[i].key, NULL);

		cr_assert_neq(un.data.via.map.ptr[i].val.via.i64, 0);
		add_number(list, n, max, name, un.data.via.map.ptr[i].val.via.i64);
		free(name);
	}
	msgpack_unpacked_destroy(&un);
}

static void add_alert(struct rig *r, const msgpack_object *o)
{
	const msgpack_object *el = o->via.array.ptr;
	struct rig_alert *a;
	char *at_ms;
	size_t n = 0;

	cr_assert_eq(o->via.array.size, 9);
	r->alert = realloc(r->alert, (r->nalert + 1) * sizeof *r->alert);
	a = &r->alert[r->nalert++];
	*a = (struct rig_alert){.id = NULL};
	a->id = copy_text(&el[0], &a->id_len);
	a->kind = copy_text(&el[1], NULL);
	a->severity = copy_text(&el[2], NULL);
	a->response_id = copy_text(&el[3], NULL);
	at_ms = copy_text(&el[4], NULL);
	a->at_ms = strtoll(at_ms, NULL, 10);
	free(at_ms);
	a->source = copy_text(&el[5], NULL);
	a->json = copy_text(&el[6], &a->json_len);
	a->stale_after_ms = el[7].via.i64;
	for (uint32_t i = 0; i < el[8].via.array.size; i++)
		n += el[8].via.array.ptr[i].via.str.size + 1;
	a->channels = calloc(1, n + 1);
	for (uint32_t i = 0; i < el[8].via.array.size; i++) {
		char *z = copy_text(&el[8].via.array.ptr[i], NULL);

		strcat(a->channels, i ? " " : "");
		strcat(a->channels, z);
		free(z);
	}
}

static void take_alerts(struct rig *r, const struct npsd_batch *b)
{
	msgpack_unpacked un;
	size_t off = 0;
	uint32_t n = 0;

	msgpack_unpacked_init(&un);
	for (; n < b->nalerts; n++) {
		cr_assert_eq(
		    msgpack_unpack_next(&un, b->alerts.p, b->alerts.n, &off), MSGPACK_UNPACK_SUCCESS);
		add_alert(r, &un.data);
	}
	cr_assert_eq(off, b->alerts.n);
	msgpack_unpacked_destroy(&un);
}

static void take_batch(struct rig *r, const struct npsd_batch *b)
{
	r->batches++;
	take_deltas(r, b);
	take_alerts(r, b);
	take_map(r->total, &r->ntotal, 128, &b->totals);
	take_map(r->meta, &r->nmeta, 64, &b->meta);
	for (uint32_t i = 0; i < b->nparts; i++) {
		const struct npsd_batch_part *p = &b->part[i];

		strncat(r->rulings, p->rulings.n ? p->rulings.p : "", p->rulings.n);
		if (r->last[p->end.tp.part].end.claim[0])
			cr_assert_eq(npsd_pos_cmp(r->last[p->end.tp.part].end.pos, p->from), 0);
		cr_assert(npsd_pos_cmp(p->from, p->end.pos) < 0);
		r->last[p->end.tp.part] = *p;
	}
	if (b->clock_ms > r->clock_ms)
		r->clock_ms = b->clock_ms;
}

static void take_ask(struct rig *r, const struct npsd_admission *admission)
{
	r->asks++;
	for (uint32_t i = 0; i < admission->n && !r->admits_nothing; i++) {
		char value[4096];

		snprintf(value, sizeof value, "%.*s", admission->value[i].len,
		    admission->text.p + admission->value[i].at);
		if (npsd_names_find_any(r->names, admission->value[i].dim, npsd_str(value)) ==
		    NPSD_ID_UNKNOWN)
			cr_assert_neq(help_admit(r->names, &r->cfg->sets, admission->value[i].dim, value),
			    NPSD_ID_UNKNOWN, "%s", value);
		r->asked++;
	}
}

bool rig_commit(struct rig *r)
{
	struct npsd_request *req = r->hold ? NULL : npsd_ring_pop(r->pl.worker_to_commit[0]);

	if (!req)
		return false;
	if (r->end == NPSD_REQ_DONE && req->session == r->session) {
		if (req->what == NPSD_REQ_COMMIT)
			take_batch(r, (struct npsd_batch *)req);
		else
			take_ask(r, (struct npsd_admission *)req);
		req->end = NPSD_REQ_DONE;
	} else {
		req->end = NPSD_REQ_DROPPED;
	}
	cr_assert(npsd_ring_push(r->pl.commit_to_worker[0], req));
	return true;
}

void rig_run(struct rig *r)
{
	for (int idle = 0; idle < 3;) {
		bool did = npsd_worker_step(r->worker, 0);

		did |= rig_commit(r);
		idle = did ? 0 : idle + 1;
		r->mono_ms += did ? 0 : 1000;
	}
}

int64_t rig_sum(const struct rig *r, const char *seg, int64_t pane_s, enum npsd_counter c)
{
	int64_t sum = 0;

	for (size_t i = 0; i < r->ndelta; i++)
		if (strcmp(r->delta[i].seg, seg) == 0 && (pane_s < 0 || r->delta[i].pane_s == pane_s))
			sum += r->delta[i].v[c];
	return sum;
}

static int64_t find_number(const struct rig_number *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return list[i].value;
	return 0;
}

int64_t rig_total(const struct rig *r, const char *name)
{
	return find_number(r->total, r->ntotal, name);
}

int64_t rig_meta(const struct rig *r, const char *name)
{
	return find_number(r->meta, r->nmeta, name);
}

/* --- stops --- */

static void read_rulings(struct npsd_command *o, const char *text)
{
	o->rulings = calloc(strlen(text) / 8 + 1, sizeof *o->rulings);
	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		struct npsd_ruling *rule = &o->rulings[o->nrulings++];

		if (sscanf(line, "ahead %" SCNu32 ":%" SCNd64 " %" SCNd64, &rule->from.inc,
			&rule->from.offset, &rule->to) == 3)
			rule->what = NPSD_RULING_AHEAD;
		else if (sscanf(line, "lateness %" SCNu32 ":%" SCNd64 " %" SCNd64, &rule->from.inc,
			     &rule->from.offset, &rule->ms) == 3)
			rule->what = NPSD_RULING_LATENESS;
		else if (sscanf(line, "horizon %" SCNu32 ":%" SCNd64 " %" SCNd64, &rule->from.inc,
			     &rule->from.offset, &rule->ms) == 3)
			rule->what = NPSD_RULING_HORIZON;
		else
			cr_assert_fail("%s", line);
	}
}

void rig_wait_answer(struct rig *r, int expect)
{
	int ok = -1;

	for (int i = 0; i < 100 && ok < 0; i++) {
		npsd_worker_step(r->worker, 0);
		rig_commit(r);
		r->mono_ms++;
		ok = rig_answer(r);
	}
	cr_assert_eq(ok, expect);
}

int64_t rig_take_again(struct rig *r, bool keep)
{
	struct npsd_command *o = rig_command(NPSD_CMD_ACQUIRE);
	int64_t from;

	o->names = r->names;
	o->state = r->last[0].end;
	o->keep = keep;
	if (!o->state.claim[0])
		o->state = (struct npsd_part_state){
		    .claim = "first", .stream_ms = NPSD_TIME_NONE, .horizon_ms = NPSD_TIME_NONE};
	from = o->load_from = keep ? o->state.pos.offset : 0;
	read_rulings(o, r->rulings);
	rig_send(r, o);
	rig_wait_answer(r, 1);
	rig_send(r, rig_command(NPSD_CMD_FETCH));
	rig_wait_answer(r, 1);
	return from;
}

/* --- what the ledger knows --- */

static int compare_entries(const void *a, const void *b)
{
	const struct npsd_entry *x = *(const struct npsd_entry *const *)a,
				*y = *(const struct npsd_entry *const *)b;

	return x->key_lo < y->key_lo ? -1 : x->key_lo > y->key_lo;
}

static void dump_entry(struct npsd_buf *out, const struct npsd_ledger *l, const struct npsd_entry *e)
{
	struct npsd_content c;

	npsd_buf_addf(out, "%016" PRIx64 "%010" PRIx64 " order %" PRIu32 " %" PRId64 " %" PRId64 " %" PRIu64,
	    e->key_lo, (uint64_t)e->key_hi, (uint32_t)e->inc, e->revision, e->updated_ms,
	    (uint64_t)e->offset);
	npsd_buf_addf(out, " event %" PRId64 " seen %" PRId64 " alerts %u %u", (int64_t)e->event_ms,
	    npsd_entry_seen_ms(e), (unsigned)e->transitions, (unsigned)e->incident);
	if (e->counts) {
		npsd_entry_get(&c, l, e);
		npsd_buf_addf(out, " score %d kind %d comment %d %08" PRIx32 " over_cap %d ids", c.score,
		    c.kind, c.has_comment, c.comment_hash, c.over_cap);
		for (int dim = 0; dim < NPSD_NDIM; dim++)
			npsd_buf_addf(out, " %" PRIu32, c.value[dim]);
		npsd_buf_addz(out, " themes");
		for (int i = 0; i < c.nthemes; i++)
			npsd_buf_addf(out, " %" PRIu32, c.theme[i]);
	}
	npsd_buf_addz(out, "\n");
}

/* What the ledger knows at the horizon, one line a response, sorted: equal texts mean equal ledgers. */
static void dump_part(struct npsd_buf *out, const struct npsd_part *p)
{
	const struct npsd_entry **sorted = calloc(p->ledger->live + 1, sizeof *sorted);
	size_t n = 0;

	npsd_assert(sorted);
	npsd_buf_addf(out, "next %" PRId64 " stream %" PRId64 " horizon %" PRId64 "\n", p->next, p->stream_ms,
	    p->horizon_ms);
	for (uint32_t i = 0; i < p->ledger->high; i++) {
		const struct npsd_entry *e = &p->ledger->entry[i];

		if (e->live && npsd_entry_seen_ms(e) >= p->horizon_ms)
			sorted[n++] = e;
	}
	qsort(sorted, n, sizeof *sorted, compare_entries);
	for (size_t i = 0; i < n; i++)
		dump_entry(out, p->ledger, sorted[i]);
	free(sorted);
}

void rig_dump(struct npsd_buf *out, struct rig *r)
{
	npsd_buf_init(out, 16 << 20);
	dump_part(out, npsd_worker_part(r->worker, (struct npsd_tp){0, 0}));
	npsd_buf_add(out, "", 1);
}
