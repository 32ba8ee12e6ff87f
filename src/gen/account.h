/*
 * The account: what was sent and what it means, one JSON object a line, in the order of sending. A first line
 * tells the run, a last one the sums; the lines between:
 *
 *   {"seq":7,"id":"resp-1","intent":"edits","record_ms":…,"type":"response.updated","event_ms":…,"at_ms":…,"is":{…},"was":{…}}
 *   {"seq":8,"id":"resp-2","intent":"rejected:no_kind","record_ms":…}
 *
 * event_ms is the response's event time (of a stage its own), at_ms (absent where equal) what an alert of
 * this record tells. `is` is the content that the record leads to, in the contract's field names, canonical
 * (location without empty levels, themes once each), with `has_comment`; the comment's text and the
 * respondent stand in it only where the record says them. Absent where a response is withdrawn; `excluded`
 * then tells in which way. `was` is what counted until then, of edits and withdrawals. A value that is
 * `__none__` stands there only where this very record says so: nobody keeps it.
 */
#ifndef GEN_ACCOUNT_H
#define GEN_ACCOUNT_H

#include "gen/gen.h"

struct gen_account;

/* run: a JSON object that describes the run. Thread: main; Owns: the caller closes; Fails: NPSD_RETRY */
struct gen_account *gen_account_open(struct npsd_err *err, const char *file, const char *run);
/* Thread: main; Fails: NPSD_RETRY when the disk does not take it */
bool gen_account_add(struct gen_account *account, struct npsd_err *err, const struct gen_world *world,
    const struct gen_record *rec);
/* Writes the sums and closes. Thread: main; Fails: NPSD_RETRY */
bool gen_account_close(struct gen_account **account, struct npsd_err *err);

#endif
