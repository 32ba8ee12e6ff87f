#include "script/result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	char z[24], *end;
	uint32_t sign = text.n > 0 && text.p[0] == '-'; /* its bytes */

	*out = empty;
	if (text.n == 0)
		return true;
	/* strtoll would accept leading blanks and a plus */
	if (text.n >= sizeof z || text.n == sign || text.p[sign] < '0' || text.p[sign] > '9')
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = 0;
	errno = 0;
	*out = strtoll(z, &end, 10);
	return errno == 0 && end == z + text.n;
}

bool npsd_reply_int(int64_t *out, const struct npsd_reply *r, size_t i, int64_t empty)
{
	const struct npsd_reply *el = npsd_reply_at(r, i);

	*out = el->integer;
	return el->type == NPSD_REPLY_INT ||
	       (el->type == NPSD_REPLY_STR && npsd_text_int(out, npsd_reply_str(r, i), empty));
}
