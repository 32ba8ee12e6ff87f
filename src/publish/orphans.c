#include "publish/orphans.h"

#include <string.h>

#include "npsd/err.h"

#define SCAN_PAGE "200"	 /* names or members that one call looks at, about */
#define PAGE_ROOM 512u	 /* a small set comes whole: its size is the server's configuration */
#define MOVED_NAMES 200u /* in one call */

static void forget_last(struct npsd_orphans *o)
{
	free(o->orphan[--o->n].text);
}

static void forget_all(struct npsd_orphans *o)
{
	while (o->n > 0)
		forget_last(o);
	o->at = o->nmoved = 0;
	o->need_len = 0;
}

void npsd_orphans_reset(struct npsd_orphans *o)
{
	forget_all(o);
	o->phase = NPSD_ORPHANS_DONE;
	o->removed = 0;
}

void npsd_orphans_begin(struct npsd_orphans *o)
{
	npsd_orphans_reset(o);
	o->phase = NPSD_ORPHANS_SCAN;
	o->members = o->read = o->again = false;
	o->list = (struct npsd_list_key){.list = -1};
	o->indexes = 0;
	memset(o->ranks, 0, sizeof o->ranks);
	strcpy(o->cursor, "0");
}

/* --- scan --- */

static void submit_page(const struct npsd_orphans *o, struct npsd_pub_context *c)
{
	if (!o->members) {
		npsd_script_begin_private(&c->build, NPSD_S_registry);
		npsd_pub_add_registry(c, c->shard);
		npsd_script_header(&c->build, c->v->names, npsd_names_len_any(c->v->names));
		npsd_script_int(&c->build, c->shard);
		npsd_script_int(&c->build, c->v->epoch);
	} else {
		npsd_list_name(&c->name, c->cfg, o->list);
		npsd_pub_begin(c, NPSD_S_members);
		npsd_script_argz(&c->build, o->list.ranked ? "ZSCAN" : "SSCAN");
	}
	npsd_script_argz(&c->build, o->cursor);
	npsd_script_argz(&c->build, SCAN_PAGE);
}

static bool is_registered(const struct npsd_orphans *o)
{
	if (o->list.ranked)
		return o->ranks[o->list.list] >> o->list.window & 1;
	return o->indexes >> o->list.list & 1;
}

/* The names, or the members of a list, are read. */
static void next_scan(struct npsd_orphans *o, const struct npsd_config *cfg)
{
	strcpy(o->cursor, "0");
	o->members = true;
	do
		o->read = !npsd_list_next_key(cfg, &o->list);
	while (!o->read && !is_registered(o));
}

static void keep_orphan(struct npsd_orphans *o, enum npsd_orphan_kind kind, struct npsd_str name, int shard)
{
	struct npsd_orphan *orphan;

	if (o->n == NPSD_ORPHANS)
		return; /* the next sweep finds it */
	orphan = &o->orphan[o->n++];
	*orphan = (struct npsd_orphan){.kind = kind, .list = o->list, .shard = shard, .len = name.n};
	orphan->text = malloc((size_t)name.n + 1);
	npsd_assert(orphan->text != NULL);
	memcpy(orphan->text, name.p, name.n);
}

static void mark_list(struct npsd_orphans *o, struct npsd_list_key k)
{
	if (k.ranked)
		o->ranks[k.list] |= (uint16_t)(1u << k.window);
	else
		o->indexes |= 1u << k.list;
}

static void name_read(
    struct npsd_orphans *o, const struct npsd_holdings *h, struct npsd_due *due, struct npsd_str name)
{
	struct npsd_found found;
	enum npsd_orphan_kind kind = npsd_orphan_kind(h->c->cfg, name);
	enum npsd_name_verdict verdict = npsd_name_verdict(h, &found, kind, o->list, name);

	if (verdict == NPSD_NAME_UNKNOWN || verdict == NPSD_NAME_OTHERS)
		keep_orphan(o, kind, name, verdict == NPSD_NAME_OTHERS ? found.shard : h->c->shard);
	else if (kind == NPSD_ORPHAN_LIST)
		mark_list(o, found.list);
	else if (verdict == NPSD_NAME_NOT_HELD) {
		npsd_registry_seen(h->registry, found.seg);
		npsd_key_doubt(h->keys, found.seg);
		npsd_due_touch(due, found.seg, h->c->now_mono_ms);
	}
}

static void member_read(struct npsd_orphans *o, const struct npsd_holdings *h, struct npsd_str member)
{
	struct npsd_found found;
	enum npsd_name_verdict verdict = npsd_name_verdict(h, &found, NPSD_ORPHAN_MEMBER, o->list, member);

	/* A removal of its own could overtake an addition, or pass unnoticed by what will be added. */
	if (verdict == NPSD_NAME_NOT_HELD && o->list.ranked)
		npsd_rank_doubt(h->ranks, h->c, found.seg, o->list);
	else if (verdict == NPSD_NAME_NOT_HELD)
		npsd_index_set_doubt(h->index, h->c, found.seg);
	else if (verdict == NPSD_NAME_UNKNOWN)
		keep_orphan(o, NPSD_ORPHAN_MEMBER, member, h->c->shard);
}

/* r: {"ok", cursor, name or member, ...} */
static void page_read(
    struct npsd_orphans *o, const struct npsd_holdings *h, struct npsd_due *due, const struct npsd_reply *r)
{
	struct npsd_str cursor = npsd_reply_str(r, 1);

	npsd_assert(cursor.n > 0 && cursor.n < sizeof o->cursor);
	for (size_t k = 2; k < r->n; k++)
		if (o->members)
			member_read(o, h, npsd_reply_str(r, k));
		else
			name_read(o, h, due, npsd_reply_str(r, k));
	memcpy(o->cursor, cursor.p, cursor.n + 1);
	if (strcmp(o->cursor, "0") == 0)
		next_scan(o, h->c->cfg);
	if (o->n > 0 && (o->read || o->n + PAGE_ROOM > NPSD_ORPHANS))
		o->phase = NPSD_ORPHANS_MOVE;
	else if (o->read)
		o->phase = NPSD_ORPHANS_DONE;
}

/* --- move and ask --- */

static void swap(struct npsd_orphan *a, struct npsd_orphan *b)
{
	struct npsd_orphan t = *a;

	*a = *b;
	*b = t;
}

/* Brings names of another shard to the end of the memory. Returns their number. */
static uint32_t gather_moved(struct npsd_orphans *o, int own)
{
	uint32_t n = 0;
	int shard = own;

	for (uint32_t k = o->n; k-- > 0 && n < MOVED_NAMES;) {
		if (shard == own)
			shard = o->orphan[k].shard;
		if (o->orphan[k].shard == shard && shard != own)
			swap(&o->orphan[k], &o->orphan[o->n - ++n]);
	}
	return n;
}

/* False: there are none. */
static bool submit_move(struct npsd_orphans *o, struct npsd_pub_context *c)
{
	o->nmoved = gather_moved(o, c->shard);
	if (o->nmoved == 0)
		return false;
	npsd_script_begin_private(&c->build, NPSD_S_move);
	npsd_pub_add_registry(c, c->shard);
	npsd_pub_add_registry(c, o->orphan[o->n - 1].shard);
	npsd_script_header(&c->build, c->v->names, npsd_names_len_any(c->v->names));
	npsd_script_int(&c->build, c->shard);
	npsd_script_int(&c->build, c->v->epoch);
	for (uint32_t k = o->n - o->nmoved; k < o->n; k++)
		npsd_script_arg(&c->build, o->orphan[k].text, o->orphan[k].len);
	return true;
}

/* False: all are asked. */
static bool submit_ask(struct npsd_orphans *o, struct npsd_pub_context *c)
{
	while (o->at < o->n && o->orphan[o->at].kind == NPSD_ORPHAN_MEMBER)
		o->at++;
	if (o->at == o->n)
		return false;
	npsd_script_begin(&c->build, NPSD_S_remove);
	npsd_script_key(&c->build, o->orphan[o->at].text, o->orphan[o->at].len);
	npsd_script_argz(&c->build, "?");
	return true;
}

bool npsd_orphans_step(struct npsd_orphans *o, struct npsd_pub_context *c)
{
	if (o->phase < NPSD_ORPHANS_SCAN || o->phase > NPSD_ORPHANS_ASK || c->flight[NPSD_FLIGHT_SCAN] != 0)
		return false;
	if (o->phase == NPSD_ORPHANS_MOVE && !submit_move(o, c)) {
		o->phase = NPSD_ORPHANS_ASK;
		o->at = 0;
	}
	if (o->phase == NPSD_ORPHANS_ASK && !submit_ask(o, c)) {
		o->phase = NPSD_ORPHANS_RESOLVE;
		return true;
	}
	if (o->phase == NPSD_ORPHANS_SCAN)
		submit_page(o, c);
	return npsd_pub_submit(c, NPSD_FLIGHT_SCAN);
}

static void asked(struct npsd_orphans *o, const struct npsd_reply *r)
{
	struct npsd_orphan *orphan = &o->orphan[o->at++];
	struct npsd_str rev = npsd_reply_str(r, 2);

	orphan->text = realloc(orphan->text, (size_t)orphan->len + rev.n + 1);
	npsd_assert(orphan->text != NULL);
	memcpy(orphan->text + orphan->len, rev.p, rev.n);
	orphan->rev_len = rev.n;
}

void npsd_orphans_done(
    struct npsd_orphans *o, const struct npsd_holdings *h, struct npsd_due *due, const struct npsd_done *done)
{
	if (!npsd_pub_ok(h->c, done,
		o->phase == NPSD_ORPHANS_ASK	? 3
		: o->phase == NPSD_ORPHANS_SCAN ? 2
						: 1))
		return;
	if (o->phase == NPSD_ORPHANS_SCAN)
		page_read(o, h, due, done->reply);
	else if (o->phase == NPSD_ORPHANS_ASK)
		asked(o, done->reply);
	else
		for (; o->nmoved > 0; o->nmoved--)
			forget_last(o);
}

/* --- resolve, remove, forget --- */

static bool has_rest(const struct npsd_orphans *o, const struct npsd_pub_context *c)
{
	return (int64_t)npsd_names_len_any(c->v->names) >= o->need_len;
}

bool npsd_orphans_wait(const struct npsd_orphans *o, const struct npsd_pub_context *c)
{
	return o->phase >= NPSD_ORPHANS_RESOLVE && has_rest(o, c);
}

bool npsd_orphans_need_record(const struct npsd_orphans *o)
{
	return o->phase == NPSD_ORPHANS_RESOLVE || o->phase == NPSD_ORPHANS_FORGET;
}

static bool is_unknown(const struct npsd_holdings *h, const struct npsd_orphan *o)
{
	struct npsd_found found;

	return npsd_name_verdict(h, &found, o->kind, o->list, (struct npsd_str){o->text, o->len}) ==
	       NPSD_NAME_UNKNOWN;
}

void npsd_orphans_forget(struct npsd_orphans *o, const struct npsd_holdings *h)
{
	if (o->phase != NPSD_ORPHANS_FORGET)
		return;
	for (uint32_t k = 0; k < o->n; k++) {
		const struct npsd_orphan *orphan = &o->orphan[k];

		/* what the dictionary has got since then may be registered already, by a record before this
		 */
		if (orphan->kind == NPSD_ORPHAN_MEMBER || !orphan->gone || !is_unknown(h, orphan))
			continue;
		npsd_script_argz(&h->c->build, "-");
		npsd_script_extend(&h->c->build, orphan->text, orphan->len);
	}
}

void npsd_orphans_recorded(struct npsd_orphans *o, const struct npsd_pub_context *c, int64_t dict_len)
{
	if (o->phase == NPSD_ORPHANS_FORGET) {
		uint32_t removed = o->removed;

		forget_all(o);
		o->phase = o->read ? NPSD_ORPHANS_DONE : NPSD_ORPHANS_SCAN;
		if (o->read && o->again)
			npsd_orphans_begin(o);
		o->removed = removed;
	} else if (o->phase == NPSD_ORPHANS_RESOLVE && has_rest(o, c)) {
		if (o->need_len == 0)
			o->need_len = dict_len;
		if (!has_rest(o, c))
			return;
		o->phase = NPSD_ORPHANS_REMOVE;
		o->at = 0;
	}
}

static void submit_removal(const struct npsd_orphan *o, struct npsd_pub_context *c)
{
	if (o->kind == NPSD_ORPHAN_MEMBER) {
		npsd_list_name(&c->name, c->cfg, o->list);
		npsd_pub_begin(c, o->list.ranked ? NPSD_S_rank : NPSD_S_index);
		npsd_script_argz(&c->build, o->list.ranked ? "0" : "SREM");
		npsd_script_arg(&c->build, o->text, o->len);
	} else {
		npsd_script_begin(&c->build, NPSD_S_remove);
		npsd_script_key(&c->build, o->text, o->len);
		npsd_script_arg(&c->build, o->text + o->len, o->rev_len);
	}
	npsd_pub_submit(c, NPSD_FLIGHT_REMOVE); /* false: the next step tries again */
}

bool npsd_orphans_remove(struct npsd_orphans *o, const struct npsd_holdings *h)
{
	if (o->phase != NPSD_ORPHANS_REMOVE || h->c->flight[NPSD_FLIGHT_REMOVE] != 0)
		return o->phase == NPSD_ORPHANS_REMOVE;
	for (; o->at < o->n && !is_unknown(h, &o->orphan[o->at]); o->at++)
		o->again = true;
	if (o->at < o->n)
		submit_removal(&o->orphan[o->at], h->c);
	else
		o->phase = NPSD_ORPHANS_FORGET;
	return o->phase == NPSD_ORPHANS_REMOVE;
}

void npsd_orphans_removed(struct npsd_orphans *o, struct npsd_pub_context *c, const struct npsd_done *done)
{
	int64_t removed = 1; /* index and rank do not say */

	if (!npsd_pub_ok(c, done, 1))
		return;
	if (done->reply->n > 1)
		npsd_reply_int(&removed, done->reply, 1, 0);
	o->orphan[o->at++].gone = removed == 1;
	o->removed += removed == 1;
}
