#include "publish/index_set.h"

#include "publish/keyname.h"

void npsd_index_set_reset(struct npsd_index_set *x)
{
	for (int s = 0; s < NPSD_MAX_SETS; s++)
		x->list[s] = NPSD_LIST_EMPTY;
	x->n = x->nbatch = 0;
}

static struct npsd_index_seg *seg_at(struct npsd_index_set *x, uint32_t i)
{
	x->seg = npsd_array_reserve(x->seg, &x->cap, i, sizeof *x->seg);
	while (x->n <= i)
		x->seg[x->n++] = (struct npsd_index_seg){0};
	return &x->seg[i];
}

static int set_of(const struct npsd_pub_context *c, uint32_t i)
{
	return npsd_set_place(&c->cfg->sets, npsd_seg_set(npsd_panes_seg(c->v->panes, i)));
}

static void push(struct npsd_index_set *x, int set, uint32_t i)
{
	npsd_assert(set >= 0);
	if (x->seg[i].queued)
		return;
	x->seg[i].queued = true;
	npsd_list_push(&x->list[set], NPSD_LINKS(x->seg), i);
}

void npsd_index_set_acknowledged(
    struct npsd_index_set *x, const struct npsd_pub_context *c, uint32_t i, bool holds, bool all)
{
	struct npsd_index_seg *s = seg_at(x, i);

	s->holds = holds;
	if (all)
		s->stored = NPSD_INDEX_UNKNOWN;
	if (s->stored != (holds ? NPSD_INDEX_IN : NPSD_INDEX_OUT))
		push(x, set_of(c, i), i);
}

void npsd_index_set_doubt(struct npsd_index_set *x, const struct npsd_pub_context *c, uint32_t i)
{
	seg_at(x, i)->stored = NPSD_INDEX_UNKNOWN;
	push(x, set_of(c, i), i);
}

uint32_t npsd_index_set_next(
    const struct npsd_index_set *x, const struct npsd_pub_context *c, int set, uint32_t i)
{
	while (i < x->n && set_of(c, i) != set)
		i++;
	return i < x->n ? i : NPSD_LIST_NONE;
}

void npsd_index_set_add_member(struct npsd_pub_context *c, uint32_t i)
{
	bool named;

	npsd_buf_clear(&c->name);
	named = npsd_seg_name(&c->name, npsd_panes_seg(c->v->panes, i), &c->cfg->sets, c->v->names);
	npsd_assert(named);
	npsd_script_arg(&c->build, c->name.p, c->name.n);
}

/* Moves members from the front of a list to the batch and the call: all are added, or all removed. */
static void gather(struct npsd_index_set *x, struct npsd_pub_context *c)
{
	struct npsd_list *l = &x->list[x->set];

	x->add = x->seg[l->head].holds;
	npsd_list_name(&c->name, c->cfg, (struct npsd_list_key){.list = x->set});
	npsd_pub_begin(c, NPSD_S_index);
	npsd_script_argz(&c->build, x->add ? "SADD" : "SREM");
	while (x->nbatch < NPSD_INDEX_MEMBERS && !npsd_list_empty(l) && x->seg[l->head].holds == x->add) {
		uint32_t i = npsd_list_pop(l, NPSD_LINKS(x->seg));

		npsd_index_set_add_member(c, i);
		x->seg[i].queued = false;
		x->batch[x->nbatch++] = i;
	}
}

static void give_back(struct npsd_index_set *x)
{
	for (uint32_t k = 0; k < x->nbatch; k++)
		push(x, x->set, x->batch[k]);
	x->nbatch = 0;
}

static bool can_write(const struct npsd_index_set *x, const struct npsd_pub_context *c, int set)
{
	const struct npsd_list *l = &x->list[set];

	/* a removal creates no key */
	return !npsd_list_empty(l) && (!x->seg[l->head].holds || npsd_registered_index(c->registered, set));
}

bool npsd_index_set_step(struct npsd_index_set *x, struct npsd_pub_context *c)
{
	int set = 0;

	while (set < c->cfg->sets.n && !can_write(x, c, set))
		set++;
	if (c->flight[NPSD_FLIGHT_INDEX] != 0 || set == c->cfg->sets.n)
		return false;
	x->set = set;
	gather(x, c);
	if (!npsd_pub_submit(c, NPSD_FLIGHT_INDEX)) {
		give_back(x);
		return false;
	}
	for (uint32_t k = 0; k < x->nbatch; k++)
		x->seg[x->batch[k]].stored = NPSD_INDEX_UNKNOWN;
	return true;
}

void npsd_index_set_done(struct npsd_index_set *x, struct npsd_pub_context *c, const struct npsd_done *done)
{
	if (!npsd_pub_ok(c, done, 1)) {
		give_back(x);
		return;
	}
	for (uint32_t k = 0; k < x->nbatch; k++)
		x->seg[x->batch[k]].stored = x->add ? NPSD_INDEX_IN : NPSD_INDEX_OUT;
	x->nbatch = 0;
}

bool npsd_index_set_clean(const struct npsd_index_set *x)
{
	for (int s = 0; s < NPSD_MAX_SETS; s++)
		if (!npsd_list_empty(&x->list[s]))
			return false;
	return x->nbatch == 0;
}
