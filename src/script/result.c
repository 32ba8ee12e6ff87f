#include "script/result.h"

static const struct {
	const char *reason;
	enum npsd_fault fault;
	const char *meaning;
} refusals[] = {
#define X(reason, fault, meaning) {#reason, NPSD_FAULT_##fault, meaning},
#include "tbl/refusals.def"
#undef X
};

static struct npsd_result broken(const char *text)
{
	return (struct npsd_result){.kind = NPSD_RESULT_BROKEN, .text = text};
}

static struct npsd_result refused(const struct npsd_reply *r)
{
	for (int i = 0; i < NPSD_NREFUSAL; i++)
		if (npsd_reply_is(r, 1, refusals[i].reason))
			return (struct npsd_result){
			    .kind = NPSD_RESULT_REFUSED, .refusal = (enum npsd_refusal)i, .reply = r};
	return broken("a script refused for a reason that this version does not know");
}

struct npsd_result npsd_result_of(const struct npsd_done *done, size_t least)
{
	switch (done->outcome) {
	case NPSD_LOST:
	case NPSD_CANT_NOW:
		return (struct npsd_result){
		    .kind = NPSD_RESULT_RETRY, .lost = done->outcome == NPSD_LOST, .text = done->text};
	case NPSD_BROKEN:
		return broken(done->text);
	case NPSD_DONE:
		break;
	}
	if (npsd_reply_is(done->reply, 0, "refused"))
		return refused(done->reply);
	if (npsd_reply_is(done->reply, 0, "ok") && done->reply->n >= least)
		return (struct npsd_result){.kind = NPSD_RESULT_OK, .reply = done->reply};
	return broken("a script's reply has a form that this version does not know");
}

const char *npsd_refusal_text(enum npsd_refusal refusal)
{
	return refusals[refusal].meaning;
}

enum npsd_fault npsd_refusal_fault(enum npsd_refusal refusal)
{
	return refusals[refusal].fault;
}

const struct npsd_reply *npsd_reply_at(const struct npsd_reply *r, size_t i)
{
	static const struct npsd_reply none = {.type = NPSD_REPLY_NIL};

	return r->type == NPSD_REPLY_ARRAY && i < r->n ? &r->el[i] : &none;
}

struct npsd_str npsd_reply_str(const struct npsd_reply *r, size_t i)
{
	const struct npsd_reply *el = npsd_reply_at(r, i);

	if (el->type != NPSD_REPLY_STR)
		return NPSD_STR("");
	return (struct npsd_str){el->str, (uint32_t)el->len};
}

const char *npsd_reply_z(const struct npsd_reply *r, size_t i)
{
	const struct npsd_reply *el = npsd_reply_at(r, i);

	return el->type == NPSD_REPLY_STR ? el->str : "";
}

bool npsd_reply_is(const struct npsd_reply *r, size_t i, const char *z)
{
	return npsd_str_eq(npsd_reply_str(r, i), npsd_str(z));
}

bool npsd_text_int(int64_t *out, struct npsd_str text, int64_t empty)
{
	*out = empty;
	return text.n == 0 || npsd_str_number(out, text, -INT64_MAX, INT64_MAX);
}

bool npsd_text_pos(struct npsd_pos *out, struct npsd_str text)
{
	struct npsd_str inc;
	int64_t number;

	if (!npsd_str_cut(&inc, &text, ':') || !npsd_str_number(&number, inc, 0, UINT32_MAX) ||
	    !npsd_str_number(&out->offset, text, 0, INT64_MAX))
		return false;
	out->inc = (uint32_t)number;
	return true;
}

bool npsd_reply_int(int64_t *out, const struct npsd_reply *r, size_t i, int64_t empty)
{
	const struct npsd_reply *el = npsd_reply_at(r, i);

	*out = el->integer;
	return el->type == NPSD_REPLY_INT ||
	       (el->type == NPSD_REPLY_STR && npsd_text_int(out, npsd_reply_str(r, i), empty));
}
