#include "publish/registry.h"

#include <string.h>

#include "publish/key.h"
#include "publish/rank.h"

static void set_all(struct npsd_registered *now, uint8_t from, uint8_t to)
{
	for (uint32_t i = 0; i < now->n; i++)
		if (now->seg[i] == from)
			now->seg[i] = to;
	for (int s = 0; s < NPSD_MAX_SETS; s++)
		if (now->index[s] == from)
			now->index[s] = to;
	for (int l = 0; l < NPSD_RANK_LISTS; l++)
		if (now->rank[l] == from)
			now->rank[l] = to;
}

void npsd_registry_void(struct npsd_registry *r)
{
	set_all(&r->now, NPSD_REGISTERED_ASKED, NPSD_REGISTERED_NO);
	set_all(&r->now, NPSD_REGISTERED_YES, NPSD_REGISTERED_NO);
	while (!npsd_list_empty(&r->idle))
		r->seg[npsd_list_pop(&r->idle, NPSD_LINKS(r->seg))].listed = false;
	r->nforgotten = 0;
}

void npsd_registry_reset(struct npsd_registry *r)
{
	r->n = r->nforgotten = 0;
	r->idle = NPSD_LIST_EMPTY;
	npsd_registry_void(r);
	r->now.n = 0;
}

void npsd_registry_free(struct npsd_registry *r)
{
	free(r->now.seg);
	free(r->seg);
}

static uint8_t *state_of(struct npsd_registry *r, uint32_t i)
{
	struct npsd_registered *now = &r->now;

	now->seg = npsd_array_reserve(now->seg, &now->cap, i, sizeof *now->seg);
	while (now->n <= i)
		now->seg[now->n++] = NPSD_REGISTERED_NO;
	return &now->seg[i];
}

void npsd_registry_seen(struct npsd_registry *r, uint32_t i)
{
	*state_of(r, i) = NPSD_REGISTERED_YES;
}

static void push_idle(struct npsd_registry *r, uint32_t i)
{
	r->seg = npsd_array_reserve(r->seg, &r->cap, i, sizeof *r->seg);
	while (r->n <= i)
		r->seg[r->n++] = (struct npsd_registry_seg){0};
	if (r->seg[i].listed)
		return;
	r->seg[i].listed = true;
	npsd_list_push(&r->idle, NPSD_LINKS(r->seg), i);
}

void npsd_registry_emptied(struct npsd_registry *r, uint32_t i)
{
	if (npsd_registered_seg(&r->now, i))
		push_idle(r, i);
}

/* --- names of a record --- */

/* Appends `+NAME` or `-NAME`, of the name in c->name. */
static void add_name(struct npsd_pub_context *c, const char *sign)
{
	npsd_assert(!c->name.full);
	npsd_script_argz(&c->build, sign);
	npsd_script_extend(&c->build, c->name.p, c->name.n);
}

static void add_keys(struct npsd_pub_context *c, const struct npsd_series *s, uint32_t i, const char *sign)
{
	npsd_pub_seg_name(c, "v:", i, "");
	add_name(c, sign);
	for (int k = 0; k < npsd_series_steps(s, c, i); k++) {
		npsd_series_name(c, s, i, k);
		add_name(c, sign);
	}
}

/* Whether it is to be registered; then it is asked for. */
static bool ask(uint8_t *state)
{
	if (*state != NPSD_REGISTERED_NO)
		return false;
	*state = NPSD_REGISTERED_ASKED;
	return true;
}

bool npsd_registry_add(
    struct npsd_registry *r, struct npsd_pub_context *c, const struct npsd_series *s, uint32_t i)
{
	struct npsd_list_key index = {
	    .list = npsd_set_place(&c->cfg->sets, npsd_seg_set(npsd_panes_seg(c->v->panes, i)))};
	struct npsd_list_key rank = {.ranked = true, .list = npsd_rank_list_of(c, i)};
	uint32_t n = c->build.n;

	/* the key of a segment that holds nothing is only emptied */
	if (!npsd_seg_holds(c, i))
		return false;
	if (ask(state_of(r, i)))
		add_keys(c, s, i, "+");
	if (ask(&r->now.index[index.list])) {
		npsd_list_name(&c->name, c->cfg, index);
		add_name(c, "+");
	}
	if (rank.list >= 0 && ask(&r->now.rank[rank.list]))
		for (; rank.window < c->cfg->nwindows; rank.window++) {
			npsd_list_name(&c->name, c->cfg, rank);
			add_name(c, "+");
		}
	return c->build.n > n;
}

bool npsd_registry_has_idle(
    const struct npsd_registry *r, const struct npsd_pub_context *c, const struct npsd_series *s)
{
	uint32_t i = r->idle.head;

	return i != NPSD_LIST_NONE && (npsd_seg_holds(c, i) || npsd_series_settled(s, c, i));
}

void npsd_registry_forget(struct npsd_registry *r, struct npsd_pub_context *c, const struct npsd_series *s)
{
	while (r->nforgotten < NPSD_FORGET_SEGMENTS && npsd_registry_has_idle(r, c, s)) {
		uint32_t i = npsd_list_pop(&r->idle, NPSD_LINKS(r->seg));

		r->seg[i].listed = false;
		if (npsd_seg_holds(c, i))
			continue;
		*state_of(r, i) = NPSD_REGISTERED_NO;
		r->forgotten[r->nforgotten++] = i;
		add_keys(c, s, i, "-");
	}
}

void npsd_registry_recorded(struct npsd_registry *r, bool ok)
{
	set_all(&r->now, NPSD_REGISTERED_ASKED, ok ? NPSD_REGISTERED_YES : NPSD_REGISTERED_NO);
	for (uint32_t k = 0; !ok && k < r->nforgotten; k++)
		push_idle(r, r->forgotten[k]);
	r->nforgotten = 0;
}

bool npsd_registry_clean(const struct npsd_registry *r)
{
	return npsd_list_empty(&r->idle) && r->nforgotten == 0;
}
