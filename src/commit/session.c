#include "commit/session.h"

uint64_t session_submit(struct session *s, struct npsd_script_build *build)
{
	return npsd_script_submit(build, &s->pl->store_commit, s->last_tag + 1) ? ++s->last_tag : 0;
}

void session_fault(struct session *s, enum npsd_fault what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	npsd_fault_vraise(&s->pl->fault_commit, s->number, what, fmt, ap);
	va_end(ap);
	s->pl->broker.wake(s->pl->broker.self);
}

bool session_faulted(const struct session *s)
{
	return npsd_fault_of(&s->pl->fault_commit, s->number) != NPSD_FAULT_NONE;
}

/* A stored position before the held one, or none, means that Redis lost writes: positions never go back. */
static bool stored_before(struct npsd_str stored, const struct held_part *held)
{
	struct npsd_pos pos;

	return !npsd_text_pos(&pos, stored) || npsd_pos_cmp(pos, held->pos) < 0;
}

/* {"refused", "claim" | "position", TP, stored claim, stored position} */
static void fault_of_part(struct session *s, const struct npsd_result *r)
{
	const char *tp = npsd_reply_z(r->reply, 2), *claim = npsd_reply_z(r->reply, 3),
		   *pos = npsd_reply_z(r->reply, 4);
	const struct held_part *held = held_named(&s->held, s->pl->cfg, tp);
	bool lost = r->refusal == NPSD_REFUSAL_position || (held && stored_before(npsd_str(pos), held));
	char at[HELD_POS_TEXT];

	session_fault(s, lost ? NPSD_FAULT_ROLLBACK : NPSD_FAULT_OWNER,
	    "%s: claim %s is stored at position %s, this process holds claim %s at position %s: %s", tp,
	    claim[0] ? claim : "none", pos[0] ? pos : "none", held ? held->claim : "none",
	    held ? held_pos_text(at, held->pos) : "none",
	    lost ? "Redis lost writes" : "another process acquired the partition");
}

void session_fault_of(struct session *s, const struct npsd_result *r)
{
	enum npsd_fault fault;
	const char *stored;

	if (r->kind == NPSD_RESULT_BROKEN) {
		session_fault(s, NPSD_FAULT_BROKEN, "Redis: %s", r->text);
		return;
	}
	if (r->refusal == NPSD_REFUSAL_claim || r->refusal == NPSD_REFUSAL_position) {
		fault_of_part(s, r);
		return;
	}
	fault = npsd_refusal_fault(r->refusal);
	stored = npsd_reply_z(r->reply, 2);
	session_fault(s, fault ? fault : NPSD_FAULT_BROKEN, "%s%s%s", npsd_refusal_text(r->refusal),
	    stored[0] ? "; stored: " : "", stored);
}
