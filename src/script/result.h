/*
 * The result of a script call, classified in the same way for all components:
 *
 *   OK       the script ran: the reply is {"ok", ...}
 *   REFUSED  the script compared and wrote nothing: the reply is {"refused", REASON, ...}
 *   RETRY    away, lost, or Redis cannot run it now: submit the same bytes again, after a back-off
 *   BROKEN   the script failed, or this version does not know the form of its reply: the process stops
 */
#ifndef NPSD_SCRIPT_RESULT_H
#define NPSD_SCRIPT_RESULT_H

#include "npsd/batch.h"
#include "npsd/fault.h"
#include "npsd/store.h"

enum npsd_result_kind { NPSD_RESULT_OK, NPSD_RESULT_REFUSED, NPSD_RESULT_RETRY, NPSD_RESULT_BROKEN };

enum npsd_refusal {
#define X(reason, fault, meaning) NPSD_REFUSAL_##reason,
#include "tbl/refusals.def"
#undef X
	NPSD_NREFUSAL
};

/* reply: of OK and REFUSED, as in npsd_done; text: of the others, one sentence, valid until the store's next
 * poll */
struct npsd_result {
	enum npsd_result_kind kind;
	enum npsd_refusal refusal; /* REFUSED */
	bool lost;		   /* RETRY: the script may have run */
	const struct npsd_reply *reply;
	const char *text;
};

/* least: elements that an OK reply must at least have, "ok" included. Thread: owner, for all */
struct npsd_result npsd_result_of(const struct npsd_done *done, size_t least);
/* What a refusal means, one clause. Thread: any */
const char *npsd_refusal_text(enum npsd_refusal refusal);
/* The fault that a refusal is; NPSD_FAULT_NONE: the caller decides. Thread: any */
enum npsd_fault npsd_refusal_fault(enum npsd_refusal refusal);

/* --- parts of a reply; none of them trusts its type --- Thread: any */
/* Element i of an array; a NIL where there is none. */
const struct npsd_reply *npsd_reply_at(const struct npsd_reply *r, size_t i);
/* The text of element i; empty where it is no text. */
struct npsd_str npsd_reply_str(const struct npsd_reply *r, size_t i);
/* Element i as a zero-terminated text; "" where it is no text. */
const char *npsd_reply_z(const struct npsd_reply *r, size_t i);
bool npsd_reply_is(const struct npsd_reply *r, size_t i, const char *z);
/* Element i, an integer or a text in decimal; `empty` where the text is empty. False: it is neither. */
bool npsd_reply_int(int64_t *out, const struct npsd_reply *r, size_t i, int64_t empty);
/* A text of decimal digits, perhaps with `-`; `empty` where it is empty. False: it is not a number. */
bool npsd_text_int(int64_t *out, struct npsd_str text, int64_t empty);
/* `INC:OFFSET` */
bool npsd_text_pos(struct npsd_pos *out, struct npsd_str text);

#endif
