/*
 * Index sets: every SEG that has a key. A member is added or taken out after its key is acknowledged, in
 * batches of one set; each sweep adds all of them again and takes out what does not belong.
 */
#include <string.h>

#include "npsd/err.h"
#include "publish/pub.h"

void npsd_pub_index_reset(struct npsd_pub *p)
{
	for (int s = 0; s < NPSD_MAX_SETS; s++)
		p->index[s] = (struct npsd_due_list){NPSD_DUE_NONE, NPSD_DUE_NONE};
	p->nindex = 0;
}

static int set_of(const struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i)
{
	uint32_t number = npsd_seg_set(npsd_panes_seg(v->panes, i));
	int s = 0;

	while (s < p->cfg->sets.n && p->cfg->sets.set[s].number != number)
		s++;
	npsd_assert(s < p->cfg->sets.n);
	return s;
}

static void push(struct npsd_pub *p, int set, uint32_t i)
{
	struct npsd_due_list *l = &p->index[set];

	p->key[i].index_due = true;
	p->key[i].next_index = NPSD_DUE_NONE;
	if (l->tail == NPSD_DUE_NONE)
		l->head = i;
	else
		p->key[l->tail].next_index = i;
	l->tail = i;
}

static uint32_t pop(struct npsd_pub *p, int set)
{
	struct npsd_due_list *l = &p->index[set];
	uint32_t i = l->head;

	l->head = p->key[i].next_index;
	if (l->head == NPSD_DUE_NONE)
		l->tail = NPSD_DUE_NONE;
	p->key[i].index_due = false;
	return i;
}

void npsd_pub_index_due(struct npsd_pub *p, const struct npsd_shard_view *v, uint32_t i)
{
	if (!p->key[i].index_due)
		push(p, set_of(p, v, i), i);
}

/* Takes members off the front of a list that all want the same, and writes their names to p->text. */
static void gather(
    struct npsd_pub *p, const struct npsd_shard_view *v, int set, size_t end[NPSD_INDEX_MEMBERS])
{
	p->index_set = set;
	p->index_add = p->key[p->index[set].head].holds;
	npsd_buf_clear(&p->text);
	while (p->nindex < NPSD_INDEX_MEMBERS && p->index[set].head != NPSD_DUE_NONE &&
	       p->key[p->index[set].head].holds == p->index_add) {
		uint32_t i = pop(p, set);
		bool named = npsd_seg_name(&p->text, npsd_panes_seg(v->panes, i), &p->cfg->sets, v->names);

		npsd_assert(named);
		end[p->nindex] = p->text.n;
		p->index_seg[p->nindex++] = i;
	}
}

static void give_back(struct npsd_pub *p)
{
	for (uint32_t k = 0; k < p->nindex; k++)
		if (!p->key[p->index_seg[k]].index_due)
			push(p, p->index_set, p->index_seg[k]);
	p->nindex = 0;
}

bool npsd_pub_index_step(struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store)
{
	struct npsd_arg key, args[1 + NPSD_INDEX_MEMBERS];
	size_t end[NPSD_INDEX_MEMBERS] = {0};
	int set = 0;

	while (set < p->cfg->sets.n && p->index[set].head == NPSD_DUE_NONE)
		set++;
	if (p->slot[NPSD_SLOT_INDEX] != 0 || set == p->cfg->sets.n)
		return false;
	gather(p, v, set, end);
	npsd_buf_clear(&p->name);
	npsd_pub_public(p, &p->name, "index:");
	npsd_buf_addz(&p->name, p->cfg->sets.set[set].name);
	key = npsd_arg_buf(&p->name, 0, p->name.n);
	args[0] = npsd_arg_z(p->index_add ? "SADD" : "SREM");
	for (uint32_t k = 0; k < p->nindex; k++)
		args[1 + k] = npsd_arg_buf(&p->text, k ? end[k - 1] : 0, end[k]);
	if (npsd_pub_submit(p, store, NPSD_SLOT_INDEX, NPSD_S_index, &key, 1, args, 1 + p->nindex)) {
		for (uint32_t k = 0; k < p->nindex; k++) {
			p->key[p->index_seg[k]].may_index = true;
			p->key[p->index_seg[k]].indexed = false;
		}
		return true;
	}
	give_back(p);
	return false;
}

void npsd_pub_index_done(struct npsd_pub *p, const struct npsd_done *done, int64_t mono_ms)
{
	if (done->outcome != NPSD_DONE || !npsd_pub_reply_is(done->reply, "ok", 1)) {
		npsd_pub_failed(p, done, mono_ms);
		give_back(p);
		return;
	}
	for (uint32_t k = 0; k < p->nindex; k++)
		p->key[p->index_seg[k]].indexed = p->key[p->index_seg[k]].may_index = p->index_add;
	p->nindex = 0;
}

bool npsd_pub_index_clean(const struct npsd_pub *p)
{
	for (int s = 0; s < NPSD_MAX_SETS; s++)
		if (p->index[s].head != NPSD_DUE_NONE)
			return false;
	return p->nindex == 0;
}
