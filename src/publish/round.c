#include "publish/round.h"

#include <string.h>

#include "npsd/err.h"

void npsd_round_reset(struct npsd_round *r)
{
	*r = (struct npsd_round){.next_mono_ms = INT64_MIN};
}

static bool submit_record(const struct npsd_round *r, struct npsd_pub_context *c, const char *drop)
{
	npsd_buf_clear(&c->text);
	npsd_buf_addz(&c->text, c->v->hash);
	npsd_buf_addz(&c->text, " ");
	npsd_buf_addz(&c->text, c->v->positions);
	npsd_assert(!c->text.full);
	npsd_script_begin_private(&c->build, NPSD_S_round);
	npsd_script_private_key(&c->build, "rounds:%d", c->shard);
	npsd_script_header(&c->build, c->v->names, npsd_names_len_any(c->v->names));
	npsd_script_int(&c->build, c->shard);
	npsd_script_int(&c->build, c->v->epoch);
	npsd_script_argz(&c->build, r->rev);
	npsd_script_arg_ref(&c->build, c->text.p, c->text.n);
	npsd_script_argz(&c->build, drop);
	return npsd_pub_submit(c, NPSD_FLIGHT_ROUND);
}

bool npsd_round_begin(struct npsd_round *r, struct npsd_pub_context *c, const char *drop, bool record)
{
	npsd_pub_rev(r->rev, c);
	r->keys = r->swept = 0;
	if (!record && drop[0] == 0 && strcmp(r->rev, r->recorded) == 0) {
		r->phase = NPSD_ROUND_WRITE;
		return true;
	}
	if (!submit_record(r, c, drop))
		return false;
	r->phase = NPSD_ROUND_RECORD;
	return true;
}

bool npsd_round_recorded(
    struct npsd_round *r, int64_t *dict_len, struct npsd_pub_context *c, const struct npsd_done *done)
{
	if (!npsd_pub_ok(c, done, 2))
		return false;
	if (!npsd_reply_int(dict_len, done->reply, 1, 0))
		*dict_len = 0;
	memcpy(r->recorded, r->rev, sizeof r->recorded);
	r->phase = NPSD_ROUND_WRITE;
	return true;
}

void npsd_round_end(struct npsd_round *r, const struct npsd_pub_context *c)
{
	r->phase = NPSD_ROUND_NONE;
	r->next_mono_ms = c->now_mono_ms + c->cfg->publish_interval_ms / 4;
}
